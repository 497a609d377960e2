/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for src/policy, so that these tests need no Lua. */
#include "rig.h"

#include <stdio.h>

static void say(struct decision *d, enum verdict verdict, enum refusal why, const char *reason)
{
    *d = (struct decision){.verdict = verdict, .refusal = why, .rule = 0};
    memcpy(d->reason, reason, strlen(reason) + 1);
}

void policy_route(const struct policy *p, const struct policy_request *r, struct decision *out)
{
    union {
        const struct policy *in;
        struct policy *out;
    } counted = {.in = p};
    counted.out->routed++;
    if (str_starts(r->target.normal, STR("/denied")))
        say(out, VERDICT_DENY, REFUSAL_NO_RULE, "no matching allow rule");
    else
        say(out, VERDICT_ALLOW, REFUSAL_NONE, "");
}

const struct edit_plan *policy_edits(const struct policy *p, const struct policy_request *r,
                                     enum edit_reader *reader)
{
    *reader = EDIT_READER_ANY;
    if (str_starts(r->target.normal, STR("/edited-stream")))
        return p->stream;
    return str_starts(r->target.normal, STR("/edited")) ? p->edits : NULL;
}

bool policy_judges(const struct policy *p, const struct policy_request *r)
{
    (void)p;
    return r->route->surface == SURFACE_CONTAINER_CREATE;
}

size_t policy_body_max(const struct policy *p, const struct route *route)
{
    (void)route;
    return p->body_max;
}

/* All that is known is judged: a body that says Privileged, facts that are not harmless. */
static void judge(struct policy *p, const struct policy_request *r, bool known,
                  struct decision *out)
{
    assert_int_equal(out->verdict, VERDICT_ALLOW); /* what policy_route said is still there */
    p->decided++;
    if (r->body.n && memmem(r->body.p, r->body.n, "Privileged", 10))
        say(out, VERDICT_DENY, REFUSAL_BODY_POLICY, "privileged");
    else if (!known)
        say(out, VERDICT_DENY, REFUSAL_BODY_INSPECTION, "not known");
    else
        say(out, VERDICT_ALLOW, REFUSAL_NONE, "");
}

size_t policy_plan(struct policy *p, const struct policy_request *r,
                   struct lookup lookups[LOOKUPS_MAX], struct decision *out)
{
    for (size_t i = 0; i < p->lookups; i++)
        (void)snprintf(lookups[i].path, sizeof lookups[i].path, "/fact/%zu", i);
    if (p->lookups == 0)
        judge(p, r, true, out);
    return p->lookups;
}

void policy_decide(struct policy *p, const struct policy_request *r, const struct lookup *lookups,
                   const struct fact *facts, size_t n_facts, struct decision *out)
{
    (void)lookups;
    bool known = true;
    assert_int_equal(n_facts, p->lookups);
    for (size_t i = 0; i < n_facts; i++)
        known &= facts[i].kind == FACT_ANSWER && facts[i].status == 200 &&
                 str_starts(facts[i].body, STR("harmless"));
    judge(p, r, known, out);
}

void policy_refuse(const struct policy *p, const struct policy_request *r, enum refusal why,
                   struct decision *out)
{
    union {
        const struct policy *in;
        struct policy *out;
    } counted = {.in = p};
    (void)r;
    counted.out->refused++;
    say(out, VERDICT_DENY, why, "given up");
}

void policy_rest(struct policy *p)
{
    p->rested++;
}

int policy_denial_json(const struct policy *p, const struct policy_request *r,
                       const struct decision *d, struct buf *out)
{
    (void)p;
    (void)r;
    (void)d;
    return buf_append(out, STR("{\"message\":\"request denied by sockguard policy\"}\n"));
}
