/* SPDX-License-Identifier: Apache-2.0 */
/* Denials and judged bodies: what the engine never sees, and what becomes of the bytes. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void small(void)
{
    r.policy.body_max = 64;
    r.options.limits.body_bytes = 100;
    r.options.timeouts.body = 60;
    r.options.timeouts.budget = 60;
}

static int setup_small(void **state)
{
    (void)state;
    return pair_setup_with(small);
}

static void without_body(void)
{
    r.policy.body_max = 0;
}

static int setup_without_body(void **state)
{
    (void)state;
    return pair_setup_with(without_body);
}

static void no_engine(void)
{
    struct end none;
    rig_turn_for(&r, 10);
    assert_false(end_accept_now(&r, &none));
}

static void create(const char *body)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "POST /v1.41/containers/create HTTP/1.1\r\nHost: x\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    end_send(&r, &client, text);
}

static void client_still_works(void)
{
    end_forget(&client);
    if (engine.fd >= 0)
        end_forget(&engine);
    rig_get(&r, &client, &engine, "/_ping");
}

static void a_denied_request_never_reaches_the_engine(void **state)
{
    (void)state;
    end_send(&r, &client, "GET /denied/x HTTP/1.1\r\nHost: x\r\n\r\n");
    end_until(&r, &client, "request denied by sockguard policy");
    assert_true(end_has(&client, "HTTP/1.1 403 "));
    assert_true(end_has(&client, "X-Request-Id: "));
    assert_false(end_has(&client, "Connection: close"));
    no_engine();
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].refusal, REFUSAL_NO_RULE);
    assert_int_equal(r.told[0].verdict, VERDICT_DENY);
    assert_int_equal(r.told[0].status, 403);
    client_still_works();
}

static void a_denied_head_request_gets_no_body(void **state)
{
    (void)state;
    end_send(&r, &client, "HEAD /denied HTTP/1.1\r\nHost: x\r\n\r\n");
    end_until(&r, &client, "\r\n\r\n");
    client_still_works();
}

static void the_small_rest_of_a_denied_request_is_dropped(void **state)
{
    (void)state;
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    end_until(&r, &client, " 403 ");
    assert_false(end_has(&client, "Connection: close"));
    assert_int_equal(r.n_told, 0); /* not over before its bytes are */
    end_send(&r, &client, "defghij");
    rig_until_told(&r, 1);
    client_still_works();
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    end_until(&r, &client, " 403 ");
    end_send(&r, &client, "3\r\nabc\r\n0\r\n\r\n");
    rig_until_told(&r, 3);
    client_still_works();
}

static void the_large_rest_of_a_denied_request_is_not_waited_for(void **state)
{
    (void)state;
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\nabc");
    end_until_over(&r, &client);
    assert_true(end_has(&client, " 403 "));
    assert_true(end_has(&client, "Connection: close\r\n"));
}

static void an_endless_rest_of_a_denied_request_is_cut(void **state)
{
    (void)state;
    char chunk[4096 + 16];
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    end_until(&r, &client, " 403 ");
    for (int i = 0; i < 17; i++)
        end_send_bytes(&r, &client, chunk, 6 + 4096 + 2);
    end_until_over(&r, &client);
}

static void a_denied_client_that_waits_to_be_told_is_closed(void **state)
{
    (void)state; /* whether its body will come is not known */
    end_send(&r, &client,
             "POST /denied HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
             "Content-Length: 3\r\n\r\n");
    end_until_over(&r, &client);
    assert_true(end_has(&client, "HTTP/1.1 403 "));
    assert_false(end_has(&client, " 100 "));
}

static void an_allowed_body_is_forwarded_as_it_was_judged(void **state)
{
    (void)state;
    create("{\"Image\":\"alpine\"}");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n{\"Image\":\"alpine\"}");
    assert_true(end_has(&engine, "Content-Length: 18\r\n"));
    assert_int_equal(r.policy.decided, 1);
    end_send(&r, &engine, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi");
    end_until(&r, &client, "\r\n\r\nhi");
    assert_int_equal(r.told[0].status, 201);
    assert_int_equal(r.policy.rested, 1);
    client_still_works();
}

static void a_denied_body_is_seen_by_nobody(void **state)
{
    (void)state;
    create("{\"HostConfig\":{\"Privileged\":true}}");
    end_until(&r, &client, "request denied by sockguard policy");
    no_engine();
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].refusal, REFUSAL_BODY_POLICY);
    client_still_works();
}

