/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

/* A target that was read into memory of exactly the promised size, so that ASan sees a
 * byte too many. Freed by the caller. */
static char *read_target(const char *raw, struct target *t)
{
    const struct str s = str_of(raw);
    char *copy = malloc(s.n ? s.n : 1);
    char *store = malloc(s.n ? s.n : 1);
    assert_non_null(copy);
    assert_non_null(store);
    memcpy(copy, s.p, s.n);
    const enum refusal r = target_read((struct str){copy, s.n}, store, t);
    if (t->query.n)
        t->query.p = raw + (t->query.p - copy);
    free(copy);
    if (r != REFUSAL_NONE)
        fail_msg("%s is refused", raw);
    return store;
}

static enum refusal refusal_of(struct str raw)
{
    struct target t = {.path = STR("untouched")};
    char *store = malloc(raw.n ? raw.n : 1);
    assert_non_null(store);
    const enum refusal r = target_read(raw, store, &t);
    free(store);
    if (r)
        assert_true(str_eq(t.path, STR("untouched")));
    return r;
}

static void assert_str(struct str s, const char *expected)
{
    if (!str_eq(s, str_of(expected)))
        fail_msg("%.*s is not %s", (int)s.n, s.p, expected);
}

static void a_path_is_decoded_once_cleaned_and_stripped_of_one_version(void **state)
{
    static const struct {
        const char *raw, *path, *version, *normal;
    } rows[] = {
        {"/", "/", "", "/"},
        {"/containers/json", "/containers/json", "", "/containers/json"},
        {"/v1.45/containers/json", "/v1.45/containers/json", "/v1.45", "/containers/json"},
        {"/v1/x", "/v1/x", "/v1", "/x"},
        {"/v4.9.3/libpod/x", "/v4.9.3/libpod/x", "/v4.9.3", "/libpod/x"},
        {"/v1.2.3.4/x", "/v1.2.3.4/x", "", "/v1.2.3.4/x"},
        {"/v99999999999999999999/x", "/v99999999999999999999/x", "/v99999999999999999999", "/x"},
        {"/v001.002/x", "/v001.002/x", "/v001.002", "/x"},
        {"/v/x", "/v/x", "", "/v/x"},
        {"/v1./x", "/v1./x", "", "/v1./x"},
        {"/v5.0./x", "/v5.0./x", "", "/v5.0./x"},
        {"/v1..45/x", "/v1..45/x", "", "/v1..45/x"},
        {"/v.1/x", "/v.1/x", "", "/v.1/x"},
        {"/v1a/x", "/v1a/x", "", "/v1a/x"},
        {"/V1.45/x", "/V1.45/x", "", "/V1.45/x"},
        {"/v1.45", "/v1.45", "", "/v1.45"},
        {"/v1.45/", "/v1.45", "", "/v1.45"},
        {"/v1.45/v1.46/x", "/v1.45/v1.46/x", "/v1.45", "/v1.46/x"},
        {"/x/v1.45/y", "/x/v1.45/y", "", "/x/v1.45/y"},
        {"/version", "/version", "", "/version"},
        {"//v1.45//x//", "/v1.45/x", "/v1.45", "/x"},
        {"/v1.45/../x", "/x", "", "/x"},
        {"/x/../v1.45/y", "/v1.45/y", "/v1.45", "/y"},
        {"/../../etc/passwd", "/etc/passwd", "", "/etc/passwd"},
        {"/a/b/..", "/a", "", "/a"},
        {"/a/..", "/", "", "/"},
        {"/./a/./b/.", "/a/b", "", "/a/b"},
        {"/a/.../b/..c", "/a/.../b/..c", "", "/a/.../b/..c"},
        {"/containers%2Fjson", "/containers/json", "", "/containers/json"},
        {"/containers%252Fjson", "/containers%2Fjson", "", "/containers%2Fjson"},
        {"/a/%2e%2E/b", "/b", "", "/b"},
        {"/a/%252e%252e/b", "/a/%2e%2e/b", "", "/a/%2e%2e/b"},
        {"/v1%2E45/x", "/v1.45/x", "/v1.45", "/x"},
        {"/v1.45%2Fx", "/v1.45/x", "/v1.45", "/x"},
        {"/%E6%97%A5/x", "/\xE6\x97\xA5/x", "", "/\xE6\x97\xA5/x"},
        {"/a+b%20c;d\\e", "/a+b c;d\\e", "", "/a+b c;d\\e"},
        {"/a%0Ab%3F%23", "/a\nb?#", "", "/a\nb?#"},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct target t;
        char *store = read_target(rows[i].raw, &t);
        assert_str(t.path, rows[i].path);
        assert_str(t.version, rows[i].version);
        assert_str(t.normal, rows[i].normal);
        assert_false(t.has_query);
        assert_int_equal(t.query.n, 0);
        assert_ptr_equal(t.path.p, store);
        assert_ptr_equal(t.normal.p, store + t.version.n);
        free(store);
    }
}

static void the_query_is_left_as_it_was_sent(void **state)
{
    static const struct {
        const char *raw, *path, *query;
    } rows[] = {
        {"/x?", "/x", ""},
        {"/x?a=1&b=%2F..%2F?c", "/x", "a=1&b=%2F..%2F?c"},
        {"/a/../x?/../y//z/", "/x", "/../y//z/"},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct target t;
        char *store = read_target(rows[i].raw, &t);
        assert_str(t.normal, rows[i].path);
        assert_str(t.query, rows[i].query);
        assert_true(t.has_query);
        free(store);
    }
}

