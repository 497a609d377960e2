/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that is slow, gone, restarted or wrong. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void impatient(void)
{
    r.options.timeouts.request = 60;
    r.options.timeouts.connect = 60;
    r.options.timeouts.idle = 60;
}

static int setup_impatient(void **state)
{
    (void)state;
    return pair_setup_with(impatient);
}

#define START "POST /containers/x/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

static void without_an_engine_the_client_is_told_and_kept(void **state)
{
    (void)state;
    rig_engine_stop(&r);
    for (int i = 0; i < 2; i++) {
        end_send(&r, &client, PING);
        end_until(&r, &client, "upstream Docker socket unreachable");
        assert_true(end_has(&client, "HTTP/1.1 502 "));
        end_forget(&client);
    }
    assert_int_equal(r.told[0].refusal, REFUSAL_UPSTREAM_UNREACHABLE);
    assert_int_equal(r.told[0].verdict, VERDICT_ALLOW);
    assert_int_equal(r.events[PROXY_UPSTREAM_UNREACHABLE], 1); /* once, not for each request */
    rig_engine_listen(&r);
    rig_get(&r, &client, &engine, "/_ping");
    assert_int_equal(r.events[PROXY_UPSTREAM_REACHED], 1);
}

static void an_idle_connection_that_the_engine_closes_is_dropped_at_once(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 1);
    end_close(&engine);
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 0);
    assert_int_equal(proxy_count(r.proxy).upstreams, 0);
    rig_get(&r, &client, &engine, "/_ping");
}

static void an_idle_connection_that_speaks_is_dropped(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_send(&r, &engine, OK_HI); /* nobody asked */
    end_until_over(&r, &engine);
    end_close(&engine);
    end_send(&r, &client, PING);
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    end_poll(&client);
    assert_int_equal(client.n, 0);
}

static void bytes_behind_an_answer_spoil_its_connection(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, OK_HI OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    end_until_over(&r, &engine);
    assert_int_equal(r.told[0].bytes, 2);
    rig_turn_for(&r, 5);
    end_poll(&client);
    assert_null(strstr(strstr(client.in, "hi"), "HTTP"));
}

/* The engine's end goes before the proxy has had a turn to notice. */
static void a_pooled_connection_that_died_is_replaced_for_any_method(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_close(&engine);
    end_send(&r, &client, START);
    end_accept(&r, &engine);
    end_until(&r, &engine, "POST /containers/x/start ");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "HTTP/1.1 200 ");
}

static void a_read_that_was_not_answered_at_all_is_asked_once_more(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    ask(PING);
    end_close(&engine);
    end_accept(&r, &engine);
    end_until(&r, &engine, "GET /_ping ");
    end_close(&engine);
    end_until(&r, &client, " 502 "); /* not a third time */
}

static void a_write_that_was_not_answered_is_not_sent_again(void **state)
{
    (void)state;
    struct end again;
    rig_get(&r, &client, &engine, "/_ping");
    ask(START);
    end_close(&engine);
    end_until(&r, &client, " 502 ");
    assert_false(end_accept_now(&r, &again));
}

static void a_fresh_connection_that_closes_is_a_502(void **state)
{
    (void)state;
    ask(PING);
    end_close(&engine);
    end_until(&r, &client, " 502 ");
    end_forget(&client);
    rig_get(&r, &client, &engine, "/_ping");
}

static void half_a_head_is_a_broken_answer(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nConte");
    rig_turn_for(&r, 5);
    end_close(&engine);
    end_until(&r, &client, " 502 ");
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].refusal, REFUSAL_UPSTREAM_BROKEN);
}

static void nonsense_is_a_broken_answer(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, "SSH-2.0-OpenSSH\r\n\r\n");
    end_until(&r, &client, " 502 ");
    end_until_over(&r, &engine);
}

static void a_head_without_end_is_a_broken_answer(void **state)
{
    (void)state;
    char line[1024];
    memset(line, 'a', sizeof line);
    ask(PING);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 140; i++)
        end_send_bytes(&r, &engine, line, sizeof line);
    end_until(&r, &client, " 502 ");
    end_until_over(&r, &engine);
}

static void an_answer_cut_short_is_cut_for_the_client(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    end_until(&r, &client, "half");
    end_close(&engine);
    end_until_over(&r, &client);
    assert_int_equal(r.told[0].end, EXCHANGE_CUT);
    assert_int_equal(r.told[0].status, 200);
}

static void an_answer_with_broken_chunks_is_cut_for_the_client(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    end_until(&r, &client, "ok");
    end_send(&r, &engine, "zz\r\n");
    end_until_over(&r, &client);
    assert_false(end_has(&client, "zz\r\n0\r\n"));
    assert_int_equal(r.told[0].end, EXCHANGE_CUT);
    end_until_over(&r, &engine);
}

