/* watchdog.h - a thread that tells late calls that they are late.
 *
 * One thread for the process, started with the first watch and never ended; parked
 * on a condition variable when no watch was armed for a second. While calls
 * run it looks every WATCH_TICK_MS: a call that is still the same one is late when
 * its thread has used cpu_ms of CPU time, or wall_ms have passed, since the watchdog
 * first saw it (at most a tick after it began). A late call's thread gets a signal
 * every tick until the call has ended: one signal alone may be lost (Lua clears the
 * trap that it sets), and on_late runs in the handler of each.
 *
 * The signal is SIGRTMIN+3; nobody else in the process may use it. Not for use
 * across fork. A watch is armed by one thread at a time, a thread arms one at a
 * time.
 */
#ifndef SOCKGUARD_POLICY_WATCHDOG_H
#define SOCKGUARD_POLICY_WATCHDOG_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum { WATCH_MAX = 64, WATCH_TICK_MS = 5, WATCH_IDLE_MS = 1000 };

/* Runs in a signal handler of the thread that armed the watch, between its arm and
 * its disarm, possibly many times. */
typedef void watch_late_fn(void *arg);

/* Embedded in its owner. */
struct watch {
    unsigned cpu_ms;  /* 0 = no limit */
    unsigned wall_ms; /* 0 = no limit */
    watch_late_fn *on_late;
    void *arg; /* borrowed, for on_late */

    _Atomic uint64_t call; /* odd while armed; goes up by one with each arm and disarm */
    _Atomic uint64_t late; /* the call that is late */
    _Atomic pid_t thread;  /* who armed it, and its clock */
    _Atomic clockid_t clock;

    /* The watchdog's own. */
    uint64_t seen;                 /* call, as of the last look */
    int64_t cpu_start, wall_start; /* nanoseconds, at first sight; -1 = clock not readable */
};

/* Fill the first four members of a zeroed struct before. RC_OK, RC_TOOBIG (WATCH_MAX
 * watches are there) or RC_SYSTEM, with the reason. */
int watch_join(struct watch *w, struct err *err);
void watch_leave(struct watch *w); /* after a successful join only; not while armed */

/* Two atomic stores and a load; wakes the watchdog when it is parked. */
void watch_arm(struct watch *w);

/* When this has returned, on_late has run for the last time. */
void watch_disarm(struct watch *w);

#endif
