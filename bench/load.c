/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - bench_load SOCKET CONNECTIONS MILLISECONDS STATUS FILE: sends the request in FILE
 * again and again, one at a time on each connection, and reads each answer whole.
 *
 * Prints how many were answered, in how many microseconds, and and with how many of this
 * process's own CPU. An answer with another status than STATUS, or a connection that ends, is
 * a failure: said, and exit 1. Answers have a Content-Length. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 1000, INPUT = 16 * 1024, REQUEST = 64 * 1024 };

struct connection {
    int fd;
    size_t n;
    char in[INPUT];
};

static struct connection connections[CONNECTIONS];
static char request[REQUEST];
static size_t request_length;
static char status[16];

static _Noreturn void fail(const char *why, const char *what)
{
    fprintf(stderr, "bench_load: %s%s\n", why, what);
    exit(1);
}

static uint64_t us_by(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int dial(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        fail("the path is too long: ", path);
    memcpy(to.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to))
        fail("nobody answers at ", path);
    return fd;
}

static void ask(const struct connection *c)
{
    if (write(c->fd, request, request_length) != (ssize_t)request_length)
        fail("the connection takes no more", "");
}

/* Where the value of Content-Length begins. */
static const char *length_of(const char *head, size_t n)
{
    for (const char *at = head; (at = memmem(at, n - (size_t)(at - head), "\r\n", 2));) {
        at += 2;
        if (strncasecmp(at, "content-length:", 15) == 0)
            return at + 15;
    }
    return NULL;
}

/* True when an answer is whole, which is then forgotten. */
static bool hear(struct connection *c)
{
    const ssize_t got = read(c->fd, c->in + c->n, INPUT - 1 - c->n);
    if (got <= 0)
        fail("the connection ended", "");
    c->n += (size_t)got;
    c->in[c->n] = '\0';
    const char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return false;
    const size_t head = (size_t)(end - c->in) + 4;
    if (strncmp(c->in + 9, status, 3) != 0)
        fail("another answer than expected: ", c->in);
    const char *length = length_of(c->in, head);
    if (!length)
        fail("an answer without a length: ", c->in);
    if (c->n < head + strtoul(length, NULL, 10))
        return false;
    c->n = 0;
    return true;
}

static void read_request(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail("cannot read ", path);
    request_length = fread(request, 1, sizeof request, f);
    (void)fclose(f);
}

static uint64_t run(int poll, uint64_t until)
{
    struct epoll_event events[64];
    uint64_t answered = 0;
    while (us_by(CLOCK_MONOTONIC) < until) {
        const int n = epoll_wait(poll, events, 64, 1000);
        if (n <= 0)
            fail("no answer for a second", "");
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (!hear(c))
                continue;
            answered++;
            ask(c);
        }
    }
    return answered;
}

int main(int argc, char **argv)
{
    const size_t n = argc == 6 ? strtoul(argv[2], NULL, 10) : 0;
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    if (n == 0 || n > CONNECTIONS || poll < 0) {
        fprintf(stderr, "usage: bench_load SOCKET CONNECTIONS MILLISECONDS STATUS FILE\n");
        return 2;
    }
    (void)snprintf(status, sizeof status, "%s", argv[4]);
    read_request(argv[5]);
    for (size_t i = 0; i < n; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &connections[i]};
        connections[i].fd = dial(argv[1]);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &e))
            fail("epoll_ctl", "");
        ask(&connections[i]);
    }
    const uint64_t start = us_by(CLOCK_MONOTONIC), cpu = us_by(CLOCK_PROCESS_CPUTIME_ID);
    const uint64_t answered = run(poll, start + strtoul(argv[3], NULL, 10) * 1000);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", answered, us_by(CLOCK_MONOTONIC) - start,
           us_by(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return 0;
}
