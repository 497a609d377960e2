/* confine.h - what the serving process gives away before it serves.
 *
 * In this order, each step checked: the folders of its unix sockets and the engine's group are
 * taken while it is root, then it becomes an ordinary user without capabilities; no new privileges,
 * not dumpable (no other process of the user reads its memory), no core files; Landlock: no file is
 * written but in those folders and the log, nothing is executed; seccomp: only the system calls
 * that serving needs. A call that is not on that list fails with EPERM and does not end the
 * process, because what a newer libc tries first and can do without must not take the proxy down;
 * nothing on the other side of that error helps whoever tries it on purpose.
 *
 * Called once, before any other thread is started: threads inherit all of it. `auto` steps are left
 * out where the kernel does not have them, or under a sanitizer; `on` steps fail then.
 * Configuration and rule files have been read before; nothing of the policy is read from disk
 * afterwards.
 */
#ifndef SOCKGUARD_APP_CONFINE_H
#define SOCKGUARD_APP_CONFINE_H

#include "policy/config.h"

enum confine_part { CONFINE_USER, CONFINE_LANDLOCK, CONFINE_SECCOMP, CONFINE_PARTS };

/* What is in force, for the log. */
struct confined {
    bool parts[CONFINE_PARTS];
};

/* RC_OK; RC_INVALID or RC_SYSTEM with a reason that names the setting. */
int confine(const struct settings *s, struct confined *out, struct err *err);

/* confine_user.c: as root with confine.user, that user from here on. Otherwise says in *err, at
 * RC_INVALID, when somebody else is asked for. */
int confine_user(const struct settings *s, bool *done, struct err *err);

/* confine_landlock.c, confine_seccomp.c: RC_OK and *done; or RC_SYSTEM where the kernel refuses. */
int confine_landlock(const struct settings *s, bool *done, struct err *err);
int confine_seccomp(bool *done, struct err *err);

#endif
