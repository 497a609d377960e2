/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/worker.h"

#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/lookup.h"
#include "proxy/upstream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* A head that was cleaned and re-encoded may be three times as long as it was. */
enum { OUT_MAX = 3 * HEAD_BYTES_MAX + 4096, DIAL_RETRY_MS = 10 };
enum { LINGER_MS = 1000, WATCH_MS = 1000 };

static void init_deadlines(struct worker *w)
{
    const struct proxy_timeouts *t = &w->options.timeouts;
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
}

int worker_init(struct worker *w, const struct proxy_options *options)
{
    *w = (struct worker){.loop = options->loop, .policy = options->policy, .options = *options};
    w->input = malloc(STREAM_INPUT);
    if (!w->input)
        return RC_NOMEM;
    buf_init(&w->out, OUT_MAX);
    buf_init(&w->json, OWN_ANSWER_MAX);
    budget_init(&w->budget, options->limits.body_bytes, exchange_on_granted);
    init_deadlines(w);
    return RC_OK;
}

void worker_release(struct worker *w)
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
    free(w->input);
    w->input = NULL;
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
    const struct proxy_observer *o = w->options.observer;
    if (o && o->on_event)
        o->on_event(o->arg, e, name, code);
}
