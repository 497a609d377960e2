/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies behind heads of both kinds. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])
#define CHUNKED_POST "POST /x HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_OK "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

enum { BODY_MAX = 256 };

/* What came of a body that was read. */
struct outcome {
    enum frame_step last;
    size_t used;
    size_t n;
    char body[BODY_MAX];
};

static void start(struct reader *r, enum reader_kind kind, struct str head)
{
    static struct head h;
    reader_init(r, kind);
    const enum refusal why = head_read(r, head, METHOD_GET, &h);
    if (why)
        fail_msg("%s: %.*s", refusal_info(why)->code.p, (int)head.n, head.p);
}

/* Gives one piece, from memory of exactly its size, until it wants another. */
static void give(struct reader *r, struct str piece, struct outcome *o)
{
    char *copy = malloc(piece.n ? piece.n : 1);
    assert_non_null(copy);
    memcpy(copy, piece.p, piece.n);
    struct str rest = {copy, piece.n};
    do {
        size_t used;
        struct str data;
        o->last = frame_read(r, rest, &used, &data);
        assert_true(used <= rest.n && data.n <= used && o->n + data.n <= BODY_MAX);
        assert_true(o->last == FRAME_DATA ? data.n > 0 : data.n == 0);
        assert_true(o->last != FRAME_MORE || used == rest.n);
        memcpy(o->body + o->n, data.p, data.n);
        o->n += data.n;
        o->used += used;
        rest = str_skip(rest, used);
    } while (o->last == FRAME_DATA);
    free(copy);
}

/* The body of a message, given in pieces that end at a, at b and at the end. */
static struct outcome read_body(enum reader_kind kind, struct str head, struct str body, size_t a,
                                size_t b)
{
    const struct str pieces[] = {{body.p, a}, {body.p + a, b - a}, {body.p + b, body.n - b}};
    struct outcome o = {.last = FRAME_MORE};
    struct reader r;
    start(&r, kind, head);
    for (size_t i = 0; i < SIZE(pieces) && o.last == FRAME_MORE; i++)
        give(&r, pieces[i], &o);
    return o;
}

/* Reads it in every two cuts; it must end with `behind` bytes left. */
static void assert_body(enum reader_kind kind, struct str head, struct str bytes, size_t behind,
                        const char *expected)
{
    for (size_t b = 0; b <= bytes.n; b++) {
        for (size_t a = 0; a <= b; a++) {
            const struct outcome o = read_body(kind, head, bytes, a, b);
            assert_int_equal(o.last, FRAME_DONE);
            assert_int_equal(o.used, bytes.n - behind);
            assert_int_equal(o.n, strlen(expected));
            assert_memory_equal(o.body, expected, o.n);
        }
    }
}

static void a_body_with_a_length_ends_with_its_last_byte(void **state)
{
    (void)state;
    const struct str head = STR("POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\n");
    assert_body(READER_REQUESTS, head, STR("helloGET /"), 5, "hello");
    assert_body(READER_REQUESTS, head, STR("hello"), 0, "hello");
    for (size_t n = 0; n < 5; n++) {
        const struct outcome o = read_body(READER_REQUESTS, head, (struct str){"hello", n}, 0, n);
        assert_int_equal(o.last, FRAME_MORE);
        assert_int_equal(o.n, n);
    }
}

