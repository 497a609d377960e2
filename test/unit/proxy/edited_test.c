/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are edited on their way: when they are sent, and what happens when they go wrong. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: "
#define EDITED "GET /edited HTTP/1.1\r\nHost: x\r\n"

static void the_engine_is_asked_for_a_plain_answer(void **state)
{
    (void)state;
    ask(EDITED "Accept-Encoding: gzip\r\n\r\n");
    assert_true(end_has(&engine, "Accept-Encoding: identity\r\n"));
    assert_false(end_has(&engine, "gzip"));
}

static void a_small_answer_has_its_new_length_and_keeps_both_connections(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        ask(EDITED "\r\n");
        end_send(&r, &engine, OK "16\r\nX: y\r\n\r\n{\"secret\":\"abc\"}");
        end_until(&r, &client, "\r\nContent-Length: 23\r\n\r\n{\"secret\":\"<redacted>\"}");
        assert_true(end_has(&client, "X: y\r\n"));
        end_forget(&client);
        end_forget(&engine);
    }
    assert_int_equal(r.told[2].bytes, 23);
    assert_int_equal(r.told[2].status, 200);
    assert_int_equal(proxy_count(r.proxy).upstreams, 1);
}

/* The same bytes again, then with a difference, as other framing says, and shorter than announced.
 */
static void an_answer_that_comes_again_is_the_same_and_another_one_is_not(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        char expected[64];
        const char *const name = i == 2 ? "abd" : "abc";
        ask(EDITED "\r\n");
        end_send(&r, &engine, OK "24\r\n\r\n{\"secret\":\"x\",\"n\":\"");
        end_send(&r, &engine, name);
        end_send(&r, &engine, "\"}");
        (void)snprintf(expected, sizeof expected, "{\"secret\":\"<redacted>\",\"n\":\"%s\"}", name);
        end_until(&r, &client, expected);
        end_forget(&client);
        end_forget(&engine);
    }
    ask(EDITED "\r\n");
    end_send(&r, &engine, OK "26\r\n\r\n{\"secret\":\"x\",\"n\":\"abc\"}");
    rig_turn_for(&r, 20);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    end_send(&r, &engine, "\r\n");
    end_until(&r, &client, "{\"secret\":\"<redacted>\",\"n\":\"abc\"}\r\n");
}

static void nothing_is_sent_before_a_small_answer_is_whole(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, OK "16\r\n\r\n{\"secret\":\"a");
    rig_turn_for(&r, 20);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    end_send(&r, &engine, "bc\"}");
    end_until(&r, &client, "{\"secret\":\"<redacted>\"}");
}

static void expect_rejected(const char *answer)
{
    ask(EDITED "\r\n");
    end_send(&r, &engine, answer);
    end_until(&r, &client, "rejected by sockguard policy\"}\n");
    assert_true(end_has(&client, "HTTP/1.1 502 Bad Gateway\r\n"));
    assert_int_equal(r.told[0].refusal, REFUSAL_RESPONSE_REJECTED);
    end_forget(&client);
    end_close(&engine);
    ask(PING);
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
}

static void no_json_is_rejected_and_the_client_goes_on(void **state)
{
    (void)state;
    expect_rejected(OK "5\r\n\r\nhello");
}

static void an_empty_answer_is_rejected(void **state)
{
    (void)state;
    expect_rejected(OK "0\r\n\r\n");
}

static void a_content_coding_is_rejected(void **state)
{
    (void)state;
    expect_rejected(OK "2\r\nContent-Encoding: gzip\r\n\r\n{}");
}

static void an_error_of_the_engine_passes(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello");
    end_until(&r, &client, "\r\n\r\nhello");
}

static void an_answer_that_breaks_off_is_none(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, OK "16\r\n\r\n{\"secret\":\"a");
    end_close(&engine);
    end_until(&r, &client, "HTTP/1.1 502 Bad Gateway\r\n");
    assert_false(end_has(&client, "secret"));
}

static void a_client_that_leaves_early_costs_nothing(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, OK "16\r\n\r\n{\"secret\":\"a");
    rig_turn_for(&r, 10);
    end_close(&client);
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
}

/* {"pad":"xxx…","secret": */
static void send_large(struct end *e, size_t n)
{
    char *pad = malloc(n + 1);
    assert_non_null(pad);
    memset(pad, 'x', n);
    pad[n] = '\0';
    end_send(&r, e, "{\"pad\":\"");
    end_send(&r, e, pad);
    end_send(&r, e, "\",\"secret\":");
    free(pad);
}

static void a_large_answer_flows_in_chunks(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\n\r\n");
    send_large(&engine, 200000);
    end_send(&r, &engine, "\"abc\"}");
    end_close(&engine);
    end_until(&r, &client, "\r\n0\r\n\r\n");
    assert_true(end_has(&client, "Transfer-Encoding: chunked\r\n"));
    assert_true(end_has(&client, "\"secret\":\"<redacted>\"}"));
}

static void what_goes_wrong_in_a_large_answer_cuts_it(void **state)
{
    (void)state;
    ask(EDITED "\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\n\r\n");
    send_large(&engine, 200000);
    end_send(&r, &engine, "abc");
    end_until_over(&r, &client);
    assert_false(end_has(&client, "abc"));
    assert_false(end_has(&client, "\r\n0\r\n\r\n"));
    assert_int_equal(r.told[0].end, EXCHANGE_CUT);
}

static void a_stream_is_told_at_once_and_comes_value_by_value(void **state)
{
    (void)state;
    ask("GET /edited-stream HTTP/1.1\r\nHost: x\r\n\r\n");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    end_until(&r, &client, "chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        end_forget(&client);
        end_send(&r, &engine, "11\r\n{\"secret\":\"abc\"}\n\r\n");
        end_until(&r, &client, "18\r\n{\"secret\":\"<redacted>\"}\n\r\n");
    }
    end_send(&r, &engine, "0\r\n\r\n");
    end_until(&r, &client, "0\r\n\r\n");
}

static void an_old_client_gets_no_chunks(void **state)
{
    (void)state;
    ask("GET /edited-stream HTTP/1.0\r\n\r\n");
    end_send(&r, &engine, OK "16\r\n\r\n{\"secret\":\"abc\"}");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "\r\n\r\n{\"secret\":\"<redacted>\"}"));
    assert_false(end_has(&client, "chunked"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(the_engine_is_asked_for_a_plain_answer),
        PAIR(a_small_answer_has_its_new_length_and_keeps_both_connections),
        PAIR(an_answer_that_comes_again_is_the_same_and_another_one_is_not),
        PAIR(nothing_is_sent_before_a_small_answer_is_whole),
        PAIR(no_json_is_rejected_and_the_client_goes_on),
        PAIR(an_empty_answer_is_rejected),
        PAIR(a_content_coding_is_rejected),
        PAIR(an_error_of_the_engine_passes),
        PAIR(an_answer_that_breaks_off_is_none),
        PAIR(a_client_that_leaves_early_costs_nothing),
        PAIR(a_large_answer_flows_in_chunks),
        PAIR(what_goes_wrong_in_a_large_answer_cuts_it),
        PAIR(a_stream_is_told_at_once_and_comes_value_by_value),
        PAIR(an_old_client_gets_no_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
