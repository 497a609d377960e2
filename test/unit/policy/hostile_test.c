/* SPDX-License-Identifier: Apache-2.0 */
/* Every script of test/hostile/scripts.lua, in every place where an operator's Lua runs: each ends
 * in a denial or a load error in time and within memory, and the next request is judged as ever. */
#include "policy/config.h"
#include "policy/policy.h"
#include "policy/rule_files.h"

#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum {
    LIMIT_MS = 50,
    MEMORY = 8 * 1024 * 1024,
    RULE_MAX = 8192,
#ifdef __SANITIZE_ADDRESS__
    SLOWER = 8, /* everything but the interrupted script itself is */
#else
    SLOWER = 1,
#endif
};

static const char config_text[] =
    "rules: [{match: {method: \"*\", path: \"/**\"}, action: allow}]\n"
    "lua: {allow_waivers: true, time_limit: 50ms, memory_limit: 8MiB}\n";

#define HEAD                                                                                       \
    "local function escaped(what) error('escaped: ' .. what) end "                                 \
    "local kept = { inner = {} } "                                                                 \
    "local function remember(x) kept.inner[#kept.inner + 1] = x end "
#define ABOUT "title = 'x', reason = 'x', fix = 'x', surface = 'container_create', "

/* Where the script stands; %s is its text. */
static const struct place {
    const char *name, *before, *after;
    bool at_load;
} places[] = {
    {"check",
     HEAD "return { id = 'hostile', " ABOUT
          "value = require('core.shape').names(), reads = { 'Image', 'HostConfig.Binds' }, "
          "check = function(req, value, image, binds) "
          "if req.query.name == 'honest' then return nil end ",
     " end }", false},
    {"when",
     HEAD "return { id = 'hostile', waives = { 'container_create.privileged' }, reason = 'x', "
          "approved_by = 'x', expires = '2999-12-31', when = function(req) "
          "if req.query.name == 'honest' then return false end ",
     " end }", false},
    {"file", HEAD "local function run() ",
     " end run() return { id = 'hostile', " ABOUT "check = function() end }", true},
    {"allows",
     HEAD "return { id = 'hostile', " ABOUT "check = function() end, allows = (function() ",
     " end)() }", true},
    {"denies",
     HEAD "return { id = 'hostile', " ABOUT "check = function() end, denies = (function() ",
     " end)() }", true},
};

struct rig {
    struct config *config;
    lua_State *L; /* holds the scripts */
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err err = {""};
    const struct config_source source = {.text = STR(config_text), .text_name = "hostile"};
    if (config_open(&r->config, &source, NULL, &err))
        fail_msg("%s", err.text);
    r->L = luaL_newstate();
    luaL_openlibs(r->L);
    if (luaL_dofile(r->L, SOURCE_DIR "/test/hostile/scripts.lua"))
        fail_msg("%s", lua_tostring(r->L, -1));
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    lua_close(r->L);
    config_free(r->config);
    free(r);
    return 0;
}

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The rules of the configuration are this text from now on. */
static void set_rule(struct config *c, const char *text)
{
    struct rule_files *f = (struct rule_files *)(uintptr_t)config_rule_files(c);
    rule_files_free(f);
    f->n = 1;
    f->files[0] = (struct rule_file){strdup("hostile.lua"), {strdup(text), strlen(text)}};
}

static struct decision ask(struct policy *p, const char *target, const char *body)
{
    char store[128];
    struct decision d;
    struct lookup lookups[LOOKUPS_MAX];
    static const struct head head = {
        .method = METHOD_POST,
        .n_fields = 2,
        .fields = {{.name = {"Host", 4}, .value = {"docker", 6}, .id = FIELD_HOST},
                   {.name = {"X-Registry-Auth", 15},
                    .value = {"secret", 6},
                    .id = FIELD_REGISTRY_AUTH}},
    };
    struct policy_request r = {.method = METHOD_POST,
                               .head = &head,
                               .content_type = STR("application/json"),
                               .body = str_of(body),
                               .has_body = true};
    assert_int_equal(target_read(str_of(target), store, &r.target), 0);
    r.route = route_find(r.method, r.target.normal);
    policy_route(p, &r, &d);
    assert_int_equal(d.verdict, VERDICT_ALLOW);
    assert_int_equal(policy_plan(p, &r, lookups, &d), 0);
    for (size_t i = 0; i < policy_printed(p); i++)
        for (const char *s = policy_print(p, i); *s; s++)
            assert_true((unsigned char)*s >= 0x20);
    policy_rest(p);
    return d;
}

