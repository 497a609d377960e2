/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

struct example {
    const char *pattern, *text;
    bool matches;
};

static bool matches(enum glob_kind kind, struct str pattern, struct str text)
{
    struct glob *g = NULL;
    assert_int_equal(glob_open(&g, pattern, kind), RC_OK);
    const bool result = glob_match(g, text);
    glob_free(g);
    return result;
}

static void assert_examples(enum glob_kind kind, const struct example *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (matches(kind, str_of(e[i].pattern), str_of(e[i].text)) != e[i].matches)
            fail_msg("%s %s %s", e[i].pattern, e[i].matches ? "misses" : "matches", e[i].text);
}

static void rule_paths_follow_the_dialect(void **state)
{
    static const struct example examples[] = {
        {"/a/b", "/a/b", true},
        {"/a/b", "/a/b/c", false},
        {"/a/b", "/a", false},
        {"", "", true},
        {"", "/", false},
        {"/c/*", "/c/json", true},
        {"/c/*", "/c/a/b", false},
        {"/c/*", "/c", false},
        {"/*", "/", true},
        {"/*", "/foo", true},
        {"/*", "/foo/bar", false},
        {"/*", "", false},
        {"/c/*/exec", "/c/abc/exec", true},
        {"/c/*/exec", "/c/a/b/exec", false},
        {"/*/b/c", "/a", false},
        {"/x/abc*", "/x/abc", true},
        {"/x/*xyz", "/x/xyz", true},
        {"/x/a*b*c", "/x/a1b2c", true},
        {"/x/a*b*c", "/x/a1b2x", false},
        {"/x/a*bc", "/x/abcbc", true},
        {"/c/**", "/c", true},
        {"/c/**", "/c/a/b", true},
        {"/c/**", "/c-extra", false},
        {"/**", "/a/b", true},
        {"/**", "/", true},
        {"/**", "", true},
        {"/i/**/json", "/i/json", true},
        {"/i/**/json", "/i/a/b/json", true},
        {"/i/**/json", "/i/a/history", false},
        {"/i/**/json", "/ijson", false},
        {"/**/json", "/json", true},
        {"/**/json", "/a/b/json", true},
        {"/foo**", "/foo", true},
        {"/foo**", "/foobar/baz", true},
        {"/foo**", "/fo", false},
        {"/foo/**bar", "/foobar", true},
        {"/foo/**bar", "/foo/bar", true},
        {"/foo/**bar", "/foo/x/ybar", true},
        {"/foo/**bar", "/fooxbar", false},
        {"/**/x/**/y/**", "/a/x/b/y/tail", true},
        {"/**/x/**/y/**", "/x/y", true},
        {"/**/x/**/y/**", "/xy", false},
        {"/foo/***", "/foo", true},
        {"/foo/***", "/foo/a/b", true},
        {"/foo/***", "/foobar", true}, /* the tree is optional, then one more star */
        {"/foo/***", "/foobar/x", false},
        {"**", "/a/b", true},
        {"**", "", true},
        {"c/json", "/c/json", false},
        {"*", "/foo", true},
        {"*", "/foo/bar", false},
        {"c/*", "/c/x", false},
        {"*/b", "/a/b", true},
        {"*/b", "a/b", true},
        {"/c/", "/c", false},
        {"/c/*/", "/c/x", false},
        {"/v.x", "/vax", false},
        {"/a$", "/a", false},
        {"/a?c", "/a?c", true},
        {"/a[b]+{2}", "/a[b]+{2}", true},
        {"/a[b]*", "/ab", false},
    };
    (void)state;
    assert_examples(GLOB_PATH, examples, SIZE(examples));
}

static void two_trees_in_a_row_match_the_bare_parent(void **state)
{
    static const struct example examples[] = {
        {"/foo/**/**", "/foo", true},
        {"/foo/**/**", "/foo/a", true},
        {"/foo/**/**", "/foobar", false},
    };
    (void)state;
    assert_examples(GLOB_PATH, examples, SIZE(examples));
}

static void newlines_pass_one_star_and_the_prefix_form_only(void **state)
{
    static const struct example examples[] = {
        {"/**", "/a\nb", true},    {"/a/**", "/a/x\ny", true},
        {"/a/*", "/a/x\ny", true}, {"/a/**/json", "/a/x\ny/json", false},
        {"/a**", "/a\n", false},   {"/a", "/a\n", false},
        {"/a*", "/a\n", true},
    };
    (void)state;
    assert_examples(GLOB_PATH, examples, SIZE(examples));
}

