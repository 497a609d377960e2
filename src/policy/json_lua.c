/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/json_lua.h"

#include "base/err.h"
#include "base/utf8.h"
#include "http/token.h"
#include "policy/format.h"
#include "policy/frozen.h"
#include "policy/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What stands for null: policy code can compare it and nothing else. */
static const char null_key;

static void push_null(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&null_key);
}

static bool is_null(lua_State *L, int index)
{
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &null_key;
}

/* Reading */

struct source {
    lua_State *L;
    struct str text;
    struct tokenizer t;
    size_t nodes;
    const char *why; /* a constant; NULL while all is well */
};

static bool refuse(struct source *s, const char *why)
{
    s->why = why;
    return false;
}

static enum token_kind next(struct source *s)
{
    const struct str rest = str_skip(s->text, s->t.offset);
    return token_read(&s->t, rest, true);
}

static bool refuse_token(struct source *s)
{
    const char *fault = token_fault(&s->t);
    return refuse(s, fault[0] ? fault : "the text ends too early");
}

static void push_string(struct source *s)
{
    const struct token *t = &s->t.token;
    const struct str inner = {s->text.p + t->start + 1, t->end - t->start - 2};
    if (!t->escaped) {
        lua_pushlstring(s->L, inner.p, inner.n);
        return;
    }
    luaL_Buffer b;
    char *out = luaL_buffinitsize(s->L, &b, inner.n);
    luaL_pushresultsize(&b, token_unescape(inner, out));
}

static void push_number(struct source *s)
{
    const struct token *t = &s->t.token;
    const struct str text = {s->text.p + t->start, t->end - t->start};
    int64_t v;
    if (t->integer && token_integer(text, &v) == RC_OK) {
        lua_pushinteger(s->L, v);
        return;
    }
    lua_pushlstring(s->L, text.p, text.n);
    lua_pushnumber(s->L, strtod(lua_tostring(s->L, -1), NULL));
    lua_remove(s->L, -2);
}

static bool read_value(struct source *s, enum token_kind kind);

static bool read_object(struct source *s)
{
    lua_State *L = s->L;
    lua_newtable(L);
    for (;;) {
        const enum token_kind kind = next(s);
        if (kind == TOKEN_OBJECT_END)
            return true;
        if (kind != TOKEN_KEY)
            return refuse_token(s);
        push_string(s);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) != LUA_TNIL)
            return refuse(s, "a member is there twice");
        lua_pop(L, 1);
        if (!read_value(s, next(s)))
            return false;
        lua_rawset(L, -3);
    }
}

static bool read_array(struct source *s)
{
    lua_newtable(s->L);
    for (lua_Integer i = 1;; i++) {
        const enum token_kind kind = next(s);
        if (kind == TOKEN_ARRAY_END)
            return true;
        if (!read_value(s, kind))
            return false;
        lua_rawseti(s->L, -2, i);
    }
}

/* The value whose first token has just been read. */
static bool read_value(struct source *s, enum token_kind kind)
{
    lua_State *L = s->L;
    if (++s->nodes > JSON_NODES_MAX)
        return refuse(s, "too many values");
    if (s->t.depth > JSON_DEPTH_MAX)
        return refuse(s, "nested too deep");
    luaL_checkstack(L, 8, NULL);
    switch (kind) {
    case TOKEN_OBJECT:
        return read_object(s);
    case TOKEN_ARRAY:
        return read_array(s);
    case TOKEN_STRING:
        push_string(s);
        return true;
    case TOKEN_NUMBER:
        push_number(s);
        return true;
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        lua_pushboolean(L, kind == TOKEN_TRUE);
        return true;
    case TOKEN_NULL:
        push_null(L);
        return true;
    default:
        return refuse_token(s);
    }
}

static int json_decode(lua_State *L)
{
    struct source s = {.L = L, .text = text_arg(L, 1)};
    luaL_argcheck(L, s.text.n <= JSON_TEXT_MAX, 1, "longer than 256 KiB");
    if (read_value(&s, next(&s)) && next(&s) == TOKEN_END)
        return 1;
    if (!s.why)
        (void)refuse_token(&s);
    lua_pushnil(L);
    lua_pushstring(L, s.why);
    return 2;
}

/* Writing: pieces in a list, put together at the end. */

struct sink {
    lua_State *L;
    int pieces; /* index of the list */
    lua_Integer n;
    size_t nodes, length;
    int depth;
};

static void put(struct sink *s, const char *text, size_t n)
{
    s->length += n;
    if (s->length > TEXT_MAX)
        luaL_error(s->L, "the result is longer than %d bytes", TEXT_MAX);
    lua_pushlstring(s->L, text, n);
    lua_rawseti(s->L, s->pieces, ++s->n);
}

