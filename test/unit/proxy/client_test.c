/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that are silent, slow, greedy, broken or gone. */
#include "pair.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DENIED "GET /denied HTTP/1.1\r\nHost: x\r\n\r\n"
#define LOAD(n) "POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: " #n "\r\n\r\n"

static void impatient(void)
{
    r.options.timeouts.head = 60;
    r.options.timeouts.keep_alive = 60;
    r.options.timeouts.body = 60;
}

static int setup_impatient(void **state)
{
    (void)state;
    return pair_setup_with(impatient);
}

static void few(void)
{
    r.options.limits.connections = 2;
}

static int setup_few(void **state)
{
    (void)state;
    return pair_setup_with(few);
}

static void a_silent_client_meets_its_deadline(void **state)
{
    (void)state;
    end_until_over(&r, &client);
    assert_int_equal(client.n, 0);
    assert_int_equal(r.n_told, 0);
}

static void a_head_that_stalls_is_told_so(void **state)
{
    (void)state;
    end_send(&r, &client, "GET /_ping HTT");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 408 "));
    assert_int_equal(r.told[0].refusal, REFUSAL_HEAD_TIMEOUT);
    assert_int_equal(r.told[0].method, METHOD_NONE);
}

static void a_head_that_trickles_gets_no_more_time(void **state)
{
    (void)state;
    for (int i = 0; i < 60 && !client.over; i++) {
        end_send(&r, &client, "G");
        rig_turn_for(&r, 5);
        end_poll(&client);
    }
    assert_true(end_has(&client, "HTTP/1.1 408 "));
}

static void a_kept_connection_ends_after_its_time(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_until_over(&r, &client);
    assert_int_equal(client.n, 0);
    assert_int_equal(r.n_told, 1);
}

static void a_client_that_never_reads_its_answers_is_not_kept(void **state)
{
    (void)state;
    const size_t sent = end_flood(&r, &client, DENIED, sizeof DENIED - 1, 16 * 1024 * 1024);
    assert_true(sent < 16 * 1024 * 1024);
    for (int i = 0; i < RIG_MS && proxy_count(r.proxy).clients; i++)
        rig_turn(&r);
    assert_int_equal(proxy_count(r.proxy).clients, 0);
}

static void a_head_that_is_too_large_is_refused(void **state)
{
    (void)state;
    char line[1024];
    memset(line, 'a', sizeof line);
    end_send(&r, &client, "GET /_ping HTTP/1.1\r\nHost: x\r\nX: ");
    for (int i = 0; i < 140; i++)
        end_send_bytes(&r, &client, line, sizeof line);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 431 "));
    assert_int_equal(r.n_told, 1);
}

static void a_target_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    end_send(&r, &client, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    end_until(&r, &client, "HTTP/1.1 403 ");
    end_send(&r, &client, "GET http://x/_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 400 "));
    assert_int_equal(r.told[1].refusal, REFUSAL_BAD_TARGET);
    assert_int_equal(r.policy.routed, 0);
}

static void nothing_behind_a_broken_head_is_served(void **state)
{
    (void)state;
    struct end none;
    end_send(&r, &client, "GET /_ping HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n" PING);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 400 "));
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_false(end_accept_now(&r, &none));
    assert_int_equal(r.n_told, 1);
}

static void nothing_behind_a_last_request_is_served(void **state)
{
    (void)state;
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" PING);
    end_send(&r, &engine, OK_HI);
    end_until_over(&r, &client);
    end_poll(&engine);
    assert_null(strstr(strstr(engine.in, "GET ") + 1, "GET "));
    assert_int_equal(r.n_told, 1);
}

static void over_the_limit_a_client_is_told_and_the_others_are_served(void **state)
{
    (void)state;
    struct end second, third;
    end_connect(&r, &second);
    rig_get(&r, &client, &engine, "/_ping");
    end_connect(&r, &third);
    end_until_over(&r, &third);
    assert_true(end_has(&third, "HTTP/1.1 503 "));
    end_close(&third);
    end_close(&client);
    rig_turn_for(&r, 5);
    end_connect(&r, &client);
    rig_get(&r, &client, &engine, "/_ping");
    rig_get(&r, &second, &engine, "/_ping");
    end_close(&second);
}

static void far_over_the_limit_a_client_is_closed_at_once(void **state)
{
    (void)state;
    enum { CROWD = 60 };
    struct end crowd[CROWD];
    size_t silent = 0;
    rig_get(&r, &client, &engine, "/_ping");
    for (int i = 0; i < CROWD; i++) /* none of them goes by itself */
        end_connect(&r, &crowd[i]);
    rig_turn_for(&r, 30);
    assert_true(proxy_count(r.proxy).clients < CROWD);
    for (int i = 0; i < CROWD; i++) {
        end_poll(&crowd[i]);
        silent += crowd[i].over && crowd[i].n == 0;
        end_close(&crowd[i]);
    }
    assert_true(silent > 0);
    rig_get(&r, &client, &engine, "/_ping");
}

