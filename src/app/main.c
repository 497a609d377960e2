/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - from argv to a command. */
#include "app/command.h"

#include <signal.h>
#include <stdio.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"serve", cmd_serve, "stand in front of the engine's socket (the default)"},
    {"validate", cmd_validate, "read the configuration and say what is in force"},
    {"check", cmd_check, "judge one request, or thousands, without an engine"},
    {"explain", cmd_explain, "the same for one request, with every check that applies"},
    {"test", cmd_test, "run specs of rules and of a configuration, with coverage and mutants"},
    {"docs", cmd_docs, "print the tables of controls, settings and body members"},
    {"healthcheck", cmd_healthcheck, "ask a running sockguard how it is"},
    {"version", cmd_version, "print the version"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *out)
{
    fputs("sockguard - a default-deny proxy in front of the Docker engine's socket\n"
          "\n"
          "Usage: sockguard [COMMAND] [OPTIONS]\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "`sockguard COMMAND --help` has the options and an example.\n"
          "\n"
          "Example:\n"
          "  sockguard serve -c presets/cis-docker-benchmark.yaml\n",
          out);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN); /* libuv does not; a gone peer is an error code */
    if (argc < 2 || (argv[1][0] == '-' && !str_eq(str_of(argv[1]), STR("--help")) &&
                     !str_eq(str_of(argv[1]), STR("-h"))))
        return cmd_serve(argc, argv);
    if (argv[1][0] == '-') {
        print_usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (str_eq(str_of(argv[1]), str_of(commands[i].name)))
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "sockguard: no command named %s\n\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
