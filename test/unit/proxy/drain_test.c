/* SPDX-License-Identifier: Apache-2.0 */
/* The end: who may finish, who may not, and that nothing is left. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void with_time(void)
{
    r.options.timeouts.drain = RIG_MS;
}

static void with_little_time(void)
{
    r.options.timeouts.drain = 60;
}

static void without_time(void)
{
    r.options.timeouts.drain = 0;
}

static int setup(void **state)
{
    (void)state;
    return pair_setup_with(with_time);
}

static int setup_short(void **state)
{
    (void)state;
    return pair_setup_with(with_little_time);
}

static int setup_none(void **state)
{
    (void)state;
    return pair_setup_with(without_time);
}

static void idle_connections_go_at_once(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    rig_drain(&r);
    assert_int_equal(access(r.front, F_OK), -1);
    assert_int_equal(proxy_listener_state(r.proxy, 0), LISTENER_DRAINING);
    end_until_over(&r, &client);
    end_until_over(&r, &engine);
    end_close(&client);
    rig_until_drained(&r);
    assert_int_equal(client.n, 0);
}

static void an_exchange_under_way_is_finished(void **state)
{
    (void)state;
    ask(PING);
    rig_drain(&r);
    rig_turn_for(&r, 20);
    assert_false(r.drained);
    end_send(&r, &engine, OK_HI);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "\r\n\r\nhi"));
    assert_true(end_has(&client, "Connection: close\r\n"));
    end_close(&client);
    rig_until_drained(&r);
    assert_int_equal(r.told[0].end, EXCHANGE_ANSWERED);
}

static void a_request_behind_the_one_under_way_is_not_begun(void **state)
{
    (void)state;
    ask(PING PING);
    rig_drain(&r);
    end_send(&r, &engine, OK_HI);
    end_until_over(&r, &client);
    end_close(&client);
    rig_until_drained(&r);
    assert_int_equal(r.n_told, 1);
}

static void who_waits_to_be_accepted_is_served(void **state)
{
    (void)state;
    end_send(&r, &client, PING); /* the loop has not turned yet */
    rig_drain(&r);
    assert_int_equal(proxy_count(r.proxy).clients, 1);
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    end_send(&r, &engine, OK_HI);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "\r\n\r\nhi"));
}

static void a_stream_is_shut_when_the_time_is_over(void **state)
{
    (void)state;
    ask("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    end_until(&r, &client, "abc");
    rig_drain(&r);
    rig_turn_for(&r, 20);
    assert_false(r.drained);
    end_send(&r, &engine, "3\r\ndef\r\n");
    end_until(&r, &client, "def");
    end_until_over(&r, &client);
    end_until_over(&r, &engine);
    rig_until_drained(&r);
    assert_int_equal(r.told[0].end, EXCHANGE_SHUT);
    assert_int_equal(r.told[0].status, 200);
}

static void everybody_is_shut_when_there_is_no_time(void **state)
{
    (void)state;
    struct end judged, early;
    ask(PING);
    end_connect(&r, &judged);
    end_send(&r, &judged,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: 9\r\n\r\n{");
    end_connect(&r, &early);
    end_send(&r, &early, "GET /_pi");
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).exchanges, 2);
    rig_drain(&r);
    assert_int_equal(proxy_count(r.proxy).exchanges, 0);
    assert_int_equal(proxy_count(r.proxy).body_bytes, 0);
    rig_until_drained(&r);
    end_until_over(&r, &judged);
    end_until_over(&r, &early);
    end_close(&judged);
    end_close(&early);
}

static void a_client_that_says_nothing_does_not_hold_the_end_up_for_long(void **state)
{
    (void)state;
    rig_turn_for(&r, 5);
    rig_drain(&r);
    end_until_over(&r, &client);
    rig_until_drained(&r);
}

static void a_client_that_never_reads_does_not_hold_the_end_up_for_long(void **state)
{
    (void)state;
    static const char one[] = "GET /denied HTTP/1.1\r\nHost: x\r\n\r\n";
    (void)end_flood(&r, &client, one, sizeof one - 1, 4 * 1024 * 1024);
    rig_drain(&r);
    rig_until_drained(&r);
}

static void a_start_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct proxy *none = NULL;
    struct err err = {""};
    struct proxy_options o = r.options;
    struct proxy_listener two[2] = {{.name = "a", .mode = 0600}, {.name = "b", .path = "/none/b"}};
    char path[sizeof r.front + 2];
    (void)snprintf(path, sizeof path, "%s2", r.front);
    two[0].path = path;
    o.listeners = two;
    o.n_listeners = 2;
    assert_int_equal(proxy_start(&none, &o, &err), RC_SYSTEM);
    assert_non_null(strstr(err.text, "\"b\""));
    assert_null(none);
    assert_int_equal(access(path, F_OK), -1);
    o.n_listeners = 0;
    assert_int_equal(proxy_start(&none, &o, &err), RC_SYSTEM);
}

int main(void)
{
#define TEST(name) PAIR_WITH(name, setup)
#define SHORT(name) PAIR_WITH(name, setup_short)
#define NONE(name) PAIR_WITH(name, setup_none)
    const struct CMUnitTest tests[] = {
        TEST(idle_connections_go_at_once),
        TEST(an_exchange_under_way_is_finished),
        TEST(a_request_behind_the_one_under_way_is_not_begun),
        TEST(who_waits_to_be_accepted_is_served),
        SHORT(a_stream_is_shut_when_the_time_is_over),
        NONE(everybody_is_shut_when_there_is_no_time),
        SHORT(a_client_that_says_nothing_does_not_hold_the_end_up_for_long),
        SHORT(a_client_that_never_reads_does_not_hold_the_end_up_for_long),
        TEST(a_start_that_fails_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
