/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp as the second reader: here it is shown other bytes than our own rules, as if it
 * read the same ones differently. Linked with --wrap=llhttp_execute. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])
#define HOST "Host: d\r\n"

/* What llhttp is shown instead; p NULL: the real bytes. */
static struct str instead;

int __real_llhttp_execute(void *parser, const char *bytes, size_t n);
int __wrap_llhttp_execute(void *parser, const char *bytes, size_t n);

int __wrap_llhttp_execute(void *parser, const char *bytes, size_t n)
{
    if (!instead.p)
        return __real_llhttp_execute(parser, bytes, n);
    return __real_llhttp_execute(parser, instead.p, instead.n);
}

static void a_head_that_llhttp_reads_differently_is_refused(void **state)
{
    static const struct {
        enum reader_kind kind;
        const char *ours, *theirs;
        bool agree;
    } rows[] = {
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT /x HTTP/1.1\r\n\r\n", true},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "GET / HTTP/1.1\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "COPY / HTTP/1.1\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT / HTTP/1.0\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT / HTTP/1.1\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n", "<>", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n",
         "PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "\r\n",
         "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n",
         "PUT / HTTP/1.1\r\nContent-Length: 05\r\n\r\n", true},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n",
         "PUT / HTTP/1.1\r\nContent-Length: 6\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
         "PUT / HTTP/1.1\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
         "PUT / HTTP/1.1\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
         "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", false},
        {READER_REQUESTS, "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
         "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
        {READER_RESPONSES, "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 Fine\r\n\r\n", true},
        {READER_RESPONSES, "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 204 OK\r\n\r\n", false},
        {READER_RESPONSES, "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", false},
        {READER_RESPONSES, "HTTP/1.1 304 OK\r\nContent-Length: 5\r\n\r\n",
         "HTTP/1.1 304 OK\r\n\r\n", false},
        {READER_RESPONSES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false},
    };
    static struct head h;
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct reader r;
        reader_init(&r, rows[i].kind);
        instead = str_of(rows[i].theirs);
        const enum refusal why = head_read(&r, str_of(rows[i].ours), METHOD_GET, &h);
        instead = (struct str){NULL, 0};
        if (why != (rows[i].agree ? REFUSAL_NONE : REFUSAL_BAD_REQUEST))
            fail_msg("row %zu: refusal %d", i, why);
    }
}

static void a_connection_that_llhttp_would_close_is_closed(void **state)
{
    static struct head h;
    struct reader r;
    (void)state;
    reader_init(&r, READER_REQUESTS);
    instead = STR("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    const enum refusal why = head_read(&r, STR("GET / HTTP/1.1\r\n" HOST "\r\n"), METHOD_NONE, &h);
    instead = (struct str){NULL, 0};
    assert_int_equal(why, REFUSAL_NONE);
    assert_false(h.keep_alive);
}

static void chunks_that_llhttp_reads_differently_are_broken(void **state)
{
    static const struct {
        const char *ours, *theirs;
        enum frame_step step;
    } rows[] = {
        {"3\r\nabc", "03\r\nxyz", FRAME_DATA}, {"3\r\nabc", "3\r\nab", FRAME_BAD},
        {"3\r\nabc", "4\r\nabcd", FRAME_BAD},  {"3\r\nabc", "0\r\n\r\n", FRAME_BAD},
        {"3\r\nabc", "3;a\nabc", FRAME_BAD},   {"0\r\n\r\n", "1\r\na", FRAME_BAD},
        {"0\r\n", "0\r\n", FRAME_MORE},        {"0\r\n", "0\r\n\r\n", FRAME_BAD},
    };
    static struct head h;
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct reader r;
        struct str data;
        size_t used;
        reader_init(&r, READER_RESPONSES);
        assert_int_equal(head_read(&r, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                                   METHOD_GET, &h),
                         REFUSAL_NONE);
        instead = str_of(rows[i].theirs);
        const enum frame_step step = frame_read(&r, str_of(rows[i].ours), &used, &data);
        instead = (struct str){NULL, 0};
        if (step != rows[i].step)
            fail_msg("row %zu: step %d", i, step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_llhttp_reads_differently_is_refused),
        cmocka_unit_test(a_connection_that_llhttp_would_close_is_closed),
        cmocka_unit_test(chunks_that_llhttp_reads_differently_are_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