static void put_escape(struct sink *s, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    const char plain[2] = {'\\', (char)code};
    const char coded[6] = {'\\', 'u', '0', '0', hex[code >> 4 & 1], hex[code & 15]};
    if (code < 0x20)
        put(s, coded, sizeof coded);
    else
        put(s, plain, sizeof plain);
}

static void put_string(struct sink *s, struct str text)
{
    size_t from = 0, at = 0;
    put(s, "\"", 1);
    while (at < text.n) {
        uint32_t code = 0;
        const size_t n = utf8_next(str_skip(text, at), &code);
        if (n == 0)
            luaL_error(s->L, "a string is no UTF-8");
        if (code < 0x20 || code == '"' || code == '\\') {
            put(s, text.p + from, at - from);
            put_escape(s, code);
            from = at + n;
        }
        at += n;
    }
    put(s, text.p + from, at - from);
    put(s, "\"", 1);
}

static void put_number(struct sink *s, int index)
{
    char text[40];
    if (lua_isinteger(s->L, index)) {
        put(s, text, (size_t)snprintf(text, sizeof text, "%lld", lua_tointeger(s->L, index)));
        return;
    }
    const double v = lua_tonumber(s->L, index);
    if (!isfinite(v))
        luaL_error(s->L, "a number is not finite");
    put(s, text, (size_t)snprintf(text, sizeof text, "%.17g", v));
}

static void put_value(struct sink *s, int index);

static void put_list(struct sink *s, int index, lua_Integer n)
{
    put(s, "[", 1);
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1)
            put(s, ",", 1);
        lua_rawgeti(s->L, index, i);
        put_value(s, lua_gettop(s->L));
        lua_pop(s->L, 1);
    }
    put(s, "]", 1);
}

static int by_bytes(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    const size_t n = x->n < y->n ? x->n : y->n;
    const int order = n ? memcmp(x->p, y->p, n) : 0;
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* The names, sorted, in a userdata that is pushed; the table keeps the texts. */
static struct str *push_names(struct sink *s, int index, size_t n)
{
    lua_State *L = s->L;
    struct str *names = lua_newuserdatauv(L, n * sizeof *names, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "a table is neither a list nor has it only names as keys");
        names[i].p = lua_tolstring(L, -2, &names[i].n);
        i++;
    }
    qsort(names, n, sizeof *names, by_bytes);
    return names;
}

static void put_object(struct sink *s, int index, size_t n)
{
    const struct str *names = push_names(s, index, n);
    put(s, "{", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            put(s, ",", 1);
        put_string(s, names[i]);
        put(s, ":", 1);
        lua_pushlstring(s->L, names[i].p, names[i].n);
        lua_rawget(s->L, index);
        put_value(s, lua_gettop(s->L));
        lua_pop(s->L, 1);
    }
    put(s, "}", 1);
    lua_pop(s->L, 1);
}

static void put_table(struct sink *s, int index)
{
    lua_State *L = s->L;
    (void)frozen_see_through(L, index);
    if (lua_getmetatable(L, index))
        luaL_error(L, "a table has a metatable");
    if (++s->depth > JSON_DEPTH_MAX)
        luaL_error(L, "nested too deep");
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        if (++n > JSON_NODES_MAX)
            luaL_error(L, "too many values");
    const lua_Unsigned length = lua_rawlen(L, index);
    if (n == 0)
        put(s, "{}", 2);
    else if (length == n)
        put_list(s, index, (lua_Integer)n);
    else
        put_object(s, index, n);
    s->depth--;
}

static void put_value(struct sink *s, int index)
{
    struct str text;
    luaL_checkstack(s->L, 12, NULL);
    if (++s->nodes > JSON_NODES_MAX)
        luaL_error(s->L, "too many values");
    switch (lua_type(s->L, index)) {
    case LUA_TBOOLEAN:
        text = lua_toboolean(s->L, index) ? STR("true") : STR("false");
        put(s, text.p, text.n);
        return;
    case LUA_TNUMBER:
        put_number(s, index);
        return;
    case LUA_TSTRING:
        text.p = lua_tolstring(s->L, index, &text.n);
        put_string(s, text);
        return;
    case LUA_TTABLE:
        put_table(s, index);
        return;
    default:
        if (!is_null(s->L, index))
            luaL_error(s->L, "a %s has no JSON", luaL_typename(s->L, index));
        put(s, "null", 4);
    }
}

static int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    lua_newtable(L);
    struct sink s = {.L = L, .pieces = 2};
    put_value(&s, 1);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1; i <= s.n; i++) {
        lua_rawgeti(L, s.pieces, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

void json_functions(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"json_decode", json_decode},
        {"json_encode", json_encode},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
    push_null(L);
    lua_setfield(L, -2, "null");
}
