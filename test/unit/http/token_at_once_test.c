/* SPDX-License-Identifier: Apache-2.0 */
/* What is read at once is read as token by token. */
#include "http/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_final(enum token_kind kind)
{
    return kind >= TOKEN_END;
}

static void read_on(struct tokenizer *t, struct str s)
{
    (void)token_read(t, str_skip(s, t->offset), true);
}

/* How many members of s token_skip_zero steps over; each to where token_read gets, too. */
static size_t count_skipped(struct str s, unsigned kinds)
{
    size_t n = 0;
    struct tokenizer t = {0};
    for (read_on(&t, s); !is_final(t.token.kind); read_on(&t, s)) {
        struct tokenizer reader = t;
        if (t.token.kind != TOKEN_KEY)
            continue;
        if (!token_skip_zero(&t, str_skip(s, t.offset), kinds)) {
            assert_int_equal(t.offset, reader.offset);
            assert_int_equal(t.token.kind, TOKEN_KEY);
            continue;
        }
        read_on(&reader, s);
        assert_true(kinds & TOKEN_BIT(reader.token.kind));
        assert_int_equal(t.token.start, reader.token.start);
        if (reader.token.kind == TOKEN_OBJECT || reader.token.kind == TOKEN_ARRAY)
            read_on(&reader, s);
        assert_int_equal(t.token.kind, reader.token.kind);
        assert_int_equal(t.token.end, reader.token.end);
        assert_int_equal(t.offset, reader.offset);
        assert_int_equal(t.depth, reader.depth);
        assert_int_equal(t.state, reader.state);
        n++;
    }
    return n;
}

#define ZEROS                                                                                      \
    "{\"a\":null,\"b\":false,\"c\":0,\"d\":\"\",\"e\":[],\"f\":{},\"g\":{\"h\":0},\"i\":[{\"j\":"  \
    "null}]"                                                                                       \
    ",\"k\":true,\"l\":1,\"m\":-0,\"n\":0.0,\"o\":0e1,\"p\":\"x\",\"q\":[0],\"r\":{\"s\":1},"      \
    "\"t\": 0"                                                                                     \
    ",\"u\":[ ],\"v\":{ },\"w\":0 }"

static void zero_members_are_stepped_over_as_they_would_be_read(void **state)
{
    (void)state;
    static const enum token_kind kinds[] = {
        TOKEN_NULL, TOKEN_FALSE, TOKEN_NUMBER, TOKEN_STRING, TOKEN_ARRAY, TOKEN_OBJECT,
    };
    static const size_t times[] = {2, 1, 2, 1, 1, 1};
    unsigned all = 0;
    assert_int_equal(count_skipped(STR(ZEROS), 0), 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(count_skipped(STR(ZEROS), TOKEN_BIT(kinds[i])), times[i]);
        all |= TOKEN_BIT(kinds[i]);
    }
    assert_int_equal(count_skipped(STR(ZEROS), all), 8);
    static const char *const others[] = {
        "{\"a\":nul}",  "{\"a\":nulx,", "{\"a\":falsy}", "{\"a\":01234}", "{\"a\":0x12}",
        "{\"a\" null}", "{\"a\"::0,,}", "{\"a\":[1,2]}", "{\"a\":[}}}}}", "{\"a\":{]]]]]",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(count_skipped(str_of(others[i]), all), 0);
}

/* The copies end where the piece ends, so that a look behind it is seen. */
static void no_zero_is_seen_behind_the_end_of_a_piece(void **state)
{
    (void)state;
    static const char *const values[] = {":null,", ":false,", ":0,", ":\"\",", ":[],", ":{},"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t n = 0; n <= strlen(values[i]); n++) {
            struct tokenizer t = {0};
            const struct str key = STR("{\"a\"");
            read_on(&t, key);
            (void)token_read(&t, str_skip(key, t.offset), false);
            assert_int_equal(t.token.kind, TOKEN_KEY);
            char *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, values[i], n);
            (void)token_skip_zero(&t, (struct str){copy, n}, ~0u);
            assert_true(t.offset - key.n <= n);
            free(copy);
        }
}

