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
static struct budget_user user, other;
static unsigned woken, other_woken;

static void on_granted(struct budget_place *p)
{
    struct holder *h = OWNER(p, struct holder, place);
    h->granted++;
    if (h->gives_back)
        budget_return(p);
}

static void wake(void *arg)
{
    unsigned *const n = arg;
    (*n)++;
}

static int setup(void **state)
{
    (void)state;
    budget_init(&budget, 100);
    user = (struct budget_user){&budget, on_granted, wake, &woken, {NULL, NULL}};
    other = (struct budget_user){&budget, on_granted, wake, &other_woken, {NULL, NULL}};
    woken = other_woken = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    budget_release(&budget);
    return 0;
}

static void give(struct holder *h)
{
    budget_return(&h->place);
    budget_deliver(&user);
}

static void what_fits_is_given_at_once(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0};
    assert_true(budget_take(&user, &a.place, 60));
    assert_true(budget_take(&user, &b.place, 40));
    assert_int_equal(budget.used, 100);
    give(&a);
    give(&b);
    assert_int_equal(budget.used, 0);
    assert_int_equal(a.granted + b.granted, 0);
    assert_int_equal(woken, 0);
}

static void who_waits_is_served_in_order(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0}, small = {0};
    assert_true(budget_take(&user, &a.place, 60));
    assert_false(budget_take(&user, &b.place, 50));
    assert_false(budget_take(&user, &small.place, 1)); /* it would fit, but b was first */
    give(&a);
    assert_int_equal(b.granted, 1);
    assert_int_equal(small.granted, 1);
    assert_int_equal(budget.used, 51);
    assert_int_equal(budget.in_line, 0);
}

static void who_leaves_the_line_lets_the_others_through(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0}, c = {0}, d = {0};
    assert_true(budget_take(&user, &a.place, 60));
    assert_false(budget_take(&user, &b.place, 90));
    assert_false(budget_take(&user, &c.place, 30));
    assert_false(budget_take(&user, &d.place, 90));
    give(&d); /* the last one */
    give(&b); /* the first one */
    assert_int_equal(c.granted, 1);
    assert_int_equal(b.granted + d.granted, 0);
    assert_int_equal(budget.used, 90);
    assert_null(budget.line.first);
    assert_false(budget_take(&user, &b.place, 90));
    assert_ptr_equal(budget.line.last, &b.place);
}

static void more_than_the_limit_counts_as_the_limit(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0};
    assert_true(budget_take(&user, &a.place, SIZE_MAX));
    assert_int_equal(budget.used, 100);
    assert_false(budget_take(&user, &b.place, 1));
    give(&a);
    assert_int_equal(b.granted, 1);
}

static void a_long_line_that_gives_back_at_once_takes_no_stack(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static struct holder many[MANY];
    struct holder a = {0};
    assert_true(budget_take(&user, &a.place, 100));
    for (int i = 0; i < MANY; i++) {
        many[i] = (struct holder){.gives_back = true};
        assert_false(budget_take(&user, &many[i].place, 100));
    }
    give(&a);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(many[i].granted, 1);
    assert_int_equal(budget.used, 0);
}

static void one_line_is_for_all_users_and_each_is_told_on_its_own_thread(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0}, c = {0};
    assert_true(budget_take(&user, &a.place, 100));
    assert_false(budget_take(&other, &b.place, 60));
    assert_false(budget_take(&user, &c.place, 40));
    give(&a);
    assert_int_equal(c.granted, 1);
    assert_int_equal(b.granted, 0); /* has its bytes, but nobody told it yet */
    assert_int_equal(other_woken, 1);
    assert_int_equal(budget.used, 100);
    budget_deliver(&other);
    assert_int_equal(b.granted, 1);
}

static void who_goes_before_it_is_told_gives_back_what_it_was_granted(void **state)
{
    (void)state;
    struct holder a = {0}, b = {0};
    assert_true(budget_take(&user, &a.place, 100));
    assert_false(budget_take(&other, &b.place, 60));
    give(&a);
    budget_return(&b.place);
    budget_deliver(&other);
    assert_int_equal(b.granted, 0);
    assert_int_equal(budget.used, 0);
}

/* Each thread takes, waits where it must, and gives back: nothing is lost, nobody is stuck. */
struct taker {
    struct budget_user user;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool due;
};

static void wake_taker(void *arg)
{
    struct taker *t = arg;
    (void)pthread_mutex_lock(&t->lock);
    t->due = true;
    (void)pthread_cond_signal(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

static void wait_until_due(struct taker *t)
{
    (void)pthread_mutex_lock(&t->lock);
    while (!t->due)
        (void)pthread_cond_wait(&t->changed, &t->lock);
    t->due = false;
    (void)pthread_mutex_unlock(&t->lock);
}

static void *take_often(void *arg)
{
    enum { TIMES = 20000 };
    struct taker *t = arg;
    for (size_t i = 0; i < TIMES; i++) {
        struct holder h = {0};
        if (!budget_take(&t->user, &h.place, 1 + i * 7 % 90)) {
            if (i % 5)
                for (budget_deliver(&t->user); !h.granted; budget_deliver(&t->user))
                    wait_until_due(t);
        }
        budget_return(&h.place);
    }
    return NULL;
}

static void threads_share_it_and_none_is_forgotten(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    static struct taker takers[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        struct taker *t = &takers[i];
        *t = (struct taker){.user = {&budget, on_granted, wake_taker, t, {NULL, NULL}}};
        (void)pthread_mutex_init(&t->lock, NULL);
        (void)pthread_cond_init(&t->changed, NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, take_often, t), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(budget.used, 0);
    assert_int_equal(budget.in_line, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_fits_is_given_at_once),
        TEST(who_waits_is_served_in_order),
        TEST(who_leaves_the_line_lets_the_others_through),
        TEST(more_than_the_limit_counts_as_the_limit),
        TEST(a_long_line_that_gives_back_at_once_takes_no_stack),
        TEST(one_line_is_for_all_users_and_each_is_told_on_its_own_thread),
        TEST(who_goes_before_it_is_told_gives_back_what_it_was_granted),
        TEST(threads_share_it_and_none_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