static void targets_that_could_be_read_in_two_ways_are_refused(void **state)
{
    static const char *const bad[] = {
        "",     "x",      "http://docker/x", "docker:2375", "?x",        "/100%/x",
        "/%",   "/%2",    "/%zz/x",          "/%2g",        "/a%00",     "/a%00/b",
        "/x#y", "/x?y#z", "/x?a;b",          "/x?a=%zz",    "/x?a=%",    "/x?a=%1",
        "/a b", "/x?a b", "/a\x7f",          "/a\xC3",      "/x?a=\xC3", "/a\tb",
        "**",   "*/x",
    };
    (void)state;
    for (size_t i = 0; i < SIZE(bad); i++)
        if (refusal_of(str_of(bad[i])) != REFUSAL_BAD_TARGET)
            fail_msg("%s is not refused", bad[i]);
    assert_int_equal(refusal_of(STR("/a\0b")), REFUSAL_BAD_TARGET);
    assert_int_equal(refusal_of(STR("/a?\0")), REFUSAL_BAD_TARGET);
}

static void a_star_is_denied_as_a_path_that_no_rule_allows(void **state)
{
    (void)state;
    assert_int_equal(refusal_of(STR("*")), REFUSAL_NO_RULE);
}

static bool ends_within_escape(struct str s)
{
    return (s.n > 0 && s.p[s.n - 1] == '%') || (s.n > 1 && s.p[s.n - 2] == '%');
}

static void a_target_cut_at_any_byte_is_read_or_refused_within_its_bytes(void **state)
{
    const struct str whole = STR("//v1.45/a%2f..%2F%2e%2e/%E6b?x=%41&y=+");
    (void)state;
    for (size_t n = 0; n <= whole.n; n++) {
        char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, whole.p, n);
        const struct str s = {cut, n};
        const bool bad = n == 0 || ends_within_escape(s);
        assert_int_equal(refusal_of(s), bad ? REFUSAL_BAD_TARGET : REFUSAL_NONE);
        free(cut);
    }
}

static void api_versions_become_comparable_numbers(void **state)
{
    static const struct {
        const char *version;
        unsigned number;
    } rows[] = {
        {"", 0},
        {"/v1", 0},
        {"/v1.41", 1041},
        {"/v1.9", 1009},
        {"/v01.045", 1045},
        {"/v1.41.2", 0},
        {"/v5.0.0", 0},
        {"/v2.0", 2000},
        {"/v1.", 0},
        {"/v1.99999999999999999999", 1999},
        {"/v99999999999999999999.1", 9999001},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        assert_int_equal(target_api_version(str_of(rows[i].version)), rows[i].number);
}

static void a_query_is_decoded_as_the_engine_does(void **state)
{
    static const char raw[] = "&a=1&&b=x+y%2Bz&c&d=&=e&a=2=3&%66rom=%00";
    static const struct query_pair pairs[] = {
        {{"a", 1}, {"1", 1}},     {{"b", 1}, {"x y+z", 5}}, {{"c", 1}, {"", 0}},
        {{"d", 1}, {"", 0}},      {{"", 0}, {"e", 1}},      {{"a", 1}, {"2=3", 3}},
        {{"from", 4}, {"\0", 1}},
    };
    struct query q;
    char store[sizeof raw - 1];
    (void)state;
    assert_int_equal(query_read(str_of(raw), store, &q), RC_OK);
    assert_int_equal(q.n, SIZE(pairs));
    for (size_t i = 0; i < SIZE(pairs); i++) {
        assert_true(str_eq(q.pairs[i].key, pairs[i].key));
        assert_true(str_eq(q.pairs[i].value, pairs[i].value));
    }
    assert_str(query_value(&q, STR("a")), "1");
    assert_non_null(query_value(&q, STR("c")).p);
    assert_int_equal(query_value(&q, STR("c")).n, 0);
    assert_null(query_value(&q, STR("A")).p);
}

static void a_query_that_the_engine_would_read_otherwise_is_no_query(void **state)
{
    static const char *const bad[] = {"a;b", "a=%", "a=%4", "a=%zz", "%=1", "a=1&b=2;c=3"};
    struct query q;
    char store[64];
    (void)state;
    for (size_t i = 0; i < SIZE(bad); i++) {
        assert_int_equal(query_read(str_of(bad[i]), store, &q), RC_SYNTAX);
        assert_int_equal(q.n, 0);
    }
}

static void more_pairs_than_fit_are_refused(void **state)
{
    char raw[2 * QUERY_PAIRS_MAX + 2], store[sizeof raw];
    struct query q;
    (void)state;
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = i % 2 ? '&' : 'a';
    assert_int_equal(query_read((struct str){raw, 2 * QUERY_PAIRS_MAX}, store, &q), RC_OK);
    assert_int_equal(q.n, QUERY_PAIRS_MAX);
    assert_int_equal(query_read((struct str){raw, sizeof raw}, store, &q), RC_TOOBIG);
    assert_int_equal(q.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded_once_cleaned_and_stripped_of_one_version),
        cmocka_unit_test(the_query_is_left_as_it_was_sent),
        cmocka_unit_test(targets_that_could_be_read_in_two_ways_are_refused),
        cmocka_unit_test(a_star_is_denied_as_a_path_that_no_rule_allows),
        cmocka_unit_test(a_target_cut_at_any_byte_is_read_or_refused_within_its_bytes),
        cmocka_unit_test(api_versions_become_comparable_numbers),
        cmocka_unit_test(a_query_is_decoded_as_the_engine_does),
        cmocka_unit_test(a_query_that_the_engine_would_read_otherwise_is_no_query),
        cmocka_unit_test(more_pairs_than_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
