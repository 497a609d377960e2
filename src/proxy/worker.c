/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/worker.h"

#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/lookup.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* A head that was cleaned and re-encoded may be three times as long as it was. */
enum { OUT_MAX = 3 * HEAD_BYTES_MAX + 4096, DIAL_RETRY_MS = 10 };
enum { LINGER_MS = 1000, WATCH_MS = 1000 };

static void shut_clients(struct worker *w, bool force)
{
    struct client *next;
    for (struct client *c = w->clients; c; c = next) {
        next = c->next;
        client_shut(c, force);
    }
}

static void on_drain_due(struct deadline_entry *e)
{
    shut_clients(OWNER(e, struct worker, drain_deadline), true);
}

static void init_deadlines(struct worker *w)
{
    const struct proxy_timeouts *t = &w->options->timeouts;
    struct deadlines *d = &w->deadlines;
    deadlines_init(d, w->loop);
    deadline_class_init(&w->head, d, t->head, client_on_head_due);
    deadline_class_init(&w->keep_alive, d, t->keep_alive, client_on_close_due);
    deadline_class_init(&w->linger, d, LINGER_MS, client_on_close_due);
    deadline_class_init(&w->watch, d, WATCH_MS, client_on_watch_due);
    deadline_class_init(&w->body, d, t->body, exchange_on_body_due);
    deadline_class_init(&w->budget_wait, d, t->budget, exchange_on_budget_due);
    deadline_class_init(&w->lookup, d, t->lookup, lookup_on_due);
    deadline_class_init(&w->dial, d, DIAL_RETRY_MS, exchange_on_dial_due);
    deadline_class_init(&w->request, d, t->request, exchange_on_request_due);
    deadline_class_init(&w->request_plus, d, t->request, exchange_on_request_due);
    deadline_class_init(&w->idle, d, t->idle, upstream_on_idle_due);
    deadline_class_init(&w->drain, d, t->drain, on_drain_due);
}

/* Connections that were handed over before the drain are clients of it. */
static void on_wake(uv_async_t *wake)
{
    struct worker *w = OWNER(wake, struct worker, wake);
    const bool drain = atomic_load(&w->told_to_drain);
    struct arrival a;
    while (inbox_take(&w->inbox, &a))
        client_open(w, a);
    budget_deliver(&w->bodies);
    if (drain && !w->draining)
        worker_drain(w);
    w->on_change(w);
}

static void wake(void *arg)
{
    worker_wake(arg);
}

int worker_init(struct worker *w, const struct proxy_options *o, size_t which, struct ledger *l)
{
    const struct proxy_worker *settings = &o->workers[which];
    *w = (struct worker){
        .loop = settings->loop,
        .policy = settings->policy,
        .observer = settings->observer,
        .local = settings->local,
        .options = o,
        .ledger = l,
        .bodies = {&l->bodies, exchange_on_granted, wake, w, {NULL, NULL}},
    };
    w->input = malloc(STREAM_INPUT);
    if (!w->input)
        return RC_NOMEM;
    if (uv_async_init(w->loop, &w->wake, on_wake)) {
        free(w->input);
        return RC_SYSTEM;
    }
    buf_init(&w->out, OUT_MAX);
    buf_init(&w->json, OWN_ANSWER_MAX);
    repeated_init(&w->repeated);
    init_deadlines(w);
    return RC_OK;
}

void worker_take(struct worker *w, struct arrival a)
{
    atomic_fetch_add(&w->n_clients, 1);
    client_open(w, a);
}

bool worker_hand(struct worker *w, struct arrival a)
{
    atomic_fetch_add(&w->n_clients, 1);
    const bool taken = inbox_put(&w->inbox, a);
    if (taken)
        worker_wake(w);
    else
        atomic_fetch_sub(&w->n_clients, 1);
    return taken;
}

void worker_wake(struct worker *w)
{
    (void)uv_async_send(&w->wake);
}

void worker_drain(struct worker *w)
{
    w->draining = true;
    upstream_close_idle(w);
    shut_clients(w, w->options->timeouts.drain == 0);
    deadline_arm(&w->drain, &w->drain_deadline);
}

void worker_tell_drain(struct worker *w)
{
    atomic_store(&w->told_to_drain, true);
    worker_wake(w);
}

bool worker_is_drained(const struct worker *w)
{
    return w->draining && !atomic_load(&w->n_clients) && !w->n_upstreams;
}

static void release(struct worker *w)
{
    assert(!w->clients && !w->n_exchanges && !w->n_upstreams);
    exchange_release_free(w);
    while (w->free_heads) {
        struct held_head *h = w->free_heads;
        w->free_heads = h->next;
        free(h);
    }
    buf_release(&w->out);
    buf_release(&w->json);
    repeated_release(&w->repeated);
    free(w->input);
}

static void on_wake_closed(uv_handle_t *h)
{
    struct worker *w = OWNER((uv_async_t *)h, struct worker, wake);
    release(w);
    w->on_closed(w); /* may free the worker */
}

static void on_timer_closed(uv_handle_t *h)
{
    struct deadlines *d = h->data;
    struct worker *w = OWNER(d, struct worker, deadlines);
    uv_close((uv_handle_t *)&w->wake, on_wake_closed);
}

void worker_close(struct worker *w)
{
    assert(worker_is_drained(w) && !w->ending);
    w->ending = true;
    deadline_disarm(&w->drain_deadline);
    deadlines_close(&w->deadlines, on_timer_closed);
}

/* Without random bytes there is no telling requests apart, and the kernel always has some
 * once it has booted. */
static void refill(struct worker *w)
{
    while (w->ids_left < sizeof w->ids) {
        const ssize_t n = getrandom(w->ids + w->ids_left, sizeof w->ids - w->ids_left, 0);
        if (n > 0)
            w->ids_left += (size_t)n;
        else
            assert(n < 0 && errno == EINTR);
    }
}

void worker_request_id(struct worker *w, char out[REQUEST_ID])
{
    static const char hex[] = "0123456789abcdef";
    if (w->ids_left == 0)
        refill(w);
    w->ids_left -= REQUEST_ID / 2;
    for (size_t i = 0; i < REQUEST_ID / 2; i++) {
        const unsigned char byte = w->ids[w->ids_left + i];
        out[2 * i] = hex[byte >> 4];
        out[2 * i + 1] = hex[byte & 15];
    }
}

struct held_head *worker_take_head(struct worker *w)
{
    struct held_head *h = w->free_heads;
    if (!h)
        return malloc(sizeof *h);
    w->free_heads = h->next;
    return h;
}

/* One is enough for requests that are forwarded at once. */
void worker_give_head(struct worker *w, struct held_head *h)
{
    if (w->free_heads) {
        free(h);
        return;
    }
    if (h) {
        h->next = NULL;
        w->free_heads = h;
    }
}

void worker_tell(const struct worker *w, enum proxy_event e, const char *name, int code)
{
    const struct proxy_observer *o = w->observer;
    if (o && o->on_event)
        o->on_event(o->arg, e, name, code);
}
