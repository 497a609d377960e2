/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the engine and what comes back, when all is well. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void a_get_goes_there_and_its_answer_comes_back(void **state)
{
    (void)state;
    ask("GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");
    assert_true(end_has(&engine, "GET /v1.41/containers/json?all=1 HTTP/1.1\r\n"));
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 5\r\n\r\nhello");
    end_until(&r, &client, "\r\n\r\nhello");
    assert_true(end_has(&client, "HTTP/1.1 200 OK\r\n"));
    assert_true(end_has(&client, "Api-Version: 1.41\r\n"));
    rig_until_told(&r, 1);
    const struct told *t = &r.told[0];
    assert_int_equal(t->end, EXCHANGE_ANSWERED);
    assert_int_equal(t->method, METHOD_GET);
    assert_string_equal(t->path, "/containers/json");
    assert_string_equal(t->client_id, "mine");
    assert_int_equal(t->verdict, VERDICT_ALLOW);
    assert_int_equal(t->refusal, REFUSAL_NONE);
    assert_int_equal(t->status, 200);
    assert_int_equal(t->bytes, 5);
    assert_true(t->peer_local);
    assert_int_equal(t->uid, getuid());
}

static void a_path_that_is_no_route_goes_there_too(void **state)
{
    (void)state;
    ask("GET /v1.41/nothing/here HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\n\r\n");
    assert_true(end_has(&engine, "GET /v1.41/nothing/here HTTP/1.1\r\n"));
    assert_false(end_has(&engine, "pgrade"));
}

static void the_id_is_fresh_and_the_same_on_both_sides(void **state)
{
    (void)state;
    char line[64];
    char first[33];
    rig_get(&r, &client, &engine, "/_ping");
    memcpy(first, r.told[0].id, sizeof first);
    assert_int_equal(strlen(first), 32);
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    assert_string_not_equal(r.told[1].id, first);
    (void)snprintf(line, sizeof line, "X-Request-Id: %s\r\n", r.told[1].id);
    assert_true(end_has(&engine, line));
    assert_true(end_has(&client, line));
    assert_false(end_has(&engine, "mine"));
}

static void both_connections_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        rig_get(&r, &client, &engine, "/_ping");
    assert_int_equal(r.n_told, 20);
    assert_int_equal(proxy_count(r.proxy).upstreams, 1);
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 1);
}

