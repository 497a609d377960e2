/* SPDX-License-Identifier: Apache-2.0 */
#include "http/token.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TOKENS_MAX = 600 };

struct reading {
    size_t n;
    struct token tokens[TOKENS_MAX]; /* the last one is the end, or a no */
    const char *fault;
};

static bool is_final(enum token_kind kind)
{
    return kind >= TOKEN_END;
}

/* Reads all tokens of s[from, to) that are complete; drops what is consumed. */
static void read_piece(struct tokenizer *t, struct str piece, bool last, struct reading *r)
{
    for (;;) {
        /* A copy of its own, so that a read past the piece is seen by the sanitizer. */
        char *copy = malloc(piece.n ? piece.n : 1);
        assert_non_null(copy);
        memcpy(copy, piece.p, piece.n);
        size_t used;
        const struct token token = token_next(t, (struct str){copy, piece.n}, last, &used);
        free(copy);
        assert_true(used <= piece.n);
        piece = str_skip(piece, used);
        if (token.kind == TOKEN_MORE) {
            assert_int_equal(piece.n, 0);
            return;
        }
        assert_true(r->n < TOKENS_MAX);
        r->tokens[r->n++] = token;
        if (is_final(token.kind))
            return;
    }
}

/* In two pieces, cut at `at`. */
static void read_cut(struct str s, size_t at, struct reading *r)
{
    struct tokenizer t = {0};
    r->n = 0;
    read_piece(&t, (struct str){s.p, at}, false, r);
    if (r->n == 0 || !is_final(r->tokens[r->n - 1].kind))
        read_piece(&t, str_skip(s, at), true, r);
    r->fault = token_fault(&t);
}

static void read_bytewise(struct str s, struct reading *r)
{
    struct tokenizer t = {0};
    r->n = 0;
    for (size_t i = 0; i < s.n && (r->n == 0 || !is_final(r->tokens[r->n - 1].kind)); i++)
        read_piece(&t, (struct str){s.p + i, 1}, false, r);
    if (r->n == 0 || !is_final(r->tokens[r->n - 1].kind))
        read_piece(&t, STR(""), true, r);
    r->fault = token_fault(&t);
}

static void assert_same_reading(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->n, b->n);
    assert_string_equal(a->fault, b->fault);
    for (size_t i = 0; i < a->n; i++) {
        const struct token *x = &a->tokens[i], *y = &b->tokens[i];
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->start, y->start);
        assert_int_equal(x->end, y->end);
        const bool text = x->kind == TOKEN_KEY || x->kind == TOKEN_STRING;
        assert_true(!text || (x->escaped == y->escaped && x->ascii == y->ascii));
        assert_true(x->kind != TOKEN_NUMBER || x->integer == y->integer);
    }
}

/* The reading of s, which is the same in whatever pieces it comes. */
static void read_all(struct str s, struct reading *r)
{
    static struct reading other;
    read_cut(s, 0, r);
    for (size_t at = 1; at <= s.n; at++) {
        read_cut(s, at, &other);
        assert_same_reading(r, &other);
    }
    read_bytewise(s, &other);
    assert_same_reading(r, &other);
}

static struct token final_token(struct str s)
{
    static struct reading r;
    read_all(s, &r);
    return r.tokens[r.n - 1];
}

static void assert_ends(struct str s, enum token_kind kind)
{
    const enum token_kind got = final_token(s).kind;
    if (got != kind)
        fail_msg("%.*s: kind %d, not %d", (int)s.n, s.p, (int)got, (int)kind);
}

#define SAMPLE                                                                                     \
    " { \"a\" : [ 1 , -2.5e+3, \"x\\u0041\\ud83d\\ude00\\n\" ,true,false,null,{ }, [ ] ]"          \
    ",\"\xC5\xBF\xE2\x84\xAA\xF0\x9F\x98\x80\":\"\",\"n\":0 }\r\n\t"

static void tokens_come_in_order_with_their_spans(void **state)
{
    (void)state;
    static struct reading r;
    static const enum token_kind kinds[] = {
        TOKEN_OBJECT,     TOKEN_KEY,   TOKEN_ARRAY,     TOKEN_NUMBER,     TOKEN_NUMBER,
        TOKEN_STRING,     TOKEN_TRUE,  TOKEN_FALSE,     TOKEN_NULL,       TOKEN_OBJECT,
        TOKEN_OBJECT_END, TOKEN_ARRAY, TOKEN_ARRAY_END, TOKEN_ARRAY_END,  TOKEN_KEY,
        TOKEN_STRING,     TOKEN_KEY,   TOKEN_NUMBER,    TOKEN_OBJECT_END, TOKEN_END,
    };
    const struct str s = STR(SAMPLE);
    read_all(s, &r);
    assert_int_equal(r.n, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; i < r.n; i++)
        assert_int_equal(r.tokens[i].kind, kinds[i]);
    const struct token *number = &r.tokens[4], *text = &r.tokens[5], *key = &r.tokens[14];
    assert_memory_equal(s.p + number->start, "-2.5e+3", number->end - number->start);
    assert_false(number->integer);
    assert_true(r.tokens[3].integer);
    assert_true(text->escaped && text->ascii);
    assert_true(s.p[text->start] == '"' && s.p[text->end - 1] == '"');
    assert_true(!key->escaped && !key->ascii);
    assert_int_equal(r.tokens[r.n - 1].end, s.n);
}

