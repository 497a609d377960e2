/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lua.h>

enum { MIB = 1024 * 1024, LIVE = 400 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void assert_filled(const unsigned char *p, size_t n, unsigned char with)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(p[i], with);
}

static void blocks_keep_their_bytes_through_any_order_of_growing_and_freeing(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, 8 * MIB, MIB);
    unsigned char *block[LIVE] = {NULL};
    size_t size[LIVE] = {0};
    uint32_t random = 1;
    for (int step = 0; step < 40000; step++) {
        const size_t i = next_random(&random) % LIVE;
        const size_t want = next_random(&random) % (step % 16 ? 300 : 5000);
        unsigned char *p = alloc_realloc(&a, block[i], block[i] ? size[i] : 5, want);
        assert_true(p || want == 0);
        assert_int_equal((uintptr_t)p % 16, 0);
        assert_filled(p, want < size[i] ? want : size[i], (unsigned char)i);
        if (p)
            memset(p, (int)i, want);
        block[i] = p;
        size[i] = want;
    }
    for (size_t i = 0; i < LIVE; i++)
        (void)alloc_realloc(&a, block[i], size[i], 0);
    assert_int_equal(a.used, 0);
    assert_true(a.taken <= ALLOC_CHUNK);
    alloc_release(&a);
}

static void the_ceiling_holds_to_the_byte(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, 64, MIB);
    void *first = alloc_realloc(&a, NULL, 0, 48);
    assert_non_null(first);
    assert_null(alloc_realloc(&a, NULL, 0, 17));
    void *second = alloc_realloc(&a, NULL, 0, 16);
    assert_non_null(second);
    assert_int_equal(a.used, 64);
    assert_null(alloc_realloc(&a, second, 16, 17));
    assert_null(alloc_realloc(&a, first, 48, 0));
    second = alloc_realloc(&a, second, 16, 64);
    assert_non_null(second);
    assert_null(alloc_realloc(&a, second, 64, 0));
    assert_int_equal(a.peak, 64);
    alloc_release(&a);
}

static void a_block_over_its_limit_is_refused_however_much_room_there_is(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, 8 * MIB, MIB);
    assert_null(alloc_realloc(&a, NULL, LUA_TSTRING, MIB + 1));
    void *p = alloc_realloc(&a, NULL, LUA_TSTRING, MIB);
    assert_non_null(p);
    assert_null(alloc_realloc(&a, p, MIB, MIB + 1));
    p = alloc_realloc(&a, p, MIB, 100);
    assert_non_null(p);
    (void)alloc_realloc(&a, p, 100, 0);
    alloc_release(&a);
}

static void a_new_part_of_a_table_is_refused_at_a_quarter_of_that(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, 8 * MIB, MIB);
    assert_null(alloc_realloc(&a, NULL, 0, MIB / 4 + 1));
    void *p = alloc_realloc(&a, NULL, 0, MIB / 4);
    assert_non_null(p);
    p = alloc_realloc(&a, p, MIB / 4, MIB);
    assert_non_null(p);
    (void)alloc_realloc(&a, p, MIB, 0);
    alloc_release(&a);
}

/* Takes blocks of one size until none is left, then gives them all back. */
static size_t fill_and_empty(struct alloc *a, size_t size)
{
    void *list = NULL;
    size_t n = 0;
    for (void **p; (p = alloc_realloc(a, NULL, 0, size)); n++) {
        *p = list;
        list = p;
    }
    while (list) {
        void *next = *(void **)list;
        (void)alloc_realloc(a, list, size, 0);
        list = next;
    }
    return n;
}

static void blocks_of_one_size_do_not_starve_those_of_another(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, MIB, MIB);
    for (size_t size = 16; size <= ALLOC_SMALL_MAX; size *= 2)
        assert_int_equal(fill_and_empty(&a, size), MIB / size);
    assert_true(fill_and_empty(&a, 100000) >= 10);
    alloc_release(&a);
}

static void what_is_taken_from_the_system_is_bounded_under_any_fragmentation(void **unused)
{
    (void)unused;
    struct alloc a;
    alloc_init(&a, MIB, MIB);
    enum { PINS = 4096 };
    static void *pin[PINS];
    size_t pins = 0;
    uint32_t random = 7;
    for (int round = 0; round < 40; round++) {
        const size_t size = 16 + 16 * (next_random(&random) % 60);
        static void *block[70000];
        size_t n = 0;
        while (n < 70000 && (block[n] = alloc_realloc(&a, NULL, 0, size)))
            n++;
        /* One block in each chunk stays, so that no chunk gets empty. */
        const size_t stay = ALLOC_CHUNK / size;
        for (size_t i = 0; i < n; i++) {
            if (i % stay || size > 32 || pins == PINS) {
                (void)alloc_realloc(&a, block[i], size, 0);
                continue;
            }
            *(size_t *)block[i] = size;
            pin[pins++] = block[i];
        }
        assert_true(a.taken <= MIB + MIB / 4 + ALLOC_SLACK);
    }
    for (size_t i = 0; i < pins; i++)
        (void)alloc_realloc(&a, pin[i], *(size_t *)pin[i], 0);
    alloc_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_their_bytes_through_any_order_of_growing_and_freeing),
        cmocka_unit_test(the_ceiling_holds_to_the_byte),
        cmocka_unit_test(a_block_over_its_limit_is_refused_however_much_room_there_is),
        cmocka_unit_test(a_new_part_of_a_table_is_refused_at_a_quarter_of_that),
        cmocka_unit_test(blocks_of_one_size_do_not_starve_those_of_another),
        cmocka_unit_test(what_is_taken_from_the_system_is_bounded_under_any_fragmentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
