/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of bytes: when they begin, what they carry, how they end. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ATTACH                                                                                     \
    "POST /containers/x/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"            \
    "Upgrade: tcp\r\n\r\n"
#define OLD_ATTACH "POST /containers/x/attach?stream=1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define SWITCH                                                                                     \
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"                 \
    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define RAW_200 "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"

static void open_tunnel(void)
{
    ask(ATTACH);
    end_forget(&engine);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &client, "\r\n\r\n");
    end_forget(&client);
}

static void assert_over(enum exchange_end how)
{
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, how);
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).exchanges, 0);
    assert_int_equal(proxy_count(r.proxy).upstreams, 0);
}

static void the_engine_is_asked_what_the_client_asked(void **state)
{
    (void)state;
    ask(ATTACH);
    assert_true(end_has(&engine, "POST /containers/x/attach?stream=1 HTTP/1.1\r\n"));
    assert_true(end_has(&engine, "\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"));
    assert_false(end_has(&engine, "Content-Length"));
}

static void nothing_is_added_to_a_101(void **state)
{
    (void)state;
    ask(ATTACH);
    end_send(&r, &engine, SWITCH "first");
    end_until(&r, &client, "first");
    assert_string_equal(client.in, SWITCH "first");
}

static void bytes_go_both_ways_and_back(void **state)
{
    (void)state;
    open_tunnel();
    for (int i = 0; i < 3; i++) {
        end_send(&r, &client, "in\0\r\n");
        end_until(&r, &engine, "in");
        end_forget(&engine);
        end_send(&r, &engine, "out");
        end_until(&r, &client, "out");
        end_forget(&client);
    }
    end_send(&r, &client, "GET /_ping HTTP/1.1\r\n\r\n"); /* a stream's bytes, not a request */
    end_until(&r, &engine, "GET /_ping HTTP/1.1\r\n\r\n");
    assert_int_equal(r.policy.routed, 1);
}

static void the_old_form_without_an_upgrade_works_too(void **state)
{
    (void)state;
    ask(OLD_ATTACH);
    assert_false(end_has(&engine, "pgrade"));
    end_send(&r, &engine, RAW_200 "out");
    end_until(&r, &client, "\r\n\r\nout");
    assert_false(end_has(&client, "Connection"));
    assert_true(end_has(&client, "raw-stream\r\n"));
    end_send(&r, &client, "in");
    end_until(&r, &engine, "\r\n\r\nin");
}

static void what_the_client_says_early_waits_for_the_stream(void **state)
{
    (void)state;
    ask(ATTACH);
    end_forget(&engine);
    end_send(&r, &client, "early ");
    rig_turn_for(&r, 10);
    end_poll(&engine);
    assert_int_equal(engine.n, 0);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &engine, "early ");
    end_send(&r, &client, "late");
    end_until(&r, &engine, "late");
}

static void early_bytes_after_a_refusal_go_nowhere(void **state)
{
    (void)state;
    ask(ATTACH);
    end_forget(&engine);
    end_send(&r, &client, "POST /containers/create HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    end_until(&r, &client, "\r\n\r\nno");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "Connection: close\r\n"));
    end_until_over(&r, &engine);
    assert_int_equal(engine.n, 0);
    assert_int_equal(r.policy.routed, 1);
}

static void a_200_that_is_no_stream_is_an_answer(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
        "Content-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ask(ATTACH);
        end_forget(&engine);
        end_send(&r, &client, "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
        end_send(&r, &engine, answers[i]);
        end_until_over(&r, &client);
        end_until_over(&r, &engine);
        assert_int_equal(engine.n, 0);
        end_close(&engine);
        end_close(&client);
        end_connect(&r, &client);
    }
}

static void a_101_to_something_else_is_a_broken_answer(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n",
        "HTTP/1.1 101 UPGRADED\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ask(ATTACH);
        end_send(&r, &engine, answers[i]);
        end_until(&r, &client, "HTTP/1.1 502 ");
        end_until_over(&r, &client);
        end_close(&engine);
        end_close(&client);
        end_connect(&r, &client);
    }
    ask(OLD_ATTACH);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &client, "HTTP/1.1 502 ");
}

static void other_upgrades_are_not_asked_for(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: h2c\r\n\r\n",
        "GET /containers/x/attach/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        "POST /containers/x/attach HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        "POST /containers/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: tcp\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        ask(heads[i]);
        assert_false(end_has(&engine, "pgrade"));
        end_close(&engine);
        end_close(&client);
        rig_turn_for(&r, 5);
        end_connect(&r, &client);
    }
}

