/* SPDX-License-Identifier: Apache-2.0 */
#include "app/confine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* A sanitizer reads /proc, traces itself and allocates in ways of its own. */
#if defined(__SANITIZE_ADDRESS__)
static const bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif
#else
static const bool sanitized = false;
#endif

/* What holds everywhere, whatever the kernel has. */
static int give_up_privileges(struct err *err)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_set(err, RC_SYSTEM, "confine: no new privileges: %s", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return err_set(err, RC_SYSTEM, "confine: not dumpable: %s", strerror(errno));
    if (setrlimit(RLIMIT_CORE, &none))
        return err_set(err, RC_SYSTEM, "confine: no core files: %s", strerror(errno));
    return RC_OK;
}

/* Whether a step is to be tried. */
static bool wanted(enum confine_mode mode)
{
    return mode == CONFINE_ON || (mode == CONFINE_AUTO && !sanitized);
}

/* What a failed step comes to: with auto it is left out, and the log says what is in force. */
static int settle(enum confine_mode mode, const char *key, int rc, struct err *err)
{
    if (!rc || mode != CONFINE_ON)
        return RC_OK;
    const struct err why = *err;
    return err_set(err, RC_SYSTEM,
                   "confine.%s: is on, but %s; expected a kernel that has it, or auto", key,
                   why.text);
}

int confine(const struct settings *s, struct confined *out, struct err *err)
{
    *out = (struct confined){{false}};
    int rc = confine_user(s, &out->parts[CONFINE_USER], err);
    if (!rc)
        rc = give_up_privileges(err);
    if (!rc && wanted(s->confine.landlock))
        rc = settle(s->confine.landlock, "landlock",
                    confine_landlock(s, &out->parts[CONFINE_LANDLOCK], err), err);
    if (!rc && wanted(s->confine.seccomp))
        rc = settle(s->confine.seccomp, "seccomp",
                    confine_seccomp(&out->parts[CONFINE_SECCOMP], err), err);
    return rc;
}
