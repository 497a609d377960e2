/* SPDX-License-Identifier: Apache-2.0 */
#include "app/command.h"
#include "app/dial.h"

#include "base/buf.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 32 * 1024 };

static const char usage[] =
    "Usage: sockguard healthcheck [-c FILE]\n"
    "\n"
    "Asks the sockguard that runs with this configuration how it is, at its first listener.\n"
    "\n"
    "  -c, --config FILE   the configuration it runs with (default: the usual places)\n"
    "\n"
    "Exit code: 0 healthy, 1 not healthy or no answer, 2 usage.\n"
    "\n"
    "Example (a container's health check):\n"
    "  HEALTHCHECK CMD [\"sockguard\", \"healthcheck\"]\n";

/* A listener on every address is asked on this machine's. */
static int dial_tcp(const struct listener_settings *l)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", l->port);
    if (getaddrinfo(l->host[0] ? l->host : NULL, port, &hints, &found))
        return -1;
    int fd = -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = dial_at(a->ai_addr, a->ai_addrlen);
    freeaddrinfo(found);
    return fd;
}

/* The whole answer, up to the end of the connection. */
static bool exchange(int fd, const char *path, struct buf *answer)
{
    char request[512];
    const int n = snprintf(request, sizeof request,
                           "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    if (n < 0 || (size_t)n >= sizeof request || !dial_send(fd, (struct str){request, (size_t)n}))
        return false;
    char bytes[4096];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        if (buf_append(answer, (struct str){bytes, (size_t)got}))
            return false;
    return got == 0;
}

static struct str body_of(struct str answer)
{
    const char *end = answer.n ? memmem(answer.p, answer.n, "\r\n\r\n", 4) : NULL;
    return end ? str_skip(answer, (size_t)(end - answer.p) + 4) : answer;
}

static int ask(const struct listener_settings *l, const char *path)
{
    const char *where = l->socket[0] ? l->socket : l->address;
    const int fd = l->socket[0] ? dial_unix(l->socket) : dial_tcp(l);
    if (fd < 0) {
        fprintf(stderr, "sockguard: nothing answers at %s: %s\n", where, strerror(errno));
        return EXIT_ERROR;
    }
    struct buf answer;
    buf_init(&answer, ANSWER_MAX);
    int code = EXIT_ERROR;
    if (exchange(fd, path, &answer)) {
        const struct str body = body_of(buf_str(&answer));
        printf("%.*s", (int)body.n, body.p);
        code = str_starts(buf_str(&answer), STR("HTTP/1.1 200 ")) ? EXIT_OK : EXIT_ERROR;
    } else {
        fprintf(stderr, "sockguard: no whole answer from %s%s\n", where, path);
    }
    buf_release(&answer);
    (void)close(fd);
    return code;
}

static int check(const char *path)
{
    struct config *config = command_config(path, NULL, false, NULL);
    if (!config)
        return EXIT_ERROR;
    const struct settings *s = config_settings(config);
    int code = EXIT_ERROR;
    if (s->health_enabled)
        code = ask(&s->listeners[0], s->health_path);
    else
        fputs("sockguard: health.enabled is false in this configuration\n", stderr);
    config_free(config);
    return code;
}

int cmd_healthcheck(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (option == 'c') {
            path = optarg;
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_OK : EXIT_USAGE;
        }
    }
    if (optind != argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return check(path);
}
