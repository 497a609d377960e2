/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern_lua.h"

#include "policy/format.h"
#include "policy/pattern.h"
#include "policy/text.h"

static struct str pattern_arg(lua_State *L, int index)
{
    const struct str p = text_arg(L, index);
    luaL_argcheck(L, p.n <= PATTERN_LENGTH_MAX, index, "the pattern is longer than 1024 bytes");
    return p;
}

/* anchored: the pattern begins with a ^ that is taken off. */
static struct pattern_match start(struct str text, struct str pattern, bool *anchored)
{
    *anchored = pattern.n > 0 && pattern.p[0] == '^';
    return (struct pattern_match){
        .text = text,
        .pattern = *anchored ? str_skip(pattern, 1) : pattern,
        .steps = PATTERN_STEPS_MAX,
        .error = "",
    };
}

/* Where a match at `at` ends, or NULL. Raises what is an error. */
static const char *try_at(lua_State *L, struct pattern_match *m, size_t at)
{
    const char *const end = pattern_charge(m, 1) ? pattern_match_at(m, at) : NULL;
    if (!end && m->error[0])
        luaL_error(L, "%s", m->error);
    return end;
}

/* Capture i, or the whole match where there are none and i is 0. */
static void push_capture(lua_State *L, const struct pattern_match *m, int i, const char *start,
                         const char *end)
{
    if (i >= m->n_captures) {
        if (i != 0)
            luaL_error(L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(L, start, (size_t)(end - start));
        return;
    }
    const ptrdiff_t length = m->captures[i].length;
    if (length == CAPTURE_OPEN)
        luaL_error(L, "unfinished capture");
    if (length == CAPTURE_POSITION)
        lua_pushinteger(L, m->captures[i].start - m->text.p + 1);
    else
        lua_pushlstring(L, m->captures[i].start, (size_t)length);
}

/* All captures; without any the whole match, if whole. Returns how many. */
static int push_captures(lua_State *L, const struct pattern_match *m, const char *from,
                         const char *end, bool whole)
{
    const int n = m->n_captures == 0 && whole ? 1 : m->n_captures;
    luaL_checkstack(L, n, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(L, m, i, from, end);
    return n;
}

/* A position argument, 0-based; past the end of the text: n + 1. */
static size_t init_arg(lua_State *L, int index, size_t n)
{
    const lua_Integer init = luaL_optinteger(L, index, 1);
    if (init > 0)
        return (lua_Unsigned)init - 1 > n ? n + 1 : (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)n)
        return 0;
    return (size_t)((lua_Integer)n + init);
}

static int find_plain(lua_State *L, struct str text, struct str needle, size_t at)
{
    const struct str rest = str_skip(text, at);
    const char *const found = needle.n == 0 ? rest.p : memmem(rest.p, rest.n, needle.p, needle.n);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - text.p + 1);
    lua_pushinteger(L, found - text.p + (lua_Integer)needle.n);
    return 2;
}

static int search(lua_State *L, bool find)
{
    const struct str text = text_arg(L, 1), pattern = pattern_arg(L, 2);
    size_t at = init_arg(L, 3, text.n);
    if (at > text.n) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(pattern)))
        return find_plain(L, text, pattern, at);
    bool anchored;
    struct pattern_match m = start(text, pattern, &anchored);
    do {
        const char *const end = try_at(L, &m, at);
        if (!end)
            continue;
        const char *const from = text.p + at;
        if (!find)
            return push_captures(L, &m, from, end, true);
        lua_pushinteger(L, (lua_Integer)at + 1);
        lua_pushinteger(L, end - text.p);
        return 2 + push_captures(L, &m, from, end, false);
    } while (at++ < text.n && !anchored);
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return search(L, true);
}

static int string_match(lua_State *L)
{
    return search(L, false);
}

