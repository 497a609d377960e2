/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_buf(const struct buf *b, const char *want)
{
    if (!str_eq(buf_str(b), str_of(want)))
        fail_msg("got %.*s", (int)b->len, b->data ? b->data : "");
}

/* One of each kind, nested both ways. */
static void write_all_kinds(struct writer *w)
{
    writer_open(w, STR(""), '{');
    writer_text(w, STR("text"), STR("a \"b\"\n"));
    writer_number(w, STR("number"), -7);
    writer_open(w, STR("object"), '{');
    writer_bool(w, STR("yes"), true);
    writer_bool(w, STR("no"), false);
    writer_close(w, '}');
    writer_open(w, STR("array"), '[');
    writer_text(w, STR(""), STR("x"));
    writer_number(w, STR(""), 1);
    writer_open(w, STR(""), '{');
    writer_close(w, '}');
    writer_open(w, STR(""), '[');
    writer_close(w, ']');
    writer_bool(w, STR(""), true);
    writer_close(w, ']');
    writer_raw(w, STR("raw"), STR("{\"a\":[1,2]}"));
    writer_text(w, STR("last"), STR(""));
    writer_close(w, '}');
}

static const char all_kinds[] =
    "{\"text\":\"a \\\"b\\\"\\n\",\"number\":-7,\"object\":{\"yes\":true,\"no\":false},"
    "\"array\":[\"x\",1,{},[],true],\"raw\":{\"a\":[1,2]},\"last\":\"\"}";

static void commas_stand_between_and_nowhere_else(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    struct writer w = writer_start(&out);
    write_all_kinds(&w);
    assert_int_equal(w.rc, RC_OK);
    assert_buf(&out, all_kinds);
    buf_release(&out);
}

static void numbers_reach_both_ends(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    struct writer w = writer_start(&out);
    writer_open(&w, STR(""), '[');
    writer_number(&w, STR(""), INT64_MIN);
    writer_number(&w, STR(""), 0);
    writer_number(&w, STR(""), INT64_MAX);
    writer_close(&w, ']');
    assert_int_equal(w.rc, RC_OK);
    assert_buf(&out, "[-9223372036854775808,0,9223372036854775807]");
    buf_release(&out);
}

static void the_first_failure_sticks(void **state)
{
    (void)state;
    for (size_t max = 0; max < sizeof all_kinds - 1; max++) {
        struct buf out;
        buf_init(&out, max);
        struct writer w = writer_start(&out);
        write_all_kinds(&w);
        assert_int_equal(w.rc, RC_TOOBIG);
        assert_true(out.len <= max && memcmp(buf_str(&out).p, all_kinds, out.len) == 0);
        buf_release(&out);
    }
    struct buf out;
    buf_init(&out, sizeof all_kinds - 1);
    struct writer w = writer_start(&out);
    write_all_kinds(&w);
    assert_int_equal(w.rc, RC_OK);
    buf_release(&out);
}

static void it_writes_behind_what_is_there(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(buf_append(&out, STR("data: ")), RC_OK);
    struct writer w = writer_start(&out);
    writer_open(&w, STR(""), '{');
    writer_close(&w, '}');
    assert_buf(&out, "data: {}");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_and_nowhere_else),
        cmocka_unit_test(numbers_reach_both_ends),
        cmocka_unit_test(the_first_failure_sticks),
        cmocka_unit_test(it_writes_behind_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
