/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/stream.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* One queued write: the request and the bytes it needs live and die together. */
struct rest {
    uv_write_t req;
    size_t n;
    char bytes[];
};

static struct stream *stream_of(void *uv_handle)
{
    return ((uv_handle_t *)uv_handle)->data;
}

static int fd_of(const struct stream *s)
{
    uv_os_fd_t fd = -1;
    (void)uv_fileno(&s->uv.handle, &fd);
    return fd;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    *out = uv_buf_init(stream_of(h)->input, STREAM_INPUT);
}

static void on_uv_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = stream_of(h);
    if (n > 0) {
        s->events->on_read(s, (struct str){buf->base, (size_t)n});
        return;
    }
    if (n == 0)
        return;
    s->ended = true;
    (void)uv_read_stop(h);
    s->events->on_end(s, (int)n);
}

static void on_uv_closed(uv_handle_t *h)
{
    struct stream *s = stream_of(h);
    s->events->on_closed(s);
}

int stream_open(struct stream *s, uv_loop_t *loop, int fd, bool tcp, char *input,
                const struct stream_events *events)
{
    *s = (struct stream){.events = events, .input = input, .tcp = tcp};
    int rc = tcp ? uv_tcp_init(loop, &s->uv.tcp) : uv_pipe_init(loop, &s->uv.pipe, 0);
    s->uv.handle.data = s;
    if (rc == 0)
        rc = tcp ? uv_tcp_open(&s->uv.tcp, fd) : uv_pipe_open(&s->uv.pipe, fd);
    if (rc) {
        close(fd);
        stream_close(s);
        return rc;
    }
    if (tcp) {
        (void)uv_tcp_nodelay(&s->uv.tcp, 1);
        (void)uv_tcp_keepalive(&s->uv.tcp, 1, 60);
    }
    rc = uv_read_start(&s->uv.stream, on_alloc, on_uv_read);
    if (rc)
        stream_close(s);
    return rc;
}

static void half_close(struct stream *s)
{
    (void)shutdown(fd_of(s), SHUT_WR);
}

static void on_uv_written(uv_write_t *req, int status)
{
    struct stream *s = stream_of(req->handle);
    struct rest *rest = req->data;
    s->unsent -= rest->n;
    free(rest);
    if (s->closing)
        return;
    if (status < 0) {
        if (!s->broken) {
            s->broken = true;
            s->events->on_broken(s);
        }
        return;
    }
    if (s->unsent)
        return;
    if (s->finishing)
        half_close(s);
    s->events->on_drain(s);
}

static int queue(struct stream *s, const uv_buf_t *bufs, unsigned n, size_t total)
{
    struct rest *rest = malloc(sizeof *rest + total);
    if (!rest)
        return UV_ENOMEM;
    rest->n = total;
    rest->req.data = rest;
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        if (bufs[i].len)
            memcpy(rest->bytes + at, bufs[i].base, bufs[i].len);
        at += bufs[i].len;
    }
    uv_buf_t all = uv_buf_init(rest->bytes, (unsigned)total);
    const int rc = uv_write(&rest->req, &s->uv.stream, &all, 1, on_uv_written);
    if (rc) {
        free(rest);
        return rc;
    }
    s->unsent += total;
    return 0;
}

/* Takes what was sent off the front; returns how many bytes are left. */
static size_t skip(uv_buf_t *bufs, unsigned n, size_t sent)
{
    size_t left = 0;
    for (unsigned i = 0; i < n; i++) {
        const size_t gone = sent < bufs[i].len ? sent : bufs[i].len;
        bufs[i].base += gone;
        bufs[i].len -= gone;
        sent -= gone;
        left += bufs[i].len;
    }
    return left;
}

int stream_write(struct stream *s, uv_buf_t *bufs, unsigned n, bool *sent_none)
{
    int sent = 0;
    if (sent_none)
        *sent_none = true;
    if (s->closing || s->broken)
        return UV_EPIPE;
    if (s->unsent == 0)
        sent = uv_try_write(&s->uv.stream, bufs, n);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0) {
        s->broken = true;
        return sent;
    }
    if (sent_none)
        *sent_none = sent == 0;
    const size_t left = skip(bufs, n, (size_t)sent);
    if (left == 0)
        return 0;
    const int rc = queue(s, bufs, n, left);
    if (rc)
        s->broken = true;
    return rc;
}

void stream_pause(struct stream *s)
{
    if (s->paused || s->ended || s->closing)
        return;
    s->paused = true;
    (void)uv_read_stop(&s->uv.stream);
}

void stream_resume(struct stream *s)
{
    if (!s->paused || s->ended || s->closing)
        return;
    s->paused = false;
    (void)uv_read_start(&s->uv.stream, on_alloc, on_uv_read);
}

void stream_finish(struct stream *s)
{
    if (s->finishing || s->closing)
        return;
    s->finishing = true;
    if (s->unsent == 0)
        half_close(s);
}

bool stream_hung_up(const struct stream *s)
{
    struct pollfd p = {.fd = fd_of(s), .events = 0};
    return poll(&p, 1, 0) < 0 || (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void stream_close(struct stream *s)
{
    if (s->closing)
        return;
    s->closing = true;
    uv_close(&s->uv.handle, on_uv_closed);
}
