/* SPDX-License-Identifier: Apache-2.0 */
/* confine_user.c - from root to the user of confine.user, with what that user needs. */
#include "app/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = LISTENERS_MAX + 1, FOLDER_MODE = 0755 };

static int fault(struct err *err, const char *what, const char *which)
{
    return err_set(err, RC_SYSTEM, "confine.user: %s%s%s: %s", what, which[0] ? " " : "", which,
                   strerror(errno));
}

/* The folder that a path is in, into folder (PATH_MAX bytes). */
static const char *folder_of(const char *path, char *folder)
{
    (void)snprintf(folder, PATH_MAX, "%s", path);
    return dirname(folder);
}

/* Nothing else is in the folder than this socket: it is there for us. */
static bool is_ours_alone(int fd, const char *socket)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return false;
    }
    const char *const slash = strrchr(socket, '/');
    bool alone = true;
    for (const struct dirent *e; alone && (e = readdir(d));)
        alone = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
                (slash && strcmp(e->d_name, slash + 1) == 0);
    closedir(d);
    return alone;
}

/* The socket's folder is there, and the user's where that takes nothing from anybody else. */
static int take_folder(const char *socket, uid_t uid, gid_t gid, struct err *err)
{
    char store[PATH_MAX];
    const char *const folder = folder_of(socket, store);
    struct stat st;
    if (mkdir(folder, FOLDER_MODE) && errno != EEXIST)
        return fault(err, "cannot make", folder);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) {
        const int rc = fault(err, "cannot use", folder);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    if (st.st_uid == uid || st.st_uid != 0) {
        close(fd);
        return RC_OK; /* bind says whether it can be used */
    }
    const int again = dup(fd);
    if (again < 0 || !is_ours_alone(again, socket)) {
        close(fd);
        return err_set(err, RC_INVALID,
                       "confine.user: %s holds other files and is root's, so user %u cannot make a "
                       "socket there; expected a folder of its own, such as /run/sockguard",
                       folder, (unsigned)uid);
    }
    const int rc = fchown(fd, uid, gid) ? fault(err, "cannot give away", folder) : RC_OK;
    (void)unlink(socket); /* what a last run as another user has left */
    close(fd);
    return rc;
}

static int take_folders(const struct settings *s, struct err *err)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        const char *const socket = s->listeners[i].socket;
        const int rc = socket[0] ? take_folder(socket, s->confine.uid, s->confine.gid, err) : RC_OK;
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* The groups that the user is in: the engine's socket's, and those that it gives its sockets. */
static size_t gather_groups(const struct settings *s, gid_t groups[GROUPS_MAX])
{
    size_t n = 0;
    struct stat st;
    if (stat(s->upstream_socket, &st) == 0)
        groups[n++] = st.st_gid;
    for (size_t i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].gid >= 0)
            groups[n++] = (gid_t)s->listeners[i].gid;
    return n;
}

static int drop_capabilities(struct err *err)
{
    for (int c = 0; c <= CAP_LAST_CAP; c++)
        if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) &&
            errno != EPERM)
            return fault(err, "cannot drop a capability", "");
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return RC_OK;
}

static int clear_capabilities(struct err *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    return syscall(SYS_capset, &header, none) ? fault(err, "cannot drop capabilities", "") : RC_OK;
}

static bool is_user(uid_t uid, gid_t gid)
{
    uid_t u[3];
    gid_t g[3];
    return getresuid(&u[0], &u[1], &u[2]) == 0 && getresgid(&g[0], &g[1], &g[2]) == 0 &&
           u[0] == uid && u[1] == uid && u[2] == uid && g[0] == gid && g[1] == gid && g[2] == gid;
}

static int become(const struct settings *s, struct err *err)
{
    const uid_t uid = s->confine.uid;
    const gid_t gid = s->confine.gid;
    gid_t groups[GROUPS_MAX];
    const size_t n = gather_groups(s, groups);
    int rc = drop_capabilities(err);
    if (rc)
        return rc;
    if (setgroups(n, groups))
        return fault(err, "cannot take the groups", "");
    if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
        return fault(err, "cannot become that user", "");
    rc = clear_capabilities(err);
    if (rc)
        return rc;
    if (!is_user(uid, gid) || setuid(0) == 0 || setgid(0) == 0)
        return err_set(err, RC_SYSTEM, "confine.user: this process could become root again");
    return RC_OK;
}

/* Without the right to the engine's socket nothing would work, and nobody would know why. */
static int check_engine(const struct settings *s, struct err *err)
{
    struct stat st;
    if (access(s->upstream_socket, R_OK | W_OK) == 0 || errno != EACCES ||
        stat(s->upstream_socket, &st))
        return RC_OK;
    return err_set(err, RC_INVALID,
                   "upstream.socket: %s is of group %u, which user %u is not in; expected --user "
                   "%u:%u, --group-add %u, or a start as root with confine.user: \"%u\"",
                   s->upstream_socket, (unsigned)st.st_gid, (unsigned)getuid(), (unsigned)getuid(),
                   (unsigned)st.st_gid, (unsigned)st.st_gid, (unsigned)getuid());
}

int confine_user(const struct settings *s, bool *done, struct err *err)
{
    const bool root = geteuid() == 0;
    if (!root && s->confine.has_user && getuid() != s->confine.uid)
        return err_set(
            err, RC_INVALID,
            "confine.user: is %u, and this process is user %u, who cannot become another "
            "one; expected a start as root or as user %u",
            (unsigned)s->confine.uid, (unsigned)getuid(), (unsigned)s->confine.uid);
    int rc = RC_OK;
    if (root && s->confine.has_user) {
        rc = take_folders(s, err);
        rc = rc ? rc : become(s, err);
        *done = rc == RC_OK;
    }
    return rc ? rc : check_engine(s, err);
}
