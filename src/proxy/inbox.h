/* inbox.h - connections on their way from the worker that accepts to another one.
 *
 * A ring with one thread at each end, without locks. A full ring is no fault: whoever has
 * accepted keeps the connection then.
 */
#ifndef SOCKGUARD_PROXY_INBOX_H
#define SOCKGUARD_PROXY_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct listener;

/* An accepted connection: non-blocking, close-on-exec, owned by whoever holds the arrival. */
struct arrival {
    const struct listener *listener; /* borrowed */
    int fd;
    bool surplus; /* over limits.connections: to be told so */
};

enum { INBOX_SLOTS = 256 };

/* Zeroed is empty. */
struct inbox {
    struct arrival slots[INBOX_SLOTS];
    atomic_size_t put, taken; /* how many ever */
};

static inline bool inbox_put(struct inbox *in, struct arrival a)
{
    const size_t put = atomic_load_explicit(&in->put, memory_order_relaxed);
    if (put - atomic_load_explicit(&in->taken, memory_order_acquire) == INBOX_SLOTS)
        return false;
    in->slots[put % INBOX_SLOTS] = a;
    atomic_store_explicit(&in->put, put + 1, memory_order_release);
    return true;
}

static inline bool inbox_take(struct inbox *in, struct arrival *out)
{
    const size_t taken = atomic_load_explicit(&in->taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&in->put, memory_order_acquire))
        return false;
    *out = in->slots[taken % INBOX_SLOTS];
    atomic_store_explicit(&in->taken, taken + 1, memory_order_release);
    return true;
}

#endif
