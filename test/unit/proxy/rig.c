/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void keep_text(char *out, size_t max, struct str s)
{
    const size_t n = s.n < max - 1 ? s.n : max - 1;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static void on_exchange(void *arg, const struct exchange_report *t)
{
    struct rig *r = arg;
    if (r->n_told == RIG_REPORTS)
        r->n_told = 0;
    struct told *k = &r->told[r->n_told++];
    *k = (struct told){
        .end = t->end,
        .method = t->method,
        .decided = t->decision != NULL,
        .verdict = t->decision ? t->decision->verdict : VERDICT_DENY,
        .refusal = t->refusal,
        .local = t->local,
        .peer_local = t->peer->local,
        .uid = t->peer->uid,
        .status = t->status,
        .bytes = t->bytes,
    };
    keep_text(k->path, sizeof k->path, t->normal);
    keep_text(k->id, sizeof k->id, t->request_id);
    keep_text(k->client_id, sizeof k->client_id, t->client_request_id);
}

static void on_event(void *arg, enum proxy_event e, const char *name, int code)
{
    struct rig *r = arg;
    (void)name;
    (void)code;
    r->events[e]++;
}

static struct edit_plan *plan_of_secrets(bool many)
{
    struct edit_plan *p = edit_plan_new(many);
    assert_non_null(p);
    assert_int_equal(edit_plan_add(p, STR("secret"), EDIT_MARK), RC_OK);
    return p;
}

void rig_init(struct rig *r)
{
    *r = (struct rig){.engine = -1, .policy = {.body_max = 1024 * 1024}};
    r->policy.edits = plan_of_secrets(false);
    r->policy.stream = plan_of_secrets(true);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&r->loop), 0);
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/sockguard-test-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    (void)snprintf(r->front, sizeof r->front, "%s/front", r->folder);
    (void)snprintf(r->back, sizeof r->back, "%s/back", r->folder);
    r->observer =
        (struct proxy_observer){.on_exchange = on_exchange, .on_event = on_event, .arg = r};
    r->listeners[0] = (struct proxy_listener){.name = "front", .path = r->front, .mode = 0600};
    r->listeners[1] = (struct proxy_listener){.name = "tcp", .host = "127.0.0.1"};
    r->worker =
        (struct proxy_worker){.loop = &r->loop, .policy = &r->policy, .observer = &r->observer};
    r->options = (struct proxy_options){
        .workers = &r->worker,
        .n_workers = 1,
        .upstream_socket = r->back,
        .listeners = r->listeners,
        .n_listeners = 1,
        .timeouts = proxy_default_timeouts,
        .limits = proxy_default_limits,
    };
}

void rig_start(struct rig *r)
{
    struct err err = {""};
    if (proxy_start(&r->proxy, &r->options, &err))
        fail_msg("%s", err.text);
}

void rig_open(struct rig *r)
{
    rig_init(r);
    rig_engine_listen(r);
    rig_start(r);
}

static void on_drained(void *arg)
{
    struct rig *r = arg;
    r->drained = true;
}

void rig_drain(struct rig *r)
{
    r->draining = true;
    proxy_drain(r->proxy, on_drained, r);
    assert_false(r->drained);
}

void rig_until_drained(struct rig *r)
{
    for (int i = 0; i < RIG_MS && !r->drained; i++)
        rig_turn(r);
    assert_true(r->drained);
}

void rig_close(struct rig *r)
{
    if (r->proxy && !r->draining)
        rig_drain(r);
    if (r->proxy)
        rig_until_drained(r);
    proxy_free(r->proxy);
    edit_plan_free(r->policy.edits);
    edit_plan_free(r->policy.stream);
    assert_int_equal(uv_run(&r->loop, UV_RUN_NOWAIT), 0);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    rig_engine_stop(r);
    assert_int_not_equal(access(r->front, F_OK), 0);
    assert_int_equal(rmdir(r->folder), 0);
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    return at;
}

static int socket_of(int family)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

