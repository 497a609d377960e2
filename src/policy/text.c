/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/text.h"

#include "base/fold.h"
#include "base/utf8.h"
#include "policy/quote.h"

enum { NEEDLE_MAX = 256, PARTS_MAX = 8, LONG_S = 0x17F, KELVIN_SIGN = 0x212A };

struct str text_arg(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TSTRING);
    struct str s;
    s.p = lua_tolstring(L, index, &s.n);
    return s;
}

static struct str separator_arg(lua_State *L, int index)
{
    const struct str s = text_arg(L, index);
    luaL_argcheck(L, s.n > 0, index, "empty separator");
    return s;
}

static void push(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.p, s.n);
}

/* White space beyond ASCII, as UTF-8 of two or three bytes. */
static bool wide_space(uint32_t code)
{
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* How many bytes of white space s begins with: one code point's, or 0. */
static size_t space_first(struct str s)
{
    if (s.n == 0)
        return 0;
    const unsigned char c = (unsigned char)s.p[0];
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    uint32_t code;
    const size_t n = utf8_next(s, &code);
    return n && wide_space(code) ? n : 0;
}

/* The same for the end of s. */
static size_t space_last(struct str s)
{
    for (size_t n = 1; n <= 3 && n <= s.n; n++) {
        const struct str tail = {s.p + s.n - n, n};
        if ((tail.p[0] & 0xC0) != 0x80)
            return space_first(tail) == n ? n : 0;
    }
    return 0;
}

static int text_trim(lua_State *L)
{
    const struct str all = text_arg(L, 1);
    struct str s = all;
    size_t n;
    while ((n = space_first(s)))
        s = str_skip(s, n);
    while ((n = space_last(s)))
        s.n -= n;
    if (s.n == all.n)
        lua_settop(L, 1);
    else
        push(L, s);
    return 1;
}

/* Bytes until the first white space or the end. */
static size_t word_length(struct str s)
{
    size_t n = 0;
    while (n < s.n && space_first(str_skip(s, n)) == 0)
        n++;
    return n;
}

static int text_fields(lua_State *L)
{
    struct str s = text_arg(L, 1);
    lua_Integer count = 0;
    lua_newtable(L);
    while (s.n) {
        const size_t space = space_first(s);
        if (space) {
            s = str_skip(s, space);
            continue;
        }
        const size_t n = word_length(s);
        push(L, (struct str){s.p, n});
        lua_rawseti(L, -2, ++count);
        s = str_skip(s, n);
    }
    return 1;
}

typedef uint32_t map_fn(uint32_t code);

static uint32_t code_lower(uint32_t code)
{
    if (code >= 'A' && code <= 'Z')
        return code - 'A' + 'a';
    return code == KELVIN_SIGN ? 'k' : code;
}

static uint32_t code_upper(uint32_t code)
{
    if (code >= 'a' && code <= 'z')
        return code - 'a' + 'A';
    return code == LONG_S ? 'S' : code;
}

/* Takes a code point off s; *n is its length. A byte that begins none is code 0x80 and
 * up with a length of one: no mapping changes it. */
static uint32_t take_code(struct str *s, size_t *n)
{
    uint32_t code = (unsigned char)s->p[0];
    *n = 1;
    if (code >= 0x80 && (*n = utf8_next(*s, &code)) == 0) {
        *n = 1;
        code = 0x110000;
    }
    *s = str_skip(*s, *n);
    return code;
}

static bool map_changes(struct str s, map_fn *map)
{
    while (s.n) {
        size_t n;
        const uint32_t code = take_code(&s, &n);
        if (map(code) != code)
            return true;
    }
    return false;
}

/* What is mapped becomes one byte; all else is copied, so the result is no longer. */
static int mapped(lua_State *L, map_fn *map)
{
    struct str s = text_arg(L, 1);
    if (!map_changes(s, map)) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.n);
    size_t len = 0;
    while (s.n) {
        const char *from = s.p;
        size_t n;
        const uint32_t code = take_code(&s, &n), to = map(code);
        if (to != code) {
            out[len++] = (char)to;
            continue;
        }
        memcpy(out + len, from, n);
        len += n;
    }
    luaL_pushresultsize(&b, len);
    return 1;
}

static int text_lower(lua_State *L)
{
    return mapped(L, code_lower);
}

static int text_upper(lua_State *L)
{
    return mapped(L, code_upper);
}

static int text_same(lua_State *L)
{
    lua_pushboolean(L, str_same_folded(text_arg(L, 1), text_arg(L, 2)));
    return 1;
}

static int text_starts(lua_State *L)
{
    lua_pushboolean(L, str_starts(text_arg(L, 1), text_arg(L, 2)));
    return 1;
}

static const char *find(struct str s, struct str needle)
{
    if (needle.n == 1)
        return s.n ? memchr(s.p, needle.p[0], s.n) : NULL;
    return memmem(s.p, s.n, needle.p, needle.n);
}

static int text_find(lua_State *L)
{
    const struct str s = text_arg(L, 1);
    const char *at = find(s, text_arg(L, 2));
    if (at)
        lua_pushinteger(L, at - s.p + 1);
    else
        lua_pushnil(L);
    return 1;
}

/* From the end, byte i of s or needle. */
static char from_end(struct str s, size_t i)
{
    return s.p[s.n - 1 - i];
}

/* Where the last needle in s begins, or NULL. Knuth, Morris and Pratt's search over
 * both read backwards: trying each position in turn would be quadratic. */
