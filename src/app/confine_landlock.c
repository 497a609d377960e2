/* SPDX-License-Identifier: Apache-2.0 */
/* confine_landlock.c - files: written only where the sockets and the log are, none executed. */
#include "app/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later versions of the interface than Debian 12's header has. */
enum { LATER_REFER = 1 << 13, LATER_TRUNCATE = 1 << 14, LATER_IOCTL = 1 << 15 };

enum {
    WRITES = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    SOCKETS = LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    LOGS = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
};

static int fault(struct err *err, const char *what)
{
    return err_set(err, RC_SYSTEM, "Landlock: %s: %s", what, strerror(errno));
}

static uint64_t handled(long version)
{
    uint64_t all = WRITES | LANDLOCK_ACCESS_FS_EXECUTE;
    if (version >= 2)
        all |= LATER_REFER;
    if (version >= 3)
        all |= LATER_TRUNCATE;
    return all;
}

/* In and below the folder that a path is in. */
static int allow_folder_of(int rules, const char *path, uint64_t access, struct err *err)
{
    char store[PATH_MAX];
    (void)snprintf(store, sizeof store, "%s", path);
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    rule.parent_fd = open(dirname(store), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT ? RC_OK : fault(err, path); /* whoever needs it will say so */
    const long rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    const int failed = rc ? fault(err, path) : RC_OK;
    close(rule.parent_fd);
    return failed;
}

static int add_rules(int rules, const struct settings *s, long version, struct err *err)
{
    int rc = RC_OK;
    for (size_t i = 0; i < s->n_listeners && !rc; i++)
        if (s->listeners[i].socket[0])
            rc = allow_folder_of(rules, s->listeners[i].socket, SOCKETS, err);
    if (!rc && strchr(s->log.output, '/'))
        rc = allow_folder_of(rules, s->log.output, LOGS | (version >= 3 ? LATER_TRUNCATE : 0), err);
    return rc;
}

int confine_landlock(const struct settings *s, bool *done, struct err *err)
{
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return fault(err, "the kernel does not have it");
    const struct landlock_ruleset_attr attr = {.handled_access_fs = handled(version)};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return fault(err, "no rules can be made");
    int rc = add_rules(rules, s, version, err);
    if (!rc && syscall(SYS_landlock_restrict_self, rules, 0))
        rc = fault(err, "cannot be turned on");
    close(rules);
    *done = rc == RC_OK;
    return rc;
}
