/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *want)
{
    if (!str_eq(got, str_of(want)))
        fail_msg("got %.*s, want %s", (int)got.n, got.p, want);
}

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(str_eq(STR("abc"), str_of("abc")));
    assert_false(str_eq(STR("abc"), STR("abC")));
    assert_false(str_eq(STR("abc"), STR("abcd")));
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_true(str_eq(STR(""), (struct str){NULL, 0}));
    assert_true(str_eq((struct str){NULL, 0}, (struct str){NULL, 0}));
}

static void a_missing_string_is_an_empty_one(void **state)
{
    (void)state;
    const struct str s = str_of(NULL);
    assert_non_null(s.p);
    assert_int_equal(s.n, 0);
    assert_int_equal(STR("a\0b").n, 3);
}

static void only_ascii_letters_lose_their_case(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char lower = ascii_lower((char)c);
        if (c >= 'A' && c <= 'Z')
            assert_int_equal(lower, (char)(c + 32));
        else
            assert_int_equal(lower, (char)c);
    }
    assert_true(str_eq_nocase(STR("Content-LENGTH"), STR("content-length")));
    assert_false(str_eq_nocase(STR("content_length"), STR("content-length")));
    assert_false(str_eq_nocase(STR("content-lengt"), STR("content-length")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_false(str_eq_nocase(STR("\xC3\x89"), STR("\xC3\xA9")));
    assert_true(str_eq_nocase(STR(""), (struct str){NULL, 0}));
}

static void a_prefix_is_never_longer(void **state)
{
    (void)state;
    assert_true(str_starts(STR("/containers/x"), STR("/containers/")));
    assert_true(str_starts(STR("abc"), STR("abc")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_true(str_starts((struct str){NULL, 0}, (struct str){NULL, 0}));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_false(str_starts(STR("abc"), STR("ac")));
}

static void skipping_stops_at_the_end(void **state)
{
    (void)state;
    assert_str(str_skip(STR("abc"), 0), "abc");
    assert_str(str_skip(STR("abc"), 2), "c");
    assert_str(str_skip(STR("abc"), 3), "");
    const struct str s = STR("abc");
    const struct str rest = str_skip(s, SIZE_MAX);
    assert_ptr_equal(rest.p, s.p + 3);
    assert_int_equal(rest.n, 0);
}

static void trimming_takes_blanks_and_nothing_else(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t a b\t ")), "a b");
    assert_str(str_trim(STR("a")), "a");
    assert_str(str_trim(STR("")), "");
    assert_str(str_trim(STR(" \t \t")), "");
    assert_str(str_trim(STR("\r\na\v\f")), "\r\na\v\f");
    assert_str(str_trim(STR("\xC2\xA0")), "\xC2\xA0");
}

static void assert_decimal(struct str s, uint64_t max, int rc, uint64_t want)
{
    uint64_t out = 99;
    assert_int_equal(decimal_parse(s, max, &out), rc);
    assert_true(out == (rc ? 99 : want));
}

static void decimals_are_digits_only(void **state)
{
    (void)state;
    assert_decimal(STR("0"), UINT64_MAX, RC_OK, 0);
    assert_decimal(STR("0000000000000000000000007"), UINT64_MAX, RC_OK, 7);
    assert_decimal(STR("1234567890"), UINT64_MAX, RC_OK, 1234567890);
    static const struct str bad[] = {STR(""),    STR("+1"),  STR("-1"),      STR(" 1"),  STR("1 "),
                                     STR("1.0"), STR("0x1"), STR("1\0"),     STR("1,0"), STR("1_0"),
                                     STR("/"),   STR(":"),   STR("\xD9\xA1")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_decimal(bad[i], UINT64_MAX, RC_SYNTAX, 0);
    for (int c = 0; c < 256; c++) {
        const char text[] = {'1', (char)c};
        if (c < '0' || c > '9')
            assert_decimal((struct str){text, 2}, UINT64_MAX, RC_SYNTAX, 0);
    }
}

static void decimals_stop_at_their_ceiling(void **state)
{
    (void)state;
    assert_decimal(STR("18446744073709551615"), UINT64_MAX, RC_OK, UINT64_MAX);
    assert_decimal(STR("18446744073709551616"), UINT64_MAX, RC_TOOBIG, 0);
    assert_decimal(STR("18446744073709551620"), UINT64_MAX, RC_TOOBIG, 0);
    assert_decimal(STR("99999999999999999999999"), UINT64_MAX, RC_TOOBIG, 0);
    for (uint64_t max = 0; max < 300; max++)
        for (uint64_t v = 0; v < 300; v++) {
            char text[DECIMAL_MAX];
            const struct str s = {text, decimal_format(v, text)};
            assert_decimal(s, max, v <= max ? RC_OK : RC_TOOBIG, v);
        }
}

static void what_is_formatted_reads_back(void **state)
{
    (void)state;
    char text[DECIMAL_MAX];
    assert_str((struct str){text, decimal_format(0, text)}, "0");
    assert_str((struct str){text, decimal_format(UINT64_MAX, text)}, "18446744073709551615");
    for (uint64_t v = 1; v < UINT64_MAX / 7; v *= 7) {
        assert_decimal((struct str){text, decimal_format(v, text)}, v, RC_OK, v);
        assert_decimal((struct str){text, decimal_format(v, text)}, v - 1, RC_TOOBIG, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(a_missing_string_is_an_empty_one),
        cmocka_unit_test(only_ascii_letters_lose_their_case),
        cmocka_unit_test(a_prefix_is_never_longer),
        cmocka_unit_test(skipping_stops_at_the_end),
        cmocka_unit_test(trimming_takes_blanks_and_nothing_else),
        cmocka_unit_test(decimals_are_digits_only),
        cmocka_unit_test(decimals_stop_at_their_ceiling),
        cmocka_unit_test(what_is_formatted_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
