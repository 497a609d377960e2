/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CODE_MAX = 0x10FFFF };

static size_t next(struct str s)
{
    uint32_t code;
    return utf8_next(s, &code);
}

/* From memory of exactly that size, so that a read too far is seen. */
static size_t next_exactly(const char *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, bytes, n);
    const size_t used = next((struct str){copy, n});
    free(copy);
    return used;
}

static size_t length_of(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void every_code_point_goes_there_and_back(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= CODE_MAX; code++) {
        char bytes[4];
        uint32_t back = code + 1;
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        const size_t n = utf8_put(code, bytes);
        assert_int_equal(n, length_of(code));
        if (utf8_next((struct str){bytes, n}, &back) != n || back != code)
            fail_msg("U+%04X", code);
    }
}

static void a_cut_code_point_is_none(void **state)
{
    (void)state;
    static const uint32_t codes[] = {0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, CODE_MAX};
    assert_int_equal(next_exactly("", 0), 0);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char bytes[4];
        const size_t whole = utf8_put(codes[i], bytes);
        for (size_t n = 0; n < whole; n++)
            assert_int_equal(next_exactly(bytes, n), 0);
        assert_int_equal(next_exactly(bytes, whole), whole);
    }
}

static void surrogates_are_refused(void **state)
{
    (void)state;
    for (uint32_t code = 0xD800; code <= 0xDFFF; code++) {
        char bytes[4];
        assert_int_equal(next((struct str){bytes, utf8_put(code, bytes)}), 0);
    }
}

static void overlong_forms_are_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR("\xC0\x80"),         STR("\xC0\xAF"),         STR("\xC1\xBF"),
        STR("\xE0\x80\x80"),     STR("\xE0\x9F\xBF"),     STR("\xF0\x80\x80\x80"),
        STR("\xF0\x80\x80\xAF"), STR("\xF0\x8F\xBF\xBF"), STR("\xF8\x88\x80\x80\x80"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(next(bad[i]), 0);
    assert_int_equal(next(STR("\xC2\x80")), 2);
    assert_int_equal(next(STR("\xE0\xA0\x80")), 3);
    assert_int_equal(next(STR("\xF0\x90\x80\x80")), 4);
}

static void nothing_lies_beyond_the_last_code_point(void **state)
{
    (void)state;
    assert_int_equal(next(STR("\xF4\x8F\xBF\xBF")), 4);
    assert_int_equal(next(STR("\xF4\x90\x80\x80")), 0);
    assert_int_equal(next(STR("\xF5\x80\x80\x80")), 0);
    assert_int_equal(next(STR("\xFE")), 0);
    assert_int_equal(next(STR("\xFF\xBF\xBF\xBF")), 0);
}

static void a_stray_byte_begins_nothing(void **state)
{
    (void)state;
    for (unsigned c = 0x80; c < 0xC0; c++) {
        const char bytes[] = {(char)c, '\x80', '\x80', '\x80'};
        assert_int_equal(next((struct str){bytes, sizeof bytes}), 0);
    }
}

/* A lead byte, whatever else is wrong with it, never swallows the byte behind. */
static void a_continuation_must_be_one(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const bool fits = (c & 0xC0) == 0x80;
        const char two[] = {'\xC3', (char)c};
        const char three[] = {'\xE2', '\x82', (char)c};
        const char four[] = {'\xF1', '\x80', '\x80', (char)c};
        assert_int_equal(next((struct str){two, 2}), fits ? 2 : 0);
        assert_int_equal(next((struct str){three, 3}), fits ? 3 : 0);
        assert_int_equal(next((struct str){four, 4}), fits ? 4 : 0);
    }
}

static void only_the_first_code_point_is_read(void **state)
{
    (void)state;
    uint32_t code = 0;
    assert_int_equal(utf8_next(STR("a\xFF"), &code), 1);
    assert_int_equal(code, 'a');
    assert_int_equal(utf8_next(STR("\xE2\x82\xAC\x80"), &code), 3);
    assert_int_equal(code, 0x20AC);
    assert_int_equal(utf8_next(STR("\0x"), &code), 1);
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_goes_there_and_back),
        cmocka_unit_test(a_cut_code_point_is_none),
        cmocka_unit_test(surrogates_are_refused),
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(nothing_lies_beyond_the_last_code_point),
        cmocka_unit_test(a_stray_byte_begins_nothing),
        cmocka_unit_test(a_continuation_must_be_one),
        cmocka_unit_test(only_the_first_code_point_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
