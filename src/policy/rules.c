/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include "policy/glob.h"

#include <stdlib.h>

struct rule {
    unsigned methods; /* bit per enum method */
    bool allow;
    struct glob *path; /* owned */
    struct str reason; /* in reason_text */
    char *reason_text; /* owned */
};

struct rules {
    size_t n;
    struct rule list[];
};

/* METHOD_NONE is in no rule, not even in `*`. */
enum { EVERY_METHOD = ((1u << METHOD_COUNT) - 1) & ~(1u << METHOD_NONE) };

/* The bits of one list entry; a name that is no method of ours matches nothing. */
static unsigned method_bits(struct str entry)
{
    if (str_eq(entry, STR("*")))
        return EVERY_METHOD;
    for (unsigned m = METHOD_NONE + 1; m < METHOD_COUNT; m++)
        if (str_eq_nocase(entry, method_name((enum method)m)))
            return 1u << m;
    return 0;
}

static unsigned parse_methods(struct str list)
{
    unsigned bits = 0;
    while (list.n) {
        const char *comma = memchr(list.p, ',', list.n);
        const struct str entry = {list.p, comma ? (size_t)(comma - list.p) : list.n};
        bits |= method_bits(str_trim(entry));
        list = str_skip(list, entry.n + 1);
    }
    return bits;
}

static int open_rule(struct rule *rule, const struct rule_source *source)
{
    rule->methods = parse_methods(source->methods);
    rule->allow = source->allow;
    rule->reason_text = malloc(source->reason.n + 1);
    if (!rule->reason_text)
        return RC_NOMEM;
    if (source->reason.n)
        memcpy(rule->reason_text, source->reason.p, source->reason.n);
    rule->reason = (struct str){rule->reason_text, source->reason.n};
    return glob_open(&rule->path, source->path, GLOB_PATH);
}

int rules_open(struct rules **out, const struct rule_source *sources, size_t n, struct err *err)
{
    if (n > RULES_MAX)
        return err_set(err, RC_TOOBIG, "%zu rules are more than the %d that fit", n, RULES_MAX);
    struct rules *r = calloc(1, sizeof *r + n * sizeof r->list[0]);
    if (!r)
        return err_set(err, RC_NOMEM, "out of memory");
    for (r->n = 0; r->n < n; r->n++) {
        const int rc = open_rule(&r->list[r->n], &sources[r->n]);
        if (!rc)
            continue;
        const size_t number = ++r->n; /* counted, so that rules_free reaches it */
        rules_free(r);
        if (rc == RC_TOOBIG)
            return err_set(err, rc, "rule %zu: match.path is longer than %d bytes", number,
                           GLOB_LENGTH_MAX);
        return err_set(err, rc, "out of memory");
    }
    *out = r;
    return RC_OK;
}

void rules_free(struct rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        glob_free(r->list[i].path);
        free(r->list[i].reason_text);
    }
    free(r);
}

size_t rules_count(const struct rules *r)
{
    return r->n;
}

struct rule_verdict rules_decide(const struct rules *r, enum method method, struct str normal)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct rule *rule = &r->list[i];
        if (rule->methods >> method & 1 && glob_match(rule->path, normal))
            return (struct rule_verdict){rule->allow, (int)i, rule->reason};
    }
    return (struct rule_verdict){false, -1, STR("no matching allow rule")};
}
