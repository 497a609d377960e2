/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of responses. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

static void a_response_says_in_one_way_only_where_its_body_ends(void **state)
{
    static const struct {
        const char *head;
        enum method request;
        enum framing framing;
        uint64_t length;
        bool keep_alive;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n", METHOD_GET, FRAMING_LENGTH, 7, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", METHOD_GET, FRAMING_LENGTH, 0, true},
        {"HTTP/1.1 200\r\nContent-Length: 7\r\n", METHOD_GET, FRAMING_LENGTH, 7, true},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n", METHOD_PUT, FRAMING_CHUNKED, 0, true},
        {"HTTP/1.1 200 OK\r\n", METHOD_GET, FRAMING_TO_CLOSE, 0, false},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", METHOD_GET, FRAMING_TO_CLOSE, 0, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n", METHOD_GET, FRAMING_LENGTH, 7, false},
        {"HTTP/1.1 404 Not F\xc3\xb6und\r\nContent-Length: 7\r\nConnection: close\r\n", METHOD_GET,
         FRAMING_LENGTH, 7, false},
        {"HTTP/1.1 200 OK\r\n", METHOD_HEAD, FRAMING_NONE, 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n", METHOD_HEAD, FRAMING_NONE, 0, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", METHOD_HEAD, FRAMING_NONE, 0, true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n", METHOD_GET, FRAMING_NONE, 0, true},
        {"HTTP/1.1 204 No Content\r\n", METHOD_DELETE, FRAMING_NONE, 0, true},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n", METHOD_GET, FRAMING_NONE, 0, true},
        {"HTTP/1.1 100 Continue\r\n", METHOD_POST, FRAMING_NONE, 0, true},
        {"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n", METHOD_POST,
         FRAMING_NONE, 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nUpgrade: h2c\r\n", METHOD_CONNECT, FRAMING_LENGTH,
         7, true},
    };
    static struct head h;
    char text[160];
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct reader r;
        reader_init(&r, READER_RESPONSES);
        const int n = snprintf(text, sizeof text, "%s\r\n", rows[i].head);
        const enum refusal why = head_read(&r, (struct str){text, (size_t)n}, rows[i].request, &h);
        if (why || h.framing != rows[i].framing || h.length != rows[i].length ||
            h.keep_alive != rows[i].keep_alive)
            fail_msg("row %zu: refusal %d, framing %d, %d", i, why, h.framing, h.keep_alive);
        assert_int_equal(h.method, METHOD_NONE);
        assert_int_equal(h.at[FIELD_CONTENT_LENGTH] != 0,
                         strstr(rows[i].head, "Content-Length") != NULL);
    }
}

static void a_status_line_gives_status_and_reason(void **state)
{
    static struct head h;
    struct reader r;
    (void)state;
    reader_init(&r, READER_RESPONSES);
    assert_int_equal(head_read(&r, STR("HTTP/1.0 418 I'm a teapot \r\n\r\n"), METHOD_GET, &h), 0);
    assert_int_equal(h.status, 418);
    assert_int_equal(h.minor, 0);
    assert_true(str_eq(h.reason, STR("I'm a teapot ")));
}

static void a_response_that_could_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const rows[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        "HTTP/1.1 304 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 7\n\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 7\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: d\r\n\r\n",
        "\r\n",
    };
    static struct head h;
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct reader r;
        reader_init(&r, READER_RESPONSES);
        if (head_read(&r, str_of(rows[i]), METHOD_GET, &h) == REFUSAL_NONE)
            fail_msg("taken: %s", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_says_in_one_way_only_where_its_body_ends),
        cmocka_unit_test(a_status_line_gives_status_and_reason),
        cmocka_unit_test(a_response_that_could_be_read_in_two_ways_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
