/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"

#include "policy/policy.h"
#include "policy/rules.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "Usage: sockguard validate [-c FILE] [--settings]\n"
    "\n"
    "Reads the configuration as `serve` would, start-up guards included, and says what is\n"
    "in force; dials nothing.\n"
    "\n"
    "  -c, --config FILE   configuration (default: the usual places)\n"
    "      --settings      every setting with its value and where it came from\n"
    "\n"
    "Exit code: 0 valid, 1 not valid, 2 usage.\n"
    "\n"
    "Example:\n"
    "  sockguard validate -c /etc/sockguard/config.yaml --settings\n";

static void print_rules(const struct config *c, bool colour)
{
    const struct rule_source *rules;
    const size_t n = config_rules(c, &rules);
    printf("Rules (%zu)\n", n);
    for (size_t i = 0; i < n; i++) {
        const char *mark = rules[i].allow ? "\xe2\x9c\x93 allow" : "\xe2\x9c\x97 deny ";
        const char *on = !colour ? "" : rules[i].allow ? "\033[32m" : "\033[31m";
        printf("  %s%s%s  %-12.*s %.*s\n", on, mark, colour ? "\033[0m" : "",
               (int)rules[i].methods.n, rules[i].methods.p, (int)rules[i].path.n, rules[i].path.p);
    }
}

static void print_settings(const struct config *c)
{
    const struct config_leaf *leaves;
    const size_t n = config_leaves(c, &leaves);
    printf("Settings (%zu)\n", n);
    for (size_t i = 0; i < n; i++)
        printf("  %s = %s  (%s)\n", leaves[i].key, leaves[i].value, leaves[i].origin);
}

static void print_places(const struct config *c)
{
    const struct settings *s = config_settings(c);
    const char *path = config_path(c);
    printf("Config    %s\n", path[0] ? path : "defaults and environment");
    for (size_t i = 0; i < s->n_listeners; i++) {
        const struct listener_settings *l = &s->listeners[i];
        if (l->socket[0])
            printf("Listener  %s  unix %s mode %04o\n", l->name, l->socket, l->mode);
        else
            printf("Listener  %s  tcp %s\n", l->name, l->address);
    }
    printf("Upstream  %s\n", s->upstream_socket);
}

static void print_waivers(const struct policy *p, bool allowed)
{
    const size_t n = policy_waiver_count(p);
    if (n == 0)
        return;
    printf("Waivers (%zu%s)\n", n, allowed ? "" : ", switched off: lua.allow_waivers is false");
    for (size_t i = 0; i < n; i++) {
        const struct waiver_info w = policy_waiver(p, i);
        printf("  %s  until %s (", w.id, w.expires);
        if (w.days_left < 0)
            printf("expired");
        else
            printf("%d day%s left", w.days_left, w.days_left == 1 ? "" : "s");
        printf("), approved by %s: %s\n", w.approved_by, w.reason);
    }
}

/* The policy is opened too: what cannot be compiled is not valid. */
static int validate(const char *path, bool settings)
{
    struct config *config = command_config(path, NULL, true, NULL);
    if (!config)
        return EXIT_ERROR;
    struct policy *policy = NULL;
    struct err err = {""};
    int code = EXIT_ERROR;
    if (policy_open(&policy, config, false, &err)) {
        fprintf(stderr, "sockguard: %s\n", err.text);
    } else {
        print_places(config);
        print_rules(config, command_colour(STDOUT_FILENO));
        print_waivers(policy, config_settings(config)->lua.allow_waivers);
        if (settings)
            print_settings(config);
        for (size_t i = 0; i < config_warning_count(config); i++)
            printf("warning: %s\n", config_warning(config, i));
        for (size_t i = 0; i < policy_printed(policy); i++)
            printf("printed by a rule: %s\n", policy_print(policy, i));
        puts("\xe2\x9c\x93 validation passed");
        code = EXIT_OK;
    }
    policy_free(policy);
    config_free(config);
    return code;
}

int cmd_validate(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"settings", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    bool settings = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 's') {
            settings = true;
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_OK : EXIT_USAGE;
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return validate(path, settings);
}