#define CREATE "/v1.41/containers/create?name="
#define PRIVILEGED "{\"Image\":\"x\",\"HostConfig\":{\"Privileged\":true,\"Binds\":[\"v:/v\"]}}"

static void assert_judges_normally(struct policy *p, const char *what)
{
    const struct decision good = ask(p, CREATE "honest", "{\"Image\":\"x\"}");
    if (good.verdict != VERDICT_ALLOW)
        fail_msg("%s: then an honest request is denied: %s", what, good.reason);
    const struct decision bad = ask(p, CREATE "honest", PRIVILEGED);
    if (bad.verdict != VERDICT_DENY || bad.n_findings != 1 ||
        strcmp(policy_check(p, bad.findings[0].check)->id, "container_create.privileged") != 0)
        fail_msg("%s: then a privileged request is not denied as ever: %s", what, bad.reason);
}

static void assert_denies(struct policy *p, const char *what, bool faults)
{
    const struct decision d = ask(p, CREATE "hostile", PRIVILEGED);
    assert_null(strstr(d.reason, "escaped"));
    if (d.verdict != VERDICT_DENY)
        fail_msg("%s: allowed", what);
    if (faults && d.refusal != REFUSAL_POLICY_FAULT)
        fail_msg("%s: is no fault: %s", what, d.reason);
    for (const char *s = d.reason; *s; s++)
        assert_true((unsigned char)*s >= 0x20);
}

static void try(struct rig *r, const struct place *place, const char *name, const char *script,
                bool faults)
{
    static char text[RULE_MAX], what[256];
    struct policy *p = NULL;
    struct err err = {""};
    (void)snprintf(what, sizeof what, "%s, in %s", name, place->name);
    assert_true(snprintf(text, sizeof text, "%s%s%s", place->before, script, place->after) <
                (int)sizeof text);
    set_rule(r->config, text);
    const double start = cpu_ms();
    const int rc = policy_open(&p, r->config, false, &err);
    const double opened = cpu_ms();
    if (place->at_load && opened - start > 2 * 4 * LIMIT_MS * SLOWER)
        fail_msg("%s: loading took %.0f ms", what, opened - start);
    if (rc) {
        assert_null(strstr(err.text, "escaped"));
        if (!place->at_load && !strstr(err.text, "assigns to"))
            fail_msg("%s: does not load: %s", what, err.text);
        return;
    }
    if (!place->at_load) {
        assert_denies(p, what, faults);
        const double took = cpu_ms() - opened;
        if (took > 2 * LIMIT_MS * SLOWER)
            fail_msg("%s: took %.0f ms", what, took);
    }
    assert_judges_normally(p, what);
    policy_free(p);
}

static int each(struct rig *r, const char *kind, bool faults)
{
    lua_State *L = r->L;
    int n = 0;
    lua_settop(L, 1);
    lua_getfield(L, 1, kind);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++, n++) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++)
            try(r, &places[k], lua_tostring(L, -2), lua_tostring(L, -1), faults);
        lua_pop(L, 3);
    }
    lua_pop(L, 2);
    return n;
}

static void a_hostile_script_ends_in_time_and_the_next_request_is_judged_as_ever(void **state)
{
    assert_true(each(*state, "fault", true) >= 80);
}

static void what_runs_to_its_end_has_got_nothing(void **state)
{
    assert_true(each(*state, "contained", false) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hostile_script_ends_in_time_and_the_next_request_is_judged_as_ever),
        cmocka_unit_test(what_runs_to_its_end_has_got_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
