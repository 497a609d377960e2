/* SPDX-License-Identifier: Apache-2.0 */
/* upstream.c - bench_upstream SOCKET LIST: an engine that has its answers ready.
 *
 * GET gets what is in the file LIST, everything else a 201. Reads a request whole (head and
 * Content-Length) and does nothing else, so that what is measured is what stands before it. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, INPUT = 16 * 1024, LIST_MAX = 64 * 1024 };

static struct {
    char in[INPUT];
    size_t n;
} connections[CONNECTIONS]; /* by descriptor */

static char list[LIST_MAX + 256], created[256];
static size_t list_length, created_length;

static bool prepare(const char *name)
{
    static char body[LIST_MAX];
    FILE *f = fopen(name, "rb");
    if (!f)
        return false;
    const size_t n = fread(body, 1, sizeof body - 1, f);
    (void)fclose(f);
    list_length = (size_t)snprintf(list, sizeof list,
                                   "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: "
                                   "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                   n, body);
    created_length = (size_t)snprintf(created, sizeof created,
                                      "HTTP/1.1 201 Created\r\nApi-Version: 1.41\r\nContent-Type: "
                                      "application/json\r\nContent-Length: 26\r\n\r\n%s",
                                      "{\"Id\":\"abc\",\"Warnings\":[]}");
    return n > 0;
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return -1;
    memcpy(at.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) || listen(fd, 1024))
        return -1;
    return fd;
}

/* The length of the request at the front; 0: not whole yet. */
static size_t whole_request(const char *in, size_t n)
{
    const char *end = memmem(in, n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    const size_t head = (size_t)(end - in) + 4;
    const char *length = memmem(in, head, "ontent-", 7);
    size_t body = 0;
    while (length && strncasecmp(length, "ontent-Length:", 14) != 0)
        length = memmem(length + 1, head - (size_t)(length + 1 - in), "ontent-", 7);
    if (length)
        body = strtoul(length + 14, NULL, 10);
    return n >= head + body ? head + body : 0;
}

/* False: it has gone. */
static bool serve(int fd)
{
    char *in = connections[fd].in;
    size_t *n = &connections[fd].n;
    const ssize_t got = read(fd, in + *n, INPUT - *n);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    *n += (size_t)got;
    for (size_t one; (one = whole_request(in, *n)) > 0;) {
        const bool get = in[0] == 'G';
        if (write(fd, get ? list : created, get ? list_length : created_length) < 0)
            return false;
        memmove(in, in + one, *n - one);
        *n -= one;
    }
    return *n < INPUT;
}

static void take(int poll, int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= CONNECTIONS || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e))
        close(fd);
    else
        connections[fd].n = 0;
}

int main(int argc, char **argv)
{
    struct epoll_event events[64];
    const int listener = argc == 3 ? listen_at(argv[1]) : -1;
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
    if (listener < 0 || !prepare(argv[2]) || poll < 0 ||
        epoll_ctl(poll, EPOLL_CTL_ADD, listener, &e)) {
        fprintf(stderr, "usage: bench_upstream SOCKET (a new one) LIST\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const int n = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            const int fd = events[i].data.fd;
            if (fd == listener)
                take(poll, listener);
            else if (!serve(fd))
                close(fd);
        }
    }
}