static void a_head_may_come_in_any_pieces(void **state)
{
    (void)state;
    static const char text[] = "GET /_ping?a=b HTTP/1.1\r\nHost: docker\r\nAccept: */*\r\n\r\n";
    for (size_t at = 1; at < sizeof text - 1; at++) {
        end_send_bytes(&r, &client, text, at);
        for (int i = 0; i < 3; i++)
            (void)uv_run(&r.loop, UV_RUN_NOWAIT);
        end_send_bytes(&r, &client, text + at, sizeof text - 1 - at);
        if (engine.fd < 0)
            end_accept(&r, &engine);
        end_until(&r, &engine, "Accept: */*\r\n");
        end_send(&r, &engine, OK_HI);
        end_until(&r, &client, "\r\n\r\nhi");
        end_forget(&client);
        end_forget(&engine);
    }
    for (size_t i = 0; i < sizeof text - 1; i++) { /* byte by byte */
        end_send_bytes(&r, &client, text + i, 1);
        (void)uv_run(&r.loop, UV_RUN_NOWAIT);
    }
    end_until(&r, &engine, "\r\n\r\n");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

static void an_answer_may_come_in_any_pieces(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (size_t at = 1; at < sizeof text - 1; at++) {
        ask("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
        end_send_bytes(&r, &engine, text, at);
        for (int i = 0; i < 3; i++)
            (void)uv_run(&r.loop, UV_RUN_NOWAIT);
        end_send_bytes(&r, &engine, text + at, sizeof text - 1 - at);
        end_until(&r, &client, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        end_forget(&client);
        end_forget(&engine);
    }
    assert_int_equal(proxy_count(r.proxy).upstreams, 1);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    end_send(&r, &client,
             "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /denied HTTP/1.1\r\nHost: x\r\n\r\n"
             "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    rig_turn_for(&r, 20);
    end_poll(&engine);
    assert_false(end_has(&engine, "/b")); /* one at a time */
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
    end_until(&r, &engine, "GET /b ");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
    end_until(&r, &client, "last");
    const char *first = strstr(client.in, "first"), *denied = strstr(client.in, " 403 ");
    assert_true(first && denied && first < denied && denied < strstr(client.in, "last"));
    assert_false(end_has(&engine, "/denied"));
}

static void a_hundred_denials_in_one_go_are_all_answered(void **state)
{
    (void)state;
    static const char one[] = "GET /denied HTTP/1.1\r\nHost: x\r\n\r\n";
    enum { MANY = 100 };
    char all[MANY * (sizeof one - 1)];
    for (size_t i = 0; i < MANY; i++)
        memcpy(all + i * (sizeof one - 1), one, sizeof one - 1);
    end_send_bytes(&r, &client, all, sizeof all);
    size_t n = 0;
    for (int turns = 0; n < MANY && turns < RIG_MS; turns++) {
        rig_turn(&r);
        end_poll(&client);
        n = 0;
        for (const char *at = client.in; (at = strstr(at, " 403 ")) != NULL; at++)
            n++;
    }
    assert_int_equal(n, MANY);
}

static void a_head_request_has_a_length_and_no_body(void **state)
{
    (void)state;
    ask("HEAD /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
    end_until(&r, &client, "\r\n\r\n");
    assert_true(end_has(&client, "Content-Length: 1234\r\n"));
    end_forget(&client);
    end_forget(&engine);
    rig_get(&r, &client, &engine, "/_ping");
}

static void answers_without_a_body_end_with_their_head(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < 3; i++) {
        ask("POST /containers/x/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        end_send(&r, &engine, heads[i]);
        end_until(&r, &client, "\r\n\r\n");
        end_forget(&client);
        end_forget(&engine);
        rig_until_told(&r, i + 1);
    }
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 1);
}

static void interim_answers_are_relayed_before_the_answer(void **state)
{
    (void)state;
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
    end_until(&r, &client, " 102 ");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    assert_true(end_has(&client, "HTTP/1.1 103 Early Hints\r\n"));
    assert_int_equal(r.told[0].status, 200);
}

static void an_upgrade_nobody_asked_for_is_a_broken_answer(void **state)
{
    (void)state;
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\n"
             "Connection: Upgrade\r\n\r\nraw");
    end_until(&r, &client, " 502 ");
    end_until_over(&r, &engine);
    assert_false(end_has(&client, "raw"));
    assert_int_equal(r.told[0].refusal, REFUSAL_UPSTREAM_BROKEN);
}

static void a_stream_comes_as_it_is_written(void **state)
{
    (void)state;
    ask("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    end_until(&r, &client, "\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        char chunk[32];
        (void)snprintf(chunk, sizeof chunk, "6\r\nevent%d\r\n", i);
        end_send(&r, &engine, chunk);
        end_until(&r, &client, chunk);
    }
    assert_int_equal(r.n_told, 0);
    end_close(&client); /* the client has seen enough: the engine must hear of it */
    end_until_over(&r, &engine);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
    assert_int_equal(r.told[0].status, 200);
}

static void an_old_client_gets_bytes_without_chunks_and_the_end(void **state)
{
    (void)state;
    ask("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 100 Continue\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 40; i++)
        end_send(&r, &engine, "1\r\na\r\n2\r\nbc\r\n");
    end_send(&r, &engine, "0\r\n\r\n");
    end_until_over(&r, &client);
    const char *body = strstr(client.in, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), 120);
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_false(end_has(&client, "chunked"));
    assert_false(end_has(&client, " 100 "));
    assert_int_equal(r.told[0].bytes, 120);
}

static void an_answer_that_ends_with_the_connection_ends_so_for_the_client(void **state)
{
    (void)state;
    ask("GET /old HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.0 200 OK\r\n\r\nsome");
    end_until(&r, &client, "some");
    end_send(&r, &engine, " more");
    end_close(&engine);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "\r\n\r\nsome more"));
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_int_equal(r.told[0].end, EXCHANGE_ANSWERED);
}

static void a_client_that_wants_to_close_is_closed(void **state)
{
    (void)state;
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    end_send(&r, &engine, OK_HI);
    end_until_over(&r, &client);
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_true(end_has(&client, "\r\n\r\nhi"));
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 1); /* the engine's stays */
}

