/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static int seconds(lua_State *L)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

static void patterns_mean_what_they_mean_to_lua_and_no_call_runs_long(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_openlibs(L);
    int rc = luaL_loadfile(L, SOURCE_DIR "/test/unit/policy/pattern_test.lua");
    if (rc == LUA_OK) {
        lua_newtable(L);
        pattern_string(L);
        lua_pushcfunction(L, seconds);
        rc = lua_pcall(L, 2, 1, 0);
    }
    if (rc)
        fail_msg("%s", lua_tostring(L, -1));
    assert_true(lua_tointeger(L, -1) >= 200 * 1000);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_mean_what_they_mean_to_lua_and_no_call_runs_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