static void a_websocket_and_a_session_are_switched_to(void **state)
{
    (void)state;
    ask("GET /containers/x/attach/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n");
    assert_true(end_has(&engine, "Upgrade: websocket\r\n"));
    assert_true(end_has(&engine, "Sec-WebSocket-Key: a\r\n"));
    end_send(&r, &engine,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Accept: b\r\n\r\nframe");
    end_until(&r, &client, "\r\n\r\nframe");
    assert_true(end_has(&client, "Sec-WebSocket-Accept: b\r\n"));
    end_close(&engine);
    end_close(&client);
    end_connect(&r, &client);
    ask("POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    end_send(&r, &engine,
             "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
             "Upgrade: h2c\r\n\r\nPRI");
    end_until(&r, &client, "\r\n\r\nPRI");
}

static void the_end_of_what_the_client_says_is_passed_on(void **state)
{
    (void)state;
    open_tunnel();
    end_send(&r, &client, "last");
    end_finish(&client);
    end_until(&r, &engine, "last");
    end_until_over(&r, &engine);
    end_send(&r, &engine, "answer");
    end_until(&r, &client, "answer");
    end_close(&engine);
    end_until_over(&r, &client);
    assert_over(EXCHANGE_ANSWERED);
    assert_int_equal(r.told[0].status, 101);
    assert_int_equal(r.told[0].bytes, 6);
}

static void an_end_before_the_101_is_passed_on_after_it(void **state)
{
    (void)state;
    ask(ATTACH);
    end_send(&r, &client, "all of it");
    end_finish(&client);
    rig_turn_for(&r, 10);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &engine, "all of it");
    end_until_over(&r, &engine);
    end_send(&r, &engine, "answer");
    end_until(&r, &client, "answer");
    end_close(&engine);
    end_until_over(&r, &client);
    assert_over(EXCHANGE_ANSWERED);
}

static void the_end_of_what_the_engine_says_is_passed_on(void **state)
{
    (void)state;
    open_tunnel();
    end_send(&r, &engine, "last");
    end_finish(&engine);
    end_until(&r, &client, "last");
    end_until_over(&r, &client);
    end_send(&r, &client, "still here");
    end_until(&r, &engine, "still here");
    end_finish(&client);
    end_until_over(&r, &engine);
    assert_over(EXCHANGE_ANSWERED);
}

static void an_engine_that_closes_ends_the_client_too(void **state)
{
    (void)state;
    open_tunnel();
    end_send(&r, &engine, "last");
    end_close(&engine);
    end_until(&r, &client, "last");
    end_until_over(&r, &client);
    assert_over(EXCHANGE_ANSWERED);
}

static void an_engine_that_left_bytes_unread_is_heard_to_the_end(void **state)
{
    (void)state;
    open_tunnel();
    end_send(&r, &client, "unread");
    rig_turn_for(&r, 10);
    end_send(&r, &engine, "last");
    end_close(&engine); /* resets */
    end_until(&r, &client, "last");
    end_until_over(&r, &client);
    assert_over(EXCHANGE_ANSWERED);
}

static void a_client_that_goes_ends_the_engines_stream(void **state)
{
    (void)state;
    open_tunnel();
    end_send(&r, &client, "last");
    end_close(&client);
    end_until(&r, &engine, "last");
    end_until_over(&r, &engine);
    rig_until_told(&r, 1); /* although the engine goes on, and says nothing */
    assert_over(EXCHANGE_CLIENT_GONE);
}

static void a_stalled_reader_stops_the_writer(void **state)
{
    (void)state;
    static char filler[64 * 1024];
    open_tunnel();
    const size_t down = end_flood(&r, &engine, filler, sizeof filler, 64 * 1024 * 1024);
    assert_true(down < 4 * 1024 * 1024);
    const size_t up = end_flood(&r, &client, filler, sizeof filler, 64 * 1024 * 1024);
    assert_true(up < 4 * 1024 * 1024);
    end_until_bytes(&r, &client, down);
    end_until_bytes(&r, &engine, up);
    end_forget(&client);
    end_send(&r, &engine, "on we go");
    end_until(&r, &client, "on we go");
}

static void all_that_a_client_said_arrives_although_it_has_gone(void **state)
{
    (void)state;
    static char filler[64 * 1024];
    open_tunnel();
    const size_t up = end_flood(&r, &client, filler, sizeof filler, 64 * 1024 * 1024);
    end_close(&client);
    rig_turn_for(&r, 1100); /* the watch has looked */
    end_until_bytes(&r, &engine, up);
    end_until_over(&r, &engine);
}

static void a_body_comes_before_the_stream(void **state)
{
    (void)state;
    const char *const head = "POST /exec/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                             "Upgrade: tcp\r\nContent-Type: application/json\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
    struct end none;
    end_send(&r, &client, head);
    end_send(&r, &client, "2\r\n{}\r\n");
    rig_turn_for(&r, 10);
    assert_false(end_accept_now(&r, &none));
    end_send(&r, &client, "0\r\n\r\nstream");
    end_accept(&r, &engine);
    end_until(&r, &engine, "Content-Length: 2\r\n");
    end_until(&r, &engine, "\r\n\r\n{}");
    end_forget(&engine);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &engine, "stream");
    assert_int_equal(engine.n, 6);
}