static void no_zero_is_stepped_over_below_the_ceiling_of_depth(void **state)
{
    (void)state;
    char text[6 * TOKEN_DEPTH_MAX + 16];
    for (int object = 0; object <= 1; object++) {
        size_t n = 0;
        for (int i = 0; i < TOKEN_DEPTH_MAX; i++, n += 5)
            memcpy(text + n, "{\"a\":", 5);
        memcpy(text + n, object ? "{}}}}}}}" : "[]}}}}}}", 8);
        const struct str s = {text, n + 8};
        assert_int_equal(count_skipped(s, ~0u), 0);
        struct tokenizer t = {0};
        while (!is_final(t.token.kind))
            read_on(&t, s);
        assert_int_equal(t.token.kind, TOKEN_TOO_DEEP);
    }
}

#define MEMBERS                                                                                    \
    "{\"a\":\"x\",\"b\":12,\"c\":0,\"d\":null,\"e\":true,\"f\":false,\"g\":{\"h\":\"y\"},\"i\":["  \
    "1,{\"j\":2}],"                                                                                \
    "\"k\" :1,\"l\": "                                                                             \
    "1,\"m\":1.5,\"n\":-1,\"o\":\"\\n\",\"p\\u0041\":1,\"q\":\"\xc3\xa9\",\"r\":01,\"s\":1}"

/* At each place where a member may come: what token_read_member reads is what token_read would. */
static void plain_members_are_read_as_they_would_be_by_tokens(void **state)
{
    (void)state;
    const struct str s = STR(MEMBERS);
    unsigned whole = 0, names = 0;
    struct tokenizer t = {0};
    for (read_on(&t, s); !is_final(t.token.kind); read_on(&t, s)) {
        struct tokenizer fast = t, slow = t;
        struct str name;
        const enum token_member found = token_read_member(&fast, str_skip(s, t.offset), &name);
        if (found == TOKEN_MEMBER_OTHER) {
            assert_memory_equal(&fast, &t, sizeof t);
            continue;
        }
        read_on(&slow, s);
        assert_int_equal(slow.token.kind, TOKEN_KEY);
        assert_true(str_eq(
            name, (struct str){s.p + slow.token.start + 1, slow.token.end - slow.token.start - 2}));
        if (found == TOKEN_MEMBER_WHOLE)
            read_on(&slow, s);
        assert_int_equal(fast.offset, slow.offset);
        assert_int_equal(fast.state, slow.state);
        assert_int_equal(fast.token.kind, slow.token.kind);
        assert_int_equal(fast.token.start, slow.token.start);
        assert_int_equal(fast.token.end, slow.token.end);
        whole += found == TOKEN_MEMBER_WHOLE;
        names += found == TOKEN_MEMBER_NAME;
    }
    assert_int_equal(whole, 8); /* a b c d e f, h and j; the first is read behind its brace */
    assert_int_equal(names, 8); /* g i l m n o q r */
}

/* Over every value, from every token on, and in every two pieces. */
static void values_are_read_at_once_to_where_tokens_lead(void **state)
{
    (void)state;
    const struct str s = STR(ZEROS);
    struct tokenizer t = {0};
    for (read_on(&t, s); t.token.kind < TOKEN_END; read_on(&t, s)) {
        const unsigned depth = t.depth;
        struct tokenizer slow = t;
        do
            read_on(&slow, s);
        while (slow.token.kind == TOKEN_KEY || slow.token.kind == TOKEN_OBJECT ||
               slow.token.kind == TOKEN_ARRAY || slow.depth > depth);
        for (size_t cut = t.offset; cut <= slow.offset; cut++) {
            struct tokenizer fast = t;
            enum token_kind kind =
                token_read_value(&fast, (struct str){s.p + t.offset, cut - t.offset}, false, depth);
            if (kind == TOKEN_MORE) {
                assert_int_equal(fast.offset, cut);
                kind = token_read_value(&fast, str_skip(s, cut), true, depth);
            }
            assert_int_equal(kind, slow.token.kind);
            assert_int_equal(fast.offset, slow.offset);
            assert_int_equal(fast.state, slow.state);
            assert_int_equal(fast.depth, slow.depth);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_members_are_read_as_they_would_be_by_tokens),
        cmocka_unit_test(values_are_read_at_once_to_where_tokens_lead),
        cmocka_unit_test(zero_members_are_stepped_over_as_they_would_be_read),
        cmocka_unit_test(no_zero_is_seen_behind_the_end_of_a_piece),
        cmocka_unit_test(no_zero_is_stepped_over_below_the_ceiling_of_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
