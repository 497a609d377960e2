/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from request heads. Those that are refused are in head_refused_test.c,
 * responses in response_test.c, bodies in frame_test.c. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])
#define GET "GET /_ping HTTP/1.1\r\nHost: docker\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: docker\r\n"

/* Read from memory of exactly that size, so that ASan sees a byte too many. The strs of *h
 * are only good for comparing lengths. */
static enum refusal refusal_of(struct str bytes, struct head *h)
{
    struct reader r;
    char *copy = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    reader_init(&r, READER_REQUESTS);
    const enum refusal why = head_read(&r, (struct str){copy, bytes.n}, METHOD_NONE, h);
    free(copy);
    return why;
}

static void read_good(struct str bytes, struct head *h)
{
    struct reader r;
    reader_init(&r, READER_REQUESTS);
    assert_int_equal(head_length(bytes, 0), bytes.n);
    const enum refusal why = head_read(&r, bytes, METHOD_NONE, h);
    if (why)
        fail_msg("%s refused: %.*s", refusal_info(why)->code.p, (int)bytes.n, bytes.p);
}

static void assert_str(struct str s, const char *expected)
{
    if (!str_eq(s, str_of(expected)))
        fail_msg("%.*s is not %s", (int)s.n, s.p, expected);
}

static void an_ordinary_request_gives_its_facts(void **state)
{
    static struct head h;
    (void)state;
    read_good(STR("POST /v1.41/containers/create?name=%7e HTTP/1.1\r\n"
                  "Host: docker\r\n"
                  "content-TYPE:application/json; charset=utf-8 \t\r\n"
                  "Content-Length: 00026\r\n"
                  "X-Registry-Auth: \t e30= \r\n"
                  "X-Empty:\r\n"
                  "Expect: 100-Continue\r\n\r\n"),
              &h);
    assert_int_equal(h.method, METHOD_POST);
    assert_str(h.target, "/v1.41/containers/create?name=%7e");
    assert_int_equal(h.minor, 1);
    assert_int_equal(h.framing, FRAMING_LENGTH);
    assert_int_equal(h.length, 26);
    assert_true(h.keep_alive && h.expect_continue && !h.upgrade);
    assert_int_equal(h.n_fields, 6);
    assert_str(h.fields[1].name, "content-TYPE");
    assert_str(head_field(&h, FIELD_CONTENT_TYPE), "application/json; charset=utf-8");
    assert_str(head_field(&h, FIELD_REGISTRY_AUTH), "e30=");
    assert_str(h.fields[4].value, "");
    assert_null(head_field(&h, FIELD_ORIGIN).p);
    assert_int_equal(h.at[FIELD_ORIGIN], 0);
}

static void an_empty_header_is_there_and_an_absent_one_is_not(void **state)
{
    static struct head h;
    (void)state;
    read_good(STR("GET / HTTP/1.1\r\nHost:\r\nOrigin: \r\n\r\n"), &h);
    assert_non_null(head_field(&h, FIELD_ORIGIN).p);
    assert_int_equal(head_field(&h, FIELD_ORIGIN).n, 0);
    assert_non_null(head_field(&h, FIELD_HOST).p);
    assert_null(head_field(&h, FIELD_EXPECT).p);
}

static void a_body_is_announced_in_one_of_two_ways_or_not_at_all(void **state)
{
    static struct head h;
    (void)state;
    read_good(STR(GET "\r\n"), &h);
    assert_int_equal(h.framing, FRAMING_NONE);
    read_good(STR(POST "Content-Length: 0\r\n\r\n"), &h);
    assert_int_equal(h.framing, FRAMING_LENGTH);
    assert_int_equal(h.length, 0);
    read_good(STR(POST "Content-Length: 9223372036854775807\r\n\r\n"), &h);
    assert_true(h.length == INT64_MAX);
    read_good(STR(POST "Transfer-Encoding:\tChunKed \r\n\r\n"), &h);
    assert_int_equal(h.framing, FRAMING_CHUNKED);
    assert_int_equal(h.length, 0);
    read_good(STR("DELETE /x HTTP/1.0\r\nContent-Length: 3\r\n\r\n"), &h);
    assert_int_equal(h.minor, 0);
    assert_int_equal(h.length, 3);
}

