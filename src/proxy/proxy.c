/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include "proxy/crew.h"
#include "proxy/listener.h"
#include "proxy/owner.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ACCEPT_RETRY_MS = 100,
    CLIENTS_OVER = 32, /* over limits.connections: told so; more are closed unanswered */
};

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
    struct crew crew;
    struct deadline_class accept_class;
    struct deadline_entry accept_deadline;
    proxy_drained_fn *done; /* set from proxy_drain on */
    void *done_arg;
    size_t n_listeners;
    size_t n_polled; /* listeners whose handle has not closed */
    struct listener listeners[PROXY_LISTENERS_MAX];
};

static void tell(struct proxy *p, enum proxy_event e, const struct listener *l, int code)
{
    worker_tell(crew_first(&p->crew), e, l->settings->name, code);
}

static void resume_accepting(struct proxy *p)
{
    deadline_disarm(&p->accept_deadline);
    atomic_store(&p->crew.starved, false);
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
    const size_t limit = p->crew.options.limits.connections;
    const size_t n = crew_clients(&p->crew);
    if (l->told)
        tell(p, PROXY_ACCEPT_RESUMED, l, 0);
    l->told = false;
    if (limit && n >= limit + CLIENTS_OVER)
        close(fd);
    else
        crew_hand_out(&p->crew,
                      (struct arrival){.listener = l, .fd = fd, .surplus = limit && n >= limit});
}

static void on_trouble(struct listener *l, int error, bool for_good)
{
    struct proxy *p = l->owner;
    if (for_good || !l->told) /* not for each time that it is tried in vain */
        tell(p, for_good ? PROXY_LISTENER_FAILED : PROXY_ACCEPT_PAUSED, l, -error);
    l->told = true;
    if (for_good)
        return;
    atomic_store(&p->crew.starved, true);
    deadline_arm(&p->accept_class, &p->accept_deadline);
}

static void on_closed(struct worker *w)
{
    struct proxy *p = w->arg;
    p->done(p->done_arg); /* may free the proxy */
}

static void end_if_empty(struct proxy *p)
{
    if (p->done && p->n_polled == 0 && crew_is_done(&p->crew))
        crew_close(&p->crew);
}

/* A descriptor may be free again. */
static void on_change(struct worker *w)
{
    struct proxy *p = w->arg;
    if (!p->done && atomic_load(&p->crew.starved))
        resume_accepting(p);
    end_if_empty(p);
}

static void on_listener_closed(uv_handle_t *h)
{
    struct listener *l = h->data;
    struct proxy *p = l->owner;
    p->n_polled--;
    end_if_empty(p);
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
    struct worker *w = crew_first(&p->crew);
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
        tell(p, PROXY_LISTENER_FAILED, l, rc);
    }
}

int proxy_start(struct proxy **out, const struct proxy_options *o, struct err *err)
{
    if (o->n_listeners == 0 || o->n_listeners > PROXY_LISTENERS_MAX)
        return err_set(err, RC_SYSTEM, "a proxy has 1 to %d listeners", PROXY_LISTENERS_MAX);
    if (o->n_workers == 0 || o->n_workers > PROXY_WORKERS_MAX)
        return err_set(err, RC_SYSTEM, "a proxy has 1 to %d workers", PROXY_WORKERS_MAX);
    struct proxy *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, RC_NOMEM, "out of memory");
    int rc = open_listeners(p, o, err);
    if (rc == RC_OK) {
        rc = crew_start(&p->crew, o, on_change, on_closed, p, err);
        if (rc)
            crew_free(&p->crew);
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

/* Those who wait in the queue are still accepted, and handed out before the others hear of
 * the drain. */
void proxy_drain(struct proxy *p, proxy_drained_fn *done, void *arg)
{
    assert(!p->done);
    for (size_t i = 0; i < p->n_listeners; i++)
        listener_drain(&p->listeners[i]);
    p->done = done;
    p->done_arg = arg;
    deadline_disarm(&p->accept_deadline);
    for (size_t i = 0; i < p->n_listeners; i++)
        (void)listener_close(&p->listeners[i]);
    crew_drain(&p->crew);
    end_if_empty(p);
}

void proxy_free(struct proxy *p)
{
    if (!p)
        return;
    crew_free(&p->crew);
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
    const struct crew *crew = &p->crew;
    struct proxy_counts c = {
        .clients = crew_clients(crew),
        .body_bytes = atomic_load(&crew->ledger.bodies.used),
    };
    for (size_t i = 0; i < crew->n; i++) {
        const struct worker *w = &crew->workers[i];
        c.exchanges += atomic_load(&w->n_exchanges);
        c.upstreams += atomic_load(&w->n_upstreams);
        c.upstreams_idle += atomic_load(&w->n_idle);
    }
    return c;
}
