/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/own.h"

#include "policy/config.h"
#include "policy/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

#define ID "ab12cd34ef560718293a4b5c6d7e8f900918273645546372819ab0c1d2e3f405"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

#define PROC "600 599 0:50 / /proc rw,nosuid - proc proc rw\n"
#define ROOT(upper)                                                                                \
    "599 500 0:49 / / rw,relatime master:1 - overlay overlay "                                     \
    "rw,lowerdir=/l/A:/l/B,upperdir=" upper ",workdir=/w\n"
#define FILE_OF(root, point) "610 599 8:1 " root " " point " rw,relatime - ext4 /dev/sda1 rw\n"
#define LAYER "/var/lib/docker/overlay2/cafe/diff"

static void the_id_is_found_where_an_engine_leaves_it(void **state)
{
    static const struct {
        const char *cgroup, *mountinfo, *hostname, *id, *upper;
        bool by_cgroup;
    } examples[] = {
        /* control groups of version 1, by either driver */
        {"12:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", "", "web", ID, "", true},
        {"4:memory:/system.slice/docker-" ID ".scope\n", "", "", ID, "", true},
        {"4:memory:/docker/" OTHER "/docker/" ID "\n", "", "", ID, "", true},
        {"0::/\n4:memory:/docker/" ID, "", "", ID, "", true},
        /* version 2: seen from inside of a namespace of its own there is nothing */
        {"0::/system.slice/docker-" ID ".scope\n", "", "", ID, "", true},
        {"0::/machine.slice/libpod-" ID ".scope/container\n", "", "", ID, "", true},
        {"0::/\n", FILE_OF("/var/lib/docker/containers/" ID "/hostname", "/etc/hostname"), "web",
         ID, "", false},
        {"0::/\n",
         PROC ROOT(LAYER) FILE_OF("/d/containers/" ID "/resolv.conf", "/etc/resolv.conf")
             FILE_OF("/d/containers/" ID "/hosts", "/etc/hosts"),
         "web", ID, LAYER, false},
        {"0::/\n", FILE_OF("/containers/" ID "/hosts", "/etc/hosts"), "", ID, "", false},
        {"0::/\n", FILE_OF("/o/overlay-containers/" ID "/userdata/hosts", "/etc/hosts"), "", ID, "",
         false},
        {"4:memory:/docker/" ID "\n", FILE_OF("/containers/" OTHER "/hosts", "/etc/hosts"), "", ID,
         "", true},
        /* the host name */
        {"0::/\n", ROOT(LAYER), "ab12cd34ef56", "ab12cd34ef56", LAYER, false},
        {"", "", ID, ID, "", false},
        /* no container's */
        {"", "", "", "", "", false},
        {"0::/user.slice\n", PROC, "web", "", "", false},
        {"0::/\n", "", "ab12cd34ef5", "", "", false},
        {"0::/\n", "", "AB12CD34EF56", "", "", false},
        {"0::/\n", "", "ab12cd34ef56.example", "", "", false},
        {"4:memory:/docker/" ID "0\n", "", "", "", "", false},
        {"4:memory:/docker/ab12cd34ef56\n", "", "", "", "", false},
        /* a host that runs containers has their mounts, but not at those places */
        {"0::/\n",
         FILE_OF("/", "/var/lib/docker/containers/" ID "/mounts/shm")
             FILE_OF("/containers/" ID "/hostname",
                     "/mnt/hostname") FILE_OF("/containers/" ID "/hosts", "/etc/hostname")
                 FILE_OF("/containers/" ID "-hosts", "/etc/hosts") FILE_OF("hosts", "/etc/hosts"),
         "", "", "", false},
        {"\n\n:\n", "\n \n 1 2 3\n-\n", "", "", "", false},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(examples); i++) {
        struct own_found found;
        own_find_in(&found, str_of(examples[i].cgroup), str_of(examples[i].mountinfo),
                    str_of(examples[i].hostname));
        assert_string_equal(found.id, examples[i].id);
        assert_string_equal(found.upper, examples[i].upper);
        assert_string_equal(found.hostname, examples[i].hostname);
        assert_int_equal(found.by_cgroup, examples[i].by_cgroup);
    }
}

static void what_is_too_long_is_left_out(void **state)
{
    char hostname[OWN_HOSTNAME_MAX + 1], mountinfo[2 * OWN_PATH_MAX];
    struct own_found found;
    (void)state;
    memset(hostname, 'a', sizeof hostname);
    memset(mountinfo, 'b', sizeof mountinfo);
    static const char start[] = "1 1 0:1 / / rw - overlay overlay rw,upperdir=";
    memcpy(mountinfo, start, sizeof start - 1);
    own_find_in(&found, STR(""), (struct str){mountinfo, sizeof mountinfo},
                (struct str){hostname, sizeof hostname});
    assert_string_equal(found.id, "");
    assert_string_equal(found.upper, "");
    assert_string_equal(found.hostname, "");
}

