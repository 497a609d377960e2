/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bytecode.h"

#include "base/str.h"

#include <lauxlib.h>

/* The format of Lua 5.4 (ldump.c, lopcodes.h). */
enum {
    OP_SETUPVAL = 10,
    OP_MASK = 0x7F,
    OP_B_SHIFT = 16, /* operand B of an instruction, 8 bits */
    INSTRUCTION_SIZE = 4,
    HEADER_SIZE = 31,
    CONSTANT_NIL = 0x00,
    CONSTANT_FALSE = 0x01,
    CONSTANT_TRUE = 0x11,
    CONSTANT_INTEGER = 0x03,
    CONSTANT_FLOAT = 0x13,
    CONSTANT_SHORT_STRING = 0x04,
    CONSTANT_LONG_STRING = 0x14,
    DEPTH_MAX = 200,
};

struct dump {
    struct str rest;
    bool broken;
    int line;        /* of the function that stores; 0: none */
    struct str name; /* of what it stores to */
};

static uint8_t take_byte(struct dump *d)
{
    if (d->rest.n == 0) {
        d->broken = true;
        return 0;
    }
    const uint8_t b = (uint8_t)d->rest.p[0];
    d->rest = str_skip(d->rest, 1);
    return b;
}

static const char *take_bytes(struct dump *d, size_t n)
{
    if (d->rest.n < n) {
        d->broken = true;
        n = d->rest.n;
    }
    const char *at = d->rest.p;
    d->rest = str_skip(d->rest, n);
    return at;
}

/* Seven bits a byte, the highest first; the last one is marked. */
static size_t take_size(struct dump *d)
{
    size_t n = 0;
    for (;;) {
        const uint8_t b = take_byte(d);
        if (d->broken || n > SIZE_MAX >> 8) {
            d->broken = true;
            return 0;
        }
        n = n << 7 | (b & 0x7F);
        if (b & 0x80)
            return n;
    }
}

static struct str take_string(struct dump *d)
{
    const size_t n = take_size(d);
    if (n == 0)
        return STR("");
    const char *at = take_bytes(d, n - 1);
    return d->broken ? STR("") : (struct str){at, n - 1};
}

static void skip_constants(struct dump *d)
{
    for (size_t n = take_size(d); n > 0 && !d->broken; n--) {
        switch (take_byte(d)) {
        case CONSTANT_NIL:
        case CONSTANT_FALSE:
        case CONSTANT_TRUE:
            break;
        case CONSTANT_INTEGER:
            (void)take_bytes(d, sizeof(lua_Integer));
            break;
        case CONSTANT_FLOAT:
            (void)take_bytes(d, sizeof(lua_Number));
            break;
        case CONSTANT_SHORT_STRING:
        case CONSTANT_LONG_STRING:
            (void)take_string(d);
            break;
        default:
            d->broken = true;
        }
    }
}

/* The upvalue that the code stores to first; -1: none. */
static int stored_upvalue(struct str code)
{
    for (size_t i = 0; i + INSTRUCTION_SIZE <= code.n; i += INSTRUCTION_SIZE) {
        uint32_t op;
        memcpy(&op, code.p + i, sizeof op);
        if ((op & OP_MASK) == OP_SETUPVAL)
            return (int)(op >> OP_B_SHIFT & 0xFF);
    }
    return -1;
}

static void skip_positions(struct dump *d)
{
    (void)take_bytes(d, take_size(d)); /* line of each instruction */
    for (size_t n = take_size(d); n > 0 && !d->broken; n--) {
        (void)take_size(d);
        (void)take_size(d);
    }
    for (size_t n = take_size(d); n > 0 && !d->broken; n--) { /* locals */
        (void)take_string(d);
        (void)take_size(d);
        (void)take_size(d);
    }
}

static void read_function(struct dump *d, int depth)
{
    if (depth > DEPTH_MAX)
        d->broken = true;
    (void)take_string(d); /* source */
    const int line = (int)take_size(d);
    (void)take_size(d);
    (void)take_bytes(d, 3); /* parameters, varargs, stack */
    const size_t n_code = take_size(d);
    if (n_code > d->rest.n)
        d->broken = true;
    if (d->broken)
        return;
    const struct str code = {d->rest.p, n_code * INSTRUCTION_SIZE};
    (void)take_bytes(d, code.n);
    skip_constants(d);
    const size_t upvalues = take_size(d);
    (void)take_bytes(d, upvalues > d->rest.n ? d->rest.n + 1 : 3 * upvalues);
    for (size_t n = take_size(d); n > 0 && !d->broken; n--)
        read_function(d, depth + 1);
    skip_positions(d);
    const int stored = d->broken ? -1 : stored_upvalue(code);
    size_t i = 0;
    for (size_t n = take_size(d); n > 0 && !d->broken; n--, i++) {
        const struct str name = take_string(d);
        if ((int)i == stored && d->line == 0) {
            d->line = line > 0 ? line : 1;
            d->name = name;
        }
    }
}

struct keeper {
    luaL_Buffer bytes;
    bool begun;
};

/* The buffer begins here: it wants the top of the stack, which lua_dump has looked at by now. */
static int keep(lua_State *L, const void *bytes, size_t n, void *arg)
{
    struct keeper *k = arg;
    if (!k->begun)
        luaL_buffinit(L, &k->bytes);
    k->begun = true;
    luaL_addlstring(&k->bytes, bytes, n);
    return 0;
}

int bytecode_outer_store(lua_State *L)
{
    luaL_checkstack(L, 8, NULL);
    struct keeper k = {.begun = false};
    (void)lua_dump(L, keep, &k, 0);
    luaL_pushresult(&k.bytes);
    struct dump d = {.line = 0};
    d.rest.p = lua_tolstring(L, -1, &d.rest.n);
    (void)take_bytes(&d, HEADER_SIZE);
    (void)take_byte(&d); /* upvalues of the main function */
    read_function(&d, 0);
    if (d.broken || d.rest.n > 0) {
        lua_pop(L, 1);
        return -1;
    }
    if (d.line)
        lua_pushlstring(L, d.name.p, d.name.n);
    lua_remove(L, d.line ? -2 : -1);
    return d.line;
}

static int outer_store_of(lua_State *L, const char *source)
{
    if (luaL_loadbufferx(L, source, strlen(source), "=", "t"))
        lua_error(L);
    const int top = lua_gettop(L);
    const int line = bytecode_outer_store(L);
    lua_settop(L, top - 1);
    return line;
}

bool bytecode_known(lua_State *L)
{
    return outer_store_of(L, "local a, b\nreturn function() return function()\nb = 1 end end") ==
               2 &&
           outer_store_of(L, "local a = {} return function(x) a.b = x; return x .. 1.5 end") == 0;
}
