/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* AddressSanitizer's allocator, where it is built in: a request that is too big fails, as
 * it does elsewhere. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_buf(const struct buf *b, struct str want)
{
    if (!str_eq(buf_str(b), want))
        fail_msg("got %.*s", (int)b->len, b->data ? b->data : "");
}

static void appends_follow_each_other(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_buf(&b, STR(""));
    assert_non_null(buf_str(&b).p);
    assert_int_equal(buf_append(&b, STR("a\0b")), RC_OK);
    assert_int_equal(buf_append_char(&b, '-'), RC_OK);
    assert_int_equal(buf_append_decimal(&b, UINT64_MAX), RC_OK);
    assert_int_equal(buf_append(&b, STR("")), RC_OK);
    assert_int_equal(buf_append(&b, (struct str){NULL, 0}), RC_OK);
    assert_buf(&b, STR("a\0b-18446744073709551615"));
    buf_release(&b);
}

/* Growing never passes the ceiling, and a failed append changes nothing. */
static void the_ceiling_holds_at_every_size(void **state)
{
    (void)state;
    for (size_t max = 0; max < 1200; max += 1 + max / 16) {
        struct buf b;
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_append_char(&b, (char)i), RC_OK);
        assert_int_equal(buf_append_char(&b, 'x'), RC_TOOBIG);
        assert_int_equal(buf_append(&b, STR("xy")), RC_TOOBIG);
        assert_int_equal(buf_append_decimal(&b, 7), RC_TOOBIG);
        assert_int_equal(buf_append_json(&b, STR("x")), RC_TOOBIG);
        assert_int_equal(buf_append(&b, STR("")), RC_OK);
        assert_int_equal(b.len, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(b.data[i], (char)i);
        buf_release(&b);
    }
}

static void a_reserve_is_room_that_can_be_written(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5000);
    for (size_t n = 0; n <= 5000; n += 250) {
        assert_int_equal(buf_reserve(&b, n), RC_OK);
        assert_true(b.cap >= n);
        if (n)
            memset(b.data, 'x', n);
    }
    assert_int_equal(b.len, 0);
    assert_int_equal(buf_reserve(&b, 5001), RC_TOOBIG);
    assert_int_equal(buf_append_char(&b, 'x'), RC_OK);
    assert_int_equal(buf_reserve(&b, 5000), RC_TOOBIG);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), RC_TOOBIG);
    assert_int_equal(buf_reserve(&b, 4999), RC_OK);
    buf_release(&b);
}

static void memory_that_is_not_there_is_reported(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_int_equal(buf_append(&b, STR("kept")), RC_OK);
    assert_int_equal(buf_reserve(&b, (size_t)PTRDIFF_MAX), RC_NOMEM);
    assert_buf(&b, STR("kept"));
    buf_release(&b);
}

static void consuming_drops_the_front(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    buf_consume(&b, 0);
    assert_int_equal(buf_append(&b, STR("0123456789")), RC_OK);
    buf_consume(&b, 0);
    assert_buf(&b, STR("0123456789"));
    buf_consume(&b, 4);
    assert_buf(&b, STR("456789"));
    assert_int_equal(buf_append(&b, STR("ab")), RC_OK);
    assert_buf(&b, STR("456789ab"));
    buf_consume(&b, 8);
    assert_buf(&b, STR(""));
    buf_release(&b);
}

static void a_cleared_or_released_buf_serves_again(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    assert_int_equal(buf_append(&b, STR("abcd")), RC_OK);
    buf_clear(&b);
    assert_int_equal(buf_append(&b, STR("wxyz")), RC_OK);
    assert_buf(&b, STR("wxyz"));
    buf_release(&b);
    buf_release(&b);
    assert_int_equal(buf_append(&b, STR("abcd")), RC_OK);
    assert_int_equal(buf_append_char(&b, 'e'), RC_TOOBIG);
    buf_release(&b);
    struct buf zeroed = {0};
    buf_release(&zeroed);
    assert_int_equal(buf_append_char(&zeroed, 'x'), RC_TOOBIG);
}

static void assert_json(struct str s, struct str want)
{
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(buf_append_json(&b, s), RC_OK);
    assert_buf(&b, want);
    buf_release(&b);
}

