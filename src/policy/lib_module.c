/* SPDX-License-Identifier: Apache-2.0 */
/* lib_module.c - the door of lib.h for a Lua interpreter that loads it as a module. */
#include "policy/lib.h"

#include <lua.h>

__attribute__((visibility("default"))) int luaopen_sockguard_text(lua_State *L);

int luaopen_sockguard_text(lua_State *L)
{
    return lib_open(L);
}
