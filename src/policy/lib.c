/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lib.h"

#include "base/base64.h"
#include "base/sha256.h"
#include "http/member.h"
#include "http/token.h"
#include "policy/glob.h"
#include "policy/json_lua.h"
#include "policy/text.h"

#include <stdint.h>

/* The registry's name for the metatable of globs. */
static const char glob_type[] = "sockguard.glob";

/* What a pattern of n bytes is counted as: about what glob.c takes for it. */
static size_t glob_size(size_t n)
{
    return 256 + 3 * n;
}

struct held_glob {
    struct glob *glob; /* owned; NULL until compiled, and once released */
    size_t length;     /* of the pattern */
    size_t *live;      /* the state's count, in the metatable */
};

static int text_base64(lua_State *L)
{
    const struct str s = text_arg(L, 1);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.n + 1);
    size_t n;
    if (base64_decode(s, out, &n) == RC_OK)
        luaL_pushresultsize(&b, n);
    else
        lua_pushnil(L);
    return 1;
}

static int text_sha256(lua_State *L)
{
    static const char hex[] = "0123456789abcdef";
    const struct str s = text_arg(L, 1);
    uint8_t digest[SHA256_SIZE];
    char out[2 * SHA256_SIZE];
    luaL_argcheck(L, s.n <= LIB_DIGEST_MAX, 1, "longer than 1 MiB");
    sha256(s, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    lua_pushlstring(L, out, sizeof out);
    return 1;
}

static int text_member(lua_State *L)
{
    const struct str json = text_arg(L, 1), name = text_arg(L, 2);
    luaL_argcheck(L, name.n <= MEMBER_NAME_MAX, 2, "longer than 64 bytes");
    struct member m;
    const bool read = member_find(json, name, &m) == RC_OK;
    lua_pushboolean(L, read);
    if (!read)
        return 1;
    if (!m.found) {
        lua_pushnil(L);
    } else if (!m.escaped) {
        lua_pushlstring(L, m.text.p, m.text.n);
    } else {
        luaL_Buffer b;
        char *out = luaL_buffinitsize(L, &b, m.text.n);
        luaL_pushresultsize(&b, token_unescape(m.text, out));
    }
    return 2;
}

static int glob_collect(lua_State *L)
{
    struct held_glob *held = luaL_checkudata(L, 1, glob_type);
    if (held->glob)
        *held->live -= glob_size(held->length);
    glob_free(held->glob);
    held->glob = NULL;
    return 0;
}

/* Upvalue 1 counts the bytes of live globs. Their memory is malloc's, so the VM's ceiling
 * does not see it: the count is what bounds it. */
static int text_glob(lua_State *L)
{
    const struct str pattern = text_arg(L, 1);
    size_t *live = lua_touserdata(L, lua_upvalueindex(1));
    if (glob_size(pattern.n) > LIB_GLOBS_MAX - *live)
        (void)lua_gc(L, LUA_GCCOLLECT); /* somebody else's may be garbage by now */
    if (glob_size(pattern.n) > LIB_GLOBS_MAX - *live)
        return luaL_error(L, "more than %d bytes of globs", LIB_GLOBS_MAX);
    struct held_glob *held = lua_newuserdatauv(L, sizeof *held, 0);
    *held = (struct held_glob){NULL, pattern.n, live};
    luaL_setmetatable(L, glob_type);
    switch (glob_open(&held->glob, pattern, GLOB_TOKEN)) {
    case RC_OK:
        *live += glob_size(pattern.n);
        return 1;
    case RC_TOOBIG:
        return luaL_argerror(L, 1, "the pattern is too long");
    default:
        return luaL_error(L, "out of memory");
    }
}

static int text_matches(lua_State *L)
{
    const struct held_glob *held = luaL_checkudata(L, 1, glob_type);
    const struct str s = text_arg(L, 2);
    luaL_argcheck(L, held->glob, 1, "glob was released");
    if (s.n > LIB_MATCH_MAX / (held->length + 1))
        return luaL_argerror(L, 2, "too long for its pattern");
    lua_pushboolean(L, glob_match(held->glob, s));
    return 1;
}

static const luaL_Reg functions[] = {
    {"base64", text_base64},
    {"matches", text_matches},
    {"member", text_member},
    {"sha256", text_sha256},
    {NULL, NULL},
};

/* Pushes the metatable of globs, with the count of live ones in it: each glob points at
 * the count, so it must outlive them all, and a second opening must find it again. */
static void push_glob_type(lua_State *L)
{
    if (!luaL_newmetatable(L, glob_type))
        return;
    lua_pushcfunction(L, glob_collect);
    lua_setfield(L, -2, "__gc");
    size_t *live = lua_newuserdatauv(L, sizeof *live, 0);
    *live = 0;
    lua_setfield(L, -2, "live");
}

int lib_open(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, text_functions, 0);
    luaL_setfuncs(L, functions, 0);
    json_functions(L);
    push_glob_type(L);
    lua_getfield(L, -1, "live");
    lua_pushcclosure(L, text_glob, 1);
    lua_setfield(L, -3, "glob");
    lua_pop(L, 1);
    return 1;
}
