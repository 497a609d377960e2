/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frozen.h"

#include "policy/pattern_lua.h"

#include <lauxlib.h>
#include <stdbool.h>

/* Where a deep view keeps its table, and a flat one's metatable; where the registry has the
 * metatable of all deep views. */
static const char target_key, deep_key;

enum {
    DEPTH_MAX = 64, /* of functions and tables that a rule holds in one another */
    COPY_MAX = 8,   /* members of a table that is copied */
};

/* Pushes the table behind the view at index (absolute), and says which kind it is; pushes nothing
 * and returns false when that is no view. */
static bool push_target(lua_State *L, int index, bool *flat)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return false;
    *flat = lua_rawgetp(L, -1, &target_key) == LUA_TTABLE;
    if (*flat) {
        lua_replace(L, -2);
        return true;
    }
    lua_pop(L, 2);
    if (lua_rawgetp(L, index, &target_key) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

static int view_write(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    return luaL_error(L, "write to '%s': what outlives a request, or is another's, is read-only",
                      name);
}

static int view_len(lua_State *L)
{
    bool flat;
    if (!push_target(L, 1, &flat))
        return luaL_error(L, "a view is expected");
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

/* next of a pairs over the table in upvalue 1, which nobody sees; upvalue 2: through deep views. */
static int walk_on(lua_State *L)
{
    lua_settop(L, 2);
    if (!lua_next(L, lua_upvalueindex(1))) {
        lua_pushnil(L);
        return 1;
    }
    if (lua_toboolean(L, lua_upvalueindex(2)))
        frozen_push(L);
    return 2;
}

static int view_pairs(lua_State *L)
{
    bool flat;
    if (!push_target(L, 1, &flat))
        return luaL_error(L, "a view is expected");
    lua_pushboolean(L, !flat);
    lua_pushcclosure(L, walk_on, 2);
    return 1;
}

/* Two views of one table are alike. */
static int view_eq(lua_State *L)
{
    (void)frozen_see_through(L, 1);
    (void)frozen_see_through(L, 2);
    lua_pushboolean(L, lua_rawequal(L, 1, 2));
    return 1;
}

static int deep_index(lua_State *L)
{
    lua_rawgetp(L, 1, &target_key);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    frozen_push(L);
    return 1;
}

static void push_events(lua_State *L)
{
    static const luaL_Reg events[] = {
        {"__eq", view_eq},       {"__len", view_len}, {"__newindex", view_write},
        {"__pairs", view_pairs}, {NULL, NULL},
    };
    lua_createtable(L, 0, 8);
    luaL_setfuncs(L, events, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

void frozen_open(lua_State *L)
{
    push_events(L);
    lua_pushcfunction(L, deep_index);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &deep_key);
}

void frozen_push(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        return;
    luaL_checkstack(L, 6, NULL);
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, &target_key);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &deep_key);
    lua_setmetatable(L, -2);
}

/* The copy is on top. False: there is a table inside. */
static bool copy_list(lua_State *L, int index, lua_Integer n)
{
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, index, i) == LUA_TTABLE) {
            lua_pop(L, 1);
            return false;
        }
        lua_rawseti(L, -2, i);
    }
    return true;
}

/* The same; also false: there are too many. */
static bool copy_map(lua_State *L, int index)
{
    int n = 0;
    for (lua_pushnil(L); lua_next(L, index); n++) {
        if (n == COPY_MAX || lua_istable(L, -1)) {
            lua_pop(L, 2);
            return false;
        }
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    return true;
}

void frozen_give(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    const lua_Unsigned n = lua_istable(L, index) ? lua_rawlen(L, index) : COPY_MAX + 1;
    if (n <= COPY_MAX) {
        luaL_checkstack(L, 8, NULL);
        lua_createtable(L, (int)n, n ? 0 : COPY_MAX / 2);
        if (n ? copy_list(L, index, (lua_Integer)n) : copy_map(L, index))
            return;
        lua_pop(L, 1);
    }
    lua_pushvalue(L, index);
    frozen_push(L);
}

bool frozen_see_through(lua_State *L, int index)
{
    bool flat;
    index = lua_absindex(L, index);
    if (!push_target(L, index, &flat))
        return false;
    lua_replace(L, index);
    return !flat;
}

int frozen_next(lua_State *L)
{
    bool flat = true;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (push_target(L, 1, &flat))
        lua_replace(L, 1);
    if (!lua_next(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    if (!flat)
        frozen_push(L);
    return 2;
}

int frozen_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") == LUA_TNIL) {
        lua_pushcfunction(L, frozen_next);
        lua_pushvalue(L, 1);
        lua_pushnil(L);
    } else {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
    }
    return 3;
}

/* What a rule keeps. */
struct walk {
    lua_State *L;
    int seen;   /* index of: what has been visited -> its view, or true */
    int looked; /* index of: tables of modules that have been looked through */
    int depth;
};

static void enter(struct walk *w)
{
    luaL_checkstack(w->L, 12, NULL);
    if (++w->depth > DEPTH_MAX)
        luaL_error(w->L, "holds functions and tables in one another more than %d deep", DEPTH_MAX);
}

/* The table on top needs no view: it is one, or of the sandbox, whose metatables show nothing. */
static bool is_read_only(lua_State *L)
{
    if (!lua_getmetatable(L, -1))
        return false;
    lua_pushliteral(L, "__metatable");
    const bool ours = lua_rawget(L, -2) == LUA_TBOOLEAN;
    lua_pop(L, 2);
    if (!ours)
        luaL_error(L, "holds a table with a metatable, which cannot be kept; make such objects "
                      "inside the function that uses them");
    return true;
}

static void keep_value(struct walk *w);
static void keep_function(struct walk *w);

/* Tables inside of the one under its view on top become views in place. */
static void keep_members(struct walk *w, int table)
{
    lua_State *L = w->L;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        const int key = lua_type(L, -2);
        if (key == LUA_TTABLE || key == LUA_TFUNCTION)
            luaL_error(L, "holds a table whose keys are no plain values");
        if (lua_type(L, -1) != LUA_TTABLE && lua_type(L, -1) != LUA_TFUNCTION)
            continue;
        keep_value(w);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, table); /* the key is there, so next goes on */
    }
}

