/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/sandbox.h"

#include "base/str.h"
#include "policy/frozen.h"
#include "policy/guarded.h"
#include "policy/lib.h"
#include "policy/pattern_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* Left out on purpose:
 *   load, dofile, bytecode        code comes only from require, as text
 *   coroutine                     a limit's hook is armed on one state; and
 *                                 coroutine.close can end the process on 5.4.4
 *   string.find/match/gmatch/gsub Lua's own: one call can run for seconds without a hook
 *   rawget, rawset, rawequal      walk around what is read-only
 *   math.random, collectgarbage, debug, io, os
 */
static const char *const base_names[] = {
    "assert", "error", "ipairs", "select", "tonumber", "type", NULL,
};
static const char *const string_names[] = {"byte", "char", "len", "lower", "sub", "upper", NULL};
static const char *const math_names[] = {
    "abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
    "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
    "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult",        NULL,
};

/* Pushes a library of Lua's own, whole. Only C sees it. */
static void push_stock(lua_State *L, lua_CFunction open)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
}

/* Copies the names from the table at the top into the one under it, and pops. */
static void copy_names(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, -1, *names);
        lua_setfield(L, -3, *names);
    }
    lua_pop(L, 1);
}

/* Upvalue 1 says what this table is: "a global" or "the table string". */
static int refuse_write(lua_State *L)
{
    const char *what = lua_tostring(L, lua_upvalueindex(1));
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    return luaL_error(L, "write to %s: '%s' (read-only here)", what, name);
}

/* Replaces the table on top by an empty one through which it can be read. */
static void protect(lua_State *L, const char *what)
{
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, what);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

/* Each of these adds one library to the table on top. */
static void add_base(lua_State *L)
{
    push_stock(L, luaopen_base);
    copy_names(L, base_names);
    guarded_base(L);
    /* luaopen_base filled the table that load would give to chunks. */
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

static void add_string(lua_State *L)
{
    lua_newtable(L);
    push_stock(L, luaopen_string);
    copy_names(L, string_names);
    guarded_string(L);
    pattern_string(L);
    /* In place of the metatable that luaopen_string gave to all strings. */
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
    protect(L, "the table string");
    lua_setfield(L, -2, "string");
}

static void add_table(lua_State *L)
{
    push_stock(L, luaopen_table);
    lua_newtable(L);
    guarded_table(L, lua_gettop(L) - 1);
    protect(L, "the table table");
    lua_setfield(L, -3, "table");
    lua_pop(L, 1);
}

static void add_math(lua_State *L)
{
    lua_newtable(L);
    push_stock(L, luaopen_math);
    copy_names(L, math_names);
    protect(L, "the table math");
    lua_setfield(L, -2, "math");
}

static void add_text(lua_State *L)
{
    push_stock(L, lib_open);
    protect(L, "the table text");
    lua_setfield(L, -2, "text");
}

const struct lua_source *lua_source_find(const char *module)
{
    for (size_t i = 0; i < lua_source_count; i++)
        if (strcmp(lua_sources[i].module, module) == 0)
            return &lua_sources[i];
    return NULL;
}

/* NULL for what policy code may not have: modules named config.* are written for the
 * configuration's own VM, which has more of Lua. */
static const struct lua_source *policy_source(struct str name)
{
    const bool whole = strlen(name.p) == name.n;
    return whole && !str_starts(name, STR("config.")) ? lua_source_find(name.p) : NULL;
}

/* Runs a module; leaves its value. Upvalue 1 is the environment. */
static void module_run(lua_State *L, const struct lua_source *source)
{
    const char *name = lua_pushfstring(L, "@%s", source->path);
    if (luaL_loadbufferx(L, source->text, source->length, name, "t"))
        lua_error(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
        luaL_error(L, "module '%s' returns nothing", source->module);
    lua_remove(L, -2);
}

/* require(name). Upvalue 2 holds what was loaded: name -> value, false while at it. */
static int require_module(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    switch (lua_rawget(L, lua_upvalueindex(2))) {
    case LUA_TNIL:
        break;
    case LUA_TBOOLEAN:
        return luaL_error(L, "module '%s' requires itself, or has failed", lua_tostring(L, 1));
    default:
        return 1;
    }
    struct str name;
    name.p = lua_tolstring(L, 1, &name.n);
    const struct lua_source *source = policy_source(name);
    if (!source)
        return luaL_error(L, "no module is named '%s'", name.p);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 0);
    lua_rawset(L, lua_upvalueindex(2));
    module_run(L, source);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(2));
    return 1;
}

/* The registry's key of the libraries, before they are protected. */
static const char libraries;

void sandbox_push(lua_State *L)
{
    luaL_checkstack(L, 16, NULL);
    frozen_open(L);
    lua_newtable(L);
    add_base(L);
    add_string(L);
    add_table(L);
    add_math(L);
    add_text(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &libraries);
    lua_pushvalue(L, -1);
    protect(L, "a global");
    lua_pushvalue(L, -1);
    lua_newtable(L);
    lua_pushcclosure(L, require_module, 2);
    lua_setfield(L, -3, "require");
    lua_remove(L, -2);
}

/* What rules may require: how the engine reads things, and what a setting may hold. */
static bool is_for_rules(struct str name)
{
    return str_starts(name, STR("engine.")) || str_eq(name, STR("core.shape"));
}

/* require of rules. Upvalue 1 is the policy's own. */
static int require_for_rules(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TSTRING);
    struct str name;
    name.p = lua_tolstring(L, 1, &name.n);
    if (!is_for_rules(name))
        return luaL_error(L, "no module for rules is named '%s'", name.p);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    frozen_push(L);
    return 1;
}

void sandbox_push_for_rules(lua_State *L, lua_CFunction print, void *arg)
{
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &libraries);
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_getfield(L, -1, "require");
    lua_pushcclosure(L, require_for_rules, 1);
    lua_setfield(L, -3, "require");
    lua_pop(L, 1);
    lua_pushlightuserdata(L, arg);
    lua_pushcclosure(L, print, 1);
    lua_setfield(L, -2, "print");
    protect(L, "a global");
}
