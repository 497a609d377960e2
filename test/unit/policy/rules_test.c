/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include "policy/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static struct rules *open_rules(const struct rule_source *sources, size_t n)
{
    struct rules *r = NULL;
    struct err err = {""};
    if (rules_open(&r, sources, n, &err))
        fail_msg("%s", err.text);
    return r;
}

static void assert_verdict(const struct rules *r, enum method m, const char *path, bool allow,
                           int rule, const char *reason)
{
    const struct rule_verdict v = rules_decide(r, m, str_of(path));
    assert_int_equal(v.allow, allow);
    assert_int_equal(v.rule, rule);
    assert_true(str_eq(v.reason, str_of(reason)));
}

static void the_first_match_decides(void **state)
{
    const struct rule_source sources[] = {
        {S("GET"), S("/containers/*/logs"), false, S("logs off")},
        {S("GET"), S("/containers/**"), true, S("")},
        {S("GET"), S("/containers/json"), false, S("never reached")},
        {S("*"), S("/**"), false, S("")},
    };
    struct rules *r = open_rules(sources, SIZE(sources));
    (void)state;
    assert_int_equal(rules_count(r), SIZE(sources));
    assert_verdict(r, METHOD_GET, "/containers/a/logs", false, 0, "logs off");
    assert_verdict(r, METHOD_GET, "/containers/json", true, 1, "");
    assert_verdict(r, METHOD_POST, "/containers/json", false, 3, "");
    rules_free(r);
}

static void what_no_rule_matches_is_denied(void **state)
{
    const struct rule_source ping = {S("GET"), S("/_ping"), true, S("")};
    struct rules *r = open_rules(&ping, 1);
    (void)state;
    assert_verdict(r, METHOD_GET, "/info", false, -1, "no matching allow rule");
    assert_verdict(r, METHOD_HEAD, "/_ping", false, -1, "no matching allow rule");
    rules_free(r);
    r = open_rules(NULL, 0);
    assert_verdict(r, METHOD_GET, "/_ping", false, -1, "no matching allow rule");
    rules_free(r);
    rules_free(NULL);
}

static void method_lists_are_read_leniently(void **state)
{
    static const struct {
        const char *list;
        enum method method;
        bool matches;
    } rows[] = {
        {"GET", METHOD_GET, true},
        {"GET", METHOD_HEAD, false},
        {"gEt,PoSt", METHOD_POST, true},
        {"gEt,PoSt", METHOD_DELETE, false},
        {" GET\t, HEAD ", METHOD_HEAD, true},
        {"GET,,HEAD,", METHOD_HEAD, true},
        {"GET,*", METHOD_DELETE, true},
        {"GET, * ", METHOD_TRACE, true},
        {"GET*", METHOD_GET, false},
        {"*", METHOD_OPTIONS, true},
        {"*", METHOD_NONE, false},
        {",", METHOD_GET, false},
        {"", METHOD_GET, false},
        {"BREW", METHOD_GET, false},
        {"BREW,PUT", METHOD_PUT, true},
        {"GETT", METHOD_GET, false},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct rule_source source = {str_of(rows[i].list), S("/x"), true, S("")};
        struct rules *r = open_rules(&source, 1);
        if (rules_decide(r, rows[i].method, STR("/x")).allow != rows[i].matches)
            fail_msg("%s against method %d", rows[i].list, rows[i].method);
        rules_free(r);
    }
}

static void nothing_of_the_sources_is_kept(void **state)
{
    char methods[] = "GET", path[] = "/a/*", reason[] = "why";
    const struct rule_source source = {{methods, 3}, {path, 4}, false, {reason, 3}};
    struct rules *r = open_rules(&source, 1);
    (void)state;
    memset(methods, 'x', sizeof methods);
    memset(path, 'x', sizeof path);
    memset(reason, 'x', sizeof reason);
    assert_verdict(r, METHOD_GET, "/a/b", false, 0, "why");
    rules_free(r);
}

static void a_path_that_is_too_long_names_its_rule(void **state)
{
    char *path = malloc(GLOB_LENGTH_MAX + 1);
    assert_non_null(path);
    memset(path, 'a', GLOB_LENGTH_MAX + 1);
    const struct rule_source sources[] = {
        {S("GET"), S("/x"), true, S("a")},
        {S("GET"), {path, GLOB_LENGTH_MAX + 1}, true, S("b")},
        {S("GET"), S("/y"), true, S("c")},
    };
    struct rules *r = NULL;
    struct err err = {""};
    (void)state;
    assert_int_equal(rules_open(&r, sources, SIZE(sources), &err), RC_TOOBIG);
    assert_null(r);
    assert_string_equal(err.text, "rule 2: match.path is longer than 1024 bytes");
    free(path);
}

static void more_rules_than_fit_are_refused(void **state)
{
    struct rule_source *sources = calloc(RULES_MAX + 1, sizeof *sources);
    struct rules *r = NULL;
    struct err err = {""};
    (void)state;
    assert_non_null(sources);
    for (size_t i = 0; i <= RULES_MAX; i++)
        sources[i] = (struct rule_source){S("GET"), S("/x"), i == RULES_MAX - 1, S("")};
    assert_int_equal(rules_open(&r, sources, RULES_MAX + 1, &err), RC_TOOBIG);
    assert_null(r);
    assert_non_null(strstr(err.text, "4096"));
    r = open_rules(sources, RULES_MAX);
    assert_verdict(r, METHOD_GET, "/x", false, 0, "");
    rules_free(r);
    free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_match_decides),
        cmocka_unit_test(what_no_rule_matches_is_denied),
        cmocka_unit_test(method_lists_are_read_leniently),
        cmocka_unit_test(nothing_of_the_sources_is_kept),
        cmocka_unit_test(a_path_that_is_too_long_names_its_rule),
        cmocka_unit_test(more_rules_than_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