/* Pushes a flat view of the table at index. */
static void push_flat(lua_State *L, int table)
{
    lua_createtable(L, 0, 0);
    push_events(L);
    lua_pushvalue(L, table);
    lua_rawsetp(L, -2, &target_key);
    lua_pushvalue(L, table);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* Replaces the table on top by its view. */
static void keep_table(struct walk *w)
{
    lua_State *L = w->L;
    if (is_read_only(L))
        return;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, w->seen) != LUA_TNIL) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    enter(w);
    const int table = lua_gettop(L);
    push_flat(L, table);
    lua_pushvalue(L, table);
    lua_pushvalue(L, -2);
    lua_rawset(L, w->seen);
    keep_members(w, table);
    lua_remove(L, table);
    w->depth--;
}

static bool is_of_a_rule(lua_State *L)
{
    lua_Debug about;
    if (lua_iscfunction(L, -1))
        return false;
    lua_pushvalue(L, -1);
    return lua_getinfo(L, ">S", &about) && about.source[0] == '=';
}

/* Notes what is on top in the set at that index; true: it was there. */
static bool note(lua_State *L, int set)
{
    lua_pushvalue(L, -1);
    const bool known = lua_rawget(L, set) != LUA_TNIL;
    lua_pop(L, 1);
    if (known)
        return true;
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, set);
    return false;
}

static void look_through(struct walk *w);

/* A module's table stays as it is, but functions of a rule may be in it. */
static void look_through_table(struct walk *w)
{
    lua_State *L = w->L;
    if (note(L, w->looked))
        return;
    enter(w);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        look_through(w);
    w->depth--;
}

static void look_through_upvalues(struct walk *w)
{
    lua_State *L = w->L;
    enter(w);
    for (int i = 1; lua_getupvalue(L, -1, i); i++) {
        look_through(w);
        lua_pop(L, 1);
    }
    w->depth--;
}

static void look_through(struct walk *w)
{
    if (lua_type(w->L, -1) == LUA_TTABLE)
        look_through_table(w);
    else if (lua_type(w->L, -1) == LUA_TFUNCTION)
        keep_function(w);
}

/* What a rule's function holds becomes read-only. A module's keeps what it has, in which functions
 * of a rule may be that were given to it (core.shape). */
static void keep_function(struct walk *w)
{
    lua_State *L = w->L;
    if (pattern_is_iterator(L, -1))
        luaL_error(L, "holds an iterator of gmatch, which would remember where it was; make it "
                      "inside the function that uses it");
    if (lua_iscfunction(L, -1) || note(L, w->seen))
        return;
    if (!is_of_a_rule(L)) {
        look_through_upvalues(w);
        return;
    }
    enter(w);
    for (int i = 1; lua_getupvalue(L, -1, i); i++) {
        keep_value(w);
        lua_setupvalue(L, -2, i);
    }
    w->depth--;
}

static void keep_value(struct walk *w)
{
    if (lua_type(w->L, -1) == LUA_TTABLE)
        keep_table(w);
    else if (lua_type(w->L, -1) == LUA_TFUNCTION)
        keep_function(w);
}

void frozen_keep(lua_State *L)
{
    lua_newtable(L);
    lua_insert(L, -2);
    lua_newtable(L);
    lua_insert(L, -2);
    struct walk w = {.L = L, .seen = lua_gettop(L) - 2, .looked = lua_gettop(L) - 1};
    keep_value(&w);
    lua_remove(L, w.looked);
    lua_remove(L, w.seen);
}
