/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that are refused, and why. What is read from the others is in head_test.c. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])
#define GET "GET /_ping HTTP/1.1\r\nHost: docker\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: docker\r\n"

/* Read from memory of exactly that size, so that ASan sees a byte too many. */
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

#define ROW(text, refusal)                                                                         \
    {                                                                                              \
        text, sizeof(text) - 1, REFUSAL_##refusal                                                  \
    }
static const struct {
    const char *p;
    size_t n;
    enum refusal why;
} refused[] = {
    /* the first line */
    ROW(" " GET "\r\n", BAD_REQUEST),
    ROW("\r\n" GET "\r\n", BAD_REQUEST),
    ROW("\r\n", BAD_REQUEST),
    ROW("\n", BAD_REQUEST),
    ROW("GET  /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping  HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET\t/_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping\tHTTP/1.1\r\nHost: d\r\n\r\n", BAD_TARGET),
    ROW("GET /_ping HTTP/1.1 \r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /a b HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping\r\n\r\n", BAD_REQUEST),
    ROW("GET /a\0b HTTP/1.1\r\nHost: d\r\n\r\n", BAD_TARGET),
    ROW("GET /a\x7f HTTP/1.1\r\nHost: d\r\n\r\n", BAD_TARGET),
    ROW("GET /caf\xc3\xa9 HTTP/1.1\r\nHost: d\r\n\r\n", BAD_TARGET),
    ROW("GET docker:2375 HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("get /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("Get /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GETT /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GE /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("PROPFIND /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("M-SEARCH /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("FOO /_ping HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    /* versions */
    ROW("GET /_ping HTTP/2.0\r\nHost: d\r\n\r\n", HTTP_VERSION),
    ROW("GET /_ping HTTP/1.2\r\nHost: d\r\n\r\n", HTTP_VERSION),
    ROW("GET /_ping HTTP/0.9\r\nHost: d\r\n\r\n", HTTP_VERSION),
    ROW("PRI * HTTP/2.0\r\n\r\n", NO_RULE),
    ROW("PRI / HTTP/2.0\r\n\r\n", HTTP_VERSION),
    ROW("PRI * HTTP/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.10\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/11\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping http/1.1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1,1\r\nHost: d\r\n\r\n", BAD_REQUEST),
    ROW("DESCRIBE /_ping RTSP/1.0\r\nHost: d\r\n\r\n", BAD_REQUEST),
    /* line ends, folding, names, values */
    ROW("GET /_ping HTTP/1.1\nHost: docker\n\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.1\rHost: docker\r\r", BAD_REQUEST),
    ROW(GET "X-A: b\nX-B: c\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A: b\rX-B: c\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A: b\r\r\n\r\n", BAD_REQUEST),
    ROW(GET "\n", BAD_REQUEST),
    ROW(GET "\r", BAD_REQUEST),
    ROW(GET "\r\n\r\n", BAD_REQUEST),
    ROW(GET "\r\nbody", BAD_REQUEST),
    ROW(GET "X-A: b\r\n c\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A:\r\n\tb\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.1\r\n Host: docker\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A : b\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A\t: b\r\n\r\n", BAD_REQUEST),
    ROW(GET "X A: b\r\n\r\n", BAD_REQUEST),
    ROW(GET ": b\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-\xe9: b\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A: b\0c\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A: b\x7f\r\n\r\n", BAD_REQUEST),
    ROW(GET "X-A: \x0b"
            "b\r\n\r\n",
        BAD_REQUEST),
    /* Host */
    ROW("GET /_ping HTTP/1.1\r\n\r\n", BAD_REQUEST),
    ROW(GET "Host: evil\r\n\r\n", BAD_REQUEST),
    ROW(GET "host: docker\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.0\r\nHost: a\r\nHOST: a\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.1\r\nHost: docker@evil.example\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.1\r\nHost: docker/x\r\n\r\n", BAD_REQUEST),
    ROW("GET /_ping HTTP/1.1\r\nHost: a b\r\n\r\n", BAD_REQUEST),
    /* lengths */
    ROW(POST "Content-Length: 26\r\nContent-Length: 26\r\n\r\n", BAD_REQUEST),
    ROW(POST "Content-Length: 26, 26\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 26, 0\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: +26\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: -1\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 0x1a\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 2 6\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 26.0\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: \r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 26\t\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 26 \t\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 9223372036854775808\r\n\r\n", BAD_FRAMING),
    ROW(POST "Content-Length: 18446744073709551642\r\n\r\n", BAD_FRAMING),
    /* codings */
    ROW(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", BAD_FRAMING),
    ROW("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BAD_REQUEST),
    ROW(POST "Transfer-Encoding: chunked, chunked\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: chunked,\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: xchunked\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: chunked;a=b\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: \"chunked\"\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding:\r\n\r\n", BAD_FRAMING),
    ROW(POST "Transfer-Encoding: gzip\r\n\r\n", CODING),
    ROW(POST "Transfer-Encoding: Identity\r\n\r\n", CODING),
    ROW("CONNECT docker:2375 HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\n\r\n", BAD_FRAMING),
    ROW("CONNECT d:1 HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n", BAD_FRAMING),
    /* what others must not drop, and what nobody promises */
    ROW(POST "Content-Length: 1\r\nConnection: close, Content-Length\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: host\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: Transfer-Encoding\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: Content-Type\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: X-Registry-Auth\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: Origin\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: close x\r\n\r\n", BAD_REQUEST),
    ROW(GET "Connection: \"close\"\r\n\r\n", BAD_REQUEST),
    ROW(POST "Content-Length: 1\r\nExpect: 200-ok\r\n\r\n", BAD_REQUEST),
    ROW(POST "Content-Length: 1\r\nExpect:\r\n\r\n", BAD_REQUEST),
};

static void a_head_that_could_be_read_in_two_ways_is_refused(void **state)
{
    static struct head h;
    (void)state;
    for (size_t i = 0; i < SIZE(refused); i++) {
        const enum refusal why = refusal_of((struct str){refused[i].p, refused[i].n}, &h);
        if (why != refused[i].why)
            fail_msg("refusal %d, not %d, of: %s", why, refused[i].why, refused[i].p);
    }
}

static void after_a_refusal_nothing_is_read_any_more(void **state)
{
    static struct head h;
    struct reader r;
    size_t used;
    struct str data;
    (void)state;
    for (size_t i = 0; i < SIZE(refused); i++) {
        reader_init(&r, READER_REQUESTS);
        assert_int_not_equal(
            head_read(&r, (struct str){refused[i].p, refused[i].n}, METHOD_NONE, &h), 0);
        assert_int_equal(head_read(&r, STR(GET "\r\n"), METHOD_NONE, &h), REFUSAL_BAD_REQUEST);
        assert_int_equal(frame_read(&r, STR("x"), &used, &data), FRAME_BAD);
    }
}

/* A head with one byte put into it: accepted or not. */
static bool accepts(const char *before, char byte, const char *after)
{
    static struct head h;
    char text[128];
    const int n = snprintf(text, sizeof text, "%s%c%s", before, byte, after);
    return refusal_of((struct str){text, (size_t)n}, &h) == REFUSAL_NONE;
}

static void each_place_takes_its_bytes_and_no_others(void **state)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char host[] = "!$%&'()*+,-.:;=[]_~0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ \t"; /* blanks are trimmed */
    (void)state;
    for (int i = 0; i < 256; i++) {
        const char c = (char)i;
        const bool blank = c == ' ' || c == '\t', graph = i > ' ' && i < 0x7f;
        assert_int_equal(accepts(GET "X", c, "A: b\r\n\r\n"),
                         (i && memchr(token, i, sizeof token - 1)) || c == ':');
        assert_int_equal(accepts(GET "X: a", c, "b\r\n\r\n"), blank || graph || i >= 0x80);
        assert_int_equal(accepts("GET /a", c, "b HTTP/1.1\r\nHost: d\r\n\r\n"), graph);
        assert_int_equal(accepts("GET /a?b=", c, "c HTTP/1.1\r\nHost: d\r\n\r\n"), graph);
        assert_int_equal(accepts("GET / HTTP/1.1\r\nHost: d", c, "\r\n\r\n"),
                         i && memchr(host, i, sizeof host - 1) != NULL);
    }
}

/* A GET with that many header lines, Host the first of them, its target `pad` bytes longer.
 * Freed by the caller. */
static struct str make_head(size_t lines, size_t pad)
{
    char *text = malloc(pad + lines * 8 + 64);
    assert_non_null(text);
    memcpy(text, "GET /", 5);
    memset(text + 5, 'a', pad);
    size_t n = 5 + pad;
    n += (size_t)snprintf(text + n, 40, " HTTP/1.1\r\nHost: d\r\n");
    for (size_t i = 1; i < lines; i++)
        n += (size_t)snprintf(text + n, 8, "a: b\r\n");
    memcpy(text + n, "\r\n", 2);
    return (struct str){text, n + 2};
}

static void a_head_has_a_ceiling_on_lines_and_on_bytes(void **state)
{
    static struct head h;
    (void)state;
    const size_t bare = sizeof "GET / HTTP/1.1\r\nHost: d\r\n\r\n" - 1;
    const struct {
        size_t lines, pad;
        enum refusal why;
    } rows[] = {
        {HEAD_FIELDS_MAX, 0, REFUSAL_NONE},
        {HEAD_FIELDS_MAX + 1, 0, REFUSAL_HEAD_TOO_LARGE},
        {1, HEAD_BYTES_MAX - bare, REFUSAL_NONE},
        {1, HEAD_BYTES_MAX - bare + 1, REFUSAL_HEAD_TOO_LARGE},
    };
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct str bytes = make_head(rows[i].lines, rows[i].pad);
        assert_int_equal(refusal_of(bytes, &h), rows[i].why);
        free((char *)bytes.p);
    }
}

static void a_flood_of_connection_options_is_refused(void **state)
{
    static struct head h;
    char text[1024] = GET "Connection: ";
    size_t n = strlen(text);
    (void)state;
    for (int i = 0; i < HEAD_FIELDS_MAX; i++, n += 2)
        memcpy(text + n, "a,", 2);
    memcpy(text + n, "\r\n\r\n", 4);
    assert_int_equal(refusal_of((struct str){text, n + 4}, &h), REFUSAL_NONE);
    memcpy(text + n, "a\r\n\r\n", 5);
    assert_int_equal(refusal_of((struct str){text, n + 5}, &h), REFUSAL_HEAD_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(after_a_refusal_nothing_is_read_any_more),
        cmocka_unit_test(each_place_takes_its_bytes_and_no_others),
        cmocka_unit_test(a_head_has_a_ceiling_on_lines_and_on_bytes),
        cmocka_unit_test(a_flood_of_connection_options_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
