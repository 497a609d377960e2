/* listener.h - one place where clients are accepted.
 *
 * Opening binds and listens; nobody is accepted before listener_serve. A unix socket
 * appears with its mode (no moment with another one) and its owner before anyone can
 * connect. A socket file that is in the way is taken over only when a connect to it is
 * refused and it is still the same file afterwards. The file goes when the listener
 * closes, if it is still ours.
 *
 * When descriptors or memory run out, accepting pauses, so that clients wait in the
 * kernel's queue instead of being dropped; the owner resumes it.
 */
#ifndef SOCKGUARD_PROXY_LISTENER_H
#define SOCKGUARD_PROXY_LISTENER_H

#include "proxy/proxy.h"

#include <sys/stat.h>

struct listener;

/* A connection: non-blocking, close-on-exec, the callee's. */
typedef void listener_fn(struct listener *l, int fd);

/* Accepting has paused (true: it will not resume) for the reason of this errno. */
typedef void listener_trouble_fn(struct listener *l, int error, bool for_good);

struct listener {
    const struct proxy_listener *settings; /* borrowed */
    _Atomic enum listener_state state;
    int fd; /* -1: closed */
    dev_t dev;
    ino_t ino;
    uint16_t port;
    bool paused;
    bool told; /* the owner's: it has said that accepting has paused */
    listener_fn *on_accept;
    listener_trouble_fn *on_trouble;
    uv_close_cb on_closed;
    void *owner;
    uv_poll_t poll; /* initialised from listener_serve on; its data is the listener */
    bool polled;
};

static inline bool listener_is_tcp(const struct listener *l)
{
    return !l->settings->path;
}

/* RC_OK, or RC_SYSTEM with the reason and *l closed. settings is borrowed. */
int listener_open(struct listener *l, const struct proxy_listener *settings, struct err *err);

/* Fill on_accept, on_trouble, on_closed and owner before. 0 or a negative uv code. */
int listener_serve(struct listener *l, uv_loop_t *loop);

void listener_resume(struct listener *l);

/* Accepts who is in the queue already, then no more. The handle stays. */
void listener_drain(struct listener *l);

/* Closes descriptor and socket file. True when on_closed will follow, false when there was
 * no handle to close. A draining listener goes on being called that. */
bool listener_close(struct listener *l);

#endif
