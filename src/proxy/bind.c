/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/bind.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, PROBE_MS = 200 };

static int fault(struct err *err, const struct proxy_listener *l, const char *what)
{
    return err_set(err, RC_SYSTEM, "listener \"%s\": %s: %s", l->name,
                   l->path ? l->path : (l->host ? l->host : "*"), what);
}

static int stream_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* 0: someone answers (or is too busy to). Else the errno of the connect. */
static int probe(const struct sockaddr_un *at)
{
    const int fd = stream_socket(AF_UNIX);
    if (fd < 0)
        return errno;
    int error = connect(fd, (const struct sockaddr *)at, sizeof *at) ? errno : 0;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t n = sizeof error;
    if (error == EINPROGRESS && poll(&p, 1, PROBE_MS) == 1)
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    close(fd);
    return error == EAGAIN || error == EINPROGRESS ? 0 : error;
}

/* Removes a socket file that nobody serves. RC_OK, or the reason why it stays. */
static int take_over(const struct sockaddr_un *at, const struct proxy_listener *l, struct err *err)
{
    struct stat before, after;
    if (lstat(l->path, &before))
        return errno == ENOENT ? RC_OK : fault(err, l, strerror(errno));
    if (!S_ISSOCK(before.st_mode))
        return fault(err, l,
                     "there is a file that is not a socket; remove it, or choose "
                     "another path");
    const int error = probe(at);
    if (error == 0)
        return fault(err, l,
                     "another process answers on this socket; stop it, or choose "
                     "another path");
    if (error != ECONNREFUSED)
        return fault(err, l, strerror(error));
    if (lstat(l->path, &after) || after.st_dev != before.st_dev || after.st_ino != before.st_ino)
        return fault(err, l, "the socket file was replaced while it was looked at");
    if (unlink(l->path))
        return fault(err, l, strerror(errno));
    return RC_OK;
}

/* The file appears with exactly its mode. 0 or an errno. */
static int bind_with_mode(int fd, const struct sockaddr_un *at, mode_t mode)
{
    const mode_t before = umask(0777 & ~mode);
    const int error = bind(fd, (const struct sockaddr *)at, sizeof *at) ? errno : 0;
    (void)umask(before);
    return error;
}

/* From a bound socket to one that listens; the owner is set before anyone can connect. */
static int serve_file(struct bound *b, const struct proxy_listener *l, struct err *err)
{
    struct stat st;
    if (lstat(l->path, &st))
        return fault(err, l, strerror(errno));
    b->dev = st.st_dev;
    b->ino = st.st_ino;
    const uid_t uid = l->set_uid ? l->uid : (uid_t)-1;
    const gid_t gid = l->set_gid ? l->gid : (gid_t)-1;
    int error = 0;
    if ((l->set_uid || l->set_gid) && lchown(l->path, uid, gid))
        error = errno;
    if (!error && listen(b->fd, BACKLOG))
        error = errno;
    if (!error)
        return RC_OK;
    bind_remove(l->path, b->dev, b->ino);
    return fault(err, l, strerror(error));
}

int bind_unix(struct bound *out, const struct proxy_listener *l, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const size_t n = strlen(l->path);
    if (n == 0 || n >= sizeof at.sun_path)
        return fault(err, l, "a socket's path has 1 to 107 bytes");
    memcpy(at.sun_path, l->path, n);
    struct bound b = {.fd = stream_socket(AF_UNIX)};
    if (b.fd < 0)
        return fault(err, l, strerror(errno));
    int rc = RC_OK;
    int error = bind_with_mode(b.fd, &at, l->mode);
    if (error == EADDRINUSE) {
        rc = take_over(&at, l, err);
        if (rc == RC_OK)
            error = bind_with_mode(b.fd, &at, l->mode);
    }
    if (rc == RC_OK && error)
        rc = fault(err, l, strerror(error));
    if (rc == RC_OK)
        rc = serve_file(&b, l, err);
    if (rc) {
        close(b.fd);
        return rc;
    }
    *out = b;
    return RC_OK;
}

/* 0 or an errno. */
static int bind_address(struct bound *b, const struct addrinfo *at)
{
    const int on = 1;
    struct sockaddr_in6 name = {0}; /* the port is at the same place in both families */
    socklen_t n = sizeof name;
    b->fd = stream_socket(at->ai_family);
    if (b->fd < 0)
        return errno;
    (void)setsockopt(b->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(b->fd, at->ai_addr, at->ai_addrlen) || listen(b->fd, BACKLOG) ||
        getsockname(b->fd, (struct sockaddr *)&name, &n)) {
        const int error = errno;
        close(b->fd);
        return error;
    }
    b->port = ntohs(name.sin6_port);
    return 0;
}

int bind_tcp(struct bound *out, const struct proxy_listener *l, struct err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)l->port);
    const int rc = getaddrinfo(l->host, port, &hints, &found);
    if (rc)
        return fault(err, l, gai_strerror(rc));
    struct bound b = {.fd = -1};
    int error = 0;
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        error = bind_address(&b, at);
        if (error == 0)
            break;
    }
    freeaddrinfo(found);
    if (error)
        return fault(err, l, strerror(error));
    *out = b;
    return RC_OK;
}

void bind_remove(const char *path, dev_t dev, ino_t ino)
{
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_dev == dev && st.st_ino == ino)
        (void)unlink(path);
}