static void every_method_of_the_router_is_known_by_its_exact_name(void **state)
{
    static const char *const names[] = {"GET",   "HEAD",    "POST",    "PUT",  "DELETE",
                                        "PATCH", "OPTIONS", "CONNECT", "TRACE"};
    static struct head h;
    char text[80];
    (void)state;
    assert_int_equal(SIZE(names), METHOD_COUNT - 1);
    assert_str(method_name(METHOD_NONE), "");
    for (size_t i = 0; i < SIZE(names); i++) {
        const char *target = i + 1 == METHOD_CONNECT ? "docker:2375" : "/";
        const int n =
            snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: d\r\n\r\n", names[i], target);
        read_good((struct str){text, (size_t)n}, &h);
        assert_int_equal(h.method, i + 1);
        assert_str(method_name(h.method), names[i]);
    }
}

static void a_connection_stays_open_only_if_both_ends_can_tell(void **state)
{
    static const struct {
        const char *minor, *lines;
        bool open;
    } rows[] = {
        {"1", "", true},
        {"1", "Connection: close\r\n", false},
        {"1", "Connection: CLOSE\r\n", false},
        {"1", "Connection: keep-alive\r\n", true},
        {"1", "Connection: keep-alive, close\r\n", false},
        {"1", "Connection: ,, ,\tclose ,\r\n", false},
        {"1", "Connection: keep-alive\r\nConnection: X\r\nconnection: close\r\n", false},
        {"1", "Connection: closed\r\n", true},
        {"1", "Proxy-Connection: close\r\n", false}, /* llhttp's reading, the careful one */
        {"0", "", false},
        {"0", "Connection: keep-alive\r\n", true},
        {"0", "Connection: keep-alive, close\r\n", false},
        {"0", "Proxy-Connection: keep-alive\r\n", false},
    };
    static struct head h;
    char text[160];
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const int n = snprintf(text, sizeof text, "GET / HTTP/1.%s\r\nHost: d\r\n%s\r\n",
                               rows[i].minor, rows[i].lines);
        read_good((struct str){text, (size_t)n}, &h);
        if (h.keep_alive != rows[i].open)
            fail_msg("row %zu", i);
    }
}

static void connection_makes_what_it_names_hop_by_hop(void **state)
{
    static struct head h;
    (void)state;
    read_good(STR(GET "X-One: 1\r\nX-Two: 2\r\nConnection: keep-alive, x-ONE\r\nX-Three: 3\r\n"
                      "Connection:,, X-Two ,upgrade\r\nUpgrade: tcp\r\nX-One: again\r\n\r\n"),
              &h);
    const bool named[] = {false, true, true, false, false, false, true, true};
    assert_int_equal(h.n_fields, SIZE(named));
    for (size_t i = 0; i < SIZE(named); i++)
        assert_int_equal(h.fields[i].named_by_connection, named[i]);
    assert_true(h.upgrade);
    assert_int_equal(h.at[FIELD_CONNECTION], 4); /* the first of them */
    read_good(STR(GET "Upgrade: tcp\r\n\r\n"), &h);
    assert_false(h.upgrade);
    read_good(STR(GET "Connection: Upgrade\r\n\r\n"), &h);
    assert_false(h.upgrade);
}

static void the_wish_for_100_continue_means_nothing_on_http_1_0(void **state)
{
    static struct head h;
    (void)state;
    read_good(STR("POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"), &h);
    assert_false(h.expect_continue);
}

static void a_head_cut_anywhere_has_not_ended_and_is_refused(void **state)
{
    static struct head h;
    const struct str whole = STR(POST "Content-Length: 2\r\nConnection: a, b\r\nX:\r\n\r\n");
    (void)state;
    for (size_t n = 0; n < whole.n; n++) {
        for (size_t from = 0; from <= n; from++)
            assert_int_equal(head_length((struct str){whole.p, n}, from), 0);
        assert_int_not_equal(refusal_of((struct str){whole.p, n}, &h), REFUSAL_NONE);
        assert_int_equal(head_length(whole, n), whole.n);
    }
    read_good(whole, &h);
}

static void a_line_feed_alone_ends_a_head_at_once(void **state)
{
    (void)state;
    assert_int_equal(head_length(STR("GET / HTTP/1.1\nHost: d\n\n"), 0), 15);
    assert_int_equal(head_length(STR("GET / HTTP/1.1\r\nHost: d\nX"), 0), 24);
    assert_int_equal(head_length(STR("\nGET"), 0), 1);
    assert_int_equal(head_length(STR("\r\nGET"), 0), 2);
    assert_int_equal(head_length(STR(GET "\r\n" GET), 0), sizeof GET - 1 + 2);
    assert_int_equal(head_length(STR("GET / HTTP/1.1\rHost: d\r\r"), 0), 0);
}

