/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_edit.c - any bytes as an engine's answer on any route, in any pieces, with all that can be
 * hidden hidden.
 *
 * The first byte picks the route, the second how long the pieces are, the third who reads. Beyond
 * memory safety: what comes out is the same in whatever pieces the text comes, it is JSON, and
 * editing it again changes nothing.
 */
#include "base/err.h"
#include "policy/config.h"
#include "policy/redaction.h"

#include <assert.h>
#include <stdlib.h>

enum { OUT_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char settings[] = "response: { redact_host_topology: true }\n";
static const char by_name[] = "response: { redact_host_topology: true, redact_env_names: [A*] }\n";

/* Both are kept until the program ends. */
static struct redaction *open_redaction(const char *yaml, struct config **config)
{
    struct redaction *r = NULL;
    struct err err = {""};
    const struct config_source source = {.text = str_of(yaml), .text_name = "fuzz"};
    const struct redaction_line *lines;
    int rc = config_open(config, &source, NULL, &err);
    assert(rc == RC_OK);
    const struct settings *s = config_settings(*config);
    const size_t n = config_redactions(*config, &lines);
    rc = redaction_open(&r, lines, n, s->redact_env_names, s->n_redact_env_names, &err);
    assert(rc == RC_OK);
    return r;
}

static const struct edit_plan *pick(uint8_t number)
{
    static const char *const paths[] = {
        "/containers/x/json",
        "/containers/json",
        "/images/x/json",
        "/images/x/history",
        "/networks",
        "/networks/x",
        "/volumes",
        "/volumes/x",
        "/services",
        "/services/x",
        "/tasks",
        "/tasks/x",
        "/secrets/x",
        "/configs",
        "/plugins",
        "/plugins/x/json",
        "/nodes",
        "/swarm",
        "/info",
        "/system/df",
        "/events",
        "/exec/x/json",
        "/libpod/containers/x/json",
    };
    static struct redaction *all, *named;
    static struct config *configs[2];
    if (!all) {
        all = open_redaction(settings, &configs[0]);
        named = open_redaction(by_name, &configs[1]);
    }
    const size_t n = sizeof paths / sizeof paths[0];
    const struct route *route = route_find(METHOD_GET, str_of(paths[number % n]));
    return redaction_plan(number / n % 2 ? named : all, route);
}

static int edit_all(const struct edit_plan *plan, enum edit_reader reader, struct str text,
                    size_t piece, struct buf *out)
{
    struct edit e = {0};
    int rc = RC_OK;
    buf_init(out, OUT_MAX);
    edit_start(&e, plan, reader);
    for (;;) {
        const bool last = piece >= text.n;
        rc = edit_feed(&e, (struct str){text.p, last ? text.n : piece}, last, out);
        assert(e.held.len <= EDIT_HELD_MAX);
        if (rc || last)
            break;
        text = str_skip(text, piece);
    }
    assert(rc == RC_OK || (rc == RC_INVALID && e.why[0] != '\0'));
    edit_release(&e);
    return rc;
}

/* A text that is edited is one whole value, or any number of them. */
static void check_json(struct str text, bool many)
{
    struct tokenizer t = {.takes_nul = true, .many = many};
    enum token_kind kind;
    do {
        kind = token_read(&t, str_skip(text, t.offset), true);
    } while (kind < TOKEN_END);
    assert(kind == TOKEN_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct edit_plan *plan = pick(data[0]);
    const size_t piece = (size_t)data[1] % 64 + 1;
    const enum edit_reader reader = (enum edit_reader)(data[2] % 3);
    const struct str text = {(const char *)data + 3, size - 3};
    struct buf whole, parts, again;
    const int rc = edit_all(plan, reader, text, text.n + 1, &whole);
    assert(edit_all(plan, reader, text, piece, &parts) == rc);
    if (rc == RC_OK) {
        assert(str_eq(buf_str(&whole), buf_str(&parts)));
        check_json(buf_str(&whole), edit_plan_is_stream(plan));
        assert(edit_all(plan, reader, buf_str(&whole), piece, &again) == RC_OK);
        assert(str_eq(buf_str(&again), buf_str(&whole)));
        buf_release(&again);
    }
    buf_release(&whole);
    buf_release(&parts);
    return 0;
}
