/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 100, RETRY_MS = 10 };

struct log {
    int fd;
    bool owned;   /* the descriptor is ours to close */
    bool regular; /* a file: a write to it does not wait for a reader */
    pthread_t writer;

    char last;   /* the writer's own: the last byte that went out */
    bool broken; /* the writer's own: the line it belongs to was given up */

    pthread_mutex_t lock; /* over all that follows, but for the bytes from start to
                             start + used, which nobody changes until they are written */
    pthread_cond_t work;  /* for the writer */
    pthread_cond_t room;  /* for lines that wait */
    char *ring;
    size_t cap;
    size_t start;
    size_t used;
    size_t waiting; /* lines that wait for room */
    bool stalled;   /* one waited in vain, and nothing was written since */
    bool closing;
    struct timespec give_up; /* with closing */
    uint64_t dropped;
};

static struct timespec clock_after(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static bool clock_reached(struct timespec t)
{
    const struct timespec now = clock_after(0);
    return now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec);
}

/* The writer; these functions run on its thread, without the lock. */

static bool destination_given_up(struct log *l)
{
    pthread_mutex_lock(&l->lock);
    const bool yes = l->closing && clock_reached(l->give_up);
    pthread_mutex_unlock(&l->lock);
    return yes;
}

/* False when it is not worth waiting any longer. A fault counts as ready: the write that
 * follows meets it. */
static bool destination_ready(struct log *l)
{
    while (!l->regular) {
        struct pollfd p = {.fd = l->fd, .events = POLLOUT};
        if (poll(&p, 1, POLL_MS) > 0)
            return true;
        if (destination_given_up(l))
            return false;
    }
    return true;
}

/* Writes some of s, at least one byte: how many, or 0 when the destination takes no more.
 * A pipe or socket that is ready takes PIPE_BUF bytes without blocking. */
static size_t destination_write(struct log *l, struct str s)
{
    if (!l->regular && s.n > PIPE_BUF)
        s.n = PIPE_BUF;
    while (destination_ready(l)) {
        const ssize_t n = write(l->fd, s.p, s.n);
        if (n > 0) {
            l->last = s.p[n - 1];
            return (size_t)n;
        }
        if (n == 0 || (errno != EINTR && errno != EAGAIN) || destination_given_up(l))
            return 0;
        (void)poll(NULL, 0, RETRY_MS);
    }
    return 0;
}

static size_t batch_write(struct log *l, struct str s)
{
    if (l->broken && destination_write(l, STR("\n")) == 0)
        return 0;
    l->broken = false;
    return destination_write(l, s);
}

/* The writer again, with the lock held. */

/* Everything that waits is lost: what has no end yet in the destination is broken. */
static void ring_discard(struct log *l)
{
    for (size_t i = 0; i < l->used; i++)
        if (l->ring[(l->start + i) % l->cap] == '\n')
            l->dropped++;
    l->used = 0;
    l->broken = l->last != '\n';
}

static void ring_drain(struct log *l)
{
    const size_t until_wrap = l->cap - l->start;
    const struct str s = {l->ring + l->start, l->used < until_wrap ? l->used : until_wrap};
    pthread_mutex_unlock(&l->lock);
    const size_t n = batch_write(l, s);
    pthread_mutex_lock(&l->lock);
    l->start = (l->start + n) % l->cap;
    l->used -= n;
    if (n == 0)
        ring_discard(l);
    else if (l->closing)
        l->give_up = clock_after(LOG_WAIT_MS);
    l->stalled = false;
    if (l->waiting)
        pthread_cond_broadcast(&l->room);
}

static bool ring_urgent(const struct log *l)
{
    return l->closing || l->waiting || l->used >= l->cap / 2;
}

/* Sleeps until there is something, and then a little more, so that a busy program costs
 * one write for many lines. */
static void ring_wait(struct log *l)
{
    while (l->used == 0 && !l->closing)
        pthread_cond_wait(&l->work, &l->lock);
    const struct timespec until = clock_after(LOG_BATCH_MS);
    while (!ring_urgent(l))
        if (pthread_cond_timedwait(&l->work, &l->lock, &until) == ETIMEDOUT)
            return;
}

