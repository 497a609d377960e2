/* sandbox.h - the world that policy code sees, built up from nothing.
 *
 * Called inside a vm_call body. Leaves the policy's environment table on the
 * stack: base functions from a short allow-list, our own string helpers (lib.h),
 * and `require`, which finds the modules compiled into the program and nothing
 * else. No io, os, debug, load, bytecode, coroutine, setmetatable with __gc, nor
 * any library function that can run long by itself.
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

/* All of them, sorted by module name. Generated. */
extern const struct lua_source lua_sources[];
extern const size_t lua_source_count;

/* NULL when there is no such module. */
const struct lua_source *lua_source_find(const char *module);

/* Pushes the environment. May raise. */
void sandbox_push(lua_State *L);

#endif
