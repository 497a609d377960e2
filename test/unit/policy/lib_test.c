/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lib.h"

#include "policy/quote.h"

#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* A Lua expression, and its values as show() writes them. */
struct example {
    const char *expression;
    const char *values;
};

static int setup(void **state)
{
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, "string", luaopen_string, 1);
    luaL_requiref(L, "table", luaopen_table, 1);
    luaL_requiref(L, "text", lib_open, 1);
    assert_int_equal(luaL_loadstring(L, "function show(...)\n"
                                        "  local out = {}\n"
                                        "  for i = 1, select('#', ...) do\n"
                                        "    local v = select(i, ...)\n"
                                        "    if type(v) == 'table' then\n"
                                        "      v = '{' .. table.concat(v, '|') .. '}'\n"
                                        "    end\n"
                                        "    out[i] = tostring(v)\n"
                                        "  end\n"
                                        "  return table.concat(out, ' ')\n"
                                        "end"),
                     LUA_OK);
    assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_OK);
    *state = L;
    return 0;
}

static int teardown(void **state)
{
    lua_close(*state);
    return 0;
}

/* The values of an expression, or its error; on the stack until the next call. */
static const char *evaluate(lua_State *L, const char *expression)
{
    char chunk[1024];
    (void)snprintf(chunk, sizeof chunk, "return show(%s)", expression);
    lua_settop(L, 0);
    if (luaL_loadbufferx(L, chunk, strlen(chunk), "=example", "t") == LUA_OK)
        (void)lua_pcall(L, 0, 1, 0);
    return lua_tostring(L, -1);
}

static void assert_examples(void **state, const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *values = evaluate(*state, examples[i].expression);
        if (strcmp(values, examples[i].values) != 0)
            fail_msg("%s: %s, not %s", examples[i].expression, values, examples[i].values);
    }
}

#define ASSERT_EXAMPLES(state, examples)                                                           \
    assert_examples(state, examples, sizeof examples / sizeof examples[0])