static void *writer_run(void *arg)
{
    struct log *l = arg;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        ring_wait(l);
        if (l->used == 0)
            break;
        ring_drain(l);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* The callers' side. */

static bool ring_has_room(const struct log *l, size_t n)
{
    return n <= l->cap - l->used;
}

static void room_wait(struct log *l, size_t n)
{
    const struct timespec until = clock_after(LOG_WAIT_MS);
    l->waiting++;
    pthread_cond_signal(&l->work);
    while (!ring_has_room(l, n) && !l->stalled)
        if (pthread_cond_timedwait(&l->room, &l->lock, &until) == ETIMEDOUT)
            l->stalled = !ring_has_room(l, n);
    l->waiting--;
}

static void ring_put(struct log *l, struct str line)
{
    const size_t at = (l->start + l->used) % l->cap;
    const size_t first = line.n < l->cap - at ? line.n : l->cap - at;
    memcpy(l->ring + at, line.p, first);
    memcpy(l->ring, line.p + first, line.n - first);
    l->used += line.n;
}

void log_write(struct log *l, struct str line, bool must)
{
    assert(line.n && line.p[line.n - 1] == '\n');
    pthread_mutex_lock(&l->lock);
    if (must && line.n <= l->cap && !ring_has_room(l, line.n) && !l->stalled)
        room_wait(l, line.n);
    bool wake = false;
    if (ring_has_room(l, line.n)) {
        const size_t before = l->used;
        ring_put(l, line);
        wake = before == 0 || (before < l->cap / 2 && l->used >= l->cap / 2);
    } else {
        l->dropped++;
    }
    pthread_mutex_unlock(&l->lock);
    if (wake)
        pthread_cond_signal(&l->work);
}

void log_lost(struct log *l)
{
    pthread_mutex_lock(&l->lock);
    l->dropped++;
    pthread_mutex_unlock(&l->lock);
}

uint64_t log_dropped(struct log *l)
{
    pthread_mutex_lock(&l->lock);
    const uint64_t n = l->dropped;
    pthread_mutex_unlock(&l->lock);
    return n;
}

/* Opening and closing. */

static int destination_open(struct log *l, const char *destination, struct err *err)
{
    const struct str name = str_of(destination);
    l->owned = !str_eq(name, STR("stderr")) && !str_eq(name, STR("stdout"));
    if (l->owned)
        l->fd = open(destination, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                     0600);
    else
        l->fd = str_eq(name, STR("stderr")) ? STDERR_FILENO : STDOUT_FILENO;
    struct stat st;
    if (l->fd < 0 || fstat(l->fd, &st))
        return err_set(err, RC_SYSTEM, "cannot open log %s: %s", destination, strerror(errno));
    l->regular = S_ISREG(st.st_mode);
    return RC_OK;
}

/* The thread inherits the mask: signals are other threads' business. */
static int writer_start(struct log *l, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int fault = pthread_create(&l->writer, NULL, writer_run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault)
        return err_set(err, RC_SYSTEM, "cannot start the log's thread: %s", strerror(fault));
    return RC_OK;
}

static void log_free(struct log *l)
{
    if (l->owned && l->fd >= 0)
        close(l->fd);
    pthread_cond_destroy(&l->room);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    free(l->ring);
    free(l);
}

static struct log *log_new(size_t ring_bytes)
{
    struct log *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->fd = -1;
    l->last = '\n';
    l->cap = ring_bytes;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, &monotonic);
    pthread_cond_init(&l->room, &monotonic);
    pthread_condattr_destroy(&monotonic);
    l->ring = malloc(ring_bytes);
    if (!l->ring) {
        log_free(l);
        return NULL;
    }
    return l;
}

int log_open(struct log **out, const char *destination, size_t ring_bytes, struct err *err)
{
    assert(ring_bytes > 0);
    struct log *l = log_new(ring_bytes);
    if (!l)
        return err_set(err, RC_NOMEM, "no memory for the log");
    int rc = destination_open(l, destination, err);
    if (!rc)
        rc = writer_start(l, err);
    if (rc)
        log_free(l);
    else
        *out = l;
    return rc;
}

void log_close(struct log *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    l->give_up = clock_after(LOG_WAIT_MS);
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->writer, NULL);
    log_free(l);
}
