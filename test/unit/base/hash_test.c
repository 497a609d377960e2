/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The key and input of the algorithm's paper, appendix A: bytes 0, 1, 2 … */
static const struct hash_key paper_key = {
    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

static void the_published_example_holds(void **state)
{
    (void)state;
    const char rest[] = {8, 9, 10, 11, 12, 13, 14};
    assert_true(hash_bytes(&paper_key, UINT64_C(0x0706050403020100),
                           (struct str){rest, sizeof rest}) == UINT64_C(0xa129ca6149be45e5));
}

static void every_part_of_the_input_counts(void **state)
{
    (void)state;
    struct hash_key other = paper_key;
    other.half[1]++;
    const uint64_t h = hash_bytes(&paper_key, 1, STR("0123456789"));
    assert_true(h == hash_bytes(&paper_key, 1, STR("0123456789")));
    assert_true(h != hash_bytes(&paper_key, 2, STR("0123456789")));
    assert_true(h != hash_bytes(&paper_key, 1, STR("0123456788")));
    assert_true(h != hash_bytes(&paper_key, 1, STR("0123456789\0")));
    assert_true(h != hash_bytes(&other, 1, STR("0123456789")));
    const char *text = "0123456789abcdef0123456789abcdef!";
    for (size_t n = 0; n < 33; n++)
        assert_true(hash_bytes(&paper_key, 1, (struct str){text, n}) !=
                    hash_bytes(&paper_key, 1, (struct str){text, n + 1}));
    assert_true(hash_bytes(&paper_key, 1, STR("")) != hash_bytes(&paper_key, 1, STR("\0")));
}

static void two_keys_differ(void **state)
{
    (void)state;
    struct hash_key a, b;
    assert_int_equal(hash_key_init(&a), RC_OK);
    assert_int_equal(hash_key_init(&b), RC_OK);
    assert_memory_not_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_holds),
        cmocka_unit_test(every_part_of_the_input_counts),
        cmocka_unit_test(two_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
