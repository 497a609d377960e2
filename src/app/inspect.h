/* inspect.h - what would become of one request, without an engine.
 *
 * The same head, target, route, rule, reader and policy code as serving; the bytes are
 * all there at once, and the engine's answers to look-ups are given as facts.
 */
#ifndef SOCKGUARD_APP_INSPECT_H
#define SOCKGUARD_APP_INSPECT_H

#include "base/buf.h"
#include "http/route.h"
#include "http/target.h"
#include "policy/policy.h"

/* Gives the fact for look-up i; what it borrows stays until the inspection is released. */
typedef struct fact inspect_fact_fn(void *arg, size_t i, const struct lookup *lookup);

/* What holds where nobody says what the engine would answer: an object that the request
 * names is new, one that its path names cannot be known. */
struct fact inspect_unsaid(const struct lookup *lookup);

struct inspection {
    enum refusal refusal; /* REFUSAL_NONE: it would be forwarded */
    bool evaluated;       /* the policy was asked: decision holds something */
    struct decision decision;
    struct policy_request request; /* borrows from raw and from this struct */
    size_t n_lookups;
    struct lookup lookups[LOOKUPS_MAX];
    struct head head;
    struct buf body;  /* framing removed */
    struct buf store; /* the decoded path */
};

/* raw: one whole request, bytes behind its body not allowed; peer: who sends it, or NULL. *out is
 * overwritten; end with inspection_release. */
void inspect(struct policy *p, struct str raw, const struct peer *peer, inspect_fact_fn *facts,
             void *arg, struct inspection *out);
void inspection_release(struct inspection *i);

/* The request as it would be sent to the engine. */
int inspection_forward(const struct inspection *i, struct buf *out);

#endif
