/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_exchange.c - a client and an engine that say anything, at any time, to a whole proxy.
 *
 * The input is a list of steps: a byte that says who does what, for speech two bytes of length
 * (low byte first) and that many bytes. Beyond memory safety: whatever the engine is sent are
 * whole heads that this project reads as requests, in order, none for a path that is denied;
 * and when both ends have gone, so has the exchange.
 */
#include "../unit/proxy/rig.h"

#include "http/head.h"
#include "http/route.h"
#include "http/target.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENGINES = 8, TURNS = 3, TURNS_MAX = 200 };

/* What a step's first byte asks for, modulo. Speech stands twice: it is what most steps are. */
enum step {
    CLIENT_SAYS,
    ENGINE_SAYS,
    CLIENT_SAYS_MORE,
    ENGINE_SAYS_MORE,
    CLIENT_ENDS,
    ENGINE_ENDS,
    CLIENT_LEAVES,
    ENGINE_LEAVES,
    STEPS
};

static struct rig rig;
static struct end client, engines[ENGINES];
static size_t n_engines;

static void turn(void)
{
    for (int i = 0; i < TURNS; i++)
        (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
    while (n_engines < ENGINES && end_accept_now(&rig, &engines[n_engines]))
        n_engines++;
}

/* Some of it may not fit: then the rest is not said. */
static void say(struct end *e, const uint8_t *bytes, size_t n)
{
    const ssize_t sent = send(e->fd, bytes, n, MSG_NOSIGNAL);
    (void)sent;
}

static void act(enum step step, const uint8_t *bytes, size_t n)
{
    struct end *const engine = n_engines ? &engines[n_engines - 1] : NULL;
    if (step == CLIENT_SAYS || step == CLIENT_SAYS_MORE)
        say(&client, bytes, n);
    else if (step == CLIENT_ENDS)
        (void)shutdown(client.fd, SHUT_WR);
    else if (step == CLIENT_LEAVES)
        (void)shutdown(client.fd, SHUT_RDWR);
    else if (engine && (step == ENGINE_SAYS || step == ENGINE_SAYS_MORE))
        say(engine, bytes, n);
    else if (engine)
        (void)shutdown(engine->fd, step == ENGINE_ENDS ? SHUT_WR : SHUT_RDWR);
}

/* True while more requests may follow on the connection. */
static bool check_request(struct str *rest)
{
    static struct head h;
    static char path[2 * 65536];
    struct target target;
    const size_t n = head_length(*rest, 0);
    if (n == 0)
        return false; /* the last one may be cut off */
    struct reader reader;
    reader_init(&reader, READER_REQUESTS);
    const struct str head = {rest->p, n};
    const enum refusal why = head_read(&reader, head, METHOD_NONE, &h);
    if (why == REFUSAL_HEAD_TOO_LARGE)
        return false; /* with what the proxy adds, more than it takes itself */
    assert(why == REFUSAL_NONE);
    assert(target_read(h.target, path, &target) == REFUSAL_NONE);
    assert(!str_starts(target.normal, STR("/denied")));
    *rest = str_skip(*rest, n);
    if (route_find(h.method, target.normal)->hijack)
        return false; /* what follows may be a stream */
    for (;;) {
        size_t used;
        struct str data;
        const enum frame_step step = frame_read(&reader, *rest, &used, &data);
        assert(step != FRAME_BAD);
        *rest = str_skip(*rest, used);
        if (step == FRAME_DONE)
            return rest->n > 0;
        if (step == FRAME_MORE)
            return false;
    }
}

static void check_engine(struct end *e)
{
    end_poll(e);
    struct str rest = {e->in, e->n};
    while (check_request(&rest))
        continue;
}

/* Everybody has gone: the proxy must notice. */
static void end_all(void)
{
    for (size_t i = 0; i < n_engines; i++)
        check_engine(&engines[i]);
    end_close(&client);
    for (size_t i = 0; i < n_engines; i++)
        end_close(&engines[i]);
    n_engines = 0;
    for (int i = 0; i < TURNS_MAX && proxy_count(rig.proxy).clients; i++) {
        turn();
        while (n_engines) /* dialled while the client was leaving */
            end_close(&engines[--n_engines]);
    }
    assert(proxy_count(rig.proxy).clients == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!rig.proxy)
        rig_open(&rig);
    end_connect(&rig, &client);
    turn();
    while (size) {
        const enum step step = data[0] % STEPS;
        const bool speech = step < CLIENT_ENDS;
        if (speech && size < 3)
            break;
        const size_t wanted = speech ? (size_t)data[1] | (size_t)data[2] << 8 : 0;
        data += speech ? 3 : 1;
        size -= speech ? 3 : 1;
        const size_t n = wanted < size ? wanted : size;
        act(step, data, n);
        data += n;
        size -= n;
        turn();
    }
    end_all();
    return 0;
}
