/* worker.h - a loop and everything that lives on it.
 *
 * A worker owns what its clients, exchanges and upstream connections share: the read
 * buffer, deadlines, pool, scratch memory and free lists. The policy is borrowed. It runs
 * on one thread. Others only hand connections over to it (worker_hand), wake it, tell it
 * to drain and read its counts; what is counted for the process is in the ledger.
 *
 * Scratch (out, json, response, decision) holds its contents until control goes back to
 * the loop or another exchange, whichever is first: use it and be done.
 */
#ifndef SOCKGUARD_PROXY_WORKER_H
#define SOCKGUARD_PROXY_WORKER_H

#include "base/buf.h"
#include "proxy/deadline.h"
#include "proxy/inbox.h"
#include "proxy/ledger.h"
#include "proxy/proxy.h"
#include "proxy/stream.h"
#include "proxy/repeated.h"

struct client;
struct exchange;
struct upstream;

enum {
    POOL_MAX = 100,      /* idle connections to the engine */
    EXCHANGES_KEPT = 64, /* free ones */
    REQUEST_ID = 32,
    OWN_ANSWER_MAX = 64 * 1024, /* body of an answer of our own */
    ID_STORE = 4096,
};

struct worker {
    uv_loop_t *loop;
    struct policy *policy;                 /* borrowed */
    const struct proxy_observer *observer; /* borrowed; may be NULL */
    const struct proxy_local *local;       /* borrowed; may be NULL */
    const struct proxy_options *options;   /* borrowed */
    struct ledger *ledger;                 /* borrowed */
    void (*on_change)(struct worker *w);   /* a connection has gone, or the worker was woken */
    void (*on_closed)(struct worker *w);   /* after worker_close */
    void *arg;                             /* the owner's */
    bool draining;
    bool ending; /* worker_close was called */

    uv_async_t wake;
    struct inbox inbox;
    atomic_bool told_to_drain;

    struct deadlines deadlines;
    struct deadline_class head, keep_alive, linger, watch;                        /* clients */
    struct deadline_class body, budget_wait, lookup, dial, request, request_plus; /* exchanges */
    struct deadline_class idle; /* upstream connections */

    struct client *clients; /* all, newest first */
    size_t most_clients;
    atomic_size_t n_clients; /* those on their way included */
    atomic_size_t n_exchanges;

    struct upstream *idle_upstreams; /* the last one returned first */
    atomic_size_t n_idle, n_upstreams;

    struct budget_user bodies;
    struct deadline_class drain;
    struct deadline_entry drain_deadline;

    struct exchange *free_exchanges;
    size_t n_free;
    struct held_head *free_heads;

    char *input;     /* STREAM_INPUT bytes, owned */
    struct buf out;  /* a head to be sent */
    struct buf json; /* the body of an answer of our own */
    struct repeated repeated;
    struct head response;
    struct decision decision;

    unsigned char ids[ID_STORE];
    size_t ids_left;
};

/* A request's head while it is needed: from its arrival until the request is forwarded. */
struct held_head {
    struct held_head *next;
    struct head head;
};

/* Of o->workers the one at `which`. RC_OK, RC_NOMEM or RC_SYSTEM; nothing is left then. Set
 * on_change, on_closed and arg before the loop runs. */
int worker_init(struct worker *w, const struct proxy_options *o, size_t which, struct ledger *l);

/* Takes an accepted connection, which counts as a client from here on. */
void worker_take(struct worker *w, struct arrival a);
/* From another thread: the same, on the worker's own. False when it cannot take more now. */
bool worker_hand(struct worker *w, struct arrival a);
/* From any thread: on_change will be called on the worker's. */
void worker_wake(struct worker *w);

/* Lets exchanges finish, closes the rest after timeouts.drain. On the worker's thread, or
 * (worker_tell_drain) from any. */
void worker_drain(struct worker *w);
void worker_tell_drain(struct worker *w);
bool worker_is_drained(const struct worker *w);

/* Once it is drained: closes what is left and calls on_closed last. */
void worker_close(struct worker *w);

/* A count that only the worker's thread changes, and any may read. */
static inline void worker_count(atomic_size_t *n, bool more)
{
    const size_t now = atomic_load_explicit(n, memory_order_relaxed);
    atomic_store_explicit(n, more ? now + 1 : now - 1, memory_order_relaxed);
}

/* Writes a fresh request id: 32 lower-case hex digits of 16 random bytes. */
void worker_request_id(struct worker *w, char out[REQUEST_ID]);

struct held_head *worker_take_head(struct worker *w);         /* NULL: no memory */
void worker_give_head(struct worker *w, struct held_head *h); /* NULL is fine */

void worker_tell(const struct worker *w, enum proxy_event e, const char *name, int code);

#endif
