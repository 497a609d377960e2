/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

struct config *command_config(const char *path, const char *const *flags, bool serving,
                              const struct own_found *own)
{
    const struct config_source source = {
        .path = path,
        .path_required = path != NULL,
        .env = (const char *const *)environ,
        .flags = flags,
        .serving = serving,
        .own = own,
    };
    struct err err = {""};
    struct config *config = NULL;
    if (config_open(&config, &source, NULL, &err)) {
        fprintf(stderr, "sockguard: %s\n", err.text);
        return NULL;
    }
    return config;
}

bool command_colour(int fd)
{
    const char *no = getenv("NO_COLOR");
    const char *force = getenv("FORCE_COLOR");
    if (no && *no)
        return false;
    return (force && *force) || isatty(fd);
}