static void an_engine_that_wants_to_close_costs_the_client_nothing(void **state)
{
    (void)state;
    ask("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    end_until(&r, &client, "\r\n\r\nhi");
    assert_false(end_has(&client, "Connection: close"));
    end_until_over(&r, &engine);
    end_close(&engine);
    end_forget(&client);
    rig_get(&r, &client, &engine, "/_ping");
}

/* Two MiB of bytes that differ everywhere, so that a lost or doubled piece shows. */
enum { BIG = 2 * 1024 * 1024 };
static char *big(void)
{
    char *bytes = malloc(BIG);
    assert_non_null(bytes);
    uint32_t x = 1;
    for (size_t i = 0; i < BIG; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (char)(x >> 24);
    }
    return bytes;
}

static void a_big_body_reaches_a_slow_client_whole(void **state)
{
    (void)state;
    char head[128];
    char *bytes = big();
    ask("GET /images/x/get HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
    end_send(&r, &engine, head);
    size_t sent = 0;
    for (int idle = 0; idle < 50;) { /* nobody reads: the proxy must stop taking */
        const ssize_t n = write(engine.fd, bytes + sent, BIG - sent);
        sent += n > 0 ? (size_t)n : 0;
        idle = n > 0 ? 0 : idle + 1;
        rig_turn(&r);
    }
    assert_true(sent < BIG);
    while (sent < BIG) {
        const ssize_t n = write(engine.fd, bytes + sent, BIG - sent);
        sent += n > 0 ? (size_t)n : 0;
        rig_turn(&r);
        end_poll(&client);
    }
    end_until(&r, &client, "\r\n\r\n");
    const size_t skip = (size_t)(strstr(client.in, "\r\n\r\n") - client.in) + 4;
    end_until_bytes(&r, &client, skip + BIG);
    assert_int_equal(client.n, skip + BIG);
    assert_memory_equal(client.in + skip, bytes, BIG);
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].bytes, BIG);
    free(bytes);
    end_forget(&client);
    end_forget(&engine);
    rig_get(&r, &client, &engine, "/_ping"); /* and both connections go on */
}

