/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/own_find.h"

#include "base/buf.h"

#include <fcntl.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 1024 * 1024 };

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool own_is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_hex_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static bool copy(char *out, size_t room, struct str s)
{
    if (s.n >= room)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

/* What stands before the first `end` in *s, taken off it together with that byte. */
static struct str take(struct str *s, char end)
{
    const char *at = s->n ? memchr(s->p, end, s->n) : NULL;
    const struct str taken = {s->p, at ? (size_t)(at - s->p) : s->n};
    *s = str_skip(*s, taken.n + 1);
    return taken;
}

/* The last run of exactly 64 hex digits; empty without one. A container in a container has the
 * inner id behind the outer. */
static struct str last_id(struct str s)
{
    struct str found = {"", 0};
    for (size_t at = 0; at < s.n; at++) {
        const size_t first = at;
        while (at < s.n && is_hex_digit(s.p[at]))
            at++;
        if (at - first == OWN_ID_LENGTH)
            found = (struct str){s.p + first, OWN_ID_LENGTH};
    }
    return found;
}

/* A line is "number:controllers:path". */
static struct str id_in_cgroup(struct str text)
{
    while (text.n) {
        const struct str id = last_id(take(&text, '\n'));
        if (id.n)
            return id;
    }
    return STR("");
}

/* A line of mountinfo, as far as it matters. */
struct mount {
    struct str root;    /* what of its file system is mounted */
    struct str point;   /* where */
    struct str type;    /* of the file system */
    struct str options; /* the file system's own */
};

static struct mount read_mount(struct str line)
{
    struct mount m;
    for (int i = 0; i < 3; i++) /* two ids, and the device */
        (void)take(&line, ' ');
    m.root = take(&line, ' ');
    m.point = take(&line, ' ');
    while (line.n && !str_eq(take(&line, ' '), STR("-")))
        continue; /* the mount's options, and fields that there may be */
    m.type = take(&line, ' ');
    (void)take(&line, ' '); /* the source */
    m.options = line;
    return m;
}

/* One of the files that the engine makes for each container: .../<id>/hostname. */
static struct str id_of_mount(const struct mount *m)
{
    static const struct str files[] = {{"/hostname", 9}, {"/hosts", 6}, {"/resolv.conf", 12}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct str file = files[i];
        if (str_starts(m->point, STR("/etc")) && str_eq(str_skip(m->point, 4), file) &&
            m->root.n > file.n && str_eq(str_skip(m->root, m->root.n - file.n), file))
            return last_id(m->root);
    }
    return STR("");
}

static struct str upper_of_mount(const struct mount *m)
{
    struct str options = m->options;
    if (!str_eq(m->point, STR("/")) || !str_eq(m->type, STR("overlay")))
        return STR("");
    while (options.n) {
        const struct str option = take(&options, ',');
        if (str_starts(option, STR("upperdir=")))
            return str_skip(option, sizeof "upperdir=" - 1);
    }
    return STR("");
}

static struct str read_mounts(struct own_found *out, struct str text)
{
    struct str id = STR("");
    while (text.n) {
        const struct mount m = read_mount(take(&text, '\n'));
        const struct str upper = upper_of_mount(&m);
        if (upper.n) /* the last one lies on top */
            (void)copy(out->upper, sizeof out->upper, upper);
        if (id.n == 0)
            id = id_of_mount(&m);
    }
    return id;
}

void own_find_in(struct own_found *out, struct str cgroup, struct str mountinfo,
                 struct str hostname)
{
    *out = (struct own_found){.by_cgroup = false};
    (void)copy(out->hostname, sizeof out->hostname, hostname);
    const struct str mounted = read_mounts(out, mountinfo);
    struct str id = id_in_cgroup(cgroup);
    out->by_cgroup = id.n > 0;
    if (id.n == 0)
        id = mounted;
    if (id.n == 0 && own_is_hex(hostname) &&
        (hostname.n == OWN_SHORT_LENGTH || hostname.n == OWN_ID_LENGTH))
        id = hostname;
    (void)copy(out->id, sizeof out->id, id);
}

static struct str read_text(const char *path, struct buf *out)
{
    char piece[8192];
    ssize_t n;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STR("");
    while ((n = read(fd, piece, sizeof piece)) > 0)
        if (buf_append(out, (struct str){piece, (size_t)n}))
            break; /* what was read of it may be enough */
    (void)close(fd);
    return buf_str(out);
}

void own_find(struct own_found *out)
{
    struct buf cgroup, mountinfo;
    char hostname[OWN_HOSTNAME_MAX] = "";
    buf_init(&cgroup, TEXT_MAX_BYTES);
    buf_init(&mountinfo, TEXT_MAX_BYTES);
    if (gethostname(hostname, sizeof hostname - 1))
        hostname[0] = '\0';
    own_find_in(out, read_text("/proc/self/cgroup", &cgroup),
                read_text("/proc/self/mountinfo", &mountinfo), str_of(hostname));
    buf_release(&cgroup);
    buf_release(&mountinfo);
}
