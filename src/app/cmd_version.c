/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"

#include <stdio.h>

static const char usage[] = "Usage: sockguard version [-o text|json]\n"
                            "\n"
                            "Example:\n"
                            "  sockguard version -o json\n";

int cmd_version(int argc, char **argv)
{
    bool json = false;
    if (argc == 2 && str_eq(str_of(argv[1]), STR("--help"))) {
        fputs(usage, stdout);
        return EXIT_OK;
    }
    if (argc == 3 && str_eq(str_of(argv[1]), STR("-o")))
        json = str_eq(str_of(argv[2]), STR("json"));
    else if (argc != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    printf(json ? "{\"version\":\"%s\"}\n" : "sockguard %s\n", SOCKGUARD_VERSION);
    return EXIT_OK;
}