static void a_big_body_reaches_a_slow_engine_whole(void **state)
{
    (void)state;
    char head[128];
    char *bytes = big();
    (void)snprintf(head, sizeof head,
                   "POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BIG);
    end_send(&r, &client, head);
    end_accept(&r, &engine);
    size_t sent = 0;
    for (int idle = 0; idle < 50;) {
        const ssize_t n = write(client.fd, bytes + sent, BIG - sent);
        sent += n > 0 ? (size_t)n : 0;
        idle = n > 0 ? 0 : idle + 1;
        rig_turn(&r);
    }
    assert_true(sent < BIG);
    while (sent < BIG) {
        const ssize_t n = write(client.fd, bytes + sent, BIG - sent);
        sent += n > 0 ? (size_t)n : 0;
        rig_turn(&r);
        end_poll(&engine);
    }
    end_until(&r, &engine, "\r\n\r\n");
    const size_t skip = (size_t)(strstr(engine.in, "\r\n\r\n") - engine.in) + 4;
    end_until_bytes(&r, &engine, skip + BIG);
    assert_int_equal(engine.n, skip + BIG);
    assert_memory_equal(engine.in + skip, bytes, BIG);
    free(bytes);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    end_forget(&client);
    end_forget(&engine);
    rig_get(&r, &client, &engine, "/_ping");
}

static void chunks_are_framed_anew_whatever_their_pieces(void **state)
{
    (void)state;
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30; i++)
        end_send(&r, &client, "1\r\na\r\n002\r\nbc\r\n");
    end_send(&r, &client, "0\r\n\r\n");
    end_until(&r, &engine, "\r\n0\r\n\r\n");
    size_t letters = 0;
    for (const char *p = strstr(engine.in, "\r\n\r\n") + 4; *p; p++)
        letters += *p >= 'a' && *p <= 'c';
    assert_int_equal(letters, 90);
    assert_true(end_has(&engine, "Transfer-Encoding: chunked\r\n"));
    assert_false(end_has(&engine, "\r\n002\r\n")); /* our spelling, not the client's */
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

static void a_client_is_told_to_go_on_before_it_sends_a_body(void **state)
{
    (void)state;
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
        "3\r\n\r\n");
    end_until(&r, &client, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_false(end_has(&engine, "Expect"));
    end_send(&r, &client, "abc");
    end_until(&r, &engine, "\r\n\r\nabc");
    end_send(&r, &engine,
             "HTTP/1.1 100 Continue\r\n\r\n" OK_HI); /* an interim answer is not the answer */
    end_until(&r, &client, "\r\n\r\nhi");
    assert_int_equal(r.n_told, 1);
}

static void an_early_answer_is_relayed_and_both_sides_close(void **state)
{
    (void)state;
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\npart");
    end_send(&r, &engine, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad");
    end_until_over(&r, &client);
    assert_true(end_has(&client, " 400 "));
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_true(end_has(&client, "\r\n\r\nbad"));
    end_until_over(&r, &engine);
    assert_int_equal(proxy_count(r.proxy).upstreams_idle, 0);
}

static void an_early_stream_does_not_stop_the_body(void **state)
{
    (void)state;
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nload\r\n");
    end_until(&r, &client, "load");
    end_send(&r, &client, "def");
    end_until(&r, &engine, "abcdef");
    end_send(&r, &engine, "0\r\n\r\n");
    end_until(&r, &client, "0\r\n\r\n");
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_ANSWERED);
}

static void the_answer_of_an_engine_that_stopped_reading_still_arrives(void **state)
{
    (void)state;
    char filler[8192];
    memset(filler, 'x', sizeof filler);
    ask("POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\npart");
    end_send(&r, &engine, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    end_close(&engine);
    for (int i = 0; i < 20; i++)
        end_send_bytes(&r, &client, filler, sizeof filler);
    end_until(&r, &client, "\r\n\r\nbig");
    assert_true(end_has(&client, " 413 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(a_get_goes_there_and_its_answer_comes_back),
        PAIR(a_path_that_is_no_route_goes_there_too),
        PAIR(the_id_is_fresh_and_the_same_on_both_sides),
        PAIR(both_connections_are_kept),
        PAIR(a_head_may_come_in_any_pieces),
        PAIR(an_answer_may_come_in_any_pieces),
        PAIR(pipelined_requests_are_answered_in_order),
        PAIR(a_hundred_denials_in_one_go_are_all_answered),
        PAIR(a_head_request_has_a_length_and_no_body),
        PAIR(answers_without_a_body_end_with_their_head),
        PAIR(interim_answers_are_relayed_before_the_answer),
        PAIR(an_upgrade_nobody_asked_for_is_a_broken_answer),
        PAIR(a_stream_comes_as_it_is_written),
        PAIR(an_old_client_gets_bytes_without_chunks_and_the_end),
        PAIR(an_answer_that_ends_with_the_connection_ends_so_for_the_client),
        PAIR(a_client_that_wants_to_close_is_closed),
        PAIR(an_engine_that_wants_to_close_costs_the_client_nothing),
        PAIR(a_big_body_reaches_a_slow_client_whole),
        PAIR(a_big_body_reaches_a_slow_engine_whole),
        PAIR(chunks_are_framed_anew_whatever_their_pieces),
        PAIR(a_client_is_told_to_go_on_before_it_sends_a_body),
        PAIR(an_early_answer_is_relayed_and_both_sides_close),
        PAIR(an_early_stream_does_not_stop_the_body),
        PAIR(the_answer_of_an_engine_that_stopped_reading_still_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