static void a_client_that_leaves_takes_its_engine_connection_along(void **state)
{
    (void)state;
    ask(PING);
    end_close(&client);
    end_until_over(&r, &engine);
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
    assert_int_equal(r.told[0].status, 0);
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).upstreams, 0);
}

static void a_half_closed_client_gets_all_its_answers(void **state)
{
    (void)state;
    ask(PING DENIED PING);
    end_finish(&client);
    rig_turn_for(&r, 5);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, " 403 ");
    end_until(&r, &engine, "\r\n\r\nGET "); /* the second */
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "last"));
    assert_int_equal(r.n_told, 3);
}

/* Half-closed first, so that no end of bytes tells that it has gone. */
static void a_half_closed_client_that_leaves_is_noticed(void **state)
{
    (void)state;
    ask(PING PING);
    end_finish(&client);
    rig_turn_for(&r, 5);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &engine, "\r\n\r\nGET ");
    end_close(&client); /* during the second */
    end_until_over(&r, &engine);
    assert_int_equal(r.told[1].end, EXCHANGE_CLIENT_GONE);
}

/* The rest of its answer is queued, so that it is a write that tells. */
static void a_half_closed_client_that_leaves_its_answer_is_noticed(void **state)
{
    (void)state;
    char filler[8192];
    memset(filler, 'x', sizeof filler);
    ask("GET /images/x/get HTTP/1.1\r\nHost: x\r\n\r\n");
    end_finish(&client);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    (void)end_flood(&r, &engine, filler, sizeof filler, 100000000);
    end_close(&client);
    rig_turn_for(&r, 50); /* at once, not at the next look */
    assert_int_equal(r.n_told, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
    end_until_over(&r, &engine);
}

/* Of n bytes, of which as many are under way as fit before the client reads any. */
static void last_answer(size_t n)
{
    static char bytes[1024 * 1024];
    char head[128];
    struct end e;
    end_connect(&r, &e);
    end_send(&r, &e, "GET /images/x/get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    if (engine.fd < 0)
        end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    end_forget(&engine);
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    end_send(&r, &engine, head);
    const size_t early = end_flood(&r, &engine, bytes, n, n);
    end_poll(&e);
    end_send_bytes(&r, &engine, bytes, n - early);
    end_until_over(&r, &e);
    const char *body = strstr(e.in, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(e.n - (size_t)(body + 4 - e.in), n);
    end_close(&e);
}

static void the_last_answer_reaches_a_slow_client_whole(void **state)
{
    (void)state;
    for (size_t n = 128 * 1024; n < 640 * 1024; n += 24 * 1024)
        last_answer(n); /* of some sizes the end waits in the proxy */
}

static void half_a_body_and_the_end_is_a_client_that_left(void **state)
{
    (void)state;
    ask(LOAD(10) "abc");
    end_finish(&client);
    end_until_over(&r, &engine);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
}

static void half_a_body_that_came_early_is_no_different(void **state)
{
    (void)state;
    ask(PING LOAD(10) "abc");
    end_finish(&client);
    rig_turn_for(&r, 5);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    rig_until_told(&r, 2);
    assert_int_equal(r.told[1].end, EXCHANGE_CLIENT_GONE);
    end_until_over(&r, &client);
}

static void an_answer_stands_when_the_rest_of_its_request_does_not_come(void **state)
{
    (void)state;
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    end_finish(&client);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 403 "));
    assert_int_equal(r.told[0].end, EXCHANGE_ANSWERED);
}

static void a_client_that_leaves_an_engine_that_does_not_read_is_noticed(void **state)
{
    (void)state;
    char filler[8192];
    memset(filler, 'x', sizeof filler);
    ask(LOAD(100000000));
    (void)end_flood(&r, &client, filler, sizeof filler, 100000000);
    end_close(&client); /* the proxy does not read it any more */
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
    end_until_over(&r, &engine);
}

static void what_comes_early_is_bounded_and_answered_in_the_end(void **state)
{
    (void)state;
    enum { MUCH = 4 * 1024 * 1024 };
    ask(PING);
    const size_t sent = end_flood(&r, &client, DENIED, sizeof DENIED - 1, MUCH);
    assert_true(sent < MUCH);
    end_send(&r, &engine, OK_HI);
    const size_t whole = sent / (sizeof DENIED - 1);
    size_t n = 0;
    for (int turns = 0; n < whole && turns < 4 * RIG_MS; turns++) {
        rig_turn(&r);
        end_poll(&client);
        n = 0;
        for (const char *at = client.in; (at = strstr(at, " 403 ")) != NULL; at++)
            n++;
    }
    assert_int_equal(n, whole);
}

/* Thirty downloads that nobody reads: what the proxy holds does not grow with them. */
static void clients_that_never_read_cost_bounded_memory(void **state)
{
    (void)state;
    enum { SLOW = 30, EACH = 192 * 1024, MUCH = 8 * 1024 * 1024 };
    struct end clients[SLOW], engines[SLOW];
    char filler[8192];
    memset(filler, 'x', sizeof filler);
    for (int i = 0; i < SLOW; i++) {
        end_connect(&r, &clients[i]);
        end_send(&r, &clients[i], "GET /images/x/get HTTP/1.1\r\nHost: x\r\n\r\n");
        end_accept(&r, &engines[i]);
        end_until(&r, &engines[i], "\r\n\r\n");
    }
    const size_t before = mallinfo2().uordblks;
    for (int i = 0; i < SLOW; i++) {
        end_send(&r, &engines[i], "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        assert_true(end_flood(&r, &engines[i], filler, sizeof filler, MUCH) < MUCH);
    }
    const size_t after = mallinfo2().uordblks; /* zero both times with a sanitizer */
    assert_true(after < before + SLOW * (size_t)EACH);
    for (int i = 0; i < SLOW; i++) {
        end_close(&clients[i]);
        end_until_over(&r, &engines[i]);
        end_close(&engines[i]);
    }
    assert_int_equal(r.n_told, SLOW);
}

static void interim_answers_do_not_pile_up_for_a_client_that_never_reads(void **state)
{
    (void)state;
    static const char interim[] =
        "HTTP/1.1 102 Processing\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
    enum { MUCH = 4 * 1024 * 1024, FEW = 256 * 1024 };
    ask(PING);
    const size_t before = mallinfo2().uordblks;
    const size_t sent = end_flood(&r, &engine, interim, sizeof interim - 1, MUCH);
    assert_true(sent >= MUCH);
    assert_true(mallinfo2().uordblks < before + FEW);
    end_send(&r, &engine, interim + sent % (sizeof interim - 1));
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

static void a_crowd_comes_and_goes(void **state)
{
    (void)state;
    enum { CROWD = 260, BUSY = 80 }; /* more than are kept for later */
    static struct end crowd[CROWD], engines[BUSY];
    for (int i = 0; i < CROWD; i++) {
        end_connect(&r, &crowd[i]);
        rig_turn(&r);
    }
    for (int i = 0; i < BUSY; i++)
        end_send(&r, &crowd[i], PING);
    for (int i = 0; i < BUSY; i++)
        end_accept(&r, &engines[i]);
    assert_int_equal(proxy_count(r.proxy).exchanges, BUSY);
    for (int i = 0; i < BUSY; i++) {
        end_until(&r, &engines[i], "\r\n\r\n");
        end_send(&r, &engines[i], OK_HI);
        end_until(&r, &crowd[i], "\r\n\r\nhi");
    }
    end_close(&client);
    for (int i = 0; i < CROWD; i++)
        end_close(&crowd[i]);
    rig_turn_for(&r, 20);
    assert_int_equal(proxy_count(r.proxy).clients, 0);
    for (int i = 0; i < BUSY; i++)
        end_close(&engines[i]);
    end_connect(&r, &client);
    rig_get(&r, &client, &engine, "/_ping");
}

static void without_descriptors_clients_wait_and_it_is_said_once(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rig_turn_for(&r, 350); /* it is tried again several times */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(proxy_count(r.proxy).clients, 0);
    assert_int_equal(r.events[PROXY_ACCEPT_PAUSED], 1);
    assert_int_equal(r.events[PROXY_ACCEPT_RESUMED], 0);
    rig_get(&r, &client, &engine, "/_ping");
    assert_int_equal(r.events[PROXY_ACCEPT_RESUMED], 1);
}

int main(void)
{
#define IMPATIENT(name) PAIR_WITH(name, setup_impatient)
#define FEW(name) PAIR_WITH(name, setup_few)
    const struct CMUnitTest tests[] = {
        IMPATIENT(a_silent_client_meets_its_deadline),
        IMPATIENT(a_head_that_stalls_is_told_so),
        IMPATIENT(a_head_that_trickles_gets_no_more_time),
        IMPATIENT(a_kept_connection_ends_after_its_time),
        IMPATIENT(a_client_that_never_reads_its_answers_is_not_kept),
        PAIR(a_head_that_is_too_large_is_refused),
        PAIR(a_target_that_cannot_be_read_is_refused),
        PAIR(nothing_behind_a_broken_head_is_served),
        PAIR(nothing_behind_a_last_request_is_served),
        FEW(over_the_limit_a_client_is_told_and_the_others_are_served),
        FEW(far_over_the_limit_a_client_is_closed_at_once),
        PAIR(a_client_that_leaves_takes_its_engine_connection_along),
        PAIR(a_half_closed_client_gets_all_its_answers),
        PAIR(a_half_closed_client_that_leaves_is_noticed),
        PAIR(a_half_closed_client_that_leaves_its_answer_is_noticed),
        PAIR(the_last_answer_reaches_a_slow_client_whole),
        PAIR(half_a_body_and_the_end_is_a_client_that_left),
        PAIR(half_a_body_that_came_early_is_no_different),
        PAIR(an_answer_stands_when_the_rest_of_its_request_does_not_come),
        PAIR(a_client_that_leaves_an_engine_that_does_not_read_is_noticed),
        PAIR(what_comes_early_is_bounded_and_answered_in_the_end),
        PAIR(clients_that_never_read_cost_bounded_memory),
        PAIR(interim_answers_do_not_pile_up_for_a_client_that_never_reads),
        PAIR(a_crowd_comes_and_goes),
        PAIR(without_descriptors_clients_wait_and_it_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
