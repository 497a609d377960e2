/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/guarded.h"

#include "policy/format.h"
#include "policy/frozen.h"
#include "policy/vm.h"

#include <lauxlib.h>
#include <string.h>

static int guarded_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    if (!vm_try(L, lua_gettop(L) - 2)) {
        lua_pushboolean(L, 0);
        lua_replace(L, 1);
    }
    return lua_gettop(L);
}

/* f, handler, arguments. */
static int guarded_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    lua_pushvalue(L, 3);
    lua_remove(L, 3);
    lua_insert(L, 2); /* true, handler, f, arguments */
    if (vm_try(L, lua_gettop(L) - 3)) {
        lua_remove(L, 2);
        return lua_gettop(L);
    }
    lua_pushboolean(L, 0);
    lua_replace(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int guarded_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    format_value(L, 1);
    return 1;
}

/* Marks a metatable that setmetatable made. */
static const char made_here;

static const char *const refused_events[] = {"__gc", "__close", "__mode", "__metatable"};
static const char *const events[] = {
    "__add", "__band", "__bnot",     "__bor",      "__bxor",  "__call", "__concat",
    "__div", "__eq",   "__idiv",     "__index",    "__le",    "__len",  "__lt",
    "__mod", "__mul",  "__name",     "__newindex", "__pairs", "__pow",  "__shl",
    "__shr", "__sub",  "__tostring", "__unm",
};

/* From the table at index 2, or from what a view at index 3 shows of it. */
static void copy_event(lua_State *L, int to, const char *event)
{
    lua_pushstring(L, event);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 2) == LUA_TNIL) {
        lua_pop(L, 2);
        return;
    }
    if (!lua_rawequal(L, 2, 3))
        frozen_push(L);
    lua_rawset(L, to);
}

/* Pushes a copy of the metatable at index 2, which 3 is or is a view of. */
static void push_metatable(lua_State *L)
{
    for (size_t i = 0; i < sizeof refused_events / sizeof refused_events[0]; i++) {
        lua_pushstring(L, refused_events[i]);
        if (lua_rawget(L, 2) != LUA_TNIL)
            luaL_error(L, "setmetatable: %s is not allowed", refused_events[i]);
        lua_pop(L, 1);
    }
    lua_newtable(L);
    const int copy = lua_gettop(L);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        copy_event(L, copy, events[i]);
    lua_pushvalue(L, 3);
    lua_setfield(L, copy, "__metatable");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, copy, &made_here);
}

static int guarded_setmetatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const int type = lua_type(L, 2);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    (void)frozen_see_through(L, 2); /* a class that a rule keeps */
    if (lua_getmetatable(L, 1)) {
        if (lua_rawgetp(L, -1, &made_here) == LUA_TNIL)
            return luaL_error(L, "cannot change a protected metatable");
        lua_settop(L, 3);
    }
    if (type == LUA_TTABLE)
        push_metatable(L);
    else
        lua_pushnil(L);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int guarded_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TTABLE || !lua_getmetatable(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushliteral(L, "__metatable");
    lua_rawget(L, -2);
    return 1;
}

void guarded_base(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"getmetatable", guarded_getmetatable},
        {"next", frozen_next},
        {"pairs", frozen_pairs},
        {"pcall", guarded_pcall},
        {"setmetatable", guarded_setmetatable},
        {"tostring", guarded_tostring},
        {"xpcall", guarded_xpcall},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}

static int guarded_rep(lua_State *L)
{
    size_t n, sep_n = 0;
    const char *s = luaL_checklstring(L, 1, &n);
    const lua_Integer times = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_n);
    if (times <= 0 || n + sep_n == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n + sep_n > TEXT_MAX || times > (lua_Integer)(TEXT_MAX / (n + sep_n)))
        return luaL_error(L, "the result is longer than %d bytes", TEXT_MAX);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1; i < times; i++) {
        luaL_addlstring(&b, s, n);
        luaL_addlstring(&b, sep, sep_n);
    }
    luaL_addlstring(&b, s, n);
    luaL_pushresult(&b);
    return 1;
}

void guarded_string(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"format", format_string},
        {"rep", guarded_rep},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}

static void check_list(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getmetatable(L, 1))
        luaL_argerror(L, 1, "a table with a metatable");
    if (lua_rawlen(L, 1) > LIST_MAX)
        luaL_argerror(L, 1, "a list of more than 100000 items");
}

/* Upvalue 1 is Lua's own function, which has no upvalues, so it runs in this frame. */
static int guarded_list(lua_State *L)
{
    check_list(L);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* The same for what only reads, which may see through a view. */
static int guarded_reading(lua_State *L)
{
    const bool deep = frozen_see_through(L, 1);
    const int n = guarded_list(L);
    for (int i = lua_gettop(L) - n + 1; deep && i <= lua_gettop(L); i++) {
        lua_pushvalue(L, i);
        frozen_push(L);
        lua_replace(L, i);
    }
    return n;
}

static int less(lua_State *L)
{
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

static int guarded_sort(lua_State *L)
{
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_pushcfunction(L, less);
    }
    return guarded_list(L);
}

void guarded_table(lua_State *L, int stock)
{
    static const luaL_Reg functions[] = {
        {"concat", guarded_reading}, {"insert", guarded_list},    {"remove", guarded_list},
        {"sort", guarded_sort},      {"unpack", guarded_reading},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        lua_getfield(L, stock, functions[i].name);
        lua_pushcclosure(L, functions[i].func, 1);
        lua_setfield(L, -2, functions[i].name);
    }
}
