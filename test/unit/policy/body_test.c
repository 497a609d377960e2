/* SPDX-License-Identifier: Apache-2.0 */
/* Most tests are in body_test.lua, which says what it borrows from here. */
#include "policy/body.h"

#include <lauxlib.h>
#include <lualib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char schema_type[] = "test.schema";

static int collect_schema(lua_State *L)
{
    struct schema **s = luaL_checkudata(L, 1, schema_type);
    schema_free(*s);
    *s = NULL;
    return 0;
}

/* schema(document, slots): a compiled schema. */
static int new_schema(lua_State *L)
{
    struct schema **s = lua_newuserdatauv(L, sizeof *s, 1);
    *s = NULL;
    luaL_setmetatable(L, schema_type);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 2));
    lua_setiuservalue(L, -2, 1);
    *s = schema_new();
    assert_non_null(*s);
    schema_load(L, *s, 1, 2);
    return 1;
}

static void push_report(lua_State *L, const struct body_report *r, int slots)
{
    static const char *const verdicts[] = {"none", "malformed", "ambiguous", "read"};
    lua_newtable(L);
    lua_pushstring(L, verdicts[r->verdict]);
    lua_setfield(L, -2, "verdict");
    lua_pushstring(L, r->what);
    lua_setfield(L, -2, "what");
    lua_pushinteger(L, (lua_Integer)r->offset);
    lua_setfield(L, -2, "offset");
    lua_pushinteger(L, (lua_Integer)r->unknown_count);
    lua_setfield(L, -2, "unknown_count");
    lua_newtable(L);
    for (size_t i = 0; i < r->unknown_count && i < BODY_UNKNOWN_MAX; i++) {
        lua_pushstring(L, r->unknown[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "unknown");
    lua_newtable(L);
    for (int i = 0; i < slots; i++) {
        lua_pushboolean(L, r->present[i / 64] >> i % 64 & 1);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "present");
}

/* read_text(schema, text): the report, with the slots in it. */
static int read_text(lua_State *L)
{
    struct schema **s = luaL_checkudata(L, 1, schema_type);
    struct str text;
    text.p = luaL_checklstring(L, 2, &text.n);
    lua_getiuservalue(L, 1, 1);
    const int slots = (int)lua_tointeger(L, -1);
    luaL_checkstack(L, slots + 32 + 8, NULL);
    lua_settop(L, 3);
    lua_settop(L, 3 + slots);
    /* A copy of its own, so that a read past the text is seen by the sanitizer. */
    char *copy = malloc(text.n ? text.n : 1);
    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    struct body_report report;
    body_read_document(L, *s, (struct str){copy, text.n}, 3, &report);
    free(copy);
    assert_int_equal(lua_gettop(L), 3 + slots);
    push_report(L, &report, slots);
    for (int i = 1; i <= slots; i++) {
        lua_pushvalue(L, 3 + i);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

static lua_State *new_state(lua_Alloc alloc, void *arg)
{
    lua_State *L = lua_newstate(alloc, arg);
    assert_non_null(L);
    luaL_openlibs(L);
    luaL_newmetatable(L, schema_type);
    lua_pushcfunction(L, collect_schema);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_register(L, "schema", new_schema);
    lua_register(L, "read_text", read_text);
    return L;
}

static void *plain_alloc(void *arg, void *p, size_t old, size_t size)
{
    (void)arg;
    (void)old;
    if (size)
        return realloc(p, size);
    free(p);
    return NULL;
}

/* A state with the script's result at 1. */
static lua_State *open_script(lua_Alloc alloc, void *arg)
{
    lua_State *L = new_state(alloc, arg);
    lua_pushliteral(L, SOURCE_DIR "/lua/?.lua");
    lua_getglobal(L, "package");
    lua_insert(L, -2);
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
    if (luaL_dofile(L, SOURCE_DIR "/test/unit/policy/body_test.lua"))
        fail_msg("%s", lua_tostring(L, -1));
    return L;
}

/* Test *state of the script. */
static void run_script_test(void **state)
{
    const lua_Integer *index = *state;
    char why[512] = "";
    lua_State *L = open_script(plain_alloc, NULL);
    lua_getfield(L, 1, "tests");
    lua_rawgeti(L, -1, *index);
    lua_rawgeti(L, -1, 2);
    if (lua_pcall(L, 0, 0, 0))
        (void)snprintf(why, sizeof why, "%s", lua_tostring(L, -1));
    lua_close(L);
    if (why[0])
        fail_msg("%s", why);
}

/* Memory that fails at the nth request from now on. */
struct failing {
    long left; /* negative: never */
};

static void *failing_alloc(void *arg, void *p, size_t old, size_t size)
{
    struct failing *f = arg;
    if (size > (p ? old : 0) && f->left >= 0 && f->left-- == 0) {
        f->left = 0; /* and so does every later one: the collector cannot help */
        return NULL;
    }
    return plain_alloc(NULL, p, old, size);
}

static const char hungry_text[] =
    "{\"Image\":\"a\\u00e9 string that is long enough to be no short one in the state\","
    "\"Cmd\":[\"x\",null,\"y\"],\"Labels\":{\"a\":\"b\",\"\\u0061b\":\"c\"},\"Foo\":{\"a\":1},"
    "\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"VolumeOptions\":{\"Labels\":{\"k\":\"v\"}}}],"
    "\"Capabilities\":[[\"a\"],[]],\"Sysctls\":{\"x\":\"y\"}}}";

/* Reads hungry_text, which is an upvalue so that pushing it needs no memory. */
static int read_hungry(lua_State *L)
{
    struct schema *s = lua_touserdata(L, lua_upvalueindex(1));
    struct body_report *report = lua_touserdata(L, lua_upvalueindex(2));
    luaL_checkstack(L, 64, NULL);
    lua_settop(L, 15);
    body_read_document(L, s, STR(hungry_text), 0, report);
    return 0;
}

/* Compiles the script's largest schema. */
static int load_hungry(lua_State *L)
{
    lua_getfield(L, lua_upvalueindex(3), "create");
    lua_getfield(L, lua_upvalueindex(3), "paths");
    schema_load(L, lua_touserdata(L, lua_upvalueindex(1)), 1, 2);
    return 0;
}

/* Calls fn with the nth request for memory failing; true if it raised for memory. */
static bool fails_at(struct failing *f, long n, lua_CFunction fn, struct schema *s,
                     struct body_report *report)
{
    lua_State *L = open_script(failing_alloc, f);
    lua_pushlightuserdata(L, s);
    lua_pushlightuserdata(L, report);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, fn, 3);
    f->left = n;
    const int rc = lua_pcall(L, 0, 0, 0);
    f->left = -1;
    assert_true(rc == LUA_OK || rc == LUA_ERRMEM);
    lua_close(L);
    return rc == LUA_ERRMEM;
}

static void memory_may_fail_at_every_request(void **state)
{
    (void)state;
    struct failing f = {-1};
    struct body_report report;
    long reads = 0, loads = 0;
    struct schema *s = schema_new();
    assert_non_null(s);
    assert_false(fails_at(&f, -1, load_hungry, s, &report));
    while (fails_at(&f, reads, read_hungry, s, &report))
        reads++;
    assert_int_equal(report.verdict, BODY_READ);
    assert_true(reads > 10);
    schema_free(s);
    for (bool failed = true; failed; loads++) {
        s = schema_new();
        failed = fails_at(&f, loads, load_hungry, s, &report);
        schema_free(s);
    }
}

static void an_unloaded_schema_can_be_freed(void **state)
{
    (void)state;
    schema_free(schema_new());
    schema_free(NULL);
}

/* Ours and the script's, whose names stay on L's stack. */
static struct CMUnitTest *all_tests(lua_State *L, size_t *n)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test(memory_may_fail_at_every_request),
        cmocka_unit_test(an_unloaded_schema_can_be_freed),
    };
    static lua_Integer indices[64];
    *n = 2;
    lua_getfield(L, 1, "tests");
    const lua_Integer scripted = (lua_Integer)lua_rawlen(L, -1);
    assert_in_range(scripted, 20, 60);
    for (lua_Integer i = 1; i <= scripted; i++, ++*n) {
        indices[i] = i;
        lua_rawgeti(L, 2, i);
        lua_rawgeti(L, -1, 1);
        tests[*n] = (struct CMUnitTest){
            .name = lua_tostring(L, -1),
            .test_func = run_script_test,
            .initial_state = &indices[i],
        };
    }
    return tests;
}

int main(void)
{
    lua_State *L = open_script(plain_alloc, NULL);
    luaL_checkstack(L, 256, NULL);
    size_t n;
    struct CMUnitTest *tests = all_tests(L, &n);
    const int failed = _cmocka_run_group_tests("body", tests, n, NULL, NULL);
    lua_close(L);
    return failed;
}
