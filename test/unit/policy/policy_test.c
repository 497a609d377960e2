/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "policy/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PRESET SOURCE_DIR "/presets/cis-docker-benchmark.yaml"

/* The two requests of the quick start. */
#define PRIVILEGED "{\"Image\":\"alpine\",\"HostConfig\":{\"Privileged\":true}}"
#define COMPLIANT                                                                                  \
    "{\"Image\":\"alpine\",\"HostConfig\":{\"ReadonlyRootfs\":true,\"Memory\":268435456,"          \
    "\"CpuShares\":512,\"PidsLimit\":100,\"CapDrop\":[\"ALL\"],"                                   \
    "\"SecurityOpt\":[\"no-new-privileges:true\"]}}"

enum {
    LEAST = 1024,          /* the least lua.memory_limit */
    COARSE = 1024,         /* a step while nothing opens */
    FINE = 64,             /* a step from shortly before the first ceiling that opens */
    BEYOND = 4096,         /* how far behind the first that decides the walk goes on */
    ENOUGH = 4 << 20,      /* no ceiling from here on fails */
    TMPFS = 300,           /* mounts, so that deciding needs more than compiling left free */
    TMPFS_MANY = 20000,    /* mounts that no millisecond is enough for */
    STEPS_ENOUGH = 100000, /* instructions that any request here is decided within */
};

static struct config *open_config(void)
{
    struct config *c = NULL;
    struct err err = {""};
    const struct config_source source = {.path = PRESET, .path_required = true};
    if (config_open(&c, &source, NULL, &err))
        fail_msg("%s", err.text);
    return c;
}

static struct policy *open_policy(const struct config *c, bool exact)
{
    struct policy *p = NULL;
    struct err err = {""};
    if (policy_open(&p, c, exact, &err))
        fail_msg("%s", err.text);
    return p;
}

/* The limits of a config that is open: loading one for each would take minutes. */
static void set_limits(struct config *c, uint64_t memory, uint64_t cpu_ms, uint64_t instructions)
{
    struct settings *s = (struct settings *)config_settings(c);
    s->lua.memory = memory;
    s->lua.cpu_ms = cpu_ms;
    s->lua.instructions = instructions;
}

/* A compliant request with n mounts: memory for the caller to free. */
static char *with_mounts(size_t n)
{
    static const char end[] = "]}}", mount[] = ",{\"Type\":\"tmpfs\",\"Target\":\"/t\"}";
    const size_t head = sizeof COMPLIANT - sizeof "}}", size = sizeof mount - 1;
    char *body = malloc(head + sizeof ",\"Mounts\":[{}" + n * size + sizeof end);
    assert_non_null(body);
    memcpy(body, COMPLIANT, head);
    char *at = stpcpy(body + head, ",\"Mounts\":[");
    for (size_t i = 0; i < n; i++) {
        const size_t comma = i == 0;
        memcpy(at, mount + comma, size - comma);
        at += size - comma;
    }
    memcpy(at, end, sizeof end);
    return body;
}

/* All that is asked about one container create. */
static struct decision decide(struct policy *p, const char *body)
{
    char store[64];
    struct decision d;
    struct lookup lookups[LOOKUPS_MAX];
    struct policy_request r = {
        .method = METHOD_POST,
        .content_type = STR("application/json"),
        .body = str_of(body),
        .has_body = true,
    };
    assert_int_equal(target_read(STR("/v1.41/containers/create"), store, &r.target), 0);
    r.route = route_find(r.method, r.target.normal);
    policy_route(p, &r, &d);
    assert_int_equal(d.verdict, VERDICT_ALLOW);
    assert_true(policy_judges(p, &r));
    assert_int_equal(policy_plan(p, &r, lookups, &d), 0);
    policy_rest(p);
    return d;
}

static int setup(void **state)
{
    struct config *c = open_config();
    *state = open_policy(c, false);
    config_free(c);
    return 0;
}

static int teardown(void **state)
{
    policy_free(*state);
    return 0;
}

static void a_privileged_container_is_denied_by_its_control(void **state)
{
    struct policy *p = *state;
    const struct decision d = decide(p, PRIVILEGED);
    assert_int_equal(d.verdict, VERDICT_DENY);
    assert_int_equal(d.refusal, REFUSAL_BODY_POLICY);
    assert_string_equal(d.reason, "container create denied: privileged mode is not allowed");
    assert_true(d.n_findings > 1);
    assert_string_equal(d.findings[0].code, "cc.privileged");
    assert_string_equal(d.findings[0].found, "privileged mode is not allowed");
    const struct check_info *info = policy_check(p, d.findings[0].check);
    assert_non_null(info);
    assert_string_equal(info->id, "container_create.privileged");
    assert_string_equal(info->knob, "request_body.container_create.allow_privileged");
    assert_in_range(d.findings[0].control, 0, info->n_controls - 1);
    assert_string_equal(info->controls[d.findings[0].control].cis, "5.4");
    assert_string_equal(info->controls[d.findings[0].control].bench, "5.5");
}

static void a_compliant_container_is_allowed(void **state)
{
    for (int i = 0; i < 100; i++) {
        const struct decision d = decide(*state, COMPLIANT);
        assert_int_equal(d.verdict, VERDICT_ALLOW);
        assert_int_equal(d.refusal, REFUSAL_NONE);
        assert_int_equal(d.n_findings, 0);
    }
}