static void white_space_is_the_engines(void **state)
{
    static const struct example examples[] = {
        {"text.trim('')", ""},
        {"text.trim(' \\t\\n\\v\\f\\r ')", ""},
        {"text.trim('  a b  ')", "a b"},
        {"text.trim('\\u{85}\\u{a0}\\u{1680}a\\u{2000}\\u{200a}\\u{2028}')", "a"},
        {"text.trim('\\u{2029}\\u{202f}\\u{205f}\\u{3000}a\\u{3000}')", "a"},
        {"#text.trim('\\0 a \\0')", "5"},
        {"#text.trim('\\u{200b}a')", "4"},
        {"#text.trim('\\u{feff}a')", "4"},
        {"#text.trim(' \\xa0a\\x85 ')", "3"}, /* bytes that are no UTF-8 */
        {"#text.trim('\\xe2\\x80 ')", "2"},
        {"#text.trim(' \\x80\\x80\\x80\\x80')", "4"},
        {"text.fields('')", "{}"},
        {"text.fields('  ')", "{}"},
        {"text.fields(' a  bc\\u{3000}d\\u{e9} ')", "{a|bc|dé}"},
        {"text.fields('one')", "{one}"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void case_is_mapped_and_folded_as_go_does(void **state)
{
    static const struct example examples[] = {
        {"text.lower('AbZ-09\\u{c9}')", "abz-09É"},
        {"text.upper('AbZ-09\\u{e9}')", "ABZ-09é"},
        {"text.lower('\\u{212a}\\u{17f}') == 'k\\u{17f}'", "true"},
        {"text.upper('\\u{212a}\\u{17f}') == '\\u{212a}S'", "true"},
        {"text.lower('\\xffA\\xe2\\x84') == '\\xffa\\xe2\\x84'", "true"},
        {"text.same('HostConfig', 'hostconfig')", "true"},
        {"text.same('ho\\u{17f}tConfig', 'HOSTCONFIG')", "true"},
        {"text.same('NetwOR\\u{212a}Mode', 'networkmode')", "true"},
        {"text.same('a', 'ab')", "false"},
        {"text.same('', '')", "true"},
        {"text.same('\\u{e9}', '\\u{c9}')", "false"},
        {"text.same('\\xff', '\\xfe')", "false"},
        {"text.same('\\xff', '\\xff')", "true"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void text_is_found_and_cut_by_plain_pieces(void **state)
{
    static const struct example examples[] = {
        {"text.starts('abc', 'ab')", "true"},
        {"text.starts('ab', 'abc')", "false"},
        {"text.starts('ab', '')", "true"},
        {"text.find('a.b.c', '.')", "2"},
        {"text.find('aab', 'ab')", "2"},
        {"text.find('abc', 'd')", "nil"},
        {"text.find('', 'd')", "nil"},
        {"text.find('abc', '')", "1"},
        {"text.find('a\\0b', '\\0b')", "2"},
        {"text.find_last('a.b.c', '.')", "4"},
        {"text.find_last('aabaaab', 'aab')", "5"},
        {"text.find_last('abab', 'abab')", "1"},
        {"text.find_last('ababa', 'aba')", "3"},
        {"text.find_last('aaab', 'ab')", "3"},
        {"text.find_last('abc', 'd')", "nil"},
        {"text.find_last('a', 'aa')", "nil"},
        {"text.find_last('abc', '')", "4"},
        {"text.cut('a=b=c', '=')", "a b=c"},
        {"text.cut('abc', '=')", "abc nil"},
        {"text.cut('=a', '=')", " a"},
        {"text.cut('a==', '==')", "a "},
        {"text.parts('a:b:c:d', ':', 3)", "a b c:d"},
        {"text.parts('a:b', ':', 3)", "a b"},
        {"text.parts('a', ':', 2)", "a"},
        {"text.parts('::', ':', 8)", "  "},
        {"text.parts('a::b', '::', 2)", "a b"},
        {"text.cut_any('a:b=c', '=:')", "a b=c"},
        {"text.cut_any('abc', '=:')", "abc nil"},
        {"text.split('a,b,,c', ',')", "{a|b||c}"},
        {"text.split('', ',')", "{}"},
        {"#text.split('', ',')", "1"},
        {"text.split(',', ',')", "{|}"},
        {"text.split('a::b:c', '::')", "{a|b:c}"},
        {"text.digits('0123456789')", "true"},
        {"text.digits('')", "false"},
        {"text.digits('1 ')", "false"},
        {"text.digits('+1')", "false"},
        {"text.digits('\\u{661}')", "false"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void paths_are_cleaned_lexically(void **state)
{
    static const struct example examples[] = {
        {"text.clean('')", "."},
        {"text.clean('.')", "."},
        {"text.clean('/')", "/"},
        {"text.clean('//')", "/"},
        {"text.clean('/a//b/')", "/a/b"},
        {"text.clean('/a/./b/../c')", "/a/c"},
        {"text.clean('/..')", "/"},
        {"text.clean('/../a')", "/a"},
        {"text.clean('/a/..')", "/"},
        {"text.clean('a/..')", "."},
        {"text.clean('..')", ".."},
        {"text.clean('../a/..')", ".."},
        {"text.clean('a/../..')", ".."},
        {"text.clean('../../a')", "../../a"},
        {"text.clean('./a')", "a"},
        {"text.clean('/a/...')", "/a/..."},
        {"text.clean('/a/..b')", "/a/..b"},
        {"text.clean('a/b/../../../c')", "../c"},
        {"text.clean('/var/run/../run/docker.sock/')", "/var/run/docker.sock"},
        {"text.clean('/a/b/../../../../etc')", "/etc"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void a_quoted_value_cannot_break_out_of_its_quotes(void **state)
{
    static const struct example examples[] = {
        {"text.quote('')", "\"\""},
        {"text.quote('a \"b\" \\\\')", "\"a \\\"b\\\" \\\\\""},
        {"text.quote('\\a\\b\\f\\n\\r\\t\\v')", "\"\\a\\b\\f\\n\\r\\t\\v\""},
        {"text.quote('\\0\\x1b\\x7f')", "\"\\x00\\x1b\\x7f\""},
        {"text.quote('\\xff\\xe2\\x80')", "\"\\xff\\xe2\\x80\""},
        {"text.quote('\\u{e9}\\u{4e2d}\\u{1f600}')", "\"é中😀\""},
        {"text.quote('\\u{85}\\u{a0}\\u{202e}\\u{2028}\\u{feff}')",
         "\"\\u0085\\u00a0\\u202e\\u2028\\ufeff\""},
        {"text.quote('\\u{e000}\\u{e0041}')", "\"\\ue000\\U000e0041\""},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void a_long_quoted_value_is_cut_between_characters(void **unused)
{
    (void)unused;
    char s[400], out[QUOTE_MAX];
    memset(s, 'x', sizeof s);
    for (size_t n = 0; n < sizeof s; n++) {
        const size_t len = quote((struct str){s, n}, out);
        assert_int_equal(len, n + 2 <= QUOTE_MAX ? n + 2 : QUOTE_MAX);
        assert_int_equal(out[len - 1], '"');
    }
    memset(s, '\x01', sizeof s);
    for (size_t n = 0; n < sizeof s; n++) {
        const size_t len = quote((struct str){s, n}, out);
        assert_true(len <= QUOTE_MAX);
        const bool cut = len != 4 * n + 2;
        const size_t tail = cut ? 4 : 1;
        assert_int_equal((len - 1 - tail) % 4, 0);
        assert_memory_equal(out + len - tail, cut ? "...\"" : "\"", tail);
    }
}

static void base64_is_read_in_either_alphabet_and_padding(void **state)
{
    static const struct example examples[] = {
        {"text.base64('aGk=')", "hi"},
        {"text.base64('aGk')", "hi"},
        {"text.base64('')", ""},
        {"text.base64('_-8') == '\\xff\\xef'", "true"},
        {"text.base64('/+8') == '\\xff\\xef'", "true"},
        {"text.base64('aGk=x')", "nil"},
        {"text.base64('a')", "nil"},
        {"text.base64('a b=')", "nil"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void a_member_of_a_document_is_read_strictly(void **state)
{
    static const struct example examples[] = {
        {"text.member('{\"serveraddress\":\"x\"}', 'serveraddress')", "true x"},
        {"text.member('{\"ServerAddress\":\"a\\\\u0041\"}', 'serveraddress')", "true aA"},
        {"text.member('{\"a\":1}', 'serveraddress')", "true nil"},
        {"text.member('{\"a\":null}', 'a')", "true nil"},
        {"text.member('null', 'a')", "true nil"},
        {"text.member('{\"a\":1}', 'a')", "false"},
        {"text.member('{\"a\":\"x\",\"A\":\"y\"}', 'a')", "false"},
        {"text.member('[]', 'a')", "false"},
        {"text.member('{\"a\":\"x\"} x', 'a')", "false"},
        {"text.member('', 'a')", "false"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void a_token_glob_covers_the_whole_token(void **state)
{
    static const struct example examples[] = {
        {"text.matches(text.glob('/bin/*'), '/bin/ls')", "true"},
        {"text.matches(text.glob('/bin/*'), '/bin/a/b')", "false"},
        {"text.matches(text.glob('ls'), 'ls\\n')", "false"},
        {"text.matches(text.glob('*'), '')", "true"},
    };
    ASSERT_EXAMPLES(state, examples);
}

static void assert_raises(lua_State *L, const char *expression, const char *words)
{
    const char *why = evaluate(L, expression);
    if (!strstr(why, words))
        fail_msg("%s: %s, not %s", expression, why, words);
}

static void a_wrong_kind_or_size_of_argument_raises(void **state)
{
    static const char *const functions[] = {
        "trim", "fields", "lower", "upper", "digits", "quote", "clean", "base64", "glob",
    };
    static const char *const values[] = {"nil", "1", "true", "{}", ""};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            char expression[64];
            (void)snprintf(expression, sizeof expression, "text.%s(%s)", functions[i], values[j]);
            assert_raises(*state, expression, "bad argument #1");
        }
    assert_raises(*state, "text.same('a', 1)", "bad argument #2");
    assert_raises(*state, "text.cut('a', '')", "empty separator");
    assert_raises(*state, "text.cut_any('a', '')", "empty separator");
    assert_raises(*state, "text.split('a', '')", "empty separator");
    assert_raises(*state, "text.parts('a', '', 2)", "empty separator");
    assert_raises(*state, "text.parts('a', ':')", "number expected");
    assert_raises(*state, "text.parts('a', ':', 1)", "not from 2 to 8");
    assert_raises(*state, "text.parts('a', ':', 9)", "not from 2 to 8");
    assert_raises(*state, "text.find_last('a', ('x'):rep(257))", "longer than 256 bytes");
    assert_raises(*state, "text.glob(('x'):rep(1025))", "the pattern is too long");
    assert_raises(*state, "text.matches('x', 'x')", "sockguard.glob expected");
    assert_raises(*state, "text.matches(text.glob(('*'):rep(1000)), ('x'):rep(9000))",
                  "too long for its pattern");
    assert_raises(*state, "text.member('{}', ('x'):rep(65))", "longer than 64 bytes");
}

static void globs_are_bounded_and_come_back_when_collected(void **state)
{
    lua_State *L = *state;
    assert_raises(L,
                  "(function() local t = {} while true do t[#t + 1] = text.glob('abc') end end)()",
                  "bytes of globs");
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT);
    assert_string_equal(evaluate(L, "text.matches(text.glob('abc'), 'abc')"), "true");
    lua_settop(L, 0);
    /* A second opening counts on with the first. */
    lua_pushcfunction(L, lib_open);
    lua_call(L, 0, 1);
    lua_setglobal(L, "again");
    assert_string_equal(evaluate(L, "again.matches(text.glob('abc'), 'abc')"), "true");
}

static double seconds(lua_State *L, const char *expression)
{
    struct timespec from, to;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    (void)evaluate(L, expression);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Each on a mebibyte made to hurt a quadratic version: that one would need minutes. */
static void every_function_is_linear(void **state)
{
    lua_State *L = *state;
    static const char *const hostile[] = {
        "#text.find_last(('a'):rep(1048576), 'b' .. ('a'):rep(255))",
        "#text.find(('a'):rep(1048576), ('a'):rep(65536) .. 'b')",
        "#text.split(('a'):rep(1048576), ('a'):rep(500) .. 'b')",
        "text.parts(('a'):rep(1048576), ('a'):rep(500) .. 'b', 8)",
        "#text.trim((' '):rep(1048576))",
        "#text.trim('a' .. ('\\x80'):rep(1048576))",
        "#text.fields((' a'):rep(524288))",
        "#text.clean(('/a'):rep(300000) .. ('/..'):rep(300000))",
        "#text.clean(('../'):rep(300000))",
        "#text.quote(('\\1'):rep(1048576))",
        "#text.lower(('\\u{212a}'):rep(300000))",
        "text.same(('A'):rep(1048576), ('a'):rep(1048576))",
        "text.matches(text.glob(('**a'):rep(100)), ('a'):rep(27000))",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        const double took = seconds(L, hostile[i]);
        if (took > 1)
            fail_msg("%s: %.3f s", hostile[i], took);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(white_space_is_the_engines, setup, teardown),
        cmocka_unit_test_setup_teardown(case_is_mapped_and_folded_as_go_does, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_found_and_cut_by_plain_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(paths_are_cleaned_lexically, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quoted_value_cannot_break_out_of_its_quotes, setup,
                                        teardown),
        cmocka_unit_test(a_long_quoted_value_is_cut_between_characters),
        cmocka_unit_test_setup_teardown(base64_is_read_in_either_alphabet_and_padding, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_member_of_a_document_is_read_strictly, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_glob_covers_the_whole_token, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_kind_or_size_of_argument_raises, setup, teardown),
        cmocka_unit_test_setup_teardown(globs_are_bounded_and_come_back_when_collected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_function_is_linear, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