static void a_message_without_a_body_is_over_at_once(void **state)
{
    (void)state;
    assert_body(READER_REQUESTS, STR("GET / HTTP/1.1\r\nHost: d\r\n\r\n"), STR("GET"), 3, "");
    assert_body(READER_REQUESTS, STR("PUT / HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"),
                STR("GET"), 3, "");
    assert_body(READER_REQUESTS,
                STR("POST / HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
                STR("raw"), 3, "");
    assert_body(READER_REQUESTS, STR("CONNECT d:1 HTTP/1.1\r\nHost: d\r\n\r\n"), STR("raw"), 3, "");
    assert_body(READER_RESPONSES, STR("HTTP/1.1 204 No Content\r\n\r\n"), STR("HTTP"), 4, "");
}

static void what_is_left_of_a_long_body_is_counted_beyond_32_bits(void **state)
{
    struct reader r;
    struct str data;
    size_t used;
    (void)state;
    start(&r, READER_REQUESTS,
          STR("POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 4294967322\r\n\r\n"));
    assert_true(r.left == 4294967322);
    assert_int_equal(frame_read(&r, STR("abc"), &used, &data), FRAME_DATA);
    assert_true(data.n == 3 && r.left == 4294967319);
    assert_int_equal(frame_read(&r, STR(""), &used, &data), FRAME_MORE);
}

static void chunks_are_taken_apart_whatever_pieces_they_come_in(void **state)
{
    static const struct {
        const char *bytes;
        size_t behind;
        const char *body;
    } rows[] = {
        {"0\r\n\r\n", 0, ""},
        {"5\r\nhello\r\n0\r\n\r\n", 0, "hello"},
        {"1\r\nh\r\n4\r\nello\r\n000\r\n\r\nGET /", 5, "hello"},
        {"A\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", 0, "0\r\n\r\n0\r\n\r\n"},
        {"00000000000000a\r\n0123456789\r\n0\r\nX-A: b\r\n\r\n", 0, "0123456789"},
        {"1\r\nx\r\n0\r\nContent-Length: 0\r\nTransfer-Encoding:\r\n\r\nP", 1, "x"},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct str bytes = str_of(rows[i].bytes);
        assert_body(READER_REQUESTS, STR(CHUNKED_POST), bytes, rows[i].behind, rows[i].body);
        assert_body(READER_RESPONSES, STR(CHUNKED_OK), bytes, rows[i].behind, rows[i].body);
    }
}

static void chunks_behind_an_upgrade_request_are_read_like_others(void **state)
{
    (void)state;
    assert_body(READER_REQUESTS,
                STR("POST / HTTP/1.1\r\nHost: d\r\nConnection: Upgrade, close\r\nUpgrade: tcp\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"),
                STR("2\r\nhi\r\n0\r\n\r\nraw"), 3, "hi");
}

static const char *const broken[] = {
    "\r\n",
    "\n",
    "g\r\n",
    "-1\r\n",
    "+1\r\n",
    "0x1\r\n",
    " 1\r\n",
    "1 \r\n",
    "1\t\r\n",
    "1\n",
    "1\r\r\n",
    "1\rx",
    "1;a=b\r\n",
    "1;\r\n",
    "1000000000000001a\r\n",
    "0000000000000001\r\n",
    "fffffffffffffffffffff\r\n",
    "1\r\nab",
    "1\r\na\n",
    "1\r\na0\r\n",
    "1\r\na\r0",
    "0\r\n\n",
    "0\n\r\n",
    "0\r\n\rx",
    "0\r\n X: b\r\n\r\n",
    "0\r\nX: a\r\n b\r\n\r\n",
    "0\r\nX : a\r\n\r\n",
    "0\r\n: a\r\n\r\n",
    "0\r\nX\r\n\r\n",
    "0\r\nX: a\nY: b\r\n\r\n",
    "0\r\nX: a\rY: b\r\n\r\n",
    "0\r\nX: \x01\r\n\r\n",
    "0\r\nX\xe9: a\r\n\r\n",
};

static void broken_chunks_are_noticed_in_whatever_pieces_they_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(broken); i++) {
        const struct str bytes = str_of(broken[i]);
        for (size_t b = 0; b <= bytes.n; b++)
            for (size_t a = 0; a <= b; a++)
                if (read_body(READER_REQUESTS, STR(CHUNKED_POST), bytes, a, b).last != FRAME_BAD)
                    fail_msg("row %zu: %s", i, broken[i]);
    }
}

static void our_own_rules_alone_notice_every_broken_chunk(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(broken); i++) {
        struct chunks c = {0};
        struct chunk_run run;
        struct str rest = str_of(broken[i]);
        enum frame_step step;
        do {
            step = chunk_read(&c, rest, &run);
            rest = str_skip(rest, run.used);
        } while (step == FRAME_DATA);
        if (step != FRAME_BAD)
            fail_msg("row %zu: %s", i, broken[i]);
    }
}

static void a_broken_body_is_the_end_of_the_reader(void **state)
{
    static struct head h;
    struct outcome o = {.last = FRAME_MORE};
    struct reader r;
    (void)state;
    start(&r, READER_REQUESTS, STR(CHUNKED_POST));
    give(&r, STR("x"), &o);
    assert_int_equal(o.last, FRAME_BAD);
    give(&r, STR("1\r\na\r\n0\r\n\r\n"), &o);
    assert_int_equal(o.last, FRAME_BAD);
    assert_int_equal(head_read(&r, STR("GET / HTTP/1.1\r\nHost: d\r\n\r\n"), METHOD_NONE, &h),
                     REFUSAL_BAD_REQUEST);
}

static void chunks_cut_anywhere_have_not_ended(void **state)
{
    (void)state;
    const struct str bytes = STR("3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n");
    for (size_t n = 0; n < bytes.n; n++) {
        const struct outcome o =
            read_body(READER_REQUESTS, STR(CHUNKED_POST), (struct str){bytes.p, n}, n / 2, n);
        assert_int_equal(o.last, FRAME_MORE);
        assert_int_equal(o.used, n);
    }
}