static void every_truncation_is_an_early_end(void **state)
{
    (void)state;
    const struct str s = STR(SAMPLE);
    static struct reading r;
    for (size_t n = 0; n < s.n - 3; n++) { /* three bytes of white space end it */
        read_cut((struct str){s.p, n}, n / 2, &r);
        assert_int_equal(r.tokens[r.n - 1].kind, TOKEN_BAD);
        assert_int_equal(r.tokens[r.n - 1].start, n);
        assert_string_equal(r.fault, "the JSON text ends early");
    }
}

static void scalars_are_whole_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        " true ",
        "false",
        "\"\"",
        "0",
        "-0",
        "10",
        "-1",
        "1.0",
        "0.5",
        "1e3",
        "1E+3",
        "0e0",
        "1.25e-10",
        "[]",
        "{}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\x7F\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_ends(str_of(texts[i]), TOKEN_END);
}

static void what_is_not_json_is_bad(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "\"",
        "}",
        "]",
        ",",
        ":",
        "{]",
        "[}",
        "{,}",
        "[,]",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{null:1}",
        "[1}",
        "{\"a\":1]",
        "01",
        "-01",
        "00",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "1ee1",
        "[1.2.3]",
        "[0x10]",
        "[1_0]",
        "-a",
        "NaN",
        "Infinity",
        "-Infinity",
        "nul",
        "nulL",
        "True",
        "truE",
        "[nullx]",
        "tru",
        "// c\n1",
        "/**/1",
        "[1 // c\n]",
        "[1,/**/2]",
        "\"\n\"",
        "\"\x01\"",
        "\"\x1F\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u123\"",
        "\"\\U0041\"",
        "\"\\'\"",
        "\"\\ud800",
        "\x80",
        "\xEF",
        "\xEF\xBB",
        "\xEF\xBC\xBF",
        "\xFE\xFF",
        "[\xEF\xBB\xBF]",
        "\v1",
        "\f1",
        "[1\xC2\xA0]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_ends(str_of(texts[i]), TOKEN_BAD);
    assert_ends(STR("\"a\0b\""), TOKEN_BAD);
    assert_ends(STR("[1,\0 2]"), TOKEN_BAD);
    assert_ends(STR("\0"), TOKEN_BAD);
}

static void what_two_readers_read_differently_is_ambiguous(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *fault;
        size_t at;
    } samples[] = {
        {{"{} {}", 5}, "text after the value", 3},
        {{"{}\0", 3}, "text after the value", 2},
        {{"{}}", 3}, "text after the value", 2},
        {{"1 1", 3}, "text after the value", 2},
        {{"null,", 5}, "text after the value", 4},
        {{"\xEF\xBB\xBF{}", 5}, "a byte order mark", 2},
        {{"\"\\u0000\"", 8}, "an escaped NUL", 6},
        {{"{\"\\u0000\":1}", 12}, "an escaped NUL", 7},
        {{"\"\\ud800\"", 8}, "half of a surrogate pair", 7},
        {{"\"\\ud800x\"", 9}, "half of a surrogate pair", 7},
        {{"\"\\uDBFF\\n\"", 10}, "half of a surrogate pair", 8},
        {{"\"\\ud800\\ud800\"", 14}, "half of a surrogate pair", 12},
        {{"\"\\ud800\\u0041\"", 14}, "half of a surrogate pair", 12},
        {{"\"\\udc00\"", 8}, "half of a surrogate pair", 6},
    };
    static struct reading r;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        read_all(samples[i].text, &r);
        assert_int_equal(r.tokens[r.n - 1].kind, TOKEN_AMBIGUOUS);
        assert_string_equal(r.fault, samples[i].fault);
        assert_int_equal(r.tokens[r.n - 1].start, samples[i].at);
    }
}

static void invalid_utf8_in_a_string_is_ambiguous(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2\"",
        "\xC2\x41",
        "\xE0\x9F\xBF",
        "\xE0\xA0\x41",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xFE",
        "\xE2\x84",
        "\xF0\x9F\x98",
        "\xF8\x88\x80\x80\x80",
    };
    static const char *const good[] = {
        "\xC2\x80",     "\xDF\xBF",         "\xE0\xA0\x80",     "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xEF\xBF\xBF",     "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "\xEF\xBB\xBF", "\xF3\xBF\xBF\xBF", "\xE1\x80\x80",
    };
    char text[16];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int n = snprintf(text, sizeof text, "\"%s\"", bad[i]);
        assert_ends((struct str){text, (size_t)n}, TOKEN_AMBIGUOUS);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const int n = snprintf(text, sizeof text, "\"%s\"", good[i]);
        assert_ends((struct str){text, (size_t)n}, TOKEN_END);
    }
}

