/* SPDX-License-Identifier: Apache-2.0 */
#include "app/server.h"

#include "app/confine.h"
#include "app/confirm.h"
#include "app/seat.h"

#include <signal.h>
#include <stdlib.h>

enum { SIGNALS = 2 };

struct server {
    const struct config *config;
    struct log *log;
    struct seat seats[PROXY_WORKERS_MAX]; /* the first one's loop is run here */
    struct proxy_worker workers[PROXY_WORKERS_MAX];
    size_t n_seats;
    uv_signal_t signals[SIGNALS]; /* on the first one's loop */
    struct proxy *proxy;
    struct confined confined;
    struct proxy_listener listeners[LISTENERS_MAX];
    size_t n_listeners;
};

static void fill_listeners(struct server *s)
{
    const struct settings *set = config_settings(s->config);
    for (size_t i = 0; i < set->n_listeners; i++) {
        const struct listener_settings *from = &set->listeners[i];
        s->listeners[i] = (struct proxy_listener){
            .name = from->name,
            .path = from->socket[0] ? from->socket : NULL,
            .mode = (mode_t)from->mode,
            .set_uid = from->uid >= 0,
            .set_gid = from->gid >= 0,
            .uid = (uid_t)from->uid,
            .gid = (gid_t)from->gid,
            .host = from->host[0] ? from->host : NULL,
            .port = from->port,
        };
    }
    s->n_listeners = set->n_listeners;
}

static struct proxy_options proxy_settings(struct server *s)
{
    const struct settings *set = config_settings(s->config);
    struct proxy_options o = {
        .workers = s->workers,
        .n_workers = s->n_seats,
        .upstream_socket = set->upstream_socket,
        .listeners = s->listeners,
        .n_listeners = s->n_listeners,
        .timeouts = proxy_default_timeouts,
        .limits = proxy_default_limits,
        .host_names = set->host_names,
        .n_host_names = set->n_host_names,
    };
    o.timeouts.head = set->timeouts.head;
    o.timeouts.body = set->timeouts.body;
    o.timeouts.connect = set->timeouts.connect;
    o.timeouts.lookup = set->timeouts.lookup;
    o.timeouts.request = set->timeouts.request;
    o.timeouts.keep_alive = set->timeouts.keep_alive;
    o.timeouts.drain = set->timeouts.drain;
    o.limits.connections = (size_t)set->limits.connections;
    o.limits.tunnels = (size_t)set->limits.tunnels;
    o.limits.body_bytes = (size_t)set->limits.body_bytes;
    return o;
}

static int start_proxy(struct server *s, struct err *err)
{
    const struct proxy_options o = proxy_settings(s);
    const int rc = proxy_start(&s->proxy, &o, err);
    for (size_t i = 0; i < s->n_seats && !rc; i++)
        if (s->seats[i].health)
            health_watch(s->seats[i].health, s->proxy);
    return rc;
}

static void stop_signals(struct server *s)
{
    for (size_t i = 0; i < SIGNALS; i++)
        if (!uv_is_closing((uv_handle_t *)&s->signals[i]))
            uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void on_drained(void *arg)
{
    struct server *const s = arg;
    uv_stop(&s->seats[0].loop); /* whatever health still asks is not waited for */
}

/* Signals are no longer caught then: the next one ends the process. */
static void on_signal(uv_signal_t *signal, int number)
{
    struct server *const s = signal->data;
    (void)number;
    stop_signals(s);
    proxy_drain(s->proxy, on_drained, s);
}

static int start_signals(struct server *s, struct err *err)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < SIGNALS; i++) {
        const int rc = uv_signal_init(&s->seats[0].loop, &s->signals[i]);
        if (rc)
            return err_set(err, RC_SYSTEM, "signals: %s", uv_strerror(rc));
        s->signals[i].data = s;
    }
    for (size_t i = 0; i < SIGNALS; i++) {
        const int rc = uv_signal_start(&s->signals[i], on_signal, numbers[i]);
        if (rc)
            return err_set(err, RC_SYSTEM, "signal %d: %s", numbers[i], uv_strerror(rc));
    }
    return RC_OK;
}

/* Where self_protection is on: each policy knows our own container before it is asked anything. */
static int confirm(struct server *s, struct err *err)
{
    const struct settings *set = config_settings(s->config);
    struct err why = {""};
    for (size_t i = 0; set->self_required && i < s->n_seats; i++)
        if (confirm_own(set->upstream_socket, s->seats[i].policy, &why))
            return err_set(err, RC_INVALID,
                           "self_protection is on, but the own container is not confirmed: %.2048s",
                           why.text);
    return RC_OK;
}

static int run(struct server *s, struct err *err)
{
    struct seat *first = &s->seats[0];
    int rc = confirm(s, err);
    rc = rc ? rc : start_signals(s, err);
    rc = rc ? rc : start_proxy(s, err);
    if (rc)
        return rc;
    access_started(&first->access, s->config, &s->confined);
    (void)uv_run(&first->loop, UV_RUN_DEFAULT);
    access_stopped(&first->access);
    return RC_OK;
}

static size_t worker_count(const struct settings *set)
{
    const size_t n = set->workers ? set->workers : uv_available_parallelism();
    return n < PROXY_WORKERS_MAX ? n : PROXY_WORKERS_MAX;
}

static int open_seats(struct server *s, struct err *err)
{
    const struct seat_options o = {
        .config = s->config,
        .log = s->log,
        .listeners = s->listeners,
        .n_listeners = s->n_listeners,
    };
    const size_t n = worker_count(config_settings(s->config));
    for (size_t i = 0; i < n; i++) {
        const int rc = seat_open(&s->seats[i], &o, err);
        if (rc)
            return rc;
        s->workers[i] = seat_worker(&s->seats[i]);
        s->n_seats++;
    }
    return RC_OK;
}

static int run_with_log(struct server *s, struct err *err)
{
    int rc = open_seats(s, err);
    rc = rc ? rc : run(s, err);
    while (s->n_seats)
        seat_close(&s->seats[--s->n_seats]);
    proxy_free(s->proxy);
    return rc;
}

int server_run(const struct config *config, struct err *err)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, RC_NOMEM, "out of memory");
    s->config = config;
    fill_listeners(s);
    int rc = confine(config_settings(config), &s->confined, err);
    rc = rc ? rc : log_open(&s->log, config_settings(config)->log.output, LOG_RING_BYTES, err);
    rc = rc ? rc : run_with_log(s, err);
    log_close(s->log);
    free(s);
    return rc;
}