static const char *find_last(struct str s, struct str needle)
{
    uint16_t back[NEEDLE_MAX]; /* length of the longest border of the first i + 1 bytes */
    back[0] = 0;
    for (size_t i = 1, k = 0; i < needle.n; i++) {
        while (k && from_end(needle, k) != from_end(needle, i))
            k = back[k - 1];
        k += from_end(needle, k) == from_end(needle, i);
        back[i] = (uint16_t)k;
    }
    for (size_t i = 0, k = 0; i < s.n; i++) {
        while (k && from_end(needle, k) != from_end(s, i))
            k = back[k - 1];
        k += from_end(needle, k) == from_end(s, i);
        if (k == needle.n)
            return s.p + s.n - 1 - i;
    }
    return NULL;
}

static int text_find_last(lua_State *L)
{
    const struct str s = text_arg(L, 1), needle = text_arg(L, 2);
    luaL_argcheck(L, needle.n <= NEEDLE_MAX, 2, "longer than 256 bytes");
    const char *at = needle.n ? find_last(s, needle) : s.p + s.n;
    if (at)
        lua_pushinteger(L, at - s.p + 1);
    else
        lua_pushnil(L);
    return 1;
}

/* before, and what is behind the n bytes at `at`; all of s and nil without an `at`. */
static int push_cut(lua_State *L, struct str s, const char *at, size_t n)
{
    if (!at) {
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        return 2;
    }
    const size_t before = (size_t)(at - s.p);
    push(L, (struct str){s.p, before});
    push(L, str_skip(s, before + n));
    return 2;
}

static int text_cut(lua_State *L)
{
    const struct str s = text_arg(L, 1), sep = separator_arg(L, 2);
    return push_cut(L, s, find(s, sep), sep.n);
}

static int text_cut_any(lua_State *L)
{
    const struct str s = text_arg(L, 1), seps = separator_arg(L, 2);
    bool in[256] = {false};
    for (size_t i = 0; i < seps.n; i++)
        in[(unsigned char)seps.p[i]] = true;
    for (size_t i = 0; i < s.n; i++)
        if (in[(unsigned char)s.p[i]])
            return push_cut(L, s, s.p + i, 1);
    return push_cut(L, s, NULL, 1);
}

static int text_split(lua_State *L)
{
    struct str s = text_arg(L, 1);
    const struct str sep = separator_arg(L, 2);
    lua_Integer count = 0;
    lua_newtable(L);
    for (const char *at; (at = find(s, sep));) {
        const size_t n = (size_t)(at - s.p);
        push(L, (struct str){s.p, n});
        lua_rawseti(L, -2, ++count);
        s = str_skip(s, n + sep.n);
    }
    push(L, s);
    lua_rawseti(L, -2, ++count);
    return 1;
}

static int text_parts(lua_State *L)
{
    struct str s = text_arg(L, 1);
    const struct str sep = separator_arg(L, 2);
    const lua_Integer most = luaL_checkinteger(L, 3);
    luaL_argcheck(L, most >= 2 && most <= PARTS_MAX, 3, "not from 2 to 8");
    int count = 1;
    for (const char *at; count < most && (at = find(s, sep)); count++) {
        const size_t n = (size_t)(at - s.p);
        push(L, (struct str){s.p, n});
        s = str_skip(s, n + sep.n);
    }
    push(L, s);
    return count;
}

/* Takes the first element off path, and the slashes before it. */
static struct str take_element(struct str *path)
{
    size_t start = 0;
    while (start < path->n && path->p[start] == '/')
        start++;
    size_t end = start;
    while (end < path->n && path->p[end] != '/')
        end++;
    const struct str element = {path->p + start, end - start};
    *path = str_skip(*path, end);
    return element;
}

/* Go's path.Clean; out has room for path.n + 1 bytes. `kept` is where the part ends
 * that .. cannot take away: the root, or leading .. elements. */
static size_t path_clean(struct str path, char *out)
{
    const bool rooted = path.n && path.p[0] == '/';
    size_t len = 0, kept = rooted;
    if (rooted)
        out[len++] = '/';
    while (path.n) {
        const struct str element = take_element(&path);
        if (element.n == 0 || str_eq(element, STR(".")))
            continue;
        const bool up = str_eq(element, STR(".."));
        if (up && len > kept) {
            do
                len--;
            while (len > kept && out[len] != '/');
            continue;
        }
        if (up && rooted)
            continue;
        if (len > (size_t)rooted)
            out[len++] = '/';
        memcpy(out + len, element.p, element.n);
        len += element.n;
        if (up)
            kept = len;
    }
    if (len == 0)
        out[len++] = '.';
    return len;
}

static int text_clean(lua_State *L)
{
    const struct str path = text_arg(L, 1);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, path.n + 1);
    luaL_pushresultsize(&b, path_clean(path, out));
    return 1;
}

static int text_digits(lua_State *L)
{
    const struct str s = text_arg(L, 1);
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    lua_pushboolean(L, n == s.n && n > 0);
    return 1;
}

static int text_quote(lua_State *L)
{
    char out[QUOTE_MAX];
    const size_t n = quote(text_arg(L, 1), out);
    lua_pushlstring(L, out, n);
    return 1;
}

const luaL_Reg text_functions[] = {
    {"clean", text_clean},         {"cut", text_cut},
    {"cut_any", text_cut_any},     {"digits", text_digits},
    {"fields", text_fields},       {"find", text_find},
    {"find_last", text_find_last}, {"lower", text_lower},
    {"parts", text_parts},         {"quote", text_quote},
    {"same", text_same},           {"split", text_split},
    {"starts", text_starts},       {"trim", text_trim},
    {"upper", text_upper},         {NULL, NULL},
};