/* The last chunk and trailer lines of that many bytes, the empty line included. */
static enum frame_step read_trailers(size_t n)
{
    char *bytes = malloc(n + 3);
    assert_non_null(bytes);
    memset(bytes, 'x', n + 3);
    memcpy(bytes, "0\r\nx:", 5);
    memcpy(bytes + n - 1, "\r\n\r\n", 4);
    const enum frame_step last =
        read_body(READER_REQUESTS, STR(CHUNKED_POST), (struct str){bytes, n + 3}, 0, n / 2).last;
    free(bytes);
    return last;
}

static void trailers_have_a_ceiling(void **state)
{
    (void)state;
    assert_int_equal(read_trailers(CHUNK_TRAILERS_MAX), FRAME_DONE);
    assert_int_equal(read_trailers(CHUNK_TRAILERS_MAX + 1), FRAME_BAD);
}

static void messages_follow_one_another_on_a_connection(void **state)
{
    static struct head h;
    static const char bytes[] =
        CHUNKED_POST "2\r\nab\r\n0\r\n\r\n"
                     "GET /a HTTP/1.1\r\nHost: d\r\n\r\n"
                     "PUT /b HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\n\r\nx"
                     "GET /c HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
                     "GET /d HTTP/1.0\r\n\r\n" CHUNKED_POST "0\r\n\r\n";
    static const char *const targets[] = {"/x", "/a", "/b", "/c", "/d", "/x"};
    struct str rest = STR(bytes);
    struct reader r;
    (void)state;
    reader_init(&r, READER_REQUESTS);
    for (size_t i = 0; i < SIZE(targets); i++) {
        struct outcome o = {.last = FRAME_MORE};
        const size_t n = head_length(rest, 0);
        assert_int_equal(head_read(&r, (struct str){rest.p, n}, METHOD_NONE, &h), REFUSAL_NONE);
        assert_true(str_eq(h.target, str_of(targets[i])));
        give(&r, str_skip(rest, n), &o);
        assert_int_equal(o.last, FRAME_DONE);
        rest = str_skip(rest, n + o.used);
    }
    assert_int_equal(rest.n, 0);
}

static void no_head_is_read_while_a_body_is_due(void **state)
{
    static struct head h;
    struct reader r;
    (void)state;
    start(&r, READER_REQUESTS, STR(CHUNKED_POST));
    assert_int_equal(head_read(&r, STR(CHUNKED_POST), METHOD_NONE, &h), REFUSAL_BAD_REQUEST);
}

static void a_body_to_the_end_of_the_connection_never_ends_by_itself(void **state)
{
    (void)state;
    const struct outcome o =
        read_body(READER_RESPONSES, STR("HTTP/1.1 200 OK\r\n\r\n"), STR("0\r\n\r\nHTTP"), 0, 3);
    assert_int_equal(o.last, FRAME_MORE);
    assert_int_equal(o.n, 9);
}

static void interim_answers_come_before_the_answer(void **state)
{
    static struct head h;
    struct reader r;
    struct outcome o = {.last = FRAME_MORE};
    (void)state;
    start(&r, READER_RESPONSES, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    give(&r, STR(""), &o);
    assert_int_equal(o.last, FRAME_DONE);
    assert_int_equal(head_read(&r, STR(CHUNKED_OK), METHOD_GET, &h), REFUSAL_NONE);
    give(&r, STR("1\r\nx\r\n0\r\n\r\n"), &o);
    assert_int_equal(o.last, FRAME_DONE);
    assert_int_equal(o.n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_with_a_length_ends_with_its_last_byte),
        cmocka_unit_test(a_message_without_a_body_is_over_at_once),
        cmocka_unit_test(what_is_left_of_a_long_body_is_counted_beyond_32_bits),
        cmocka_unit_test(chunks_are_taken_apart_whatever_pieces_they_come_in),
        cmocka_unit_test(chunks_behind_an_upgrade_request_are_read_like_others),
        cmocka_unit_test(broken_chunks_are_noticed_in_whatever_pieces_they_come),
        cmocka_unit_test(our_own_rules_alone_notice_every_broken_chunk),
        cmocka_unit_test(a_broken_body_is_the_end_of_the_reader),
        cmocka_unit_test(chunks_cut_anywhere_have_not_ended),
        cmocka_unit_test(trailers_have_a_ceiling),
        cmocka_unit_test(messages_follow_one_another_on_a_connection),
        cmocka_unit_test(no_head_is_read_while_a_body_is_due),
        cmocka_unit_test(a_body_to_the_end_of_the_connection_never_ends_by_itself),
        cmocka_unit_test(interim_answers_come_before_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
