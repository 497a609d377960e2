/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"
#include "app/server.h"
#include "policy/own_find.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char usage[] =
    "Usage: sockguard [serve] [-c FILE] [OPTIONS]\n"
    "\n"
    "Stands in front of the engine's socket until SIGTERM or SIGINT, then lets what is under\n"
    "way finish.\n"
    "\n"
    "  -c, --config FILE            configuration (default: the usual places)\n"
    "      --listen-socket PATH     unix socket to listen at      (listen.socket)\n"
    "      --upstream-socket PATH   the engine's                  (upstream.socket)\n"
    "      --log-level LEVEL        debug, info, warn, error      (log.level)\n"
    "      --log-format FORMAT      json, text                    (log.format)\n"
    "      --deny-verbosity HOW     minimal, verbose              (response.deny_verbosity)\n"
    "\n"
    "A flag wins over a SOCKGUARD_* variable, which wins over the file.\n"
    "Exit code: 0 after a clean end, 1 when it cannot start, 2 usage.\n"
    "\n"
    "Example:\n"
    "  sockguard serve -c presets/cis-docker-benchmark.yaml --log-format text\n";

/* In the order of the flags' values, from 0. */
static const char *const keys[] = {
    "listen.socket", "upstream.socket", "log.level", "log.format", "response.deny_verbosity",
};

enum { KEYS = sizeof keys / sizeof keys[0] };

/* "key=value" for each flag given; the last of a flag wins. Freed by release_flags. */
struct flags {
    char *given[KEYS];
    const char *list[KEYS + 1]; /* what is there of given, then NULL */
};

static bool add_flag(struct flags *f, int which, const char *value)
{
    const size_t room = strlen(keys[which]) + strlen(value) + 2;
    free(f->given[which]);
    f->given[which] = malloc(room);
    if (!f->given[which])
        return false;
    (void)snprintf(f->given[which], room, "%s=%s", keys[which], value);
    return true;
}

static void list_flags(struct flags *f)
{
    size_t n = 0;
    for (size_t i = 0; i < KEYS; i++)
        if (f->given[i])
            f->list[n++] = f->given[i];
    f->list[n] = NULL;
}

static void release_flags(struct flags *f)
{
    for (size_t i = 0; i < KEYS; i++)
        free(f->given[i]);
}

/* Each client may need two descriptors, and the usual soft limit is for programs that use
 * select. Without the right to it, we go on with what there is. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(const char *path, const struct flags *flags)
{
    struct own_found own;
    own_find(&own);
    struct config *config = command_config(path, flags->list, true, &own);
    if (!config)
        return EXIT_ERROR;
    struct err err = {""};
    raise_descriptor_limit();
    const int rc = server_run(config, &err);
    if (rc)
        fprintf(stderr, "sockguard: %s\n", err.text);
    config_free(config);
    return rc ? EXIT_ERROR : EXIT_OK;
}

int cmd_serve(int argc, char **argv)
{
    static const struct option longs[] = {
        {"listen-socket", required_argument, NULL, 0},
        {"upstream-socket", required_argument, NULL, 1},
        {"log-level", required_argument, NULL, 2},
        {"log-format", required_argument, NULL, 3},
        {"deny-verbosity", required_argument, NULL, 4},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    struct flags flags = {{NULL}, {NULL}};
    int option;
    int code = -1;
    while (code < 0 && (option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (option == 'c')
            path = optarg;
        else if (option >= 0 && option < KEYS)
            code = add_flag(&flags, option, optarg) ? -1 : EXIT_ERROR;
        else
            code = option == 'h' ? EXIT_OK : EXIT_USAGE;
    }
    if (code < 0 && optind != argc)
        code = EXIT_USAGE;
    if (code == EXIT_OK || code == EXIT_USAGE)
        fputs(usage, code == EXIT_OK ? stdout : stderr);
    list_flags(&flags);
    if (code < 0)
        code = serve(path, &flags);
    release_flags(&flags);
    return code;
}
