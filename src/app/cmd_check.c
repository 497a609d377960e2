/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"

#include "app/batch.h"
#include "app/compose.h"
#include "app/explain.h"
#include "app/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char check_usage[] =
    "Usage: sockguard check [-c FILE] METHOD TARGET [-H 'NAME: VALUE']... [--body FILE|-]\n"
    "       sockguard check --batch [-c FILE] [--show-forward]\n"
    "\n"
    "Says what would become of one request, without an engine: the rule, each finding with\n"
    "its setting and control numbers, and the fix.\n"
    "\n"
    "  -c, --config FILE   configuration (default: the usual places)\n"
    "  -H, --header LINE   a request header\n"
    "      --body FILE     the request body; - is standard input\n"
    "      --json          one JSON object instead of text\n"
    "      --batch         JSON lines in and out: id, method, target, headers, body, body_raw,\n"
    "                      body_b64 or raw_b64, config, env, facts, client (uid, gid, pid;\n"
    "                      or ip), outcomes (true: of each check), mutant (off or invert: a\n"
    "                      check's id); variables count only where env names them\n"
    "                      A body without a Content-Type is taken for application/json.\n"
    "      --show-forward  with --batch: the bytes that the engine would get (forward_b64)\n"
    "\n"
    "What the engine would have to be asked about is taken as new, where the request names it.\n"
    "\n"
    "Exit code: 0 allowed, 3 denied, 1 error, 2 usage.\n"
    "\n"
    "Example:\n"
    "  echo '{\"Image\":\"alpine\",\"HostConfig\":{\"Privileged\":true}}' |\n"
    "    sockguard check -c presets/cis-docker-benchmark.yaml POST /containers/create --body -\n";

static const char explain_usage[] =
    "Usage: sockguard explain [-c FILE] METHOD TARGET [-H 'NAME: VALUE']... [--body FILE|-]\n"
    "\n"
    "Like check, and then every check that applies to the request: whether it passed, its\n"
    "control numbers, its settings, and where each setting came from.\n"
    "\n"
    "  -c, --config FILE   configuration (default: the usual places)\n"
    "  -H, --header LINE   a request header\n"
    "      --body FILE     the request body; - is standard input\n"
    "      --json          one JSON object instead of text\n"
    "\n"
    "Exit code: 0 allowed, 3 denied, 1 error, 2 usage.\n"
    "\n"
    "Example:\n"
    "  echo '{\"Image\":\"alpine\",\"HostConfig\":{\"Privileged\":true}}' |\n"
    "    sockguard explain -c presets/cis-docker-benchmark.yaml POST /containers/create --body -\n";

enum { BODY_MAX = 64 * 1024 * 1024 };

struct options {
    const char *config;
    const char *body; /* file, "-" or NULL */
    bool explain;     /* the command is explain, not check */
    bool batch, show_forward, json;
    struct composition request;
    struct buf fields; /* owned */
};

static const char *usage_of(const struct options *o)
{
    return o->explain ? explain_usage : check_usage;
}

static int usage_error(const struct options *o, const char *what)
{
    fprintf(stderr, "sockguard %s: %s\n\n%s", o->explain ? "explain" : "check", what, usage_of(o));
    return EXIT_USAGE;
}

static int add_header(struct options *o, const char *line)
{
    const struct str text = str_of(line);
    const char *colon = memchr(text.p, ':', text.n);
    if (!colon)
        return RC_SYNTAX;
    const size_t n = (size_t)(colon - text.p);
    return compose_field(&o->request, &o->fields, (struct str){text.p, n},
                         str_trim(str_skip(text, n + 1)));
}

