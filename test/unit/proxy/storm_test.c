/* SPDX-License-Identifier: Apache-2.0 */
/* Everything at once: clients and an engine that send in any pieces, break off and leave at
 * any moment. Each request carries a number that the engine says back; a client must hear
 * only its own numbers, in the order in which it asked. The seed is fixed; another one can
 * be given in SOCKGUARD_SEED. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 12, ENGINES = 48, ASKED_MAX = 64, STEPS = 6000, TEXT_MAX = 128 * 1024 };

struct asker {
    struct end end;
    bool open;
    char *text; /* what it will send */
    size_t n, sent;
    unsigned asked[ASKED_MAX];
    size_t n_asked;
};

struct answerer {
    struct end end;
    char text[512]; /* of an answer that has not been sent whole */
    size_t n, sent;
    bool last;
    bool excess; /* more than was asked for: goes in one piece, or nobody could tell */
};

static struct rig r;
static struct asker askers[CLIENTS];
static struct answerer answerers[ENGINES];
static uint32_t seed;
static unsigned number, heard;
static bool starves, starving; /* memory fails now and then while the proxy is at work */

static unsigned random_below(unsigned n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* The linker puts these in front of the allocator, for all but libraries (--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
    return starving && random_below(20) == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each)
{
    return fails() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static void add_request(struct asker *a)
{
    static char body[20000];
    const unsigned length = random_below(8) ? random_below(300) : random_below(sizeof body);
    const unsigned no = ++number;
    const char *const path = random_below(3) ? "/images/load" : "/containers/create";
    char *out = a->text + a->n;
    memset(body, 'z', sizeof body);
    a->asked[a->n_asked++] = no;
    switch (random_below(6)) {
    case 0:
        a->n += (size_t)snprintf(out, TEXT_MAX - a->n,
                                 "GET /denied?n=%u HTTP/1.1\r\nHost: x\r\n\r\n", no);
        break;
    case 1:
        a->n += (size_t)snprintf(
            out, TEXT_MAX - a->n,
            "POST %s?n=%u HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n%s\r\n%.*s", path, no,
            length, random_below(4) ? "" : "Expect: 100-continue\r\n", (int)length, body);
        break;
    case 2:
        a->n +=
            (size_t)snprintf(out, TEXT_MAX - a->n,
                             "POST %s?n=%u HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                             "\r\n%x\r\n%.*s\r\n1\r\nz\r\n0\r\n\r\n",
                             path, no, length + 1, (int)length + 1, body);
        break;
    case 3:
        a->n += (size_t)snprintf(
            out, TEXT_MAX - a->n,
            "POST /denied?n=%u HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n%.*s", no, length,
            (int)length, body);
        break;
    default:
        a->n += (size_t)snprintf(out, TEXT_MAX - a->n, "GET /t?n=%u HTTP/1.%d\r\nHost: x\r\n\r\n",
                                 no, random_below(12) ? 1 : 0);
    }
}

static void begin(struct asker *a)
{
    end_connect(&r, &a->end);
    a->open = true;
    a->n = a->sent = a->n_asked = 0;
    const unsigned many = 1 + random_below(5);
    for (unsigned i = 0; i < many; i++)
        add_request(a);
}

/* Its own numbers, each once, in order. */
static void check(const struct asker *a)
{
    size_t next = 0;
    for (const char *at = a->end.in; (at = strstr(at, "no=")) != NULL; at++) {
        const unsigned long no = strtoul(at + 3, NULL, 10);
        if (!strchr(at, ';'))
            return; /* cut off in the middle */
        while (next < a->n_asked && a->asked[next] != no)
            next++;
        if (next == a->n_asked)
            fail_msg("number %lu reached a client that was not to hear it", no);
        next++;
        heard++;
    }
}

static void leave(struct asker *a)
{
    end_poll(&a->end);
    check(a);
    end_close(&a->end);
    a->open = false;
}

static size_t send_some(struct end *e, const char *bytes, size_t n, bool all)
{
    const size_t most = !all && random_below(3) ? 1 + random_below(200) : n;
    const ssize_t k = send(e->fd, bytes, most < n ? most : n, MSG_NOSIGNAL);
    return k > 0 ? (size_t)k : 0;
}

static void move_asker(struct asker *a)
{
    if (!a->open) {
        begin(a);
        return;
    }
    if (random_below(4))
        end_poll(&a->end);
    a->sent += send_some(&a->end, a->text + a->sent, a->n - a->sent, false);
    if (a->end.over || random_below(150) == 0)
        leave(a);
    else if (random_below(150) == 0)
        (void)shutdown(a->end.fd, SHUT_WR);
    else if (a->sent == a->n && a->n_asked < ASKED_MAX && a->n + 21000 < TEXT_MAX &&
             random_below(4) == 0)
        add_request(a);
}

/* The answer to the first request that came whole, or not quite whole. */
static void compose(struct answerer *b)
{
    const char *no = strstr(b->end.in, "?n=");
    const char *end = strstr(b->end.in, "\r\n\r\n");
    if (!no || !end)
        return;
    const char *chunked = strstr(b->end.in, "chunked");
    const char *length = strstr(b->end.in, "Content-Length: ");
    const size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    const bool whole = chunked && chunked < end ? end_has(&b->end, "\r\n0\r\n\r\n")
                                                : b->end.n >= (size_t)(end + 4 - b->end.in) + body;
    if (!whole && random_below(60))
        return;
    char text[64];
    const int n = snprintf(text, sizeof text, "no=%u;", (unsigned)strtoul(no + 3, NULL, 10));
    b->sent = 0;
    b->last = !whole || random_below(10) == 0;
    const char *const last = b->last ? "Connection: close\r\n" : "";
    b->excess = random_below(20) == 0;
    if (b->excess || random_below(2))
        b->n = (size_t)snprintf(b->text, sizeof b->text,
                                "%sHTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n"
                                "%x\r\n%s\r\n0\r\n\r\n%s",
                                random_below(5) ? "" : "HTTP/1.1 102 Processing\r\n\r\n", last,
                                (unsigned)n, text, b->excess ? "HTTP/1.1 200 OK\r\n\r\nno=0;" : "");
    else
        b->n = (size_t)snprintf(b->text, sizeof b->text,
                                "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", last, n, text);
    end_forget(&b->end);
}

static void move_answerer(struct answerer *b)
{
    if (b->end.fd < 0) {
        b->n = b->sent = 0;
        if (!end_accept_now(&r, &b->end))
            b->end.fd = -1;
        return;
    }
    end_poll(&b->end);
    if (b->n == 0)
        compose(b);
    b->sent += send_some(&b->end, b->text + b->sent, b->n - b->sent, b->excess);
    const bool done = b->n && b->sent == b->n;
    if (b->end.over || (done && b->last) || random_below(200) == 0)
        end_close(&b->end);
    else if (done)
        b->n = b->sent = 0;
}

static void restart_engine(void)
{
    rig_engine_stop(&r);
    for (int i = 0; i < ENGINES; i++)
        end_close(&answerers[i].end);
    rig_engine_listen(&r);
}

static void step(void)
{
    move_asker(&askers[random_below(CLIENTS)]);
    for (int i = 0; i < ENGINES; i++)
        if (answerers[i].end.fd >= 0 || random_below(8) == 0)
            move_answerer(&answerers[i]);
    starving = starves;
    (void)uv_run(&r.loop, UV_RUN_NOWAIT);
    starving = false;
    if (r.n_told > RIG_REPORTS / 2)
        r.n_told = 0;
}

static void storm(unsigned heard_at_least)
{
    const char *given = getenv("SOCKGUARD_SEED");
    seed = given ? (uint32_t)strtoul(given, NULL, 10) : 1;
    number = heard = 0;
    for (int i = 0; i < ENGINES; i++)
        answerers[i] = (struct answerer){.end.fd = -1};
    for (int i = 0; i < CLIENTS; i++) {
        askers[i] = (struct asker){.text = malloc(TEXT_MAX)};
        assert_non_null(askers[i].text);
    }
    for (int i = 0; i < STEPS; i++) {
        step();
        if (i % 1500 == 1499)
            restart_engine();
    }
    for (int i = 0; i < CLIENTS; i++) {
        if (askers[i].open)
            leave(&askers[i]);
        free(askers[i].text);
    }
    for (int i = 0; i < ENGINES; i++)
        end_close(&answerers[i].end);
    print_message("%u requests, %u answers of the engine heard\n", number, heard);
    assert_true(heard >= heard_at_least);
}

static void answers_reach_who_asked_whatever_breaks(void **state)
{
    (void)state;
    storm(500);
}

static void and_with_little_room_and_little_time(void **state)
{
    (void)state;
    storm(20);
}

static void and_when_memory_fails(void **state)
{
    (void)state;
    starves = true;
    storm(20);
}

static int setup(void **state)
{
    (void)state;
    starves = false;
    rig_open(&r);
    return 0;
}

static int setup_tight(void **state)
{
    (void)state;
    starves = false;
    rig_init(&r);
    r.options.limits = (struct proxy_limits){CLIENTS - 2, CLIENTS, 21000};
    r.options.timeouts = (struct proxy_timeouts){10, 10, 5, 10, 10, 10, 20, 50, 15};
    r.policy.body_max = 18000;
    rig_engine_listen(&r);
    rig_start(&r);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < RIG_MS && proxy_count(r.proxy).exchanges; i++)
        rig_turn(&r);
    assert_int_equal(proxy_count(r.proxy).exchanges, 0);
    assert_int_equal(proxy_count(r.proxy).body_bytes, 0);
    rig_close(&r);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_reach_who_asked_whatever_breaks, setup, teardown),
        cmocka_unit_test_setup_teardown(and_with_little_room_and_little_time, setup_tight,
                                        teardown),
        cmocka_unit_test_setup_teardown(and_when_memory_fails, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
