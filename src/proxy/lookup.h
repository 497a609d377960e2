/* lookup.h - what the engine must say before a request can be judged.
 *
 * The GETs of policy_plan, one after the other, on connections of the pool, under one
 * deadline (timeouts.lookup) and a ceiling on each answer. Whatever goes wrong is a fact
 * too (FACT_FAILED), and the policy denies. Belongs to its exchange, whose response side
 * is in state LOOKUP for as long as it takes; then exchange_judge is called.
 */
#ifndef SOCKGUARD_PROXY_LOOKUP_H
#define SOCKGUARD_PROXY_LOOKUP_H

#include "proxy/exchange.h"

enum {
    LOOKUP_BODY_MAX = 8 * 1024 * 1024,   /* of one answer */
    LOOKUP_BYTES_MAX = 64 * 1024 * 1024, /* of all answers that are held */
};

struct lookups {
    size_t n, at; /* how many; which one is under way */
    bool retried; /* this one is asked on a connection of its own */
    struct lookup list[LOOKUPS_MAX];
    struct fact facts[LOOKUPS_MAX]; /* their bodies are in bodies */
    struct buf bodies[LOOKUPS_MAX];
};

/* ex->lookups is filled: list and n, which is not 0. */
void lookup_start(struct exchange *ex);
/* NULL is fine. */
void lookup_free(struct worker *w, struct lookups *l);

/* The head of the answer that is waited for has come. */
bool lookup_has_head(const struct exchange *ex);

/* From the connection: the answer's head is in worker->response, bytes follow it; more
 * bytes of its body; its end. */
void lookup_answered(struct exchange *ex, struct str bytes);
void lookup_heard(struct exchange *ex, struct str bytes);
void lookup_upstream_ended(struct exchange *ex, int status);
/* It could not be read. */
void lookup_broken(struct exchange *ex);

void lookup_on_due(struct deadline_entry *e);

#endif