static void a_body_in_pieces_is_judged_once_and_whole(void **state)
{
    (void)state;
    static const char body[] = "{\"HostConfig\":{\"Privileged\":true}}";
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 34\r\n\r\n");
    for (size_t i = 0; i < sizeof body - 1; i++) {
        assert_int_equal(r.policy.decided, 0);
        end_send_bytes(&r, &client, body + i, 1);
        (void)uv_run(&r.loop, UV_RUN_NOWAIT);
    }
    end_until(&r, &client, " 403 ");
    assert_int_equal(r.policy.decided, 1);
}

static void the_word_about_another_request_in_between_changes_nothing(void **state)
{
    (void)state;
    struct end other;
    end_connect(&r, &other);
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{");
    rig_turn_for(&r, 5);
    end_send(&r, &other, "GET /denied HTTP/1.1\r\nHost: x\r\n\r\n");
    end_until(&r, &other, " 403 ");
    end_send(&r, &client, "}"); /* policy_decide looks for what policy_route said of this one */
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n{}");
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    assert_int_equal(r.told[1].verdict, VERDICT_ALLOW);
    end_close(&other);
}

static void a_chunked_body_is_judged_and_gets_a_length(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\n"
             "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"Ima\r\n7\r\nge\":1} \r\n0\r\n\r\n");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n{\"Image\":1} ");
    assert_true(end_has(&engine, "Content-Length: 12\r\n"));
    assert_false(end_has(&engine, "chunked"));
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    client_still_works();
}

static void a_judged_request_without_a_body_is_judged_too(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    end_accept(&r, &engine);
    end_until(&r, &engine, "Content-Length: 0\r\n");
    assert_int_equal(r.policy.decided, 1);
}

static void where_no_body_is_wanted_it_streams_after_the_word(void **state)
{
    (void)state;
    create("{\"HostConfig\":{\"Privileged\":true}}");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n{\"HostConfig\"");
    assert_int_equal(r.policy.decided, 1);
}

static void a_body_is_asked_for_only_when_it_is_wanted(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
             "Content-Length: 2\r\n\r\n");
    end_until(&r, &client, "HTTP/1.1 100 Continue\r\n\r\n");
    no_engine();
    end_send(&r, &client, "{}");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n{}");
    assert_false(end_has(&engine, "Expect"));
}

static void an_upgrade_elsewhere_is_dropped(void **state)
{
    (void)state;
    end_send(&r, &client,
             "GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    assert_false(end_has(&engine, "pgrade"));
}

static void a_body_over_its_limit_is_refused_unread(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n");
    end_until(&r, &client, " 413 ");
    assert_int_equal(r.policy.refused, 1);
    assert_int_equal(proxy_count(r.proxy).body_bytes, 0);
}

static void a_chunked_body_over_its_limit_is_refused_at_that_byte(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\n"
             "Transfer-Encoding: chunked\r\n\r\n40\r\n");
    for (int i = 0; i < 8; i++)
        end_send(&r, &client, "12345678");
    end_send(&r, &client, "\r\n");
    rig_turn_for(&r, 5);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    end_send(&r, &client, "1\r\nx\r\n");
    end_until(&r, &client, " 413 ");
    no_engine();
}

static void a_stalled_body_is_given_up(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    end_until_over(&r, &client);
    assert_true(end_has(&client, " 403 "));
    assert_true(end_has(&client, "Connection: close\r\n"));
    assert_int_equal(r.told[0].refusal, REFUSAL_BODY_TIMEOUT);
    no_engine();
}

