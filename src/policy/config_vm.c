/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/config_vm.h"

#include "policy/lib.h"
#include "policy/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* require for the modules compiled into the program. */
static int search_embedded(lua_State *L)
{
    const struct lua_source *source = lua_source_find(luaL_checkstring(L, 1));
    if (!source) {
        lua_pushliteral(L, "it is not one of ours");
        return 1;
    }
    const char *name = lua_pushfstring(L, "@%s", source->path);
    if (luaL_loadbufferx(L, source->text, source->length, name, "t"))
        return lua_error(L);
    return 1;
}

/* The C modules' path without what depends on the working directory. */
static void push_cpath(lua_State *L, const char *cpath)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (*cpath) {
        const size_t n = strcspn(cpath, LUA_PATH_SEP);
        if (*cpath == '/') {
            luaL_addlstring(&b, cpath, n);
            luaL_addstring(&b, LUA_PATH_SEP);
        }
        cpath += n + (cpath[n] != '\0');
    }
    luaL_pushresult(&b);
}

void config_vm_open(lua_State *L)
{
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    luaL_requiref(L, "text", lib_open, 1);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "cpath");
    push_cpath(L, lua_tostring(L, -1));
    lua_setfield(L, -3, "cpath");
    lua_pop(L, 1);
    lua_getfield(L, -1, "searchers");
    lua_pushcfunction(L, search_embedded);
    lua_rawseti(L, -2, 2);
    lua_pushnil(L);
    lua_rawseti(L, -2, 4);
    lua_pop(L, 3);
}

void config_vm_strip(lua_State *L)
{
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
}
