/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/watchdog.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
              "the signal handler reads these");

enum { IDLE_TICKS = WATCH_IDLE_MS / WATCH_TICK_MS };
static const int64_t SECOND = 1000 * 1000 * 1000, MILLISECOND = 1000 * 1000;

/* The one thread and whom it watches. The process has one signal disposition, so it
 * has one of these. lock guards all but parked. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct watch *watches[WATCH_MAX];
    size_t n;
    bool started;
    atomic_bool parked;
} dog = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* This thread's armed watch: how the handler finds it. */
static _Thread_local struct watch *volatile armed;
static _Thread_local pid_t own_thread;
static _Thread_local clockid_t own_clock;

static int late_signal(void)
{
    return SIGRTMIN + 3;
}

/* A signal can come too late, in the next call or after it: the number tells. */
static void on_signal(int number)
{
    (void)number;
    struct watch *w = armed;
    const int saved = errno;
    if (w && atomic_load(&w->late) == atomic_load(&w->call))
        w->on_late(w->arg);
    errno = saved;
}

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now))
        return -1;
    return now.tv_sec * SECOND + now.tv_nsec;
}

static bool is_late(const struct watch *w)
{
    if (w->wall_ms && clock_read(CLOCK_MONOTONIC) - w->wall_start >= w->wall_ms * MILLISECOND)
        return true;
    if (!w->cpu_ms || w->cpu_start < 0)
        return false;
    const int64_t cpu = clock_read(atomic_load(&w->clock));
    return cpu >= 0 && cpu - w->cpu_start >= w->cpu_ms * MILLISECOND;
}

/* True when the watch was armed since the last look. */
static bool look(struct watch *w)
{
    const uint64_t call = atomic_load(&w->call);
    const bool fresh = call != w->seen;
    w->seen = call;
    if (call % 2 == 0)
        return fresh;
    if (fresh) {
        w->cpu_start = w->cpu_ms ? clock_read(atomic_load(&w->clock)) : -1;
        w->wall_start = clock_read(CLOCK_MONOTONIC);
        return true;
    }
    if (is_late(w)) {
        atomic_store(&w->late, call);
        /* By number, not pthread_t: the thread may end meanwhile, and a number that is
         * gone or taken over does no harm (the handler compares). */
        (void)tgkill(getpid(), atomic_load(&w->thread), late_signal());
    }
    return true;
}

static bool look_at_all(void)
{
    bool active = false;
    for (size_t i = 0; i < dog.n; i++)
        active |= look(dog.watches[i]);
    return active;
}

/* parked is set before the last look, and arm stores the call before it reads parked:
 * one of the two sees the other. */
static void park(void)
{
    atomic_store(&dog.parked, true);
    if (look_at_all())
        atomic_store(&dog.parked, false);
    while (atomic_load(&dog.parked))
        pthread_cond_wait(&dog.changed, &dog.lock);
}

static void sleep_a_tick(void)
{
    const int64_t at = clock_read(CLOCK_MONOTONIC) + WATCH_TICK_MS * MILLISECOND;
    const struct timespec until = {.tv_sec = at / SECOND, .tv_nsec = at % SECOND};
    while (pthread_cond_timedwait(&dog.changed, &dog.lock, &until) == 0)
        continue;
}

static void *watch_all(void *unused)
{
    int idle = IDLE_TICKS;
    pthread_mutex_lock(&dog.lock);
    for (;;) {
        if (idle >= IDLE_TICKS) {
            park();
            idle = 0;
        }
        sleep_a_tick();
        idle = look_at_all() ? 0 : idle + 1;
    }
    return unused;
}

static int thread_start(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(late_signal(), &action, NULL))
        return errno;
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr);
    if (rc)
        return rc;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    rc = pthread_cond_init(&dog.changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (rc)
        return rc;
    /* Signals for the process are the loop's, not this thread's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    rc = pthread_create(&thread, NULL, watch_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) {
        (void)pthread_cond_destroy(&dog.changed);
        return rc;
    }
    (void)pthread_detach(thread);
    dog.started = true;
    return 0;
}

int watch_join(struct watch *w, struct err *err)
{
    int rc = RC_OK;
    pthread_mutex_lock(&dog.lock);
    if (dog.n == WATCH_MAX) {
        rc = err_set(err, RC_TOOBIG, "more than %d policy VMs in one process", WATCH_MAX);
    } else {
        const int code = dog.started ? 0 : thread_start();
        if (code)
            rc = err_set(err, RC_SYSTEM, "cannot start the watchdog thread: %s",
                         strerrordesc_np(code));
        else
            dog.watches[dog.n++] = w;
    }
    pthread_mutex_unlock(&dog.lock);
    return rc;
}

void watch_leave(struct watch *w)
{
    assert(armed != w);
    pthread_mutex_lock(&dog.lock);
    size_t at = 0;
    while (dog.watches[at] != w)
        at++;
    dog.watches[at] = dog.watches[--dog.n];
    pthread_mutex_unlock(&dog.lock);
}

/* A blocked signal would never stop anybody. */
static void thread_prepare(void)
{
    sigset_t late;
    sigemptyset(&late);
    sigaddset(&late, late_signal());
    pthread_sigmask(SIG_UNBLOCK, &late, NULL);
    (void)pthread_getcpuclockid(pthread_self(), &own_clock);
    own_thread = gettid();
}

void watch_arm(struct watch *w)
{
    assert(!armed);
    if (!own_thread)
        thread_prepare();
    atomic_store_explicit(&w->thread, own_thread, memory_order_relaxed);
    atomic_store_explicit(&w->clock, own_clock, memory_order_relaxed);
    armed = w;
    atomic_fetch_add(&w->call, 1);
    if (!atomic_load(&dog.parked))
        return;
    pthread_mutex_lock(&dog.lock);
    atomic_store(&dog.parked, false);
    pthread_cond_signal(&dog.changed);
    pthread_mutex_unlock(&dog.lock);
}

void watch_disarm(struct watch *w)
{
    armed = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_fetch_add(&w->call, 1);
}
