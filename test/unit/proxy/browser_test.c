/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/browser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const names[] = {"docker.example", "build-host"};

static bool host_passes(const char *host)
{
    struct head h = {.n_fields = 1};
    h.fields[0] = (struct field){.name = STR("Host"), .value = str_of(host), .id = FIELD_HOST};
    h.at[FIELD_HOST] = 1;
    return browser_free(&h, names, 2);
}

static void hosts_that_only_this_machine_or_the_operator_uses_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "localhost",   "LocalHost:2375",  "127.0.0.1",      "127.0.0.1:2375",
        "10.1.2.3:80", "[::1]",           "[::1]:2375",     "[2001:db8::1]:80",
        "127.0.0.1:",  "localhost:65535", "docker.example", "BUILD-HOST:1",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!host_passes(good[i]))
            fail_msg("%s", good[i]);
}

static void other_names_and_odd_spellings_do_not(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "[::1",
        "[]",
        "[::1]evil:80",
        "[::1]:x",
        "::1",
        "localhost:http",
        "localhost:80:80",
        "localhost:65536",
        "docker.example.",
        "",
        ":80",
        "docker",
        "localhost ",
        "[127.0.0.1]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (host_passes(bad[i]))
            fail_msg("%s", bad[i]);
}

static void an_origin_is_a_browser_whatever_it_says(void **state)
{
    (void)state;
    struct head h = {.n_fields = 1};
    h.fields[0] = (struct field){.name = STR("Origin"), .value = STR("null"), .id = FIELD_ORIGIN};
    h.at[FIELD_ORIGIN] = 1;
    assert_false(browser_free(&h, names, 2));
}

static void no_host_at_all_is_an_old_client(void **state)
{
    (void)state;
    const struct head h = {0};
    assert_true(browser_free(&h, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_only_this_machine_or_the_operator_uses_pass),
        cmocka_unit_test(other_names_and_odd_spellings_do_not),
        cmocka_unit_test(an_origin_is_a_browser_whatever_it_says),
        cmocka_unit_test(no_host_at_all_is_an_old_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
