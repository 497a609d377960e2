/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"

#include "policy/docs.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "Usage: sockguard docs [TABLE]\n"
    "\n"
    "Prints the tables that docs/ holds, made from the checks of this very program, as\n"
    "Markdown: controls (the benchmark's, and what enforces each), settings (of the checks),\n"
    "members (of request bodies, and what judges each or why nothing does), redaction (what is\n"
    "hidden of the engine's answers), library (of rules). Without a name: all of them.\n"
    "\n"
    "Exit code: 0 printed, 1 error, 2 usage.\n"
    "\n"
    "Example:\n"
    "  sockguard docs controls\n";

enum { DOCS_MAX = 8 * 1024 * 1024 };

static int print_tables(const char *table)
{
    struct buf out;
    struct err err = {""};
    buf_init(&out, DOCS_MAX);
    const int rc = docs_write(str_of(table), &out, &err);
    if (rc)
        fprintf(stderr, "sockguard docs: %s\n", err.text);
    else
        fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
    return rc == RC_OK ? EXIT_OK : rc == RC_INVALID ? EXIT_USAGE : EXIT_ERROR;
}

int cmd_docs(int argc, char **argv)
{
    static const struct option longs[] = {
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        fputs(usage, option == 'h' ? stdout : stderr);
        return option == 'h' ? EXIT_OK : EXIT_USAGE;
    }
    if (argc - optind > 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return print_tables(argc > optind ? argv[optind] : "");
}
