/* SPDX-License-Identifier: Apache-2.0 */
/* sockguard test: hands over to lua/sockguard/runner.lua, which runs busted and this program. */
#include "app/command.h"

#include "base/buf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARGS_MAX = 64 };

/* Where the kit may be, from the folder of the program: installed, or as built. */
static const char *const kits[] = {"../share/sockguard/lua", "../lua"};

/* Writes the folder of the program, without a slash at its end; false when nobody knows. */
static bool find_self(char self[PATH_MAX])
{
    const ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    return true;
}

static bool find_kit(const char *self, char kit[PATH_MAX])
{
    const char *slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < sizeof kits / sizeof kits[0]; i++) {
        const int n = snprintf(kit, PATH_MAX, "%.*s/%s", (int)(slash - self), self, kits[i]);
        char runner[PATH_MAX + 32];
        (void)snprintf(runner, sizeof runner, "%s/sockguard/runner.lua", kit);
        if (n > 0 && n < PATH_MAX && access(runner, R_OK) == 0)
            return true;
    }
    return false;
}

int cmd_test(int argc, char **argv)
{
    static char self[PATH_MAX], kit[PATH_MAX], runner[PATH_MAX + 32];
    char *args[ARGS_MAX + 3] = {(char *)(uintptr_t) "lua5.4", runner};
    if (argc > ARGS_MAX) {
        fputs("sockguard test: too many arguments\n", stderr);
        return EXIT_USAGE;
    }
    if (!find_self(self) || !find_kit(self, kit)) {
        fputs("sockguard test: lua/sockguard/runner.lua is not where this program is installed\n",
              stderr);
        return EXIT_ERROR;
    }
    (void)snprintf(runner, sizeof runner, "%s/sockguard/runner.lua", kit);
    for (int i = 1; i < argc; i++)
        args[i + 1] = argv[i];
    args[argc + 1] = NULL;
    if (setenv("SOCKGUARD", self, 1) || setenv("SOCKGUARD_KIT", kit, 1)) {
        fputs("sockguard test: out of memory\n", stderr);
        return EXIT_ERROR;
    }
    execvp("lua5.4", args);
    fprintf(stderr, "sockguard test: lua5.4: %s; install lua5.4, lua-busted and lua-cjson\n",
            strerror(errno));
    return EXIT_ERROR;
}