/* EXIT_OK: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"header", required_argument, NULL, 'H'},
        {"body", required_argument, NULL, 'b'},   {"batch", no_argument, NULL, 'B'},
        {"json", no_argument, NULL, 'j'},         {"show-forward", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:H:h", longs, NULL)) != -1) {
        switch (option) {
        case 'c':
            o->config = optarg;
            break;
        case 'H':
            if (add_header(o, optarg))
                return usage_error(o, "a header is written 'Name: value'");
            break;
        case 'b':
            o->body = optarg;
            break;
        case 'B':
            if (o->explain)
                return usage_error(o, "answers one request at a time");
            o->batch = true;
            break;
        case 'j':
            o->json = true;
            break;
        case 'f':
            o->show_forward = true;
            break;
        case 'h':
            fputs(usage_of(o), stdout);
            exit(EXIT_OK);
        default:
            return usage_error(o, "unknown option");
        }
    }
    return EXIT_OK;
}

static int read_body(const char *path, struct buf *body)
{
    FILE *in = str_eq(str_of(path), STR("-")) ? stdin : fopen(path, "rb");
    if (!in)
        return RC_SYSTEM;
    int rc = RC_OK;
    char piece[8192];
    size_t n;
    while (!rc && (n = fread(piece, 1, sizeof piece, in)) > 0)
        rc = buf_append(body, (struct str){piece, n});
    if (ferror(in))
        rc = RC_SYSTEM;
    if (in != stdin)
        (void)fclose(in);
    return rc;
}

static struct fact no_facts(void *arg, size_t i, const struct lookup *lookup)
{
    (void)arg;
    (void)i;
    return inspect_unsaid(lookup);
}

static int print_json(const struct policy *p, const struct config *c, const struct inspection *i,
                      const enum outcome *outcomes)
{
    struct buf out;
    buf_init(&out, BODY_MAX);
    const int rc = outcomes ? explain_json(&out, p, c, i, outcomes)
                            : report_json(&out, p, STR(""), i, false, NULL);
    if (!rc)
        printf("%.*s\n", (int)out.len, out.data);
    buf_release(&out);
    return rc;
}

/* outcomes: NULL unless every check is to be told. */
static int judge(struct policy *p, const struct config *c, const struct options *o, struct str raw,
                 enum outcome *outcomes)
{
    struct inspection i;
    policy_watch(p, outcomes);
    inspect(p, raw, NULL, no_facts, NULL, &i);
    int code = i.refusal ? EXIT_DENIED : EXIT_OK;
    const bool colour = command_colour(STDOUT_FILENO);
    if (o->json) {
        if (print_json(p, c, &i, outcomes))
            code = EXIT_ERROR;
    } else {
        report_text(p, &i, colour);
        if (outcomes)
            explain_text(p, c, &i, outcomes, colour);
    }
    inspection_release(&i);
    return code;
}

static int judge_or_explain(struct policy *p, const struct config *c, const struct options *o,
                            struct str raw)
{
    if (!o->explain)
        return judge(p, c, o, raw, NULL);
    enum outcome *outcomes = calloc(policy_check_count(p) + 1, sizeof *outcomes);
    const int code = outcomes ? judge(p, c, o, raw, outcomes) : EXIT_ERROR;
    policy_watch(p, NULL);
    free(outcomes);
    return code;
}

static int check_one(struct options *o, struct buf *body, struct buf *raw)
{
    if (o->body && read_body(o->body, body)) {
        fprintf(stderr, "sockguard: cannot read the body from %s\n", o->body);
        return EXIT_ERROR;
    }
    o->request.body = buf_str(body);
    o->request.fields = buf_str(&o->fields);
    if (compose_request(raw, &o->request))
        return EXIT_ERROR;
    struct config *config = command_config(o->config, NULL, false, NULL);
    if (!config)
        return EXIT_ERROR;
    struct policy *policy = NULL;
    struct err err = {""};
    int code = EXIT_ERROR;
    if (policy_open(&policy, config, true, &err))
        fprintf(stderr, "sockguard: %s\n", err.text);
    else
        code = judge_or_explain(policy, config, o, buf_str(raw));
    policy_free(policy);
    config_free(config);
    return code;
}

static int run(int argc, char **argv, bool explain)
{
    struct options o = {.explain = explain};
    struct buf body, raw;
    buf_init(&o.fields, HEAD_BYTES_MAX);
    buf_init(&body, BODY_MAX);
    buf_init(&raw, BODY_MAX + 2 * HEAD_BYTES_MAX);
    int code = read_options(argc, argv, &o);
    if (code == EXIT_OK && o.batch) {
        code = argc == optind ? batch_run(stdin, stdout, o.config, o.show_forward)
                              : usage_error(&o, "--batch takes no request");
    } else if (code == EXIT_OK && argc - optind != 2) {
        code = usage_error(&o, "needs a method and a target");
    } else if (code == EXIT_OK) {
        o.request.method = str_of(argv[optind]);
        o.request.target = str_of(argv[optind + 1]);
        code = check_one(&o, &body, &raw);
    }
    buf_release(&raw);
    buf_release(&body);
    buf_release(&o.fields);
    return code;
}

int cmd_check(int argc, char **argv)
{
    return run(argc, argv, false);
}

int cmd_explain(int argc, char **argv)
{
    return run(argc, argv, true);
}
