/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener.h"

#include "proxy/bind.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many of the queue are accepted when draining: its whole length. */
enum { DRAIN_MAX = 4096 };

int listener_open(struct listener *l, const struct proxy_listener *settings, struct err *err)
{
    *l = (struct listener){.settings = settings, .fd = -1};
    struct bound b = {.fd = -1};
    const int rc = settings->path ? bind_unix(&b, settings, err) : bind_tcp(&b, settings, err);
    if (rc)
        return rc;
    l->fd = b.fd;
    l->dev = b.dev;
    l->ino = b.ino;
    l->port = b.port;
    l->state = LISTENER_BOUND;
    return RC_OK;
}

static bool passes_soon(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static bool is_the_peers(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM;
}

static void trouble(struct listener *l, int error)
{
    (void)uv_poll_stop(&l->poll);
    l->paused = true;
    if (!passes_soon(error))
        l->state = LISTENER_FAILED;
    l->on_trouble(l, error, l->state == LISTENER_FAILED);
}

/* One of the queue; false when there is none, or trouble. */
static bool accept_one(struct listener *l)
{
    const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        l->on_accept(l, fd);
        return true;
    }
    if (is_the_peers(errno))
        return true;
    if (errno != EAGAIN)
        trouble(l, errno);
    return false;
}

/* One for each event: asking again only to hear that there is nobody would cost a system
 * call for every connection. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    (void)accept_one(poll->data);
}

int listener_serve(struct listener *l, uv_loop_t *loop)
{
    int rc = uv_poll_init(loop, &l->poll, l->fd);
    if (rc)
        return rc;
    l->polled = true;
    l->poll.data = l;
    rc = uv_poll_start(&l->poll, UV_READABLE, on_poll);
    if (rc == 0)
        l->state = LISTENER_SERVING;
    return rc;
}

void listener_resume(struct listener *l)
{
    if (!l->paused || l->state != LISTENER_SERVING)
        return;
    l->paused = false;
    (void)uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

void listener_drain(struct listener *l)
{
    if (l->state != LISTENER_SERVING)
        return;
    for (int i = 0; i < DRAIN_MAX && l->state == LISTENER_SERVING && accept_one(l); i++)
        continue;
    (void)uv_poll_stop(&l->poll);
    if (l->state == LISTENER_SERVING)
        l->state = LISTENER_DRAINING;
}

bool listener_close(struct listener *l)
{
    if (l->polled && !uv_is_closing((uv_handle_t *)&l->poll))
        uv_close((uv_handle_t *)&l->poll, l->on_closed);
    if (l->fd >= 0) {
        close(l->fd);
        if (l->settings->path)
            bind_remove(l->settings->path, l->dev, l->ino);
    }
    l->fd = -1;
    if (l->state != LISTENER_FAILED && l->state != LISTENER_DRAINING)
        l->state = LISTENER_STOPPED;
    return l->polled;
}
