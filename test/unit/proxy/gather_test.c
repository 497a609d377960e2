/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gather.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static size_t join(const struct gather *g, char *out)
{
    size_t n = 0;
    for (unsigned i = 0; i < g->n; i++) {
        memcpy(out + n, g->v[i].base, g->v[i].len);
        n += g->v[i].len;
    }
    return n;
}

static void a_head_and_chunks_come_out_framed(void **state)
{
    (void)state;
    char out[128];
    struct gather g;
    gather_start(&g, STR("HEAD\r\n\r\n"));
    gather_chunk(&g, STR("0123456789abcdefX"));
    gather_chunk(&g, STR("y"));
    const size_t n = join(&g, out);
    const struct str want = STR("HEAD\r\n\r\n11\r\n0123456789abcdefX\r\n1\r\ny\r\n");
    assert_true(str_eq((struct str){out, n}, want));
}

static void an_empty_head_takes_no_place(void **state)
{
    (void)state;
    struct gather g;
    gather_start(&g, STR(""));
    assert_int_equal(g.n, 0);
}

static void the_largest_size_fits_its_line(void **state)
{
    (void)state;
    struct gather g;
    gather_start(&g, STR(""));
    gather_chunk(&g, (struct str){"", SIZE_MAX});
    assert_int_equal(g.v[0].len, CHUNK_LINE);
    assert_memory_equal(g.v[0].base, "ffffffffffffffff\r\n", CHUNK_LINE);
}

static void it_is_full_before_a_chunk_would_not_fit(void **state)
{
    (void)state;
    struct gather g;
    unsigned chunks = 0;
    gather_start(&g, STR("h"));
    for (; !gather_full(&g); chunks++)
        gather_chunk(&g, STR("x"));
    assert_int_equal(chunks, 8);
    assert_int_equal(g.n, GATHER_MAX);
    for (gather_start(&g, STR("")); !gather_full(&g);)
        gather_chunk(&g, STR("x"));
    assert_true(g.n <= GATHER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_and_chunks_come_out_framed),
        cmocka_unit_test(an_empty_head_takes_no_place),
        cmocka_unit_test(the_largest_size_fits_its_line),
        cmocka_unit_test(it_is_full_before_a_chunk_would_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
