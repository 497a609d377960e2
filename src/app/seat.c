/* SPDX-License-Identifier: Apache-2.0 */
#include "app/seat.h"

static int open_health(struct seat *s, const struct seat_options *o, struct err *err)
{
    const struct settings *set = config_settings(o->config);
    const struct health_options options = {
        .loop = &s->loop,
        .path = set->health_path,
        .upstream_socket = set->upstream_socket,
        .listeners = o->listeners,
        .n_listeners = o->n_listeners,
    };
    const int rc = set->health_enabled ? health_open(&s->health, &options) : RC_OK;
    return rc ? err_set(err, rc, "no memory for the health endpoint") : RC_OK;
}

static int open_on_loop(struct seat *s, const struct seat_options *o, struct err *err)
{
    int rc = policy_open(&s->policy, o->config, false, err);
    if (rc)
        return rc;
    rc = open_health(s, o, err);
    if (rc)
        policy_free(s->policy);
    return rc;
}

int seat_open(struct seat *s, const struct seat_options *o, struct err *err)
{
    *s = (struct seat){.health = NULL};
    int rc = uv_loop_init(&s->loop);
    if (rc)
        return err_set(err, RC_SYSTEM, "event loop: %s", uv_strerror(rc));
    rc = open_on_loop(s, o, err);
    if (rc) {
        (void)uv_loop_close(&s->loop);
        return rc;
    }
    access_init(&s->access, o->log, s->policy, config_settings(o->config));
    s->observer = access_observer(&s->access);
    if (s->health)
        s->local = health_local(s->health);
    return RC_OK;
}

struct proxy_worker seat_worker(struct seat *s)
{
    return (struct proxy_worker){
        .loop = &s->loop,
        .policy = s->policy,
        .observer = &s->observer,
        .local = s->health ? &s->local : NULL,
    };
}

static void close_leftover(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void seat_close(struct seat *s)
{
    health_close(s->health);
    uv_walk(&s->loop, close_leftover, NULL);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->loop);
    access_release(&s->access);
    policy_free(s->policy);
}
