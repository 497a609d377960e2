/* sandbox.h - the world that policy code sees, built up from nothing.
 *
 *   assert error ipairs next pairs select tonumber type    Lua's own
 *   pcall xpcall setmetatable getmetatable tostring        ours (guarded.h)
 *   string   byte char len lower sub upper; ours: format rep, and find gmatch gsub match
 *            (pattern_lua.h)
 *   table    ours: concat insert remove sort unpack
 *   math     the pure functions and constants
 *   text     lib.h
 *   require  finds the modules compiled into the program, but for config.*, and nothing else
 *
 * No io, os, debug, load, bytecode, coroutine or collectgarbage, no random
 * numbers, nothing whose one call can run long by itself. Strings have the same
 * functions as methods and no arithmetic.
 *
 * All of it is read-only: a write to a global, or into one of these tables, raises and
 * names it. The tables look empty to next and pairs. A module that uses a function often
 * keeps it in a local.
 */
#ifndef SOCKGUARD_POLICY_SANDBOX_H
#define SOCKGUARD_POLICY_SANDBOX_H

#include <lua.h>

#include <stddef.h>

/* A Lua source compiled into the program (generated at build from lua/). */
struct lua_source {
    const char *module; /* "core.shape" for lua/core/shape.lua */
    const char *path;   /* "lua/core/shape.lua", for messages */
    const char *text;
    size_t length;
};

/* All of them. Generated. */
extern const struct lua_source lua_sources[];
extern const size_t lua_source_count;

/* NULL when there is no such module. */
const struct lua_source *lua_source_find(const char *module);

/* Inside a vm_call body, once per VM: pushes the environment. A module is reached
 * through its member `require`. May raise. */
void sandbox_push(lua_State *L);

/* The environment of operators' rules: the same, but require finds only engine.* and core.shape,
 * whose tables come as read-only views (frozen.h), and print is there, a closure over arg (a light
 * userdata). Once per VM, after sandbox_push. */
void sandbox_push_for_rules(lua_State *L, lua_CFunction print, void *arg);

#endif