void rig_engine_listen(struct rig *r)
{
    const struct sockaddr_un at = address(r->back);
    r->engine = socket_of(AF_UNIX);
    assert_int_equal(bind(r->engine, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(r->engine, 128), 0);
}

void rig_engine_stop(struct rig *r)
{
    if (r->engine < 0)
        return;
    close(r->engine);
    (void)unlink(r->back);
    r->engine = -1;
}

void rig_turn(struct rig *r)
{
    (void)uv_run(&r->loop, UV_RUN_NOWAIT);
    struct pollfd p = {.fd = uv_backend_fd(&r->loop), .events = POLLIN};
    (void)poll(&p, 1, 1);
}

void rig_turn_for(struct rig *r, unsigned ms)
{
    const uint64_t end = uv_hrtime() / 1000000 + ms;
    while (uv_hrtime() / 1000000 < end)
        rig_turn(r);
}

void rig_until_told(struct rig *r, size_t n)
{
    for (int i = 0; i < RIG_MS && r->n_told < n; i++)
        rig_turn(r);
    assert_true(r->n_told >= n);
}

static void end_start(struct end *e, int fd)
{
    *e = (struct end){.fd = fd, .in = calloc(1, 1), .cap = 1};
    assert_non_null(e->in);
}

void end_connect(struct rig *r, struct end *e)
{
    const struct sockaddr_un at = address(r->front);
    end_start(e, socket_of(AF_UNIX));
    assert_int_equal(connect(e->fd, (const struct sockaddr *)&at, sizeof at), 0);
}

void end_connect_tcp(struct rig *r, struct end *e, uint16_t port)
{
    (void)r;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    end_start(e, socket_of(AF_INET));
    const int rc = connect(e->fd, (const struct sockaddr *)&at, sizeof at);
    assert_true(rc == 0 || errno == EINPROGRESS);
    struct pollfd p = {.fd = e->fd, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, RIG_MS), 1);
}

bool end_accept_now(struct rig *r, struct end *e)
{
    const int fd = accept4(r->engine, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    end_start(e, fd);
    return true;
}

void end_accept(struct rig *r, struct end *e)
{
    for (int i = 0; i < RIG_MS; i++) {
        if (end_accept_now(r, e))
            return;
        rig_turn(r);
    }
    fail_msg("the proxy did not connect to the engine");
}

void end_close(struct end *e)
{
    if (e->fd >= 0)
        close(e->fd);
    free(e->in);
    *e = (struct end){.fd = -1};
}

void end_finish(struct end *e)
{
    assert_int_equal(shutdown(e->fd, SHUT_WR), 0);
}

size_t end_flood(struct rig *r, struct end *e, const char *bytes, size_t n, size_t max)
{
    enum { QUIET = 50 };
    size_t sent = 0;
    for (int quiet = 0; quiet < QUIET && sent < max; quiet++) {
        for (ssize_t k = 1; k > 0 && sent<max; sent += k> 0 ? (size_t)k : 0) {
            k = send(e->fd, bytes + sent % n, n - sent % n, MSG_NOSIGNAL);
            quiet = k > 0 ? 0 : quiet;
        }
        rig_turn(r);
    }
    return sent;
}

void end_send_bytes(struct rig *r, struct end *e, const char *bytes, size_t n)
{
    for (int i = 0; i < RIG_MS && n; i++) {
        const ssize_t sent = send(e->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return; /* the other side has gone; the test sees what it got */
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
        if (n)
            rig_turn(r);
    }
    assert_int_equal(n, 0);
}

void end_send(struct rig *r, struct end *e, const char *text)
{
    end_send_bytes(r, e, text, strlen(text));
}

void end_poll(struct end *e)
{
    while (!e->over) {
        if (e->cap - e->n < 65537) {
            e->cap = 2 * e->cap + 65537;
            e->in = realloc(e->in, e->cap);
            assert_non_null(e->in);
        }
        const ssize_t n = recv(e->fd, e->in + e->n, 65536, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        e->over = n <= 0;
        e->n += n > 0 ? (size_t)n : 0;
        e->in[e->n] = '\0';
    }
}

bool end_has(const struct end *e, const char *text)
{
    return memmem(e->in, e->n, text, strlen(text)) != NULL;
}

void end_until(struct rig *r, struct end *e, const char *text)
{
    for (int i = 0; i < RIG_MS; i++) {
        end_poll(e);
        if (end_has(e, text))
            return;
        if (e->over)
            break;
        rig_turn(r);
    }
    fail_msg("wanted \"%s\", got \"%s\"%s", text, e->in, e->over ? " and the end" : "");
}

void end_until_bytes(struct rig *r, struct end *e, size_t n)
{
    for (int i = 0; i < 4 * RIG_MS; i++) {
        end_poll(e);
        if (e->n >= n)
            return;
        rig_turn(r);
    }
    fail_msg("wanted %zu bytes, got %zu", n, e->n);
}

void end_until_over(struct rig *r, struct end *e)
{
    for (int i = 0; i < RIG_MS; i++) {
        end_poll(e);
        if (e->over)
            return;
        rig_turn(r);
    }
    fail_msg("the connection stays open after \"%s\"", e->in);
}

void end_forget(struct end *e)
{
    e->n = 0;
    e->in[0] = '\0';
}

void rig_get(struct rig *r, struct end *client, struct end *engine, const char *path)
{
    char text[512];
    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: docker\r\n\r\n", path);
    end_send(r, client, text);
    if (engine->fd <= 0)
        end_accept(r, engine);
    end_until(r, engine, "\r\n\r\n");
    end_send(r, engine, OK_HI);
    end_until(r, client, "\r\n\r\nhi");
    end_forget(engine);
    end_forget(client);
}