static void looking_at_this_machine_fails_never(void **state)
{
    struct own_found found;
    (void)state;
    own_find(&found);
    assert_true(found.hostname[0] != '\0');
}

static void a_reference_means_us_by_name_and_by_any_beginning_of_the_id(void **state)
{
    static const char *const ours[] = {"guard", "/guard", "given",       "/given",    "a",
                                       "ab12",  ID,       "/" ID,        "web/guard", "x/",
                                       "//g",   "/a/b",   "ab12cd34ef56"};
    static const char *const others[] = {"",       "/",  "Guard", "guar", "guardx", "guard ",
                                         " guard", "A",  "AB12",  "b12",  ID "0",   "ab13",
                                         ".",      "..", "*",     "giv",  "g",      OTHER};
    const struct own own = {.given = "given", .id = ID, .name = "guard"};
    (void)state;
    for (size_t i = 0; i < SIZE(ours); i++)
        assert_true(own_is(&own, str_of(ours[i])));
    for (size_t i = 0; i < SIZE(others); i++)
        assert_false(own_is(&own, str_of(others[i])));
    assert_false(own_is(&own, (struct str){"guard\0", 6}));
}

static void without_a_container_of_our_own_no_reference_means_us(void **state)
{
    const struct own none = {.given = ""};
    const struct own absent = {.given = ID, .id = ID, .is_found = true, .is_absent = true};
    const struct own named = {.given = "guard", .is_absent = true};
    (void)state;
    assert_false(own_is(&none, STR("a")));
    assert_false(own_is(&none, STR("a/b")));
    assert_false(own_is(&none, STR("")));
    assert_false(own_is(&absent, STR(ID)));
    assert_true(own_is(&named, STR("guard")));
    assert_false(own_is(&named, STR("ab12")));
}

static struct policy *open_with(const char *yaml, const struct own_found *found, bool exact)
{
    const struct config_source source = {.text = str_of(yaml), .own = found};
    struct config *c = NULL;
    struct policy *p = NULL;
    struct err err = {""};
    if (config_open(&c, &source, NULL, &err) || policy_open(&p, c, exact, &err))
        fail_msg("%s", err.text);
    config_free(c);
    return p;
}

#define RULES                                                                                      \
    "insecure_allow_body_blind_writes: true\n"                                                     \
    "rules: [{ match: { method: '*', path: '/**' }, action: allow }]\n"

/* What is said of a request, facts included: a look-up of our own is answered so. */
static enum refusal ask(struct policy *p, enum method m, const char *target,
                        const struct fact *answer, bool *asked)
{
    char store[512];
    struct decision d;
    struct lookup lookups[LOOKUPS_MAX];
    struct policy_request r = {.method = m};
    *asked = false;
    assert_int_equal(target_read(str_of(target), store, &r.target), 0);
    r.route = route_find(m, r.target.normal);
    policy_route(p, &r, &d);
    if (d.verdict == VERDICT_DENY || !policy_judges(p, &r))
        return d.refusal;
    const size_t n = policy_plan(p, &r, lookups, &d);
    if (n == 0)
        return d.refusal;
    assert_int_equal(n, 1);
    assert_true(lookups[0].is_own);
    assert_int_equal(d.verdict, VERDICT_DENY);
    *asked = true;
    policy_decide(p, &r, lookups, answer, n, &d);
    return d.refusal;
}

static enum refusal say(struct policy *p, enum method m, const char *target)
{
    bool asked;
    const enum refusal why = ask(p, m, target, NULL, &asked);
    assert_false(asked);
    return why;
}

