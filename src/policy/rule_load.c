/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_load.h"

#include "policy/bytecode.h"
#include "policy/format.h"
#include "policy/frozen.h"
#include "policy/judge.h"
#include "policy/sandbox.h"

#include <lauxlib.h>

/* Registry keys: the environment of rules, core.rule's accept, the records. */
static const char environment_key, accept_key, records_key;

/* print of rules. Upvalue 1: the policy. Kept in C's memory until the next judgement. */
static int rule_print(lua_State *L)
{
    struct policy *p = lua_touserdata(L, lua_upvalueindex(1));
    const int n = lua_gettop(L);
    if (p->n_printed == PRINTED_MAX)
        return 0;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n && luaL_bufflen(&b) <= PRINT_MAX; i++) {
        if (i > 1)
            luaL_addchar(&b, ' ');
        format_value(L, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    struct str line;
    line.p = lua_tolstring(L, -1, &line.n);
    judge_clean(p->printed[p->n_printed++], PRINT_MAX, line);
    return 0;
}

/* place(function): "PATH:LINE" of where it begins, for messages. */
static int place_of(lua_State *L)
{
    lua_Debug about;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_getinfo(L, ">S", &about);
    lua_pushfstring(L, "%s:%d", about.short_src, about.linedefined > 0 ? about.linedefined : 1);
    return 1;
}

/* keep(function): the same function, once it can keep nothing. */
static int keep(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    frozen_keep(L);
    return 1;
}

void rule_load_open(lua_State *L, struct policy *p)
{
    sandbox_push_for_rules(L, rule_print, p);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &environment_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &records_key);
    lua_pushvalue(L, -1);
    lua_pushliteral(L, "core.rule");
    lua_call(L, 1, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &accept_key);
}

static void refuse_state(lua_State *L, const char *path)
{
    if (!bytecode_known(L))
        luaL_error(L, "%s: this Lua compiles to a form that is not understood", path);
    const int line = bytecode_outer_store(L);
    if (line < 0)
        luaL_error(L, "%s: what it compiles to is not understood", path);
    if (line > 0)
        luaL_error(L,
                   "%s:%d: the function that begins here assigns to '%s', a local outside of it; a "
                   "rule keeps nothing from one request to the next",
                   path, line, lua_tostring(L, -1));
}

/* The last line of the chunk that does something: where it returns its records. */
static int last_line(lua_State *L)
{
    lua_Debug about;
    int last = 1;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">L", &about);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        if (lua_tointeger(L, -2) > last)
            last = (int)lua_tointeger(L, -2);
    lua_pop(L, 1);
    return last;
}

int rule_load_file(lua_State *L)
{
    const struct rule_load_args *a = lua_touserdata(L, 1);
    const struct rule_file *f = a->file;
    luaL_checkstack(L, 24, NULL);
    const char *name = lua_pushfstring(L, "=%s", f->path);
    if (luaL_loadbufferx(L, f->text.p, f->text.n, name, "t"))
        return lua_error(L);
    refuse_state(L, f->path);
    const int line = last_line(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &environment_key);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);

    lua_rawgetp(L, LUA_REGISTRYINDEX, &accept_key);
    lua_insert(L, -2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &records_key);
    lua_pushfstring(L, "%s:%d", f->path, line);
    lua_pushcfunction(L, place_of);
    lua_pushcfunction(L, keep);
    lua_call(L, 5, 0);
    return 0;
}

void rule_load_push(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &records_key);
}
