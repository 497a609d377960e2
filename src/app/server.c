/* SPDX-License-Identifier: Apache-2.0 */
#include "app/server.h"

#include "app/access.h"
#include "app/health.h"

#include <signal.h>

enum { SIGNALS = 2 };

struct server {
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    const struct config *config;
    struct log *log;
    struct access access;
    struct policy *policy;
    struct health *health; /* NULL when it is switched off */
    struct proxy *proxy;
    struct proxy_observer observer;
    struct proxy_local local;
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

static int open_health(struct server *s)
{
    const struct settings *set = config_settings(s->config);
    const struct health_options options = {
        .loop = &s->loop,
        .path = set->health_path,
        .upstream_socket = set->upstream_socket,
        .listeners = s->listeners,
        .n_listeners = s->n_listeners,
    };
    return set->health_enabled ? health_open(&s->health, &options) : RC_OK;
}

static struct proxy_options proxy_settings(struct server *s)
{
    const struct settings *set = config_settings(s->config);
    struct proxy_options o = {
        .loop = &s->loop,
        .policy = s->policy,
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
    struct proxy_options o = proxy_settings(s);
    s->observer = access_observer(&s->access);
    o.observer = &s->observer;
    if (s->health) {
        s->local = health_local(s->health);
        o.local = &s->local;
    }
    const int rc = proxy_start(&s->proxy, &o, err);
    if (!rc && s->health)
        health_watch(s->health, s->proxy);
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
    health_close(s->health);
    s->health = NULL;
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
        const int rc = uv_signal_init(&s->loop, &s->signals[i]);
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

static void close_leftover(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Only after a start that failed half way are there handles left to close here. */
static void close_loop(struct server *s)
{
    health_close(s->health);
    uv_walk(&s->loop, close_leftover, NULL);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->loop);
}

static int run(struct server *s, struct err *err)
{
    int rc = open_health(s);
    if (rc)
        return err_set(err, rc, "no memory for the health endpoint");
    rc = start_signals(s, err);
    rc = rc ? rc : start_proxy(s, err);
    if (rc)
        return rc;
    access_started(&s->access, s->config);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    access_stopped(&s->access);
    return RC_OK;
}

static int run_on_loop(struct server *s, struct err *err)
{
    int rc = uv_loop_init(&s->loop);
    if (rc)
        return err_set(err, RC_SYSTEM, "event loop: %s", uv_strerror(rc));
    rc = run(s, err);
    close_loop(s);
    proxy_free(s->proxy);
    return rc;
}

int server_run(const struct config *config, struct err *err)
{
    struct server s = {.config = config};
    const struct settings *set = config_settings(config);
    fill_listeners(&s);
    int rc = policy_open(&s.policy, config, false, err);
    if (rc)
        return rc;
    rc = log_open(&s.log, set->log.output, LOG_RING_BYTES, err);
    if (!rc) {
        access_init(&s.access, s.log, s.policy, set);
        rc = run_on_loop(&s, err);
        access_release(&s.access);
    }
    log_close(s.log);
    policy_free(s.policy);
    return rc;
}
