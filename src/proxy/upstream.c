/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream.h"

#include "proxy/exchange.h"
#include "proxy/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void leave_pool(struct upstream *u)
{
    struct worker *w = u->worker;
    if (u->prev)
        u->prev->next = u->next;
    else
        w->idle_upstreams = u->next;
    if (u->next)
        u->next->prev = u->prev;
    u->prev = u->next = NULL;
    worker_count(&w->n_idle, false);
    deadline_disarm(&u->deadline);
}

static bool is_idle(const struct upstream *u)
{
    return !u->exchange && !u->stream.closing;
}

/* An idle connection says nothing: what it says then answers no request of ours. */
static void on_read(struct stream *s, struct str bytes)
{
    struct upstream *u = OWNER(s, struct upstream, stream);
    if (u->exchange)
        exchange_heard(u->exchange, bytes);
    else
        upstream_close(u);
}

static void on_end(struct stream *s, int status)
{
    struct upstream *u = OWNER(s, struct upstream, stream);
    if (u->exchange)
        exchange_upstream_ended(u->exchange, status);
    else
        upstream_close(u);
}

static void on_drain(struct stream *s)
{
    struct upstream *u = OWNER(s, struct upstream, stream);
    if (u->exchange)
        exchange_upstream_drained(u->exchange);
}

static void on_broken(struct stream *s)
{
    struct upstream *u = OWNER(s, struct upstream, stream);
    if (u->exchange)
        exchange_upstream_broken(u->exchange);
}

static void on_closed(struct stream *s)
{
    struct upstream *u = OWNER(s, struct upstream, stream);
    struct worker *w = u->worker;
    buf_release(&u->in);
    free(u);
    worker_count(&w->n_upstreams, false);
    w->on_change(w);
}

static const struct stream_events events = {on_read, on_end, on_drain, on_broken, on_closed};

static struct upstream *lend(struct upstream *u, struct exchange *ex)
{
    u->exchange = ex;
    u->heard = false;
    return u;
}

struct upstream *upstream_take(struct worker *w, struct exchange *ex)
{
    struct upstream *u = w->idle_upstreams;
    if (!u)
        return NULL;
    leave_pool(u);
    return lend(u, ex);
}

static bool passes_soon(int error)
{
    return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

/* A unix socket is connected at once or not at all. */
static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const size_t n = strlen(path);
    if (n >= sizeof at.sun_path)
        return -ENAMETOOLONG;
    memcpy(at.sun_path, path, n);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return passes_soon(errno) ? -EAGAIN : -errno;
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    const int rc = passes_soon(errno) ? -EAGAIN : -errno;
    close(fd);
    return rc;
}

static void tell_reached(struct worker *w, int rc)
{
    const bool unreachable = rc != 0;
    if (unreachable != atomic_exchange(&w->ledger->unreachable, unreachable))
        worker_tell(w, unreachable ? PROXY_UPSTREAM_UNREACHABLE : PROXY_UPSTREAM_REACHED,
                    w->options->upstream_socket, rc);
}

int upstream_dial(struct worker *w, struct exchange *ex, struct upstream **out)
{
    const int fd = connect_to(w->options->upstream_socket);
    if (fd != -EAGAIN)
        tell_reached(w, fd < 0 ? fd : 0);
    if (fd < 0)
        return fd == -EAGAIN ? UV_EAGAIN : fd;
    struct upstream *u = calloc(1, sizeof *u);
    if (!u) {
        close(fd);
        return UV_ENOMEM;
    }
    u->worker = w;
    worker_count(&w->n_upstreams, true);
    reader_init(&u->reader, READER_RESPONSES);
    buf_init(&u->in, HEAD_BYTES_MAX + STREAM_INPUT);
    const int rc = stream_open(&u->stream, w->loop, fd, false, w->input, &events);
    if (rc)
        return rc;
    *out = lend(u, ex);
    return 0;
}

void upstream_return(struct upstream *u)
{
    struct worker *w = u->worker;
    u->exchange = NULL;
    u->pooled = true;
    if (w->draining || w->n_idle >= POOL_MAX || u->stream.ended || u->stream.broken) {
        upstream_close(u);
        return;
    }
    stream_resume(&u->stream);
    u->next = w->idle_upstreams;
    if (u->next)
        u->next->prev = u;
    w->idle_upstreams = u;
    worker_count(&w->n_idle, true);
    deadline_arm(&w->idle, &u->deadline);
}

static bool in_pool(const struct upstream *u)
{
    return is_idle(u) && (u->prev || u->worker->idle_upstreams == u);
}

void upstream_close(struct upstream *u)
{
    if (in_pool(u))
        leave_pool(u);
    u->exchange = NULL;
    stream_close(&u->stream);
}

void upstream_close_idle(struct worker *w)
{
    while (w->idle_upstreams)
        upstream_close(w->idle_upstreams);
}

void upstream_on_idle_due(struct deadline_entry *e)
{
    upstream_close(OWNER(e, struct upstream, deadline));
}
