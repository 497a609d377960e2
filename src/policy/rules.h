/* rules.h - the ordered rule list: first match decides, no match denies.
 *
 * Compiled once, evaluated without Lua and without allocation. Owns copies of the
 * patterns and reasons.
 */
#ifndef SOCKGUARD_POLICY_RULES_H
#define SOCKGUARD_POLICY_RULES_H

#include "base/err.h"
#include "http/head.h"

enum { RULES_MAX = 4096 };

struct rules;

/* One rule as configuration gives it; everything borrowed for the call. */
struct rule_source {
    struct str methods; /* comma list, or `*` */
    struct str path;    /* glob */
    bool allow;
    struct str reason; /* may be empty */
};

struct rule_verdict {
    bool allow;
    int rule;          /* 0-based, -1: none matched */
    struct str reason; /* the rule's own, or the constant of platform.md 2.4; lives as long as
                          the rules */
};

int rules_open(struct rules **out, const struct rule_source *sources, size_t n, struct err *err);
void rules_free(struct rules *r); /* NULL is fine */

size_t rules_count(const struct rules *r);

/* normal: the path as struct target's normal. */
struct rule_verdict rules_decide(const struct rules *r, enum method method, struct str normal);

#endif
