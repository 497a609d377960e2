/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine is asked before a request can be judged. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CREATE                                                                                     \
    "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"            \
    "Content-Length: 2\r\n\r\n{}"
#define HARMLESS "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nharmless"

static void one(void)
{
    r.policy.lookups = 1;
}

static int setup(void **state)
{
    (void)state;
    return pair_setup_with(one);
}

static void two_and_impatient(void)
{
    r.policy.lookups = 2;
    r.options.timeouts.lookup = 60;
}

static int setup_two(void **state)
{
    (void)state;
    return pair_setup_with(two_and_impatient);
}

/* The request is asked, and the engine hears a look-up's head. */
static void hear_lookup(const char *path)
{
    char line[64];
    if (engine.fd < 0)
        end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
    (void)snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost: docker\r\n", path);
    assert_true(end_has(&engine, line));
    assert_false(end_has(&engine, "POST"));
    end_forget(&engine);
}

static void assert_denied(void)
{
    end_until(&r, &client, "HTTP/1.1 403 ");
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].refusal, REFUSAL_BODY_INSPECTION);
}

static void the_request_follows_on_the_same_connection(void **state)
{
    (void)state;
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_send(&r, &engine, HARMLESS);
    end_until(&r, &engine, "\r\n\r\n{}");
    assert_true(end_has(&engine, "POST /containers/create "));
    end_send(&r, &engine, OK_HI);
    end_until(&r, &client, "\r\n\r\nhi");
    assert_int_equal(proxy_count(r.proxy).upstreams, 1);
}

static void an_answer_may_come_in_any_pieces(void **state)
{
    (void)state;
    const char *const text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Transfer-Encoding: chunked\r\n\r\n4\r\nharm\r\n4\r\nless\r\n0\r\n\r\n";
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    for (size_t i = 0; text[i]; i++) {
        end_send_bytes(&r, &engine, text + i, 1);
        rig_turn(&r);
    }
    end_until(&r, &engine, "POST /containers/create ");
    assert_false(end_has(&client, "100"));
}

static void a_bad_answer_is_a_denial_and_its_connection_is_not_kept(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 500 No\r\nContent-Length: 8\r\n\r\nharmless",
        "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        end_send(&r, &client, CREATE);
        hear_lookup("/fact/0");
        end_send(&r, &engine, answers[i]);
        end_until(&r, &client, "HTTP/1.1 403 ");
        end_forget(&client);
        end_close(&engine);
        rig_turn_for(&r, 5);
        assert_int_equal(proxy_count(r.proxy).upstreams, 0);
    }
    rig_until_told(&r, 5);
    assert_int_equal(r.policy.decided, 5);
}

static void an_engine_that_breaks_off_is_a_denial(void **state)
{
    (void)state;
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nharmless");
    end_close(&engine);
    assert_denied();
}

static void an_engine_that_is_not_there_is_a_denial(void **state)
{
    (void)state;
    rig_engine_stop(&r);
    end_send(&r, &client, CREATE);
    assert_denied();
}

static void a_pooled_connection_that_died_is_replaced(void **state)
{
    (void)state;
    rig_get(&r, &client, &engine, "/_ping");
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_close(&engine);
    hear_lookup("/fact/0");
    end_send(&r, &engine, HARMLESS);
    end_until(&r, &engine, "POST /containers/create ");
}

static void several_are_asked_one_after_the_other(void **state)
{
    (void)state;
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_send(&r, &engine, HARMLESS);
    hear_lookup("/fact/1");
    end_send(&r, &engine, HARMLESS);
    end_until(&r, &engine, "POST /containers/create ");
}

static void one_deadline_is_for_all(void **state)
{
    (void)state;
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_send(&r, &engine, HARMLESS);
    hear_lookup("/fact/1");
    assert_denied();
    end_until_over(&r, &engine);
}

static void a_client_that_leaves_takes_it_along(void **state)
{
    (void)state;
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_close(&client);
    end_until_over(&r, &engine);
    rig_until_told(&r, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
    assert_int_equal(r.policy.decided, 0);
}

static void an_endless_answer_is_a_denial(void **state)
{
    (void)state;
    static char filler[64 * 1024];
    memset(filler, 'x', sizeof filler);
    end_send(&r, &client, CREATE);
    hear_lookup("/fact/0");
    end_send(&r, &engine, "HTTP/1.1 200 OK\r\n\r\n");
    for (size_t sent = 0; sent < 9 * 1024 * 1024 && r.n_told == 0;) {
        sent += end_flood(&r, &engine, filler, sizeof filler, sizeof filler);
        rig_turn(&r);
    }
    assert_denied();
}

int main(void)
{
#define TEST(name) PAIR_WITH(name, setup)
#define TWO(name) PAIR_WITH(name, setup_two)
    const struct CMUnitTest tests[] = {
        TEST(the_request_follows_on_the_same_connection),
        TEST(an_answer_may_come_in_any_pieces),
        TEST(a_bad_answer_is_a_denial_and_its_connection_is_not_kept),
        TEST(an_engine_that_breaks_off_is_a_denial),
        TEST(an_engine_that_is_not_there_is_a_denial),
        TEST(a_pooled_connection_that_died_is_replaced),
        TWO(several_are_asked_one_after_the_other),
        TWO(one_deadline_is_for_all),
        TEST(a_client_that_leaves_takes_it_along),
        TEST(an_endless_answer_is_a_denial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