static void a_long_body_before_a_stream_is_refused(void **state)
{
    (void)state;
    struct end none;
    end_send(&r, &client,
             "POST /exec/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
             "Upgrade: tcp\r\nContent-Length: 1000000\r\n\r\n");
    end_until(&r, &client, "HTTP/1.1 413 ");
    assert_int_equal(r.policy.refused, 1);
    assert_false(end_accept_now(&r, &none));
}

/* dockerode announces chunks and means the stream; the engine never reads a body here. */
static void chunks_that_are_announced_on_attach_are_the_stream(void **state)
{
    (void)state;
    ask("POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: tcp\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_false(end_has(&engine, "Transfer-Encoding"));
    end_forget(&engine);
    end_send(&r, &engine, SWITCH);
    end_until(&r, &client, "\r\n\r\n");
    end_send(&r, &client, "0\r\n\r\nraw");
    end_until(&r, &engine, "0\r\n\r\nraw");
}

static void few(void)
{
    r.options.limits.tunnels = 1;
}

static int setup_few(void **state)
{
    (void)state;
    return pair_setup_with(few);
}

static void over_the_limit_a_client_is_told_so(void **state)
{
    (void)state;
    struct end other;
    open_tunnel();
    end_connect(&r, &other);
    end_send(&r, &other, ATTACH);
    end_until(&r, &other, "HTTP/1.1 503 ");
    assert_int_equal(r.told[0].refusal, REFUSAL_TOO_MANY_TUNNELS);
    end_forget(&other);
    end_close(&engine);
    end_until_over(&r, &client);
    rig_until_told(&r, 2);
    end_send(&r, &other, ATTACH);
    end_accept(&r, &engine);
    end_close(&other);
}

static void tcp(void)
{
    r.options.n_listeners = 2;
}

static int setup_tcp(void **state)
{
    (void)state;
    return pair_setup_with(tcp);
}

static void tcp_clients_may_end_their_side_too(void **state)
{
    (void)state;
    end_close(&client);
    end_connect_tcp(&r, &client, proxy_listener_port(r.proxy, 1));
    end_send(&r, &client,
             "POST /containers/x/attach HTTP/1.1\r\nHost: localhost\r\n"
             "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    end_finish(&client);
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    rig_turn_for(&r, 10);
    end_send(&r, &engine, SWITCH);
    end_until_over(&r, &engine);
    end_send(&r, &engine, "answer");
    end_until(&r, &client, "answer");
}

static void a_drain_ends_a_stream_when_the_time_is_over(void **state)
{
    (void)state;
    open_tunnel();
    rig_drain(&r);
    end_send(&r, &client, "still");
    end_until(&r, &engine, "still");
    end_until_over(&r, &client);
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_SHUT);
    rig_until_drained(&r);
}

static void drains_soon(void)
{
    r.options.timeouts.drain = 100;
}

static int setup_drains_soon(void **state)
{
    (void)state;
    return pair_setup_with(drains_soon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(the_engine_is_asked_what_the_client_asked),
        PAIR(nothing_is_added_to_a_101),
        PAIR(bytes_go_both_ways_and_back),
        PAIR(the_old_form_without_an_upgrade_works_too),
        PAIR(what_the_client_says_early_waits_for_the_stream),
        PAIR(early_bytes_after_a_refusal_go_nowhere),
        PAIR(a_200_that_is_no_stream_is_an_answer),
        PAIR(a_101_to_something_else_is_a_broken_answer),
        PAIR(other_upgrades_are_not_asked_for),
        PAIR(a_websocket_and_a_session_are_switched_to),
        PAIR(the_end_of_what_the_client_says_is_passed_on),
        PAIR(an_end_before_the_101_is_passed_on_after_it),
        PAIR(the_end_of_what_the_engine_says_is_passed_on),
        PAIR(an_engine_that_closes_ends_the_client_too),
        PAIR(an_engine_that_left_bytes_unread_is_heard_to_the_end),
        PAIR(a_client_that_goes_ends_the_engines_stream),
        PAIR(a_stalled_reader_stops_the_writer),
        PAIR(all_that_a_client_said_arrives_although_it_has_gone),
        PAIR(a_body_comes_before_the_stream),
        PAIR(a_long_body_before_a_stream_is_refused),
        PAIR(chunks_that_are_announced_on_attach_are_the_stream),
        PAIR_WITH(over_the_limit_a_client_is_told_so, setup_few),
        PAIR_WITH(tcp_clients_may_end_their_side_too, setup_tcp),
        PAIR_WITH(a_drain_ends_a_stream_when_the_time_is_over, setup_drains_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
