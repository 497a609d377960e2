/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frozen.h"

#include <lauxlib.h>

/* Where a view keeps its table, and the registry the metatable of all views. */
static const char target_key, type_key;

enum { DEPTH_MAX = 64 }; /* of functions and tables that a rule holds in one another */

/* Pushes the table of the view at index 1, which every event here is given. */
static void push_target(lua_State *L)
{
    lua_rawgetp(L, 1, &target_key);
}

static int view_index(lua_State *L)
{
    push_target(L);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    frozen_push(L);
    return 1;
}

static int view_newindex(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    return luaL_error(L, "write to '%s': what outlives a request, or is another's, is read-only",
                      name);
}

static int view_len(lua_State *L)
{
    push_target(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static int view_pairs(lua_State *L)
{
    lua_pushcfunction(L, frozen_next);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* Two views of one table are alike. */
static int view_eq(lua_State *L)
{
    frozen_see_through(L, 1);
    frozen_see_through(L, 2);
    lua_pushboolean(L, lua_rawequal(L, 1, 2));
    return 1;
}

void frozen_open(lua_State *L)
{
    static const luaL_Reg events[] = {
        {"__eq", view_eq},       {"__index", view_index},
        {"__len", view_len},     {"__newindex", view_newindex},
        {"__pairs", view_pairs}, {NULL, NULL},
    };
    lua_createtable(L, 0, 6);
    luaL_setfuncs(L, events, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &type_key);
}

static void push_type(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &type_key);
}

/* A table with a metatable is one of the sandbox's own, read-only already, or a view. */
void frozen_push(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        return;
    luaL_checkstack(L, 4, NULL);
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, &target_key);
    push_type(L);
    lua_setmetatable(L, -2);
}

static int is_view(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return 0;
    push_type(L);
    const int same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

void frozen_see_through(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (!is_view(L, index))
        return;
    lua_rawgetp(L, index, &target_key);
    lua_replace(L, index);
}

int frozen_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    const int view = is_view(L, 1);
    frozen_see_through(L, 1);
    if (!lua_next(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    if (view)
        frozen_push(L);
    return 2;
}

/* What a function holds. */
struct walk {
    lua_State *L;
    int seen; /* index of the set of what has been visited */
    int depth;
};

/* True when the value on top has been here before; else remembers it. */
static int visited(const struct walk *w)
{
    lua_State *L = w->L;
    lua_pushvalue(L, -1);
    const int before = lua_rawget(L, w->seen) != LUA_TNIL;
    lua_pop(L, 1);
    if (before)
        return 1;
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, w->seen);
    return 0;
}

static void enter(struct walk *w)
{
    luaL_checkstack(w->L, 12, NULL);
    if (++w->depth > DEPTH_MAX)
        luaL_error(w->L, "holds functions and tables in one another more than %d deep", DEPTH_MAX);
}

/* The value on top needs no view: it is one, or of the sandbox, whose metatables show nothing. */
static int is_read_only(lua_State *L, const char *name)
{
    if (!lua_getmetatable(L, -1))
        return 0;
    lua_pushliteral(L, "__metatable");
    const int ours = lua_rawget(L, -2) == LUA_TBOOLEAN;
    lua_pop(L, 2);
    if (!ours)
        luaL_error(L,
                   "the local '%s' holds a table with a metatable, which cannot be kept; make such"
                   " objects inside the function that uses them",
                   name);
    return 1;
}

static void walk_function(struct walk *w);

/* The table on top, which the local of that name leads to. */
static void walk_table(struct walk *w, const char *name)
{
    lua_State *L = w->L;
    if (is_read_only(L, name) || visited(w))
        return;
    enter(w);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        const int key = lua_type(L, -2);
        if (key == LUA_TTABLE || key == LUA_TFUNCTION)
            luaL_error(L, "the local '%s' holds a table whose keys are no plain values", name);
        if (lua_type(L, -1) == LUA_TFUNCTION)
            walk_function(w);
        else if (lua_type(L, -1) == LUA_TTABLE)
            walk_table(w, name);
    }
    w->depth--;
}

/* A module's own function keeps what it has. */
static int is_of_a_rule(lua_State *L)
{
    lua_Debug about;
    lua_pushvalue(L, -1);
    return !lua_iscfunction(L, -1) ? lua_getinfo(L, ">S", &about) && about.source[0] == '='
                                   : (lua_pop(L, 1), 0);
}

/* The function on top. */
static void walk_function(struct walk *w)
{
    lua_State *L = w->L;
    if (!is_of_a_rule(L) || visited(w))
        return;
    enter(w);
    const char *name;
    for (int i = 1; (name = lua_getupvalue(L, -1, i)); i++) {
        if (lua_type(L, -1) == LUA_TFUNCTION)
            walk_function(w);
        if (lua_type(L, -1) != LUA_TTABLE || is_read_only(L, name)) {
            lua_pop(L, 1);
            continue;
        }
        walk_table(w, name);
        frozen_push(L);
        lua_setupvalue(L, -2, i);
    }
    w->depth--;
}

void frozen_closure(lua_State *L)
{
    lua_newtable(L);
    lua_insert(L, -2);
    struct walk w = {.L = L, .seen = lua_gettop(L) - 1};
    walk_function(&w);
    lua_remove(L, -2);
}
