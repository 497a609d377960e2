/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool same_by_bytes(struct str a, struct str b)
{
    char *x = malloc(a.n + 1), *y = malloc(b.n + 1);
    assert_true(x && y);
    const struct str p = {x, fold_bytes(a, x)}, q = {y, fold_bytes(b, y)};
    const bool same = str_eq(p, q);
    free(x);
    free(y);
    return same;
}

/* Both ways of comparing say the same. */
static void assert_fold(struct str a, struct str b, bool same)
{
    if (str_same_folded(a, b) != same || same_by_bytes(a, b) != same ||
        str_same_folded(b, a) != same)
        fail_msg("%.*s and %.*s", (int)a.n, a.p, (int)b.n, b.p);
}

static void ascii_letters_fold(void **state)
{
    (void)state;
    assert_fold(STR(""), STR(""), true);
    assert_fold(STR("Privileged"), STR("pRIVILEGED"), true);
    assert_fold(STR("AZaz09@[`{"), STR("azAZ09@[`{"), true);
    assert_fold(STR("@[`{"), STR("`{@["), false);
    assert_fold(STR("a"), STR("aa"), false);
    assert_fold(STR("NanoCpus"), STR("NanoCPUs"), true);
}

static void the_long_s_and_the_kelvin_sign_fold(void **state)
{
    (void)state;
    assert_fold(STR("Ho\xC5\xBFtConfig"), STR("HOSTCONFIG"), true);
    assert_fold(STR("Networ\xE2\x84\xAAMode"), STR("networkmode"), true);
    assert_fold(STR("Ma\xC5\xBF\xE2\x84\xAA"
                    "edPath\xC5\xBF"),
                STR("MaskedPaths"), true);
    assert_fold(STR("\xC5\xBF\xE2\x84\xAA"), STR("\xC5\xBF\xE2\x84\xAA"), true);
}

static void look_alikes_do_not_fold(void **state)
{
    (void)state;
    assert_fold(STR("Priv\xD1\x96leged"), STR("Privileged"), false); /* Cyrillic i */
    assert_fold(STR("\xC5\xBE"), STR("s"), false);
    assert_fold(STR("\xE2\x84\xAB"), STR("k"), false); /* Angstrom sign */
    assert_fold(STR("\xC3\xA9"), STR("\xC3\x89"), false);
    assert_fold(STR("\xC3\xA9"), STR("e\xCC\x81"), false);
    assert_fold(STR("\xEF\xBC\xB3"), STR("s"), false); /* full width */
}

static void broken_utf8_is_equal_only_to_itself(void **state)
{
    (void)state;
    assert_fold(STR("\xC5"), STR("\xC5"), true);
    assert_fold(STR("\xC5"), STR("\xE5"), false);
    assert_fold(STR("\xC5S"), STR("\xC5s"), true);
    assert_fold(STR("\xE2\x84"), STR("\xE2\x84"), true);
    assert_fold(STR("\xE2\x84"), STR("k"), false);
    assert_fold(STR("\xF0\xC5\xBF"), STR("\xF0s"), true);
    assert_fold(STR("\xE2\xE2\x84\xAA"), STR("\xE2K"), true);
    assert_fold(STR("\xFF"), STR("\xFE"), false);
}

static void folding_may_work_in_place(void **state)
{
    (void)state;
    char text[] = "\xE2\x84\xAA"
                  "Ey\xC5\xBF";
    const size_t n = fold_bytes((struct str){text, sizeof text - 1}, text);
    assert_int_equal(n, 4);
    assert_memory_equal(text, "keys", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_letters_fold),
        cmocka_unit_test(the_long_s_and_the_kelvin_sign_fold),
        cmocka_unit_test(look_alikes_do_not_fold),
        cmocka_unit_test(broken_utf8_is_equal_only_to_itself),
        cmocka_unit_test(folding_may_work_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