/* To the engine most zero values are as good as none; for these two lists they are not. */
static void a_zero_value_is_as_good_as_none_but_in_lists_of_hidden_paths(void **state)
{
    static const struct {
        const char *members, *code; /* "": allowed */
    } examples[] = {
        {"\"MaskedPaths\":null,\"ReadonlyPaths\":null", ""},
        {"\"MaskedPaths\":[]", "cc.maskedpaths"},
        {"\"ReadonlyPaths\":[]", "cc.readonlypaths"},
        {"\"Privileged\":false,\"PidMode\":\"\",\"Binds\":[],\"Sysctls\":{},\"OomScoreAdj\":0", ""},
        {"\"Memory\":0", "cc.memory"},
        {"\"ReadonlyRootfs\":false", "cc.rorootfs"},
        {"\"CapDrop\":[]", "cc.capdrop"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        char body[512];
        const struct str own = str_of(examples[i].members);
        const char *colon = memchr(own.p, ':', own.n);
        (void)snprintf(body, sizeof body, "%s", COMPLIANT);
        char *at = memmem(body, strlen(body), own.p, (size_t)(colon - own.p));
        if (at) /* another name for the compliant member, so that it is not there twice */
            memset(at + 1, 'x', 1);
        const size_t n = strlen(body) - 2;
        (void)snprintf(body + n, sizeof body - n, ",%s}}", own.p);
        const struct decision d = decide(*state, body);
        assert_string_equal(d.n_findings ? d.findings[0].code : "", examples[i].code);
    }
}

static bool is_fault(const struct decision *d)
{
    return d->verdict == VERDICT_DENY && d->refusal == REFUSAL_POLICY_FAULT && d->n_findings == 0 &&
           d->reason[0];
}

/* Denied, by its check or by a fault, whatever the limits are. */
static bool is_denied_in_words(const struct decision *d)
{
    return d->verdict == VERDICT_DENY && d->reason[0] &&
           (d->refusal == REFUSAL_BODY_POLICY || is_fault(d));
}

enum ending { NOT_OPENED, FAULTED, DECIDED };

/* What the limits lead to. Nothing is allowed that must not be, before or after a fault. */
static enum ending try_limits(const struct config *c, bool exact, const char *good)
{
    struct policy *p = NULL;
    struct err err = {""};
    if (policy_open(&p, c, exact, &err)) {
        assert_null(p);
        assert_true(err.text[0]);
        return NOT_OPENED;
    }
    bool decided = true;
    for (int i = 0; i < 2; i++) {
        const struct decision bad = decide(p, PRIVILEGED), d = decide(p, good);
        assert_true(is_denied_in_words(&bad));
        assert_true(d.verdict == VERDICT_ALLOW || is_fault(&d));
        decided = decided && d.verdict == VERDICT_ALLOW && !is_fault(&bad);
    }
    const struct decision last = decide(p, PRIVILEGED);
    assert_true(is_denied_in_words(&last));
    policy_free(p);
    return decided ? DECIDED : FAULTED;
}

/* In steps of a KiB while opening fails, which takes some hundred KiB; of 64 bytes from the
 * last failure on, until deciding has long been possible. */
static void no_ceiling_on_memory_lets_a_privileged_container_pass(void **state)
{
    (void)state;
    struct config *c = open_config();
    const struct settings usual = *config_settings(c);
    char *good = with_mounts(TMPFS);
    size_t counts[DECIDED + 1] = {0};
    uint64_t at = LEAST, step = COARSE, end = ENOUGH;
    for (; at < end; at += step) {
        set_limits(c, at, usual.lua.cpu_ms, usual.lua.instructions);
        const enum ending outcome = try_limits(c, false, good);
        if (outcome != NOT_OPENED && step == COARSE) {
            at -= COARSE;
            step = FINE;
            continue;
        }
        if (outcome == DECIDED && end == ENOUGH)
            end = at + BEYOND;
        counts[outcome]++;
    }
    assert_true(end < ENOUGH);
    assert_true(counts[NOT_OPENED] > 100);
    assert_true(counts[FAULTED] > 50);
    assert_true(counts[DECIDED] > 50);
    free(good);
    config_free(c);
}

static void no_limit_on_instructions_lets_a_privileged_container_pass(void **state)
{
    (void)state;
    struct config *c = open_config();
    const struct settings usual = *config_settings(c);
    size_t counts[DECIDED + 1] = {0};
    for (uint64_t steps = 1; steps < STEPS_ENOUGH; steps += steps / 8 + 1) {
        set_limits(c, usual.lua.memory, usual.lua.cpu_ms, steps);
        counts[try_limits(c, true, COMPLIANT)]++;
    }
    assert_int_equal(counts[NOT_OPENED], 0);
    assert_true(counts[FAULTED] > 10);
    assert_true(counts[DECIDED] > 10);
    config_free(c);
}

static void a_decision_that_takes_too_long_is_a_denial(void **state)
{
    (void)state;
    struct config *c = open_config();
    set_limits(c, 256 << 20, 1, 0);
    struct policy *p = open_policy(c, false);
    char *body = with_mounts(TMPFS_MANY);
    const struct decision late = decide(p, body);
    assert_true(is_fault(&late));
    assert_string_equal(late.reason, "the policy ran out of time (lua.time_limit)");
    assert_int_equal(decide(p, COMPLIANT).verdict, VERDICT_ALLOW);
    assert_int_equal(decide(p, PRIVILEGED).refusal, REFUSAL_BODY_POLICY);
    free(body);
    policy_free(p);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_privileged_container_is_denied_by_its_control, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_compliant_container_is_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_zero_value_is_as_good_as_none_but_in_lists_of_hidden_paths, setup, teardown),
        cmocka_unit_test(no_ceiling_on_memory_lets_a_privileged_container_pass),
        cmocka_unit_test(no_limit_on_instructions_lets_a_privileged_container_pass),
        cmocka_unit_test(a_decision_that_takes_too_long_is_a_denial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
