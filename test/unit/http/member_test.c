/* SPDX-License-Identifier: Apache-2.0 */
#include "http/member.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct str name = {"serveraddress", 13};

static void assert_finds(struct str json, struct str text)
{
    struct member m = {.found = false};
    assert_int_equal(member_find(json, name, &m), RC_OK);
    assert_true(m.found);
    assert_true(str_eq(m.text, text));
}

static void assert_absent(struct str json)
{
    struct member m = {.found = true};
    assert_int_equal(member_find(json, name, &m), RC_OK);
    assert_false(m.found);
}

static void assert_refused(struct str json)
{
    struct member m = {.found = true, .text = STR("untouched")};
    assert_int_equal(member_find(json, name, &m), RC_SYNTAX);
    assert_true(m.found && str_eq(m.text, STR("untouched")));
}

static void a_string_member_is_found_by_its_folded_name(void **state)
{
    (void)state;
    assert_finds(STR("{\"serveraddress\":\"r.example\"}"), STR("r.example"));
    assert_finds(STR(" { \"a\":[{\"x\":1}], \"ServerAddress\" : \"\" } "), STR(""));
    assert_finds(STR("{\"\\u0053erver\\u0041ddre\\u017f\xC5\xBF\":\"r\"}"), STR("r"));
    assert_finds(STR("{\"a\":1,\"a\":2,\"serveraddress\":\"r\",\"A\":3}"), STR("r"));
}

static void escapes_are_left_and_told(void **state)
{
    (void)state;
    struct member m;
    assert_int_equal(member_find(STR("{\"serveraddress\":\"\\u0041\"}"), name, &m), RC_OK);
    assert_true(m.escaped);
    assert_int_equal(member_find(STR("{\"serveraddress\":\"A\"}"), name, &m), RC_OK);
    assert_false(m.escaped);
}

static void absent_and_null_are_not_found(void **state)
{
    (void)state;
    assert_absent(STR("null"));
    assert_absent(STR("{}"));
    assert_absent(STR("{\"serveraddress\":null}"));
    assert_absent(STR("{\"serveraddres\":\"r\",\"serveraddresss\":\"r\"}"));
    assert_absent(STR("{\"a\":{\"serveraddress\":\"r\"},\"b\":[{\"serveraddress\":\"r\"}]}"));
}

static void other_kinds_and_repeats_are_refused(void **state)
{
    (void)state;
    assert_refused(STR("{\"serveraddress\":1}"));
    assert_refused(STR("{\"serveraddress\":[\"r\"]}"));
    assert_refused(STR("{\"serveraddress\":{}}"));
    assert_refused(STR("{\"serveraddress\":false}"));
    assert_refused(STR("{\"serveraddress\":\"r\",\"serveraddress\":\"r\"}"));
    assert_refused(STR("{\"serveraddress\":\"r\",\"SERVERADDRESS\":null}"));
    assert_refused(STR("{\"serveraddress\":null,\"serverAddress\":\"r\"}"));
}

static void what_is_no_single_object_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "\"serveraddress\"",
        "1",
        "true",
        "{",
        "{}x",
        "{} {}",
        "null null",
        "{\"serveraddress\":\"r\"",
        "{\"serveraddress\":\"r\"}}",
        "{\"serveraddress\":\"\\u0000\"}",
        "{\"serveraddress\":\"r\",}",
        "{\"serveraddress\":",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(str_of(texts[i]));
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    const struct str json = STR("{\"a\":{\"b\":[1]},\"serveraddress\":\"r.example\"}");
    for (size_t n = 0; n < json.n; n++)
        assert_refused((struct str){json.p, n});
}

static void a_name_too_long_to_match_is_another_one(void **state)
{
    (void)state;
    static char json[4096] = "{\"";
    size_t n = 2;
    for (; n < 3000; n += 6)
        memcpy(json + n, "\\u0073", 6);
    memcpy(json + n, "\":\"r\"}", 6);
    assert_absent((struct str){json, n + 6});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_member_is_found_by_its_folded_name),
        cmocka_unit_test(escapes_are_left_and_told),
        cmocka_unit_test(absent_and_null_are_not_found),
        cmocka_unit_test(other_kinds_and_repeats_are_refused),
        cmocka_unit_test(what_is_no_single_object_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_name_too_long_to_match_is_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
