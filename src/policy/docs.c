/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/docs.h"

#include "policy/config_vm.h"
#include "policy/sandbox.h"

#include <lauxlib.h>

struct request {
    struct str table;
    struct buf *out;
    int rc;
};

/* source(module): its text. */
static int source(lua_State *L)
{
    const struct lua_source *s = lua_source_find(luaL_checkstring(L, 1));
    if (!s)
        return luaL_error(L, "no module is named '%s'", lua_tostring(L, 1));
    lua_pushlstring(L, s->text, s->length);
    return 1;
}

/* core.doc(table, source) returns the text. Raises what is wrong with the name. */
static int write_table(lua_State *L)
{
    struct request *r = lua_touserdata(L, 1);
    config_vm_open(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "core.doc");
    lua_call(L, 1, 1);
    lua_pushlstring(L, r->table.p, r->table.n);
    lua_pushcfunction(L, source);
    lua_call(L, 2, 1);
    struct str text;
    text.p = luaL_checklstring(L, -1, &text.n);
    r->rc = buf_append(r->out, text);
    return 0;
}

int docs_write(struct str table, struct buf *out, struct err *err)
{
    struct request r = {table, out, RC_OK};
    lua_State *L = luaL_newstate();
    if (!L)
        return err_set(err, RC_NOMEM, "out of memory");
    lua_pushcfunction(L, write_table);
    lua_pushlightuserdata(L, &r);
    int rc = RC_OK;
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        rc = err_set(err, RC_INVALID, "%s", lua_tostring(L, -1));
    else if (r.rc)
        rc = err_set(err, r.rc, "out of memory");
    lua_close(L);
    return rc;
}