static void json_escapes_what_could_end_or_run(void **state)
{
    (void)state;
    assert_json(STR(""), STR(""));
    assert_json(STR("plain /v1.41/x?y=[z] {}'`~"), STR("plain /v1.41/x?y=[z] {}'`~"));
    assert_json(STR("a\"b\\c"), STR("a\\\"b\\\\c"));
    assert_json(STR("\r\n\t"), STR("\\r\\n\\t"));
    assert_json(STR("\0\x01\x1F\x7F"), STR("\\u0000\\u0001\\u001f\\u007f"));
    assert_json(STR("\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0"), STR("\\u0080\\u009b\\u009f\xC2\xA0"));
    assert_json(STR("</script>&"), STR("\\u003c/script\\u003e\\u0026"));
    assert_json(STR("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"),
                STR("\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA"));
    assert_json(STR("\xC3\xA9\xF0\x9F\x90\xB3"), STR("\xC3\xA9\xF0\x9F\x90\xB3"));
}

static void json_replaces_each_byte_that_is_not_utf8(void **state)
{
    (void)state;
    assert_json(STR("\xFF"), STR("\\ufffd"));
    assert_json(STR("a\xC3"), STR("a\\ufffd"));
    assert_json(STR("\xC3\"b"), STR("\\ufffd\\\"b"));
    assert_json(STR("\xE2\x80z"), STR("\\ufffd\\ufffdz"));
    assert_json(STR("\xED\xA0\x80"), STR("\\ufffd\\ufffd\\ufffd"));
    assert_json(STR("\xC0\xA2"), STR("\\ufffd\\ufffd"));
}

/* Whatever goes in, valid UTF-8 without controls or a bare quote comes out. */
static void json_is_safe_for_every_three_bytes(void **state)
{
    (void)state;
    static const unsigned char kinds[] = {0x00, 0x0A, 0x1F, '"',  '&',  '<',  'a',  '\\', 0x7F,
                                          0x80, 0x9B, 0xA8, 0xBF, 0xC2, 0xE2, 0xED, 0xF0, 0xFF};
    const size_t n = sizeof kinds;
    struct buf b;
    buf_init(&b, 64);
    for (size_t i = 0; i < n * n * 256; i++) {
        const char bytes[] = {(char)kinds[i / n % n], (char)(i / n / n), (char)kinds[i % n]};
        buf_clear(&b);
        assert_int_equal(buf_append_json(&b, (struct str){bytes, sizeof bytes}), RC_OK);
        for (struct str rest = buf_str(&b); rest.n;) {
            uint32_t code;
            const size_t used = utf8_next(rest, &code);
            assert_true(used > 0);
            assert_true(code >= 0x20 && !(code >= 0x7F && code <= 0x9F) && code != '"');
            assert_true(code != '<' && code != '&' && code != 0x2028);
            rest = str_skip(rest, code == '\\' ? 2 : used);
        }
    }
    buf_release(&b);
}

static void json_without_room_leaves_nothing(void **state)
{
    (void)state;
    const struct str s = STR("ab\n\xC3\xA9\xFFz"); /* 2 + 2 + 2 + 6 + 1 bytes */
    for (size_t room = 0; room <= 13; room++) {
        struct buf b;
        buf_init(&b, 4 + room);
        assert_int_equal(buf_append(&b, STR("kept")), RC_OK);
        assert_int_equal(buf_append_json(&b, s), room < 13 ? RC_TOOBIG : RC_OK);
        assert_buf(&b, room < 13 ? STR("kept") : STR("keptab\\n\xC3\xA9\\ufffdz"));
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(the_ceiling_holds_at_every_size),
        cmocka_unit_test(a_reserve_is_room_that_can_be_written),
        cmocka_unit_test(memory_that_is_not_there_is_reported),
        cmocka_unit_test(consuming_drops_the_front),
        cmocka_unit_test(a_cleared_or_released_buf_serves_again),
        cmocka_unit_test(json_escapes_what_could_end_or_run),
        cmocka_unit_test(json_replaces_each_byte_that_is_not_utf8),
        cmocka_unit_test(json_is_safe_for_every_three_bytes),
        cmocka_unit_test(json_without_room_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
