/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include "proxy/client.h"
#include "proxy/listener.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

#include <assert.h>
#include <stdlib.h>

enum { ACCEPT_RETRY_MS = 100 };

const struct proxy_timeouts proxy_default_timeouts = {
    .head = 5000,
    .body = 30000,
    .budget = 5000,
    .connect = 5000,
    .lookup = 5000,
    .request = 60000,
    .keep_alive = 120000,
    .drain = 30000,
    .idle = 90000,
};

const struct proxy_limits proxy_default_limits = {
    .connections = 10000,
    .tunnels = 1000,
    .body_bytes = 64 * 1024 * 1024,
};

struct proxy {
    struct worker worker;
    struct deadline_class drain_class, accept_class;
    struct deadline_entry drain_deadline, accept_deadline;
    proxy_drained_fn *done; /* set from proxy_drain on */
    void *done_arg;
    bool ending; /* nothing but the timer is left */
    size_t n_listeners;
    size_t n_polled; /* listeners whose handle has not closed */
    struct listener listeners[PROXY_LISTENERS_MAX];
};

static void resume_accepting(struct proxy *p)
{
    for (size_t i = 0; i < p->n_listeners; i++)
        listener_resume(&p->listeners[i]);
}

static void on_accept_due(struct deadline_entry *e)
{
    resume_accepting(OWNER(e, struct proxy, accept_deadline));
}

static void on_accept(struct listener *l, int fd)
{
    struct proxy *p = l->owner;
    if (l->told)
        worker_tell(&p->worker, PROXY_ACCEPT_RESUMED, l->settings->name, 0);
    l->told = false;
    client_open(&p->worker, l, fd);
}

static void on_trouble(struct listener *l, int error, bool for_good)
{
    struct proxy *p = l->owner;
    if (for_good || !l->told) /* not for each time that it is tried in vain */
        worker_tell(&p->worker, for_good ? PROXY_LISTENER_FAILED : PROXY_ACCEPT_PAUSED,
                    l->settings->name, -error);
    l->told = true;
    if (!for_good)
        deadline_arm(&p->accept_class, &p->accept_deadline);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct deadlines *d = h->data;
    struct proxy *p = OWNER(d, struct proxy, worker.deadlines);
    worker_release(&p->worker);
    p->done(p->done_arg); /* may free the proxy */
}

/* The timer goes last: its callback is the drain's end. */
static void end_if_empty(struct proxy *p)
{
    const struct worker *w = &p->worker;
    if (!p->done || p->ending || w->n_clients || w->n_upstreams || p->n_polled)
        return;
    p->ending = true;
    deadline_disarm(&p->drain_deadline);
    deadlines_close(&p->worker.deadlines, on_timer_closed);
}

/* A descriptor is free again. */
static void on_change(void *arg)
{
    struct proxy *p = arg;
    if (deadline_is_armed(&p->accept_deadline)) {
        deadline_disarm(&p->accept_deadline);
        resume_accepting(p);
    }
    end_if_empty(p);
}

static void on_listener_closed(uv_handle_t *h)
{
    struct listener *l = h->data;
    struct proxy *p = l->owner;
    p->n_polled--;
    end_if_empty(p);
}

static void shut_clients(struct proxy *p, bool force)
{
    struct client *next;
    for (struct client *c = p->worker.clients; c; c = next) {
        next = c->next;
        client_shut(c, force);
    }
}

static void on_drain_due(struct deadline_entry *e)
{
    shut_clients(OWNER(e, struct proxy, drain_deadline), true);
}

static int open_listeners(struct proxy *p, const struct proxy_options *o, struct err *err)
{
    for (size_t i = 0; i < o->n_listeners; i++) {
        const int rc = listener_open(&p->listeners[i], &o->listeners[i], err);
        if (rc)
            return rc;
        p->n_listeners++;
    }
    return RC_OK;
}

/* For listeners that do not serve yet. */
static void close_listeners(struct proxy *p)
{
    while (p->n_listeners)
        (void)listener_close(&p->listeners[--p->n_listeners]);
}

static void serve(struct proxy *p)
{
    struct worker *w = &p->worker;
    w->on_change = on_change;
    w->arg = p;
    deadline_class_init(&p->drain_class, &w->deadlines, w->options.timeouts.drain, on_drain_due);
    deadline_class_init(&p->accept_class, &w->deadlines, ACCEPT_RETRY_MS, on_accept_due);
    for (size_t i = 0; i < p->n_listeners; i++) {
        struct listener *l = &p->listeners[i];
        l->owner = p;
        l->on_accept = on_accept;
        l->on_trouble = on_trouble;
        l->on_closed = on_listener_closed;
        const int rc = listener_serve(l, w->loop);
        p->n_polled += l->polled;
        if (rc == 0)
            continue;
        l->state = LISTENER_FAILED;
        worker_tell(w, PROXY_LISTENER_FAILED, l->settings->name, rc);
    }
}

int proxy_start(struct proxy **out, const struct proxy_options *o, struct err *err)
{
    if (o->n_listeners == 0 || o->n_listeners > PROXY_LISTENERS_MAX)
        return err_set(err, RC_SYSTEM, "a proxy has 1 to %d listeners", PROXY_LISTENERS_MAX);
    struct proxy *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, RC_NOMEM, "out of memory");
    int rc = open_listeners(p, o, err);
    if (rc == RC_OK) {
        rc = worker_init(&p->worker, o);
        if (rc)
            (void)err_set(err, rc, "out of memory");
    }
    if (rc) {
        close_listeners(p);
        free(p);
        return rc;
    }
    serve(p);
    *out = p;
    return RC_OK;
}

void proxy_drain(struct proxy *p, proxy_drained_fn *done, void *arg)
{
    struct worker *w = &p->worker;
    assert(!p->done);
    for (size_t i = 0; i < p->n_listeners; i++)
        listener_drain(&p->listeners[i]);
    p->done = done;
    p->done_arg = arg;
    w->draining = true;
    deadline_disarm(&p->accept_deadline);
    for (size_t i = 0; i < p->n_listeners; i++)
        (void)listener_close(&p->listeners[i]);
    upstream_close_idle(w);
    shut_clients(p, w->options.timeouts.drain == 0);
    deadline_arm(&p->drain_class, &p->drain_deadline);
    end_if_empty(p);
}

void proxy_free(struct proxy *p)
{
    free(p);
}

enum listener_state proxy_listener_state(const struct proxy *p, size_t i)
{
    assert(i < p->n_listeners);
    return p->listeners[i].state;
}

uint16_t proxy_listener_port(const struct proxy *p, size_t i)
{
    assert(i < p->n_listeners);
    return p->listeners[i].port;
}

struct proxy_counts proxy_count(const struct proxy *p)
{
    const struct worker *w = &p->worker;
    return (struct proxy_counts){
        .clients = w->n_clients,
        .exchanges = w->n_exchanges,
        .upstreams = w->n_upstreams,
        .upstreams_idle = w->n_idle,
        .body_bytes = w->budget.used,
    };
}