static void a_stalled_rest_of_a_denied_body_is_given_up(void **state)
{
    (void)state;
    end_send(&r, &client, "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    end_until(&r, &client, " 403 ");
    end_until_over(&r, &client);
}

static void over_the_budget_a_body_waits_until_another_has_gone(void **state)
{
    (void)state;
    struct end other;
    end_connect(&r, &other);
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    rig_turn_for(&r, 5);
    end_send(&r, &other,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    end_send(&r, &other, "Privileged 901234567890123456789012345678901234567890123456789");
    rig_turn_for(&r, 5);
    assert_int_equal(proxy_count(r.proxy).body_bytes, 60);
    assert_int_equal(r.policy.decided, 0);
    end_close(&client); /* gives its room back */
    end_until(&r, &other, " 403 ");
    assert_int_equal(r.policy.decided, 1);
    end_close(&other);
}

static void patient(void)
{
    small();
    r.options.timeouts.body = RIG_MS;
}

static int setup_patient(void **state)
{
    (void)state;
    return pair_setup_with(patient);
}

static void over_the_budget_for_too_long_is_a_503(void **state)
{
    (void)state;
    struct end other;
    end_connect(&r, &other);
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    rig_turn_for(&r, 5);
    end_send(&r, &other,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    end_until_over(&r, &other);
    assert_true(end_has(&other, " 503 "));
    assert_true(end_has(&other, "Connection: close\r\n"));
    assert_int_equal(r.told[0].refusal, REFUSAL_BUDGET);
    assert_int_equal(r.told[0].verdict, VERDICT_ALLOW); /* what the rules had said */
    end_close(&other);
}

static void broken_chunks_close(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /containers/create HTTP/1.1\r\nHost: x\r\n"
             "Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    end_until_over(&r, &client);
    assert_true(end_has(&client, " 400 "));
    no_engine();
}

static void broken_chunks_in_a_streamed_body_are_not_completed(void **state)
{
    (void)state;
    end_send(&r, &client,
             "POST /images/load HTTP/1.1\r\nHost: x\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    end_accept(&r, &engine);
    end_until(&r, &engine, "abc");
    end_send(&r, &client, "zz\r\n");
    end_until_over(&r, &client);
    assert_true(end_has(&client, " 400 "));
    end_until_over(&r, &engine);
    assert_false(end_has(&engine, "\r\n0\r\n"));
}

int main(void)
{
#define SMALL(name) PAIR_WITH(name, setup_small)
    const struct CMUnitTest tests[] = {
        PAIR(a_denied_request_never_reaches_the_engine),
        PAIR(a_denied_head_request_gets_no_body),
        PAIR(the_small_rest_of_a_denied_request_is_dropped),
        PAIR(the_large_rest_of_a_denied_request_is_not_waited_for),
        PAIR(an_endless_rest_of_a_denied_request_is_cut),
        PAIR(a_denied_client_that_waits_to_be_told_is_closed),
        PAIR(an_allowed_body_is_forwarded_as_it_was_judged),
        PAIR(a_denied_body_is_seen_by_nobody),
        PAIR(a_body_in_pieces_is_judged_once_and_whole),
        PAIR(the_word_about_another_request_in_between_changes_nothing),
        PAIR(a_chunked_body_is_judged_and_gets_a_length),
        PAIR(a_judged_request_without_a_body_is_judged_too),
        PAIR_WITH(where_no_body_is_wanted_it_streams_after_the_word, setup_without_body),
        PAIR(a_body_is_asked_for_only_when_it_is_wanted),
        PAIR(an_upgrade_elsewhere_is_dropped),
        SMALL(a_body_over_its_limit_is_refused_unread),
        SMALL(a_chunked_body_over_its_limit_is_refused_at_that_byte),
        SMALL(a_stalled_body_is_given_up),
        SMALL(a_stalled_rest_of_a_denied_body_is_given_up),
        SMALL(over_the_budget_a_body_waits_until_another_has_gone),
        PAIR_WITH(over_the_budget_for_too_long_is_a_503, setup_patient),
        PAIR(broken_chunks_close),
        PAIR(broken_chunks_in_a_streamed_body_are_not_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