static void a_slow_engine_meets_the_deadline(void **state)
{
    (void)state;
    ask(PING);
    end_until(&r, &client, " 504 ");
    end_until_over(&r, &engine); /* never pooled: its answer would be taken for another's */
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].refusal, REFUSAL_UPSTREAM_TIMEOUT);
    end_close(&engine);
    end_forget(&client);
    rig_get(&r, &client, &engine, "/_ping");
}

static void the_deadline_is_for_the_head_not_for_the_body(void **state)
{
    (void)state;
    ask(PING);
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    rig_turn_for(&r, 100);
    end_send(&r, &engine, "hi");
    end_until(&r, &client, "\r\n\r\nhi");
}

static void slow_work_has_no_deadline(void **state)
{
    (void)state;
    ask("POST /containers/x/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    rig_turn_for(&r, 100);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

static void a_stop_may_take_its_own_time_on_top(void **state)
{
    (void)state;
    ask("POST /containers/x/stop?t=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    rig_turn_for(&r, 200);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    end_until(&r, &client, " 504 ");
}

static void a_stop_that_may_take_for_ever_has_no_deadline_of_ours(void **state)
{
    (void)state;
    ask("POST /containers/x/stop?t=-1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    rig_turn_for(&r, 150);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    assert_true(end_has(&client, "HTTP/1.1 200 "));
}

static void an_idle_connection_is_closed_after_its_time(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_until_over(&r, &engine);
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).upstreams, 0);
}

/* It reads no more, but has not closed: only writing fails. */
static void an_engine_that_reads_no_more_may_answer_all_the_same(void **state)
{
    (void)state;
    char filler[8192];
    memset(filler, 'x', sizeof filler);
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    (void)end_flood(&r, &client, filler, sizeof filler, 100000000);
    assert_int_equal(shutdown(engine.fd, SHUT_RD), 0);
    while (recv(engine.fd, filler, sizeof filler, 0) > 0) /* room, so that it is written to */
        continue;
    rig_turn_for(&r, 20);
    end_send(&r, &engine, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    end_until(&r, &client, "\r\n\r\nbig");
    assert_true(end_has(&client, "HTTP/1.1 413 "));
    end_until_over(&r, &engine);
}

static void a_stop_without_a_time_has_the_usual_deadline(void **state)
{
    (void)state;
    ask("POST /containers/x/stop?t=nonsense HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    end_until(&r, &client, " 504 ");
}

static void a_full_queue_of_the_engine_is_waited_for_not_for_ever(void **state)
{
    (void)state;
    struct end blockers[4];
    size_t n = 0;
    rig_engine_stop(&r);
    rig_engine_listen(&r);
    assert_int_equal(listen(r.engine, 0), 0); /* one may wait */
    char front[sizeof r.front];
    memcpy(front, r.front, sizeof front);
    memcpy(r.front, r.back, sizeof r.front);
    end_connect(&r, &blockers[n++]);
    memcpy(r.front, front, sizeof r.front);
    end_send(&r, &client, PING);
    rig_turn_for(&r, 20);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    struct end blocked;
    end_accept(&r, &blocked); /* there is room again */
    end_accept(&r, &engine);
    end_until(&r, &engine, "GET /_ping ");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    end_close(&blocked);
    end_close(&blockers[0]);
}

static void a_queue_that_stays_full_is_a_502(void **state)
{
    (void)state;
    struct end blocker;
    rig_engine_stop(&r);
    rig_engine_listen(&r);
    assert_int_equal(listen(r.engine, 0), 0);
    char front[sizeof r.front];
    memcpy(front, r.front, sizeof front);
    memcpy(r.front, r.back, sizeof r.front);
    end_connect(&r, &blocker);
    memcpy(r.front, front, sizeof r.front);
    end_send(&r, &client, PING);
    end_until(&r, &client, " 502 ");
    end_close(&blocker);
}

static void without_descriptors_the_engine_is_dialled_again_soon(void **state)
{
    (void)state;
    struct rlimit before, none;
    end_send(&r, &client, PING);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    rig_turn(&r); /* the client is accepted */
    while (proxy_count(r.proxy).clients == 0)
        rig_turn(&r);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 5; i++)
        (void)uv_run(&r.loop, UV_RUN_NOWAIT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    end_accept(&r, &engine);
    end_until(&r, &engine, "GET /_ping ");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

enum { MANY = 30 };

static void ask_many(struct end *clients, struct end *engines, const char *text)
{
    for (int i = 0; i < MANY; i++)
        end_send(&r, &clients[i], text);
    for (int i = 0; i < MANY; i++)
        end_accept(&r, &engines[i]);
    for (int i = 0; i < MANY; i++)
        end_until(&r, &engines[i], "\r\n\r\n");
    for (int i = 0; i < MANY; i++)
        end_send(&r, &engines[i], OK_HI);
    for (int i = 0; i < MANY; i++) {
        end_until(&r, &clients[i], "\r\n\r\nhi");
        assert_true(end_has(&clients[i], "HTTP/1.1 200 "));
        end_forget(&clients[i]);
    }
}

static void a_restart_of_the_engine_fails_nobody(void **state)
{
    (void)state;
    struct end clients[MANY], engines[MANY];
    for (int i = 0; i < MANY; i++)
        end_connect(&r, &clients[i]);
    ask_many(clients, engines, PING);
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, MANY);
    for (int i = 0; i < MANY; i++)
        end_close(&engines[i]);
    rig_engine_stop(&r);
    rig_engine_listen(&r);
    ask_many(clients, engines, START); /* without a turn of the loop in between */
    assert_int_equal(r.n_told, 2 * MANY);
    for (int i = 0; i < MANY; i++) {
        end_close(&clients[i]);
        end_close(&engines[i]);
    }
}

/* The request is there before the engine goes: its pooled connection is tried. */
static void a_body_survives_a_restart_too(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
        ("POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "4\r\nbody\r\n0\r\n\r\n"),
        "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
    };
    for (size_t i = 0; i < 3; i++) {
        rig_get(&r, &client, &engine, "/_ping");
        end_send(&r, &client, texts[i]);
        end_close(&engine);
        rig_engine_stop(&r);
        rig_engine_listen(&r);
        end_accept(&r, &engine);
        end_until(&r, &engine, "body");
        assert_true(end_has(&engine, "POST "));
        end_send(&r, &engine, OK_HI);
        end_until(&r, &client, "\r\n\r\nhi");
        end_forget(&engine);
        end_forget(&client);
    }
}

static void a_whole_body_that_cannot_be_sent_is_a_502_at_once(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_send(&r, &client, "POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    end_close(&engine);
    rig_engine_stop(&r);
    end_until(&r, &client, "HTTP/1.1 502 ");
    rig_until_told(&r, 2);
    end_forget(&client);
    rig_engine_listen(&r);
    rig_get(&r, &client, &engine, "/_ping");
}

static void the_connection_used_last_is_used_first(void **state)
{
    (void)state;
    struct end clients[2], engines[2] = {{.fd = -1}, {.fd = -1}};
    for (int i = 0; i < 2; i++) {
        end_connect(&r, &clients[i]);
        end_send(&r, &clients[i], PING);
        end_accept(&r, &engines[i]);
        end_until(&r, &engines[i], "\r\n\r\n");
    }
    for (int i = 0; i < 2; i++) {
        end_send(&r, &engines[i], OK_HI);
        end_until(&r, &clients[i], "\r\n\r\nhi");
        end_forget(&clients[i]);
        end_forget(&engines[i]);
    }
    for (int i = 0; i < 3; i++)
        rig_get(&r, &clients[0], &engines[1], "/_ping");
    end_poll(&engines[0]);
    assert_int_equal(engines[0].n, 0);
    for (int i = 0; i < 2; i++) {
        end_close(&clients[i]);
        end_close(&engines[i]);
    }
}

int main(void)
{
#define IMPATIENT(name) PAIR_WITH(name, setup_impatient)
    const struct CMUnitTest tests[] = {
        PAIR(without_an_engine_the_client_is_told_and_kept),
        PAIR(an_idle_connection_that_the_engine_closes_is_dropped_at_once),
        PAIR(an_idle_connection_that_speaks_is_dropped),
        PAIR(bytes_behind_an_answer_spoil_its_connection),
        PAIR(a_pooled_connection_that_died_is_replaced_for_any_method),
        PAIR(a_read_that_was_not_answered_at_all_is_asked_once_more),
        PAIR(a_write_that_was_not_answered_is_not_sent_again),
        PAIR(a_fresh_connection_that_closes_is_a_502),
        PAIR(half_a_head_is_a_broken_answer),
        PAIR(nonsense_is_a_broken_answer),
        PAIR(a_head_without_end_is_a_broken_answer),
        PAIR(an_answer_cut_short_is_cut_for_the_client),
        PAIR(an_answer_with_broken_chunks_is_cut_for_the_client),
        IMPATIENT(a_slow_engine_meets_the_deadline),
        IMPATIENT(the_deadline_is_for_the_head_not_for_the_body),
        IMPATIENT(slow_work_has_no_deadline),
        IMPATIENT(a_stop_may_take_its_own_time_on_top),
        IMPATIENT(a_stop_without_a_time_has_the_usual_deadline),
        IMPATIENT(a_stop_that_may_take_for_ever_has_no_deadline_of_ours),
        IMPATIENT(an_idle_connection_is_closed_after_its_time),
        PAIR(an_engine_that_reads_no_more_may_answer_all_the_same),
        PAIR(a_full_queue_of_the_engine_is_waited_for_not_for_ever),
        IMPATIENT(a_queue_that_stays_full_is_a_502),
        PAIR(without_descriptors_the_engine_is_dialled_again_soon),
        PAIR(a_restart_of_the_engine_fails_nobody),
        PAIR(a_body_survives_a_restart_too),
        PAIR(a_whole_body_that_cannot_be_sent_is_a_502_at_once),
        PAIR(the_connection_used_last_is_used_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
