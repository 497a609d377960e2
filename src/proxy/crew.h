/* crew.h - the workers of a proxy: the first one on the caller's loop, each other one on a
 * thread of its own.
 *
 * Life cycle: crew_start; crew_drain; once crew_is_done, crew_close, which joins the threads
 * and ends the first worker (its on_closed is the end of it all); crew_free. All on the first
 * worker's thread.
 */
#ifndef SOCKGUARD_PROXY_CREW_H
#define SOCKGUARD_PROXY_CREW_H

#include "proxy/worker.h"

struct crew {
    struct proxy_options options;
    struct ledger ledger;
    struct worker *workers; /* the first one accepts */
    size_t n;
    uv_thread_t threads[PROXY_WORKERS_MAX]; /* of the others */
    size_t n_threads;
    atomic_size_t n_running; /* threads that have not come to their end */
    atomic_bool starved;     /* the first one wants to hear of every connection that goes */
    bool draining;
};

/* options are copied; see proxy_options. on_change, on_closed and arg are the first worker's.
 * RC_OK, or RC_NOMEM or RC_SYSTEM with the reason; only crew_free is due then. */
int crew_start(struct crew *c, const struct proxy_options *o, void (*on_change)(struct worker *),
               void (*on_closed)(struct worker *), void *arg, struct err *err);

static inline struct worker *crew_first(const struct crew *c)
{
    return &c->workers[0];
}

size_t crew_clients(const struct crew *c);

/* Gives the connection to the worker that has the fewest. */
void crew_hand_out(struct crew *c, struct arrival a);

void crew_drain(struct crew *c);
bool crew_is_done(const struct crew *c);
void crew_close(struct crew *c);

/* Also after a start that failed. */
void crew_free(struct crew *c);

#endif
