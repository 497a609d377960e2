/* SPDX-License-Identifier: Apache-2.0 */
/* What a request costs once its connections are warm. */
#include "pair.h"
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WARM = 10, TIMES = 300 };

static void exchange(const char *request, const char *answer)
{
    end_send(&r, &client, request);
    if (answer && engine.fd < 0)
        end_accept(&r, &engine);
    if (answer) {
        end_until(&r, &engine, "\r\n\r\n");
        end_send(&r, &engine, answer);
        end_forget(&engine);
    }
    end_until(&r, &client, "END");
    end_forget(&client);
}

/* How many of each, for TIMES exchanges of which each is the same. */
static struct tally cost(const char *request, const char *answer)
{
    for (int i = 0; i < WARM; i++)
        exchange(request, answer);
    tally = (struct tally){0};
    for (int i = 0; i < TIMES; i++)
        exchange(request, answer);
    return tally;
}

static void costs(const char *request, const char *answer, unsigned reads, unsigned writes)
{
    const struct tally t = cost(request, answer);
    assert_int_equal(t.reads, TIMES * reads);
    assert_int_equal(t.writes, TIMES * writes);
    assert_int_equal(t.controls, 0);
    assert_int_equal(t.mallocs, 0);
}

#define GET "GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: docker\r\nUser-Agent: test\r\n\r\n"

static void the_tally_counts(void **state)
{
    (void)state;
    tally = (struct tally){0};
    struct end another;
    end_connect(&r, &another);
    rig_turn_for(&r, 5);
    end_close(&another);
    rig_turn_for(&r, 5);
    assert_true(tally.reads > 0 && tally.controls > 0);
#ifndef __SANITIZE_ADDRESS__
    assert_true(tally.mallocs > 0);
#endif
}

static void a_kept_alive_get_costs_two_reads_and_two_writes(void **state)
{
    (void)state;
    costs(GET,
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[]END", 2,
          2);
    assert_int_equal(proxy_count(r.proxy).upstreams, 1);
}

static void a_chunked_answer_costs_no_more(void **state)
{
    (void)state;
    costs(GET,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n3\r\nEND\r\n0\r\n\r\n",
          2, 2);
}

static void a_small_judged_body_costs_no_more(void **state)
{
    (void)state;
    const struct tally t =
        cost("POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
             "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nEND");
    assert_int_equal(t.reads, TIMES * 2);
    assert_int_equal(t.writes, TIMES * 2);
    assert_int_equal(t.controls, 0);
}

static void two_requests_in_one_packet_cost_one_read_of_the_client(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nEND";
    exchange(GET, answer);
    tally = (struct tally){0};
    end_send(&r, &client, GET GET);
    for (int i = 0; i < 2; i++) {
        end_until(&r, &engine, "\r\n\r\n");
        end_forget(&engine);
        end_send(&r, &engine, answer);
        end_until(&r, &client, "END");
        end_forget(&client);
    }
    assert_int_equal(tally.reads, 3);
    assert_int_equal(tally.writes, 4);
    assert_int_equal(tally.controls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(the_tally_counts),
        PAIR(a_kept_alive_get_costs_two_reads_and_two_writes),
        PAIR(a_chunked_answer_costs_no_more),
        PAIR(a_small_judged_body_costs_no_more),
        PAIR(two_requests_in_one_packet_cost_one_read_of_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
