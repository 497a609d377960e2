/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/format.h"

#include "base/str.h"

#include <lauxlib.h>
#include <stdio.h>

enum {
    SPEC_MAX = 16,    /* %, five flags, 2 digits, ., 2 digits, ll, letter, NUL */
    NUMBER_MAX = 512, /* %99.99f of the largest double has 310 digits and 100 more */
};

/* One conversion, taken apart. */
struct spec {
    char text[SPEC_MAX]; /* "%-5.2": for snprintf, without the letter */
    size_t n;
    int width;     /* 0 = none */
    int precision; /* -1 = none */
    bool left;
    char letter;
};

void format_value(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1))
            luaL_error(L, "__tostring must return a string");
        return;
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        (void)luaL_tolstring(L, index, NULL);
        return;
    default:
        lua_pushstring(L, luaL_typename(L, index));
    }
}

/* Up to two digits off *format into the spec; their value, or -1 when there is none. */
static int take_digits(struct spec *s, struct str *format)
{
    int value = -1;
    for (int i = 0; i < 2 && format->n && format->p[0] >= '0' && format->p[0] <= '9'; i++) {
        s->text[s->n++] = format->p[0];
        value = (value < 0 ? 0 : value) * 10 + (format->p[0] - '0');
        *format = str_skip(*format, 1);
    }
    return value;
}

/* Takes what follows a % off *format. */
static struct spec take_spec(lua_State *L, struct str *format)
{
    struct spec s = {.text = "%", .n = 1, .precision = -1};
    for (int i = 0; i < 5 && format->n && memchr("-+ #0", format->p[0], 5); i++) {
        s.left |= format->p[0] == '-';
        s.text[s.n++] = format->p[0];
        *format = str_skip(*format, 1);
    }
    const int width = take_digits(&s, format);
    s.width = width < 0 ? 0 : width;
    if (format->n && format->p[0] == '.') {
        s.text[s.n++] = '.';
        *format = str_skip(*format, 1);
        s.precision = take_digits(&s, format);
        if (s.precision < 0)
            s.precision = 0;
    }
    if (format->n == 0 || !memchr("cdioxXaAeEfFgGs", format->p[0], 15))
        luaL_error(L, "invalid conversion to 'format'");
    s.letter = format->p[0];
    *format = str_skip(*format, 1);
    return s;
}

static void add(lua_State *L, luaL_Buffer *b, const char *p, size_t n)
{
    if (n > TEXT_MAX - luaL_bufflen(b))
        luaL_error(L, "the result is longer than %d bytes", TEXT_MAX);
    luaL_addlstring(b, p, n);
}

static void add_spaces(lua_State *L, luaL_Buffer *b, size_t n)
{
    while (n--)
        add(L, b, " ", 1);
}

/* The value has been pushed above the buffer's own place and is popped last. */
static void add_string(lua_State *L, luaL_Buffer *b, const struct spec *s, int arg)
{
    format_value(L, arg);
    lua_replace(L, arg); /* the buffer wants nothing above it while it grows */
    struct str v;
    v.p = lua_tolstring(L, arg, &v.n);
    if (s->precision >= 0 && (size_t)s->precision < v.n)
        v.n = (size_t)s->precision;
    const size_t width = (size_t)s->width, pad = width > v.n ? width - v.n : 0;
    add_spaces(L, b, s->left ? 0 : pad);
    add(L, b, v.p, v.n);
    add_spaces(L, b, s->left ? pad : 0);
}

static void add_conversion(lua_State *L, luaL_Buffer *b, struct spec *s, int arg)
{
    char out[NUMBER_MAX];
    int n;
    switch (s->letter) {
    case 's':
        add_string(L, b, s, arg);
        return;
    case 'c':
        memcpy(s->text + s->n, "c", 2);
        n = snprintf(out, sizeof out, s->text, (int)luaL_checkinteger(L, arg));
        break;
    case 'd':
    case 'i':
    case 'o':
    case 'x':
    case 'X':
        memcpy(s->text + s->n, (char[]){'l', 'l', s->letter, '\0'}, 4);
        n = snprintf(out, sizeof out, s->text, (long long)luaL_checkinteger(L, arg));
        break;
    default:
        memcpy(s->text + s->n, (char[]){s->letter, '\0'}, 2);
        n = snprintf(out, sizeof out, s->text, luaL_checknumber(L, arg));
    }
    if (n < 0 || (size_t)n >= sizeof out)
        luaL_error(L, "invalid conversion to 'format'");
    add(L, b, out, (size_t)n);
}

int format_string(lua_State *L)
{
    struct str format;
    format.p = luaL_checklstring(L, 1, &format.n);
    const int last = lua_gettop(L); /* behind it the buffer keeps things of its own */
    int arg = 1;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (format.n) {
        const char *percent = memchr(format.p, '%', format.n);
        const size_t plain = percent ? (size_t)(percent - format.p) : format.n;
        add(L, &b, format.p, plain);
        format = str_skip(format, plain);
        if (format.n == 0)
            break;
        format = str_skip(format, 1);
        if (format.n && format.p[0] == '%') {
            add(L, &b, "%", 1);
            format = str_skip(format, 1);
            continue;
        }
        struct spec s = take_spec(L, &format);
        if (++arg > last)
            return luaL_argerror(L, arg, "no value");
        add_conversion(L, &b, &s, arg);
    }
    luaL_pushresult(&b);
    return 1;
}