static void the_known_headers_are_known_in_any_case_and_repeat_only_where_lists_do(void **state)
{
    static const struct {
        const char *name, *value;
        enum field_id id;
        bool repeats;
    } rows[] = {
        {"hOST", "d", FIELD_HOST, false},
        {"cONNECTION", "close", FIELD_CONNECTION, true},
        {"cONTENT-lENGTH", "1", FIELD_CONTENT_LENGTH, false},
        {"tRANSFER-eNCODING", "chunked", FIELD_TRANSFER_ENCODING, false},
        {"cONTENT-tYPE", "a/b", FIELD_CONTENT_TYPE, false},
        {"cONTENT-eNCODING", "gzip", FIELD_CONTENT_ENCODING, false},
        {"eXPECT", "100-continue", FIELD_EXPECT, false},
        {"uPGRADE", "tcp", FIELD_UPGRADE, false},
        {"oRIGIN", "null", FIELD_ORIGIN, false},
        {"x-rEGISTRY-aUTH", "e30=", FIELD_REGISTRY_AUTH, false},
        {"x-rEGISTRY-cONFIG", "e30=", FIELD_REGISTRY_CONFIG, false},
        {"x-rEQUEST-iD", "1", FIELD_REQUEST_ID, false},
        {"aCCEPT-eNCODING", "gzip", FIELD_ACCEPT_ENCODING, true},
        {"dATE", "today", FIELD_DATE, false},
        {"kEEP-aLIVE", "1", FIELD_HOP, true},
        {"pROXY-cONNECTION", "1", FIELD_HOP, true},
        {"pROXY-aUTHENTICATE", "1", FIELD_HOP, true},
        {"pROXY-aUTHORIZATION", "1", FIELD_HOP, true},
        {"tE", "trailers", FIELD_HOP, true},
        {"tRAILER", "x", FIELD_HOP, true},
        {"fORWARDED", "x", FIELD_FORWARDED, true},
        {"x-fORWARDED-fOR", "x", FIELD_FORWARDED, true},
        {"x-fORWARDED-", "x", FIELD_FORWARDED, true},
        {"x-fORWARDED", "x", FIELD_OTHER, true},
        {"transfer_encoding", "x", FIELD_OTHER, true},
        {"tf", "x", FIELD_OTHER, true},
        {"contenu-length", "x", FIELD_OTHER, true},
    };
    static struct head h;
    char text[256];
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const char *host = rows[i].id == FIELD_HOST ? "" : "Host: d\r\n";
        int n = snprintf(text, sizeof text, "PUT / HTTP/1.1\r\n%s%s: %s\r\n\r\n", host,
                         rows[i].name, rows[i].value);
        read_good((struct str){text, (size_t)n}, &h);
        assert_int_equal(h.fields[h.n_fields - 1].id, rows[i].id);
        assert_int_equal(h.at[rows[i].id], h.n_fields);
        n = snprintf(text, sizeof text, "PUT / HTTP/1.1\r\n%s%s: %s\r\n%s: %s\r\n\r\n", host,
                     rows[i].name, rows[i].value, rows[i].name, rows[i].value);
        assert_int_equal(refusal_of((struct str){text, (size_t)n}, &h) == REFUSAL_NONE,
                         rows[i].repeats);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_request_gives_its_facts),
        cmocka_unit_test(an_empty_header_is_there_and_an_absent_one_is_not),
        cmocka_unit_test(a_body_is_announced_in_one_of_two_ways_or_not_at_all),
        cmocka_unit_test(every_method_of_the_router_is_known_by_its_exact_name),
        cmocka_unit_test(a_connection_stays_open_only_if_both_ends_can_tell),
        cmocka_unit_test(connection_makes_what_it_names_hop_by_hop),
        cmocka_unit_test(the_wish_for_100_continue_means_nothing_on_http_1_0),
        cmocka_unit_test(a_head_cut_anywhere_has_not_ended_and_is_refused),
        cmocka_unit_test(a_line_feed_alone_ends_a_head_at_once),
        cmocka_unit_test(the_known_headers_are_known_in_any_case_and_repeat_only_where_lists_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
