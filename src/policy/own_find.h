/* own_find.h - which container this process runs in, as far as the process itself can tell.
 *
 * In this order: 64 hex digits in the path of a control group (a container's own, unless it has a
 * control group namespace, which hides them); 64 hex digits in the host path behind the
 * /etc/hostname, /etc/hosts or /etc/resolv.conf that the engine mounts into every container; a
 * host name of 12 or 64 hex digits, which is what a container has when nobody gives it one. All
 * of it may mislead (a shared network namespace brings another container's files), so the engine
 * has the last word: lua/core/own.lua.
 */
#ifndef SOCKGUARD_POLICY_OWN_FIND_H
#define SOCKGUARD_POLICY_OWN_FIND_H

#include "base/str.h"

enum { OWN_ID_LENGTH = 64, OWN_SHORT_LENGTH = 12, OWN_HOSTNAME_MAX = 256, OWN_PATH_MAX = 512 };

/* Texts are NUL-terminated, "" for unknown. */
struct own_found {
    char id[OWN_ID_LENGTH + 1];      /* lower-case hex, 64 digits or 12 */
    bool by_cgroup;                  /* where the id comes from */
    char hostname[OWN_HOSTNAME_MAX]; /* the machine's, as this process sees it */
    char upper[OWN_PATH_MAX];        /* the writable layer of the root, if that is an overlay */
};

/* Looks into /proc/self and asks for the host name. What cannot be read says nothing. */
void own_find(struct own_found *out);

/* The same from texts: those of /proc/self/cgroup and /proc/self/mountinfo, and the host name. */
void own_find_in(struct own_found *out, struct str cgroup, struct str mountinfo,
                 struct str hostname);

/* True when s is nothing but lower-case hex digits, one or more. */
bool own_is_hex(struct str s);

#endif
