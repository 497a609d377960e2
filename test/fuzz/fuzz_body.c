/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_body.c - any bytes as a document, read by a schema that has every kind.
 *
 * Beyond memory safety: only valid JSON is read, a refusal says what and where, and the
 * stack is left as it was found.
 */
#include "policy/body.h"

#include "http/token.h"

#include <assert.h>
#include <lauxlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 11 };

static const char document[] =
    "local function m(kind, name, members)\n"
    "  return { kind = kind, name = name, members = members }\n"
    "end\n"
    "local function all(inner)\n"
    "  return { m('bool', 'b'), m('string', 's'), m('int', 'i'), m('strings', 'l'),\n"
    "    m('string_map', 'm'), m('any_map', 'a'), m('command', 'c'), m('list_of_strings', 'k'),\n"
    "    m('harmless', 'h'), m('record', 'r', inner), m('records', 'rs', inner),\n"
    "    m('record_map', 'rm', inner) }\n"
    "end\n"
    "return { name = 'body', members = all(all(all {})), legacy = 'r' },\n"
    "  { 'b', 's', 'i', 'l', 'm', 'a', 'c', 'k', 'r.rs', 'r.rm', 'rs' }\n";

struct read_args {
    const struct schema *schema;
    struct str text;
    struct body_report report;
};

static int load(lua_State *L)
{
    if (luaL_loadbufferx(L, document, sizeof document - 1, "=document", "t"))
        return lua_error(L);
    lua_call(L, 0, 2);
    schema_load(L, lua_touserdata(L, 1), 2, 3);
    return 0;
}

static int read(lua_State *L)
{
    struct read_args *a = lua_touserdata(L, 1);
    luaL_checkstack(L, SLOTS + 32, NULL);
    lua_settop(L, 1 + SLOTS);
    body_read_document(L, a->schema, a->text, 1, &a->report);
    assert(lua_gettop(L) == 1 + SLOTS);
    for (int i = 1; a->report.verdict == BODY_READ && i <= SLOTS; i++)
        assert(lua_isnil(L, 1 + i) == !(a->report.present[0] >> (i - 1) & 1));
    return 0;
}

static void call(lua_State *L, lua_CFunction f, void *arg)
{
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, arg);
    const int rc = lua_pcall(L, 1, 0, 0);
    assert(rc == LUA_OK);
}

static bool is_json(struct str text)
{
    struct tokenizer t = {0};
    for (;;) {
        size_t used;
        const enum token_kind kind = token_next(&t, text, true, &used).kind;
        if (kind >= TOKEN_END)
            return kind == TOKEN_END;
        text = str_skip(text, used);
    }
}

static void check_printable(const char *s)
{
    for (; *s; s++)
        assert(*s >= 0x20 && *s < 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lua_State *L;
    static struct schema *schema;
    if (!L) {
        L = luaL_newstate();
        schema = schema_new();
        assert(L && schema);
        call(L, load, schema);
    }
    struct read_args a = {schema, {(const char *)data, size}, {.verdict = BODY_VERDICT_NONE}};
    call(L, read, &a);
    const struct body_report *r = &a.report;
    assert(r->verdict != BODY_VERDICT_NONE && r->offset <= size);
    assert((r->verdict == BODY_READ) == (r->what[0] == '\0'));
    assert(r->verdict != BODY_READ || is_json(a.text));
    check_printable(r->what);
    for (size_t i = 0; i < r->unknown_count && i < BODY_UNKNOWN_MAX; i++)
        check_printable(r->unknown[i]);
    return 0;
}
