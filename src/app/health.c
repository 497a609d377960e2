/* SPDX-License-Identifier: Apache-2.0 */
#include "app/health.h"

#include "base/writer.h"

#include <stdlib.h>

enum {
    GOOD_FOR = 2000, /* milliseconds */
    BAD_FOR = 100,
    CHECK_LIMIT = 3000,
    ANSWER_MAX = 16 * 1024,
};

/* One who asked and was not answered yet. */
struct waiter {
    struct waiter *next;
    proxy_answer_fn *answer;
    void *arg;
};

struct health {
    struct health_options options;
    const struct proxy *proxy; /* borrowed, NULL until health_watch */
    uint64_t started;          /* uv_hrtime */
    uint64_t good_until;       /* uv_now; the last result counts until then */
    bool connected;            /* the last result */
    bool checking;             /* from the dial until its handle has closed */
    bool closing;
    struct waiter *waiters;
    uv_pipe_t pipe; /* the dial's, open while checking */
    uv_connect_t dial;
    uv_timer_t limit; /* open for life */
    struct buf body;
};

static const char *state_name(enum listener_state s)
{
    static const char *const names[] = {
        [LISTENER_STOPPED] = "stopped", [LISTENER_BOUND] = "bound",
        [LISTENER_SERVING] = "serving", [LISTENER_DRAINING] = "draining",
        [LISTENER_FAILED] = "failed",
    };
    return names[s];
}

static enum listener_state state_of(const struct health *h, size_t i)
{
    return h->proxy ? proxy_listener_state(h->proxy, i) : LISTENER_STOPPED;
}

static bool listeners_serve(const struct health *h)
{
    for (size_t i = 0; i < h->options.n_listeners; i++) {
        const enum listener_state s = state_of(h, i);
        if (s != LISTENER_SERVING && s != LISTENER_DRAINING)
            return false;
    }
    return true;
}

static void put_listeners(const struct health *h, struct writer *w)
{
    writer_open(w, STR("listeners"), '[');
    for (size_t i = 0; i < h->options.n_listeners; i++) {
        const struct proxy_listener *l = &h->options.listeners[i];
        writer_open(w, STR(""), '{');
        writer_text(w, STR("name"), str_of(l->name));
        writer_text(w, STR("role"), STR("proxy"));
        writer_text(w, STR("network"), l->path ? STR("unix") : STR("tcp"));
        writer_text(w, STR("state"), str_of(state_name(state_of(h, i))));
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

/* Writes the body; its status. */
static uint16_t describe(struct health *h)
{
    const bool serving = listeners_serve(h);
    const bool healthy = h->connected && serving;
    buf_clear(&h->body);
    struct writer w = writer_start(&h->body);
    writer_open(&w, STR(""), '{');
    writer_text(&w, STR("status"), healthy ? STR("healthy") : STR("unhealthy"));
    writer_text(&w, STR("upstream"), h->connected ? STR("connected") : STR("unreachable"));
    if (!healthy)
        writer_text(&w, STR("error"),
                    h->connected ? STR("listener not serving") : STR("upstream unreachable"));
    writer_text(&w, STR("version"), STR(SOCKGUARD_VERSION));
    writer_number(&w, STR("uptime_seconds"), (int64_t)((uv_hrtime() - h->started) / 1000000000U));
    put_listeners(h, &w);
    writer_close(&w, '}');
    if (!w.rc)
        w.rc = buf_append_char(&h->body, '\n');
    if (w.rc)
        buf_clear(&h->body); /* no memory for the words; the status still says it */
    return healthy && !w.rc ? 200 : 503;
}

static void answer_all(struct health *h)
{
    while (h->waiters) {
        struct waiter *const w = h->waiters;
        h->waiters = w->next;
        const uint16_t status = describe(h);
        w->answer(w->arg, status, buf_str(&h->body));
        free(w);
    }
}

static void free_health(uv_handle_t *handle)
{
    struct health *const h = handle->data;
    buf_release(&h->body);
    free(h);
}

static void start_check(struct health *h);

static void on_pipe_closed(uv_handle_t *handle)
{
    struct health *const h = handle->data;
    h->checking = false;
    if (h->closing)
        uv_close((uv_handle_t *)&h->limit, free_health);
    else if (h->waiters)
        start_check(h);
}

static void hang_up(struct health *h)
{
    if (!uv_is_closing((uv_handle_t *)&h->pipe))
        uv_close((uv_handle_t *)&h->pipe, on_pipe_closed);
}

/* Also how a check that was given up ends: closing its pipe cancels the dial. */
static void on_connected(uv_connect_t *dial, int status)
{
    struct health *const h = dial->data;
    uv_timer_stop(&h->limit);
    h->connected = status == 0;
    h->good_until = uv_now(h->options.loop) + (h->connected ? GOOD_FOR : BAD_FOR);
    hang_up(h);
    answer_all(h);
}

static void on_limit(uv_timer_t *timer)
{
    hang_up(timer->data);
}

/* Without memory for a handle the engine counts as unreachable. */
static void start_check(struct health *h)
{
    if (uv_pipe_init(h->options.loop, &h->pipe, 0)) {
        h->connected = false;
        answer_all(h);
        return;
    }
    h->checking = true;
    h->pipe.data = h;
    h->dial.data = h;
    uv_pipe_connect(&h->dial, &h->pipe, h->options.upstream_socket, on_connected);
    uv_timer_start(&h->limit, on_limit, CHECK_LIMIT, 0);
}

static bool matches(void *arg, struct str path)
{
    const struct health *h = arg;
    return str_eq(path, str_of(h->options.path));
}

static void ask(void *arg, struct str path, proxy_answer_fn *answer, void *answer_arg)
{
    struct health *const h = arg;
    (void)path; /* there is one only */
    struct waiter *const w = uv_now(h->options.loop) < h->good_until ? NULL : malloc(sizeof *w);
    if (!w) { /* known, or no memory to wait with: what was seen last */
        const uint16_t status = describe(h);
        answer(answer_arg, status, buf_str(&h->body));
        return;
    }
    *w = (struct waiter){.next = h->waiters, .answer = answer, .arg = answer_arg};
    h->waiters = w;
    if (!h->checking)
        start_check(h);
}

static void forget(void *arg, void *answer_arg)
{
    struct health *const h = arg;
    for (struct waiter **at = &h->waiters; *at; at = &(*at)->next) {
        struct waiter *const w = *at;
        if (w->arg != answer_arg)
            continue;
        *at = w->next;
        free(w);
        return;
    }
}

int health_open(struct health **out, const struct health_options *o)
{
    struct health *const h = calloc(1, sizeof *h);
    if (!h)
        return RC_NOMEM;
    if (uv_timer_init(o->loop, &h->limit)) {
        free(h);
        return RC_SYSTEM;
    }
    h->options = *o;
    h->limit.data = h;
    h->started = uv_hrtime();
    buf_init(&h->body, ANSWER_MAX);
    *out = h;
    return RC_OK;
}

void health_watch(struct health *h, const struct proxy *p)
{
    h->proxy = p;
}

struct proxy_local health_local(struct health *h)
{
    return (struct proxy_local){.matches = matches, .ask = ask, .forget = forget, .arg = h};
}

void health_close(struct health *h)
{
    if (!h)
        return;
    h->closing = true;
    if (h->checking)
        hang_up(h);
    else
        uv_close((uv_handle_t *)&h->limit, free_health);
}