static void each_route_that_does_more_than_look_is_refused(void **state)
{
    static const struct {
        enum method m;
        const char *target; /* %s: the container */
        bool refused;
    } routes[] = {
        {METHOD_POST, "/v1.41/containers/%s/start", true},
        {METHOD_POST, "/v1.41/containers/%s/stop?t=1", true},
        {METHOD_POST, "/containers/%s/restart", true},
        {METHOD_POST, "/containers/%s/kill", true},
        {METHOD_POST, "/containers/%s/pause", true},
        {METHOD_POST, "/containers/%s/unpause", true},
        {METHOD_POST, "/containers/%s/rename?name=x", true},
        {METHOD_POST, "/containers/%s/update", true},
        {METHOD_POST, "/containers/%s/exec", true},
        {METHOD_POST, "/containers/%s/attach", true},
        {METHOD_GET, "/containers/%s/attach/ws", true},
        {METHOD_POST, "/containers/%s/resize", true},
        {METHOD_POST, "/containers/%s/copy", true},
        {METHOD_GET, "/containers/%s/archive?path=/", true},
        {METHOD_HEAD, "/containers/%s/archive?path=/", true},
        {METHOD_PUT, "/containers/%s/archive?path=/", true},
        {METHOD_GET, "/containers/%s/export", true},
        {METHOD_POST, "/containers/%s/checkpoints", true},
        {METHOD_DELETE, "/containers/%s/checkpoints/c", true},
        {METHOD_DELETE, "/containers/%s", true},
        {METHOD_POST, "/containers/%s/of-tomorrow", true},
        {METHOD_POST, "/commit?container=%s", true},
        {METHOD_POST, "/commit?container=web&container=%s", true},
        {METHOD_POST, "/build?networkmode=container:%s", true},
        {METHOD_POST, "/build?networkmode=+Container%%3a%s", true},
        {METHOD_DELETE, "/libpod/containers/%s", true},
        {METHOD_POST, "/libpod/containers/%s/kill", true},
        {METHOD_GET, "/libpod/containers/%s/archive", true},
        {METHOD_POST, "/libpod/commit?container=%s", true},
        {METHOD_GET, "/containers/%s/json", false},
        {METHOD_GET, "/containers/%s/logs", false},
        {METHOD_GET, "/containers/%s/stats", false},
        {METHOD_GET, "/containers/%s/top", false},
        {METHOD_GET, "/containers/%s/changes", false},
        {METHOD_GET, "/containers/%s/checkpoints", false},
        {METHOD_POST, "/containers/%s/wait", false},
        {METHOD_GET, "/libpod/containers/%s/exists", false},
        {METHOD_POST, "/build?networkmode=%s", false},
        {METHOD_POST, "/images/%s/tag", false},
        {METHOD_POST, "/exec/%s/resize", false},
        {METHOD_DELETE, "/volumes/%s", false},
    };
    static const char *const ours[] = {"guard",  "%67uard", "%2Fguard", ID,          "a",
                                       "ab12cd", "./guard", "/guard",   "x/../guard"};
    static const char *const others[] = {"web", "Guard", "AB12", "b", OTHER, ID "0"};
    struct policy *p = open_with(RULES "self_container: guard\n", NULL, true);
    char target[512];
    (void)state;
    memcpy(p->own.id, ID, sizeof ID);
    for (size_t i = 0; i < SIZE(routes); i++) {
        const bool in_path = !strchr(routes[i].target, '?') ||
                             strchr(routes[i].target, '?') > strchr(routes[i].target, '%');
        for (size_t k = 0; k < SIZE(ours); k++) {
            if (!in_path && strstr(ours[k], "./"))
                continue; /* no path is cleaned there */
            (void)snprintf(target, sizeof target, routes[i].target, ours[k]);
            const bool refused = say(p, routes[i].m, target) == REFUSAL_SELF_PROTECTED;
            if (refused != routes[i].refused)
                fail_msg("%s: %s", target, refused ? "refused" : "not refused");
        }
        for (size_t k = 0; k < SIZE(others); k++) {
            (void)snprintf(target, sizeof target, routes[i].target, others[k]);
            if (say(p, routes[i].m, target) == REFUSAL_SELF_PROTECTED)
                fail_msg("%s: refused", target);
        }
    }
    assert_int_equal(say(p, METHOD_POST, "/containers/web/guard/stop"), REFUSAL_SELF_PROTECTED);
    assert_int_equal(say(p, METHOD_POST, "/containers/guard%20/stop"), REFUSAL_NONE);
    assert_int_equal(say(p, METHOD_POST, "/containers/prune"), REFUSAL_NONE);
    policy_free(p);
}

static struct fact answer_of(uint16_t status, const char *json)
{
    return (struct fact){.kind = FACT_ANSWER, .status = status, .body = str_of(json)};
}

#define INSPECT(id, name)                                                                          \
    "{\"Id\":\"" id "\",\"Name\":\"/" name "\",\"Config\":{\"Hostname\":\"h\"}}"

