/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - the values of members: checked, and made where something reads them. */
#include "policy/reader.h"

#include <lauxlib.h>

/* Where a value stands, for a refusal, and whether it is made. */
struct at {
    const struct place *in;
    const struct field *field;
    bool make;
};

static bool refuse_type(struct reader *r, const struct at *at)
{
    static const char *const wanted[] = {
        [FIELD_BOOL] = "true or false",
        [FIELD_STRING] = "a string",
        [FIELD_INT] = "a 64-bit integer",
        [FIELD_STRINGS] = "a list of strings",
        [FIELD_STRING_MAP] = "an object with strings",
        [FIELD_ANY_MAP] = "an object",
        [FIELD_COMMAND] = "a string or a list of strings",
        [FIELD_LIST_OF_STRINGS] = "a list of lists of strings",
        [FIELD_RECORD] = "an object",
        [FIELD_RECORDS] = "a list of objects",
        [FIELD_RECORD_MAP] = "an object with objects",
        [FIELD_RECORDS_MAP] = "an object with lists of objects",
        [FIELD_PRESENCE] = "",
        [FIELD_HARMLESS] = "",
    };
    char path[BODY_NAME_MAX];
    (void)place_print(at->in, at->field->name, path, sizeof path);
    return reader_refuse(r, BODY_MALFORMED, r->tokens.token.start, "%s must be %s", path,
                         wanted[at->field->kind]);
}

static void push_text(struct reader *r)
{
    const struct str s = reader_text(r, &r->tokens.token, false);
    lua_pushlstring(r->L, s.p, s.n);
}

/* A new table at the top, if values are made. */
static void push_table(struct reader *r, bool make)
{
    if (!make)
        return;
    luaL_checkstack(r->L, 8, NULL);
    lua_newtable(r->L);
}

/* A string, or null for an empty one. */
static bool read_string_element(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_STRING && r->tokens.token.kind != TOKEN_NULL)
        return refuse_type(r, at);
    if (!at->make)
        return true;
    if (r->tokens.token.kind == TOKEN_STRING)
        push_text(r);
    else
        lua_pushliteral(r->L, "");
    return true;
}

typedef bool element_fn(struct reader *r, const struct at *at);

static bool read_list(struct reader *r, const struct at *at, element_fn *read_element)
{
    if (r->tokens.token.kind != TOKEN_ARRAY)
        return refuse_type(r, at);
    push_table(r, at->make);
    for (lua_Integer i = 1;; i++) {
        if (!reader_next(r))
            return false;
        if (r->tokens.token.kind == TOKEN_ARRAY_END)
            return true;
        if (!read_element(r, at))
            return false;
        if (at->make)
            lua_rawseti(r->L, -2, i);
    }
}

static bool read_strings(struct reader *r, const struct at *at)
{
    return read_list(r, at, read_string_element);
}

/* A list of strings, or null for an empty one. */
static bool read_strings_element(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_NULL)
        return read_strings(r, at);
    push_table(r, at->make);
    return true;
}

/* An object, or null for an empty one. */
static bool read_record_element(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_NULL && r->tokens.token.kind != TOKEN_OBJECT)
        return refuse_type(r, at);
    push_table(r, at->make);
    return r->tokens.token.kind == TOKEN_NULL ||
           record_read(r, at->in, at->field->name, true, &r->s->records[at->field->record]);
}

/* An object, or false for null. */
static bool read_record_entry(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_NULL)
        return read_record_element(r, at);
    if (at->make)
        lua_pushboolean(r->L, false);
    return true;
}

/* A list of objects, or null for an empty one. */
static bool read_records_entry(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_NULL)
        return read_list(r, at, read_record_element);
    push_table(r, at->make);
    return true;
}

static bool read_any_entry(struct reader *r, const struct at *at)
{
    if (at->make)
        lua_pushboolean(r->L, true);
    return value_skip(r);
}

static bool read_map(struct reader *r, const struct at *at, element_fn *read_entry)
{
    if (r->tokens.token.kind != TOKEN_OBJECT)
        return refuse_type(r, at);
    const uint32_t object = ++r->objects;
    push_table(r, at->make);
    for (;;) {
        if (!reader_next(r))
            return false;
        if (r->tokens.token.kind == TOKEN_OBJECT_END)
            return true;
        if (!reader_add_name(r, object, &r->tokens.token, false))
            return false;
        if (at->make)
            push_text(r);
        if (!reader_next(r) || !read_entry(r, at))
            return false;
        if (at->make)
            lua_rawset(r->L, -3);
    }
}

