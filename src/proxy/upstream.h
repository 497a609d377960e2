/* upstream.h - connections to the engine, and the pool of idle ones.
 *
 * A connection is lent to one exchange at a time. Idle ones go on reading, so that one
 * which the engine closes is dropped at once and not found dead by the next request. The
 * last one that was returned is lent first. Owned by the worker; frees itself when its
 * handle has closed.
 */
#ifndef SOCKGUARD_PROXY_UPSTREAM_H
#define SOCKGUARD_PROXY_UPSTREAM_H

#include "proxy/worker.h"

struct upstream {
    struct stream stream;
    struct worker *worker;
    struct exchange *exchange;    /* who has it; NULL: idle, or closing */
    struct upstream *prev, *next; /* among the idle ones */
    struct deadline_entry deadline;
    struct reader reader;
    struct buf in;   /* the beginning of a response head that came in pieces */
    size_t searched; /* how much of it holds no end of a head */
    bool pooled;     /* it has served before */
    bool heard;      /* something came since it was lent */
};

/* An idle connection, lent to ex; NULL when there is none. */
struct upstream *upstream_take(struct worker *w, struct exchange *ex);

/* A new connection, lent to ex, or a negative errno; UV_EAGAIN: worth trying again soon
 * (the engine's queue is full, or descriptors are short). Does not wait. */
int upstream_dial(struct worker *w, struct exchange *ex, struct upstream **out);

/* Back to the pool: only when its exchange was whole both ways. */
void upstream_return(struct upstream *u);

void upstream_close(struct upstream *u);
void upstream_close_idle(struct worker *w);

void upstream_on_idle_due(struct deadline_entry *e);

#endif