/* Upvalues: text, pattern, where to go on (0-based), where the last match ended (-1: none). */
static int next_match(lua_State *L)
{
    const struct str text = text_arg(L, lua_upvalueindex(1));
    const lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    bool anchored;
    struct pattern_match m = start(text, text_arg(L, lua_upvalueindex(2)), &anchored);
    m.pattern = text_arg(L, lua_upvalueindex(2)); /* here a ^ is no anchor */
    for (size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3)); at <= text.n; at++) {
        const char *const end = try_at(L, &m, at);
        if (!end || end - text.p == last)
            continue;
        lua_pushinteger(L, end - text.p);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(L, &m, text.p + at, end, true);
    }
    lua_pushinteger(L, (lua_Integer)text.n + 1);
    lua_replace(L, lua_upvalueindex(3));
    return 0;
}

bool pattern_is_iterator(lua_State *L, int index)
{
    return lua_tocfunction(L, index) == next_match;
}

static int string_gmatch(lua_State *L)
{
    const struct str text = text_arg(L, 1);
    (void)pattern_arg(L, 2);
    const size_t at = init_arg(L, 3, text.n);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)at);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

static void add(lua_State *L, luaL_Buffer *b, const char *s, size_t n)
{
    if (luaL_bufflen(b) + n > TEXT_MAX)
        luaL_error(L, "the result is longer than %d bytes", TEXT_MAX);
    luaL_addlstring(b, s, n);
}

/* The replacement text at index 3, with its %0 to %9. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct pattern_match *m, const char *from,
                     const char *end)
{
    struct str rest = text_arg(L, 3);
    while (rest.n) {
        const char *const percent = memchr(rest.p, '%', rest.n);
        const size_t n = percent ? (size_t)(percent - rest.p) : rest.n;
        add(L, b, rest.p, n);
        rest = str_skip(rest, n);
        if (!percent)
            break;
        const char c = rest.n > 1 ? rest.p[1] : '\0';
        if (c == '%') {
            add(L, b, "%", 1);
        } else if (c == '0') {
            add(L, b, from, (size_t)(end - from));
        } else if (c >= '1' && c <= '9') {
            struct str s;
            push_capture(L, m, c - '1', from, end);
            s.p = luaL_tolstring(L, -1, &s.n);
            lua_remove(L, -2);
            if (luaL_bufflen(b) + s.n > TEXT_MAX)
                luaL_error(L, "the result is longer than %d bytes", TEXT_MAX);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
        rest = str_skip(rest, 2);
    }
}

/* What the table or function at index 3 makes of the match; false: the match stays. */
static bool add_value(lua_State *L, luaL_Buffer *b, const struct pattern_match *m, const char *from,
                      const char *end)
{
    if (lua_type(L, 3) == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, m, from, end, true), 1);
    } else {
        push_capture(L, m, 0, from, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    size_t n;
    (void)lua_tolstring(L, -1, &n);
    if (luaL_bufflen(b) + n > TEXT_MAX)
        luaL_error(L, "the result is longer than %d bytes", TEXT_MAX);
    luaL_addvalue(b);
    return true;
}

static void add_replacement(lua_State *L, luaL_Buffer *b, const struct pattern_match *m,
                            const char *from, const char *end)
{
    if (lua_type(L, 3) == LUA_TSTRING)
        add_text(L, b, m, from, end);
    else if (!add_value(L, b, m, from, end))
        add(L, b, from, (size_t)(end - from));
}

static int string_gsub(lua_State *L)
{
    const struct str text = text_arg(L, 1), pattern = pattern_arg(L, 2);
    const int type = lua_type(L, 3);
    luaL_argexpected(L, type == LUA_TSTRING || type == LUA_TTABLE || type == LUA_TFUNCTION, 3,
                     "string/function/table");
    const lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)text.n + 1);
    bool anchored;
    struct pattern_match m = start(text, pattern, &anchored);
    lua_Integer n = 0;
    size_t at = 0;
    const char *last = NULL;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (n < most) {
        const char *const end = try_at(L, &m, at);
        if (end && end != last) {
            n++;
            add_replacement(L, &b, &m, text.p + at, end);
            last = end;
            at = (size_t)(end - text.p);
        } else if (at < text.n) {
            add(L, &b, text.p + at++, 1);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    if (at < text.n)
        add(L, &b, text.p + at, text.n - at);
    luaL_pushresult(&b);
    lua_pushinteger(L, n);
    return 2;
}

void pattern_string(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", string_find}, {"gmatch", string_gmatch},
        {"gsub", string_gsub}, {"match", string_match},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
