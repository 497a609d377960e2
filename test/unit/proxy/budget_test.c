/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/budget.h"

#include "proxy/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct holder {
    struct budget_place place;
    unsigned granted;
    bool gives_back; /* as soon as it is granted */
};

static struct budget budget;

static void on_granted(struct budget_place *p)
{
    struct holder *h = OWNER(p, struct holder, place);
    h->granted++;
    if (h->gives_back)
        budget_return(&budget, p);
}

static int setup(void **state)
{
    (void)state;
    budget_init(&budget, 100, on_granted);
    return 0;
}

static void what_fits_is_given_at_once(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0};
    assert_true(budget_take(&budget, &a.place, 60));
    assert_true(budget_take(&budget, &b.place, 40));
    assert_int_equal(budget.used, 100);
    budget_return(&budget, &a.place);
    budget_return(&budget, &b.place);
    assert_int_equal(budget.used, 0);
    assert_int_equal(a.granted + b.granted, 0);
}

static void who_waits_is_served_in_order(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0}, small = {0};
    assert_true(budget_take(&budget, &a.place, 60));
    assert_false(budget_take(&budget, &b.place, 50));
    assert_false(budget_take(&budget, &small.place, 1)); /* it would fit, but b was first */
    budget_return(&budget, &a.place);
    assert_int_equal(b.granted, 1);
    assert_int_equal(small.granted, 1);
    assert_int_equal(budget.used, 51);
}

static void who_leaves_the_line_lets_the_others_through(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0}, c = {0}, d = {0};
    assert_true(budget_take(&budget, &a.place, 60));
    assert_false(budget_take(&budget, &b.place, 90));
    assert_false(budget_take(&budget, &c.place, 30));
    assert_false(budget_take(&budget, &d.place, 90));
    budget_return(&budget, &d.place); /* the last one */
    budget_return(&budget, &b.place); /* the first one */
    assert_int_equal(c.granted, 1);
    assert_int_equal(b.granted + d.granted, 0);
    assert_int_equal(budget.used, 90);
    assert_null(budget.first);
    assert_false(budget_take(&budget, &b.place, 90));
    assert_ptr_equal(budget.last, &b.place);
}

static void more_than_the_limit_counts_as_the_limit(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0};
    assert_true(budget_take(&budget, &a.place, SIZE_MAX));
    assert_int_equal(budget.used, 100);
    assert_false(budget_take(&budget, &b.place, 1));
    budget_return(&budget, &a.place);
    assert_int_equal(b.granted, 1);
}

static void a_long_line_that_gives_back_at_once_takes_no_stack(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static struct holder many[MANY];
    struct holder a = {0};
    assert_true(budget_take(&budget, &a.place, 100));
    for (int i = 0; i < MANY; i++) {
        many[i] = (struct holder){.gives_back = true};
        assert_false(budget_take(&budget, &many[i].place, 100));
    }
    budget_return(&budget, &a.place);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(many[i].granted, 1);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_fits_is_given_at_once, setup),
        cmocka_unit_test_setup(who_waits_is_served_in_order, setup),
        cmocka_unit_test_setup(who_leaves_the_line_lets_the_others_through, setup),
        cmocka_unit_test_setup(more_than_the_limit_counts_as_the_limit, setup),
        cmocka_unit_test_setup(a_long_line_that_gives_back_at_once_takes_no_stack, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
