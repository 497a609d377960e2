/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/deadline.h"

#include "proxy/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    struct deadline_entry entry;
    unsigned due;
    uint64_t at;
    struct deadline_class *again; /* armed again when due, three times at most */
    struct item *drop;            /* disarmed when due */
};

struct fixture {
    uv_loop_t loop;
    struct deadlines all;
    struct deadline_class fast, slow, never;
};

static struct fixture f;

static void on_due(struct deadline_entry *e)
{
    struct item *i = OWNER(e, struct item, entry);
    i->due++;
    i->at = uv_now(&f.loop);
    if (i->drop)
        deadline_disarm(&i->drop->entry);
    if (i->again && i->due < 3)
        deadline_arm(i->again, e);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_init(&f.loop), 0);
    deadlines_init(&f.all, &f.loop);
    deadline_class_init(&f.fast, &f.all, 10, on_due);
    deadline_class_init(&f.slow, &f.all, 30, on_due);
    deadline_class_init(&f.never, &f.all, 0, on_due);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    deadlines_close(&f.all, NULL);
    assert_int_equal(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    return 0;
}

/* Ends when the timer has nothing left to wait for. */
static void run(void)
{
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
}

static void each_is_due_once_and_not_early(void **state)
{
    (void)state;
    struct item a = {0}, b = {0};
    const uint64_t start = uv_now(&f.loop);
    deadline_arm(&f.slow, &b.entry);
    deadline_arm(&f.fast, &a.entry);
    run();
    assert_int_equal(a.due, 1);
    assert_int_equal(b.due, 1);
    assert_true(a.at >= start + 10 && a.at <= b.at && b.at >= start + 30);
}

static void a_disarmed_one_is_never_due(void **state)
{
    (void)state;
    struct item a = {0};
    deadline_arm(&f.fast, &a.entry);
    assert_true(deadline_is_armed(&a.entry));
    deadline_disarm(&a.entry);
    deadline_disarm(&a.entry);
    assert_false(deadline_is_armed(&a.entry));
    run();
    assert_int_equal(a.due, 0);
}

static void arming_again_starts_anew_in_another_class_too(void **state)
{
    (void)state;
    struct item a = {0};
    const uint64_t start = uv_now(&f.loop);
    deadline_arm(&f.fast, &a.entry);
    deadline_arm(&f.slow, &a.entry);
    run();
    assert_int_equal(a.due, 1);
    assert_true(a.at >= start + 30);
}

static void a_class_without_a_duration_keeps_nothing(void **state)
{
    (void)state;
    struct item a = {0};
    deadline_arm(&f.never, &a.entry);
    assert_false(deadline_is_armed(&a.entry));
    deadline_arm(&f.fast, &a.entry);
    deadline_arm(&f.never, &a.entry);
    run();
    assert_int_equal(a.due, 0);
}

static void durations_of_their_own_are_due_in_order(void **state)
{
    (void)state;
    struct item a = {0}, b = {0}, c = {0};
    deadline_arm_in(&f.slow, &a.entry, 25);
    deadline_arm_in(&f.slow, &b.entry, 5);
    deadline_arm_in(&f.slow, &c.entry, 15);
    assert_ptr_equal(f.slow.list.next, &b.entry);
    assert_ptr_equal(f.slow.list.prev, &a.entry);
    run();
    assert_true(b.at <= c.at && c.at <= a.at);
}

static void one_that_is_due_may_arm_itself_and_drop_others(void **state)
{
    (void)state;
    struct item b = {0};
    struct item a = {.again = &f.fast, .drop = &b};
    deadline_arm(&f.fast, &a.entry);
    deadline_arm(&f.fast, &b.entry);
    run();
    assert_int_equal(a.due, 3);
    assert_int_equal(b.due, 0);
}

static void moving_on_leaves_the_timer_alone(void **state)
{
    (void)state;
    struct item a = {0}, b = {0};
    deadline_arm(&f.fast, &a.entry);
    const uint64_t at = f.all.timer_at;
    deadline_arm(&f.slow, &b.entry);
    deadline_arm(&f.fast, &a.entry);
    assert_int_equal(f.all.timer_at, at);
    run();
    assert_int_equal(a.due + b.due, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_is_due_once_and_not_early),
        TEST(a_disarmed_one_is_never_due),
        TEST(arming_again_starts_anew_in_another_class_too),
        TEST(a_class_without_a_duration_keeps_nothing),
        TEST(durations_of_their_own_are_due_in_order),
        TEST(one_that_is_due_may_arm_itself_and_drop_others),
        TEST(moving_on_leaves_the_timer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