static void exec_tokens_have_no_shortcuts(void **state)
{
    static const struct example examples[] = {
        {"sh", "sh", true},
        {"sh", "sh\n", false},
        {"", "", true},
        {"*", "", true},
        {"*", "ls", true},
        {"*", "a\nb", true},
        {"*", "/foo", false},
        {"**", "/foo/bar", true},
        {"**", "a\nb", false},
        {"/**", "", true},
        {"/**", "/a/b", true},
        {"/**", "/a\nb", false},
        {"/**", "a", false},
        {"/bin/**", "/bin", true},
        {"/bin/**", "/bin/a/b", true},
        {"/bin/**", "/bin/a\nb", false},
        {"/bin/*", "/bin/ls", true},
        {"/bin/*", "/bin/x/ls", false},
        {"--name=*", "--name=", true},
    };
    (void)state;
    assert_examples(GLOB_TOKEN, examples, SIZE(examples));
}

static void bytes_are_bytes(void **state)
{
    (void)state;
    assert_true(matches(GLOB_PATH, STR("/a\0b"), STR("/a\0b")));
    assert_false(matches(GLOB_PATH, STR("/a\0b"), STR("/a\0c")));
    assert_false(matches(GLOB_PATH, STR("/a"), STR("/a\0")));
    assert_true(matches(GLOB_PATH, STR("/*\xFF/x"), STR("/\0\x80\xFF/x")));
    assert_true(matches(GLOB_PATH, STR("/x/\xFF*"), STR("/x/\xFF\xFE")));
}

static void a_pattern_has_a_longest_length(void **state)
{
    char longest[GLOB_LENGTH_MAX + 1];
    struct glob *g = NULL;
    (void)state;
    memset(longest, '*', sizeof longest);
    assert_int_equal(glob_open(&g, (struct str){longest, sizeof longest}, GLOB_PATH), RC_TOOBIG);
    assert_null(g);
    memset(longest, 'a', sizeof longest);
    longest[0] = '*';
    for (size_t n = GLOB_LENGTH_MAX; n > GLOB_LENGTH_MAX - 70; n--) {
        const struct str s = {longest, n};
        assert_true(matches(GLOB_PATH, s, s));
        assert_true(matches(GLOB_TOKEN, s, str_skip(s, 1)));
        assert_false(matches(GLOB_TOKEN, s, str_skip(s, 2)));
    }
    glob_free(NULL);
}

/* 100 matches against a text of `bytes` bytes. Pattern times length is milliseconds each;
 * going back over the text, once or more often, is minutes. */
static void assert_linear(const char *pattern, const char *unit, size_t bytes)
{
    enum { ROUNDS = 100 };
    struct glob *g = NULL;
    char *text = malloc(bytes);
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = unit[i % strlen(unit)];
    assert_int_equal(glob_open(&g, str_of(pattern), GLOB_PATH), RC_OK);
    const clock_t start = clock();
    for (int i = 0; i < ROUNDS; i++)
        assert_false(glob_match(g, (struct str){text, bytes}));
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > 5)
        fail_msg("%s took %.1f s of CPU", pattern, seconds);
    glob_free(g);
    free(text);
}

static void hostile_paths_cost_pattern_times_length(void **state)
{
    (void)state;
    assert_linear("/**/x/**/y/**", "/x", 4 * 8192);
    assert_linear("/**/x/**/y/**", "/", 8192);
    assert_linear("/**/x/**/y/**", "/aaaaaaaaaaaaaaaaaaaaaaaa", 8192);
    assert_linear("/a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "/aaaaaaaa", 8192);
    assert_linear("/**a**a**a**a**a**a**a**a**a**b", "/aaaaaaaa", 8192);
    assert_linear("**/**/**/**/**/**/**/**/**/**b", "/a/", 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_paths_follow_the_dialect),
        cmocka_unit_test(two_trees_in_a_row_match_the_bare_parent),
        cmocka_unit_test(newlines_pass_one_star_and_the_prefix_form_only),
        cmocka_unit_test(exec_tokens_have_no_shortcuts),
        cmocka_unit_test(bytes_are_bytes),
        cmocka_unit_test(a_pattern_has_a_longest_length),
        cmocka_unit_test(hostile_paths_cost_pattern_times_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
