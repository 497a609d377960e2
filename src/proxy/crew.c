/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/crew.h"

#include <stdlib.h>

static void on_other_change(struct worker *w)
{
    struct crew *c = w->arg;
    if (atomic_load(&c->starved))
        worker_wake(crew_first(c));
    if (worker_is_drained(w) && !w->ending)
        worker_close(w);
}

static void on_other_closed(struct worker *w)
{
    uv_stop(w->loop); /* whatever else is on it is not ours to wait for */
}

/* The join that follows the count's end waits for the wake as well. In a start that fails
 * nobody is there to be woken. */
static void run_other(void *arg)
{
    struct worker *w = arg;
    struct crew *c = w->arg;
    (void)uv_run(w->loop, UV_RUN_DEFAULT);
    atomic_fetch_sub(&c->n_running, 1);
    if (c->draining)
        worker_wake(crew_first(c));
}

static int start_other(struct crew *c, size_t which)
{
    struct worker *w = &c->workers[which];
    const int rc = worker_init(w, &c->options, which, &c->ledger);
    if (rc)
        return rc;
    w->on_change = on_other_change;
    w->on_closed = on_other_closed;
    w->arg = c;
    atomic_fetch_add(&c->n_running, 1);
    if (uv_thread_create(&c->threads[c->n_threads], run_other, w) == 0) {
        c->n_threads++;
        return RC_OK;
    }
    worker_tell_drain(w);
    run_other(w); /* here, and only to its end */
    return RC_SYSTEM;
}

static void tell_others_to_drain(struct crew *c)
{
    for (size_t i = 1; i <= c->n_threads; i++)
        worker_tell_drain(&c->workers[i]);
}

static void join_others(struct crew *c)
{
    while (c->n_threads)
        (void)uv_thread_join(&c->threads[--c->n_threads]);
}

/* The first one last: nothing can fail behind it, and its loop is not ours to run. */
static int start_all(struct crew *c)
{
    int rc = RC_OK;
    for (size_t i = 1; i < c->n && !rc; i++)
        rc = start_other(c, i);
    rc = rc ? rc : worker_init(crew_first(c), &c->options, 0, &c->ledger);
    if (rc) {
        tell_others_to_drain(c);
        join_others(c);
    }
    return rc;
}

int crew_start(struct crew *c, const struct proxy_options *o, void (*on_change)(struct worker *),
               void (*on_closed)(struct worker *), void *arg, struct err *err)
{
    *c = (struct crew){.options = *o, .n = o->n_workers};
    budget_init(&c->ledger.bodies, o->limits.body_bytes);
    c->workers = calloc(c->n, sizeof *c->workers);
    const int rc = c->workers ? start_all(c) : RC_NOMEM;
    if (rc)
        return err_set(err, rc,
                       rc == RC_NOMEM ? "out of memory" : "no thread or descriptor for a worker");
    struct worker *w = crew_first(c);
    w->on_change = on_change;
    w->on_closed = on_closed;
    w->arg = arg;
    return RC_OK;
}

size_t crew_clients(const struct crew *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += atomic_load(&c->workers[i].n_clients);
    return n;
}

/* The first one unless it is busier than another: handing over costs a thread's waking. */
static struct worker *least_busy(const struct crew *c)
{
    struct worker *best = crew_first(c);
    size_t least = atomic_load(&best->n_clients);
    for (size_t i = 1; i < c->n; i++) {
        const size_t n = atomic_load(&c->workers[i].n_clients);
        if (n >= least)
            continue;
        best = &c->workers[i];
        least = n;
    }
    return best;
}

void crew_hand_out(struct crew *c, struct arrival a)
{
    struct worker *w = least_busy(c);
    if (w == crew_first(c) || !worker_hand(w, a))
        worker_take(crew_first(c), a);
}

void crew_drain(struct crew *c)
{
    c->draining = true;
    tell_others_to_drain(c);
    worker_drain(crew_first(c));
}

bool crew_is_done(const struct crew *c)
{
    const struct worker *w = crew_first(c);
    return !w->ending && worker_is_drained(w) && atomic_load(&c->n_running) == 0;
}

void crew_close(struct crew *c)
{
    join_others(c);
    worker_close(crew_first(c));
}

void crew_free(struct crew *c)
{
    budget_release(&c->ledger.bodies);
    free(c->workers);
}