static size_t put(char *text, size_t n, const char *piece, int times)
{
    for (int i = 0; i < times; i++) {
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    return n;
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    static struct reading r;
    char text[2048];
    size_t n = put(text, 0, "[", TOKEN_DEPTH_MAX);
    n = put(text, n, "]", TOKEN_DEPTH_MAX);
    read_cut((struct str){text, n}, 7, &r);
    assert_int_equal(r.tokens[r.n - 1].kind, TOKEN_END);

    n = put(text, 0, "[{\"a\":", TOKEN_DEPTH_MAX / 2);
    const size_t inner = put(text, n, "1", 1);
    size_t end = put(text, inner, "}]", TOKEN_DEPTH_MAX / 2);
    read_cut((struct str){text, end}, 100, &r);
    assert_int_equal(r.tokens[r.n - 1].kind, TOKEN_END);

    end = put(text, n, "{", 1);
    read_cut((struct str){text, end}, 100, &r);
    assert_int_equal(r.tokens[r.n - 1].kind, TOKEN_TOO_DEEP);
    assert_string_equal(r.fault, "nested too deep");
}

static void an_end_and_a_no_are_final(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum token_kind kind;
    } samples[] = {
        {{"1", 1}, TOKEN_END},
        {{"x", 1}, TOKEN_BAD},
        {{"\"\\u0000\"", 8}, TOKEN_AMBIGUOUS},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct tokenizer t = {0};
        struct reading r = {.n = 0};
        read_piece(&t, samples[i].text, true, &r);
        for (int again = 0; again < 3; again++) {
            size_t used = 9;
            assert_int_equal(token_next(&t, STR("[]"), again == 1, &used).kind, samples[i].kind);
            assert_int_equal(used, 0);
        }
    }
}

static void a_fresh_tokenizer_has_no_fault(void **state)
{
    (void)state;
    const struct tokenizer t = {0};
    assert_string_equal(token_fault(&t), "");
}

static void assert_unescapes(struct str inner, struct str want)
{
    /* Of the size that is promised to be enough. */
    char *out = malloc(inner.n ? inner.n : 1);
    assert_non_null(out);
    const size_t n = token_unescape(inner, out);
    assert_int_equal(n, want.n);
    assert_memory_equal(out, want.p, n);
    free(out);
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    assert_unescapes(STR(""), STR(""));
    assert_unescapes(STR("plain \xC3\xA9"), STR("plain \xC3\xA9"));
    assert_unescapes(STR("\\\"\\\\\\/\\b\\f\\n\\r\\t"), STR("\"\\/\b\f\n\r\t"));
    assert_unescapes(STR("\\u0050rivileged"), STR("Privileged"));
    assert_unescapes(STR("Ho\\u017FtConfig"), STR("Ho\xC5\xBFtConfig"));
    assert_unescapes(STR("\\u212aey\\u00e9"), STR("\xE2\x84\xAA"
                                                  "ey\xC3\xA9"));
    assert_unescapes(STR("\\ud83d\\ude00!"), STR("\xF0\x9F\x98\x80!"));
    assert_unescapes(STR("\\uDBFF\\uDFFF"), STR("\xF4\x8F\xBF\xBF"));
    assert_unescapes(STR("a\\u000Ab\\u001f"), STR("a\nb\x1f"));
}

static void integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"1", 1},
        {"-1", -1},
        {"9007199254740993", 9007199254740993},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-9223372036854775807", -INT64_MAX},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t v = 77;
        assert_int_equal(token_integer(str_of(good[i].text), &v), RC_OK);
        assert_true(v == good[i].value);
    }
    int64_t v = 77;
    assert_int_equal(token_integer(STR("9223372036854775808"), &v), RC_TOOBIG);
    assert_int_equal(token_integer(STR("-9223372036854775809"), &v), RC_TOOBIG);
    assert_int_equal(token_integer(STR("99999999999999999999999"), &v), RC_TOOBIG);
    assert_int_equal(token_integer(STR("1.0"), &v), RC_SYNTAX);
    assert_int_equal(token_integer(STR("1e3"), &v), RC_SYNTAX);
    assert_int_equal(token_integer(STR("-"), &v), RC_SYNTAX);
    assert_true(v == 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_in_order_with_their_spans),
        cmocka_unit_test(every_truncation_is_an_early_end),
        cmocka_unit_test(scalars_are_whole_texts),
        cmocka_unit_test(what_is_not_json_is_bad),
        cmocka_unit_test(what_two_readers_read_differently_is_ambiguous),
        cmocka_unit_test(invalid_utf8_in_a_string_is_ambiguous),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(an_end_and_a_no_are_final),
        cmocka_unit_test(a_fresh_tokenizer_has_no_fault),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(integers_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
