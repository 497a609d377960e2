/* worker.h - a loop and everything that lives on it.
 *
 * A worker owns what its clients, exchanges and upstream connections share: the read
 * buffer, deadlines, pool, budget, scratch memory and free lists. The policy is borrowed.
 * One thread; nothing here is shared with another worker.
 *
 * Scratch (out, json, response, decision) holds its contents until control goes back to
 * the loop or another exchange, whichever is first: use it and be done.
 */
#ifndef SOCKGUARD_PROXY_WORKER_H
#define SOCKGUARD_PROXY_WORKER_H

#include "base/buf.h"
#include "proxy/budget.h"
#include "proxy/deadline.h"
#include "proxy/proxy.h"
#include "proxy/stream.h"

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
    struct policy *policy; /* borrowed */
    struct proxy_options options;
    void (*on_change)(void *arg); /* a client or an upstream connection has gone */
    void *arg;
    bool draining;

    struct deadlines deadlines;
    struct deadline_class head, keep_alive, linger, watch;                        /* clients */
    struct deadline_class body, budget_wait, lookup, dial, request, request_plus; /* exchanges */
    struct deadline_class idle; /* upstream connections */

    struct client *clients; /* all, newest first */
    size_t n_clients, most_clients;
    size_t n_exchanges;
    size_t n_tunnels; /* of these, those that are streams or may become one */

    struct upstream *idle_upstreams; /* the last one returned first */
    size_t n_idle, n_upstreams;
    bool unreachable; /* as last told to the observer */

    struct budget budget;
    size_t lookup_bytes; /* of the engine's answers, held */

    struct exchange *free_exchanges;
    size_t n_free;
    struct held_head *free_heads;

    char *input;     /* STREAM_INPUT bytes, owned */
    struct buf out;  /* a head to be sent */
    struct buf json; /* the body of an answer of our own */
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

/* RC_OK or RC_NOMEM (nothing is left then). options are copied. No handle but the
 * deadlines' timer is initialised; it must be closed before worker_release. */
int worker_init(struct worker *w, const struct proxy_options *options);
void worker_release(struct worker *w);

/* Writes a fresh request id: 32 lower-case hex digits of 16 random bytes. */
void worker_request_id(struct worker *w, char out[REQUEST_ID]);

struct held_head *worker_take_head(struct worker *w);         /* NULL: no memory */
void worker_give_head(struct worker *w, struct held_head *h); /* NULL is fine */

void worker_tell(const struct worker *w, enum proxy_event e, const char *name, int code);

#endif