static bool read_integer(struct reader *r, const struct at *at)
{
    const struct token *t = &r->tokens.token;
    const struct str text = {r->text.p + t->start, t->end - t->start};
    int64_t v;
    if (t->kind != TOKEN_NUMBER || !t->integer || token_integer(text, &v))
        return refuse_type(r, at);
    if (at->make)
        lua_pushinteger(r->L, v);
    return true;
}

static bool read_scalar(struct reader *r, const struct at *at)
{
    const enum token_kind kind = r->tokens.token.kind;
    if (at->field->kind == FIELD_INT)
        return read_integer(r, at);
    const bool boolean = at->field->kind == FIELD_BOOL;
    if (boolean ? kind != TOKEN_TRUE && kind != TOKEN_FALSE : kind != TOKEN_STRING)
        return refuse_type(r, at);
    if (at->make && boolean)
        lua_pushboolean(r->L, kind == TOKEN_TRUE);
    else if (at->make)
        push_text(r);
    return true;
}

/* An exact integer; false for null; true for all else. */
static bool read_presence(struct reader *r, const struct at *at)
{
    const struct token *t = &r->tokens.token;
    int64_t v;
    if (t->kind == TOKEN_NUMBER && t->integer &&
        !token_integer((struct str){r->text.p + t->start, t->end - t->start}, &v)) {
        if (at->make)
            lua_pushinteger(r->L, v);
        return true;
    }
    if (at->make)
        lua_pushboolean(r->L, t->kind != TOKEN_NULL);
    return value_skip(r);
}

static bool read_record(struct reader *r, const struct at *at)
{
    if (r->tokens.token.kind != TOKEN_OBJECT)
        return refuse_type(r, at);
    push_table(r, at->make);
    return record_read(r, at->in, at->field->name, false, &r->s->records[at->field->record]);
}

static bool read_kind(struct reader *r, const struct place *in, const struct field *f, bool make)
{
    const struct at at = {in, f, make};
    switch ((enum field_kind)f->kind) {
    case FIELD_BOOL:
    case FIELD_STRING:
    case FIELD_INT:
        return read_scalar(r, &at);
    case FIELD_COMMAND:
        return r->tokens.token.kind == TOKEN_STRING ? read_string_element(r, &at)
                                                    : read_strings(r, &at);
    case FIELD_STRINGS:
        return read_strings(r, &at);
    case FIELD_LIST_OF_STRINGS:
        return read_list(r, &at, read_strings_element);
    case FIELD_STRING_MAP:
        return read_map(r, &at, read_string_element);
    case FIELD_ANY_MAP:
        return read_map(r, &at, read_any_entry);
    case FIELD_RECORD:
        return read_record(r, &at);
    case FIELD_RECORDS:
        return read_list(r, &at, read_record_element);
    case FIELD_RECORD_MAP:
        return read_map(r, &at, read_record_entry);
    case FIELD_RECORDS_MAP:
        return read_map(r, &at, read_records_entry);
    case FIELD_PRESENCE:
        return read_presence(r, &at);
    case FIELD_HARMLESS:
    case FIELD_KIND_COUNT:
        break;
    }
    return value_skip(r);
}

/* Of another kind, then, or no JSON, which the second walk finds again. Names that the first
 * walk has noted are no matter: the second numbers its objects anew. */
static bool read_loosely(struct reader *r, const struct place *in, const struct field *f, bool make)
{
    struct reader before = *r;
    const size_t unknown = r->report->unknown_count;
    const int top = lua_gettop(r->L);
    if (read_kind(r, in, f, make))
        return true;
    if (r->report->verdict != BODY_MALFORMED)
        return false;
    before.objects = r->objects;
    *r = before;
    r->report->unknown_count = unknown;
    r->report->verdict = BODY_VERDICT_NONE;
    lua_settop(r->L, top);
    if (make)
        lua_pushboolean(r->L, false);
    return value_skip(r);
}

bool value_read(struct reader *r, const struct place *in, const struct field *f, bool make)
{
    return f->loose ? read_loosely(r, in, f, make) : read_kind(r, in, f, make);
}

bool value_skip(struct reader *r)
{
    uint32_t objects[TOKEN_DEPTH_MAX + 1];
    const bool opened = r->tokens.token.kind == TOKEN_OBJECT || r->tokens.token.kind == TOKEN_ARRAY;
    const unsigned outside = r->tokens.depth - (opened ? 1u : 0u);
    for (;;) {
        const unsigned depth = r->tokens.depth;
        if (r->tokens.token.kind == TOKEN_OBJECT)
            objects[depth] = ++r->objects;
        else if (r->tokens.token.kind == TOKEN_KEY &&
                 !reader_add_name(r, objects[depth], &r->tokens.token, false))
            return false;
        if (depth == outside)
            return true;
        if (!reader_next(r))
            return false;
    }
}