static void nothing_guarded_passes_before_the_engine_has_answered(void **state)
{
    struct policy *p = open_with(RULES "self_container: guard\n", NULL, false);
    const struct fact failed = {.kind = FACT_FAILED}, faulty = answer_of(500, "{}");
    const struct fact broken = answer_of(200, "{"), ours = answer_of(200, INSPECT(ID, "guard"));
    bool asked;
    (void)state;
    assert_int_equal(say(p, METHOD_POST, "/containers/guard/stop"), REFUSAL_SELF_PROTECTED);
    assert_int_equal(say(p, METHOD_GET, "/containers/json"), REFUSAL_NONE);
    assert_int_equal(say(p, METHOD_GET, "/containers/web/json"), REFUSAL_NONE);
    const struct fact *bad[] = {&failed, &faulty, &broken};
    for (size_t i = 0; i < SIZE(bad); i++) {
        assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", bad[i], &asked),
                         REFUSAL_SELF_PROTECTED);
        assert_true(asked);
    }
    assert_int_equal(ask(p, METHOD_POST, "/containers/ab1/stop", &ours, &asked),
                     REFUSAL_SELF_PROTECTED);
    assert_true(asked);
    assert_int_equal(say(p, METHOD_POST, "/containers/web/stop"), REFUSAL_NONE);
    assert_int_equal(say(p, METHOD_POST, "/containers/ab1/stop"), REFUSAL_SELF_PROTECTED);
    policy_free(p);
}

static void a_new_name_is_known_when_the_old_one_is_stale(void **state)
{
    struct policy *p = open_with(RULES "self_container: guard\n", NULL, false);
    const struct fact before = answer_of(200, INSPECT(ID, "guard"));
    const struct fact after = answer_of(200, INSPECT(ID, "renamed"));
    const struct fact gone = answer_of(404, "{}");
    struct lookup lookup;
    bool asked;
    (void)state;
    assert_true(policy_own_lookup(p, &lookup));
    assert_string_equal(lookup.path, "/containers/guard/json");
    assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", &before, &asked), REFUSAL_NONE);
    assert_true(policy_own_lookup(p, &lookup));
    assert_string_equal(lookup.path, "/containers/" ID "/json");
    p->own.fresh_until = 0;
    assert_int_equal(ask(p, METHOD_POST, "/containers/renamed/stop", &after, &asked),
                     REFUSAL_SELF_PROTECTED);
    assert_true(asked);
    assert_int_equal(say(p, METHOD_POST, "/containers/guard/stop"), REFUSAL_SELF_PROTECTED);
    /* it has gone: who is called so now is asked for at once */
    p->own.fresh_until = 0;
    assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", &gone, &asked),
                     REFUSAL_SELF_PROTECTED);
    assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", &gone, &asked), REFUSAL_NONE);
    assert_true(asked);
    assert_int_equal(say(p, METHOD_POST, "/containers/guard/stop"), REFUSAL_SELF_PROTECTED);
    assert_int_equal(say(p, METHOD_POST, "/containers/ab12/stop"), REFUSAL_NONE);
    policy_free(p);
}

static void what_a_search_found_must_be_proved(void **state)
{
    const struct own_found found = {.id = "ab12cd34ef56", .hostname = "h"};
    const struct own_found other = {.id = "ab12cd34ef56", .hostname = "other"};
    const struct fact ours = answer_of(200, INSPECT(ID, "guard")), none = answer_of(404, "{}");
    bool asked;
    (void)state;
    struct policy *p = open_with(RULES, &found, false);
    assert_int_equal(ask(p, METHOD_POST, "/containers/guard/stop", &ours, &asked),
                     REFUSAL_SELF_PROTECTED);
    policy_free(p);
    p = open_with(RULES, &other, false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", &ours, &asked),
                         REFUSAL_SELF_PROTECTED);
        assert_true(asked);
    }
    assert_int_equal(ask(p, METHOD_POST, "/containers/web/stop", &none, &asked), REFUSAL_NONE);
    assert_int_equal(say(p, METHOD_POST, "/containers/" ID "/stop"), REFUSAL_NONE);
    policy_free(p);
    p = open_with(RULES "self_protection: 'off'\n", &found, false);
    assert_int_equal(say(p, METHOD_POST, "/containers/" ID "/stop"), REFUSAL_NONE);
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_is_found_where_an_engine_leaves_it),
        cmocka_unit_test(what_is_too_long_is_left_out),
        cmocka_unit_test(looking_at_this_machine_fails_never),
        cmocka_unit_test(a_reference_means_us_by_name_and_by_any_beginning_of_the_id),
        cmocka_unit_test(without_a_container_of_our_own_no_reference_means_us),
        cmocka_unit_test(each_route_that_does_more_than_look_is_refused),
        cmocka_unit_test(nothing_guarded_passes_before_the_engine_has_answered),
        cmocka_unit_test(a_new_name_is_known_when_the_old_one_is_stale),
        cmocka_unit_test(what_a_search_found_must_be_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
