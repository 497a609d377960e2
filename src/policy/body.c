/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/body.h"

#include "base/fold.h"
#include "policy/reader.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>

bool reader_refuse(struct reader *r, enum body_verdict verdict, size_t offset, const char *format,
                   ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->report->what, sizeof r->report->what, format, args);
    va_end(args);
    r->report->verdict = verdict;
    r->report->offset = offset;
    return false;
}

/* Ambiguous where people's documents are judged; an engine's answer has no second reader. */
static enum body_verdict ambiguous(const struct reader *r)
{
    return r->s->lenient ? BODY_MALFORMED : BODY_AMBIGUOUS_TEXT;
}

static struct str rest(const struct reader *r)
{
    return (struct str){r->text.p + r->tokens.offset, r->text.n - r->tokens.offset};
}

static enum token_kind take_token(struct reader *r)
{
    return token_read(&r->tokens, rest(r), true);
}

static bool refuse_text(struct reader *r)
{
    const bool no_json = r->tokens.token.kind != TOKEN_AMBIGUOUS;
    return reader_refuse(r, no_json ? BODY_MALFORMED : ambiguous(r), r->tokens.token.start, "%s",
                         token_fault(&r->tokens));
}

bool reader_next(struct reader *r)
{
    /* Counted are members, by their keys, and what is no member's value. */
    const enum token_kind before = r->tokens.token.kind;
    const enum token_kind kind = take_token(r);
    if (kind >= TOKEN_END)
        return refuse_text(r);
    if (before != TOKEN_KEY && kind != TOKEN_OBJECT_END && kind != TOKEN_ARRAY_END &&
        ++r->nodes > BODY_NODES_MAX)
        return reader_refuse(r, BODY_MALFORMED, r->tokens.token.start, "too many members");
    return true;
}

struct str reader_text(struct reader *r, const struct token *t, bool fold)
{
    struct str s = {r->text.p + t->start + 1, t->end - t->start - 2};
    if (!t->escaped && !fold)
        return s;
    struct buf *scratch = r->s->scratch;
    buf_clear(scratch);
    if (buf_reserve(scratch, s.n + 1))
        (void)luaL_error(r->L, "not enough memory");
    if (t->escaped)
        s = (struct str){scratch->data, token_unescape(s, scratch->data)};
    if (fold)
        s = (struct str){scratch->data, fold_bytes(s, scratch->data)};
    return s;
}

/* in: NULL where a map or a value that is stepped over repeats a key. */
static bool refuse_repeat(struct reader *r, const struct place *in, const struct token *key)
{
    char path[BODY_NAME_MAX];
    (void)place_print(in, reader_text(r, key, false), path, sizeof path);
    return reader_refuse(r, BODY_AMBIGUOUS_TEXT, key->start, "%s is there twice", path);
}

static bool add_name(struct reader *r, const struct place *in, uint32_t object,
                     const struct token *key, bool fold)
{
    if (r->s->lenient)
        return true;
    switch (repeats_add(r->s->repeats, object, reader_text(r, key, fold))) {
    case REPEAT_NEW:
        return true;
    case REPEAT_SEEN:
        return refuse_repeat(r, in, key);
    case REPEAT_CROWDED:
        return reader_refuse(r, BODY_MALFORMED, key->start, "too many members");
    default:
        return luaL_error(r->L, "not enough memory");
    }
}

bool reader_add_name(struct reader *r, uint32_t object, const struct token *key, bool fold)
{
    return add_name(r, NULL, object, key, fold);
}

static const struct field *find_field(struct reader *r, const struct record *record)
{
    const struct token *key = &r->tokens.token;
    if (key->ascii && !key->escaped)
        return record_find(record,
                           (struct str){r->text.p + key->start + 1, key->end - key->start - 2});
    return record_find(record, reader_text(r, key, true));
}

/* What the token at hand has opened is closed again at once. */
static bool closes(const struct reader *r, char end)
{
    const struct str behind = rest(r);
    size_t i = 0;
    while (i < behind.n && (behind.p[i] == ' ' || (behind.p[i] >= '\t' && behind.p[i] <= '\r')))
        i++;
    return i < behind.n && behind.p[i] == end;
}

/* A value as it is when nobody gives one, which no reader can act on. The token at hand
 * is its first. */
static bool is_zero(const struct reader *r)
{
    const struct token *t = &r->tokens.token;
    switch (t->kind) {
    case TOKEN_NULL:
    case TOKEN_FALSE:
        return true;
    case TOKEN_STRING:
        return t->end - t->start == 2;
    case TOKEN_OBJECT:
        return closes(r, '}');
    case TOKEN_ARRAY:
        return closes(r, ']');
    case TOKEN_NUMBER:
        for (size_t i = t->start; i < t->end && (r->text.p[i] | 0x20) != 'e'; i++)
            if (r->text.p[i] >= '1' && r->text.p[i] <= '9')
                return false;
        return true;
    default:
        return false;
    }
}

/* A member of the root that old clients wrote there, and old engines still read. */
static const struct field *legacy_field(struct reader *r, const struct place *in,
                                        const struct token *key)
{
    if (in->up || !r->s->has_legacy)
        return NULL;
    const struct field *holder = &r->s->fields[r->s->legacy];
    return record_find(&r->s->records[holder->record], reader_text(r, key, true));
}

static void note_unknown(struct reader *r, const struct place *in, const struct token *key)
{
    struct body_report *report = r->report;
    if (report->unknown_count < BODY_UNKNOWN_MAX)
        (void)place_print(in, reader_text(r, key, false), report->unknown[report->unknown_count],
                          sizeof report->unknown[0]);
    report->unknown_count++;
}

/* The key at hand selects no field. */
static bool read_unknown(struct reader *r, const struct place *in)
{
    const struct token key = r->tokens.token;
    if (!add_name(r, in, in->object, &key, true))
        return false;
    if (token_skip_zero(&r->tokens, rest(r), ZERO_KINDS))
        return true;
    if (!reader_next(r))
        return false;
    const bool zero = is_zero(r);
    if (!value_skip(r))
        return false;
    if (zero || r->s->lenient)
        return true;
    const struct field *legacy = legacy_field(r, in, &key);
    if (!legacy) {
        note_unknown(r, in, &key);
        return true;
    }
    const struct str name = legacy->name, holder = r->s->fields[r->s->legacy].name;
    return reader_refuse(r, BODY_AMBIGUOUS_TEXT, key.start,
                         "%.*s at the top level: engines before 29 read it as %.*s.%.*s",
                         (int)name.n, name.p, (int)holder.n, holder.p, (int)name.n, name.p);
}

/* A value that nothing asks for: its type alone matters. */
static bool check_value(struct reader *r, const struct place *in, const struct field *f)
{
    return r->tokens.token.kind == TOKEN_NULL || value_read(r, in, f, false);
}

/* Of repeated members, which only a lenient document may have, the last one counts, and
 * this one is nothing. */
static bool forget_made(struct reader *r, const struct place *in, const struct field *f)
{
    if (f->made) {
        lua_pushlstring(r->L, f->name.p, f->name.n);
        lua_pushnil(r->L);
        lua_rawset(r->L, -3);
    } else {
        lua_pushnil(r->L);
        lua_replace(r->L, r->base + f->slot);
        r->report->present[(f->slot - 1) / 64] &= ~(UINT64_C(1) << (f->slot - 1) % 64);
    }
    return check_value(r, in, f);
}

/* Into the slot or the record's table. */
static bool read_made(struct reader *r, const struct place *in, const struct field *f)
{
    lua_State *L = r->L;
    if (f->made)
        lua_pushlstring(L, f->name.p, f->name.n);
    if (!value_read(r, in, f, true))
        return false;
    if (f->made) {
        lua_rawset(L, -3);
        return true;
    }
    lua_replace(L, r->base + f->slot);
    body_set_present(r->report, f->slot);
    return true;
}

static bool read_known(struct reader *r, struct place *in, const struct field *f)
{
    const size_t index = (size_t)(f - in->record->fields);
    const uint64_t bit = UINT64_C(1) << index % 64;
    const bool lenient = r->s->lenient;
    if (in->seen[index / 64] & bit && !lenient)
        return refuse_repeat(r, in, &r->tokens.token);
    in->seen[index / 64] |= bit;
    if (!lenient && token_skip_zero(&r->tokens, rest(r), f->zeros))
        return true;
    if (!reader_next(r))
        return false;
    const bool made = f->slot || f->made;
    if (f->kind == FIELD_HARMLESS || (f->loose && !made))
        return value_skip(r);
    const bool null = r->tokens.token.kind == TOKEN_NULL;
    if (made && (!null || field_keeps_null(f)) && (f->keeps_zero || !is_zero(r)))
        return read_made(r, in, f);
    return made && lenient ? forget_made(r, in, f) : check_value(r, in, f);
}

bool record_read(struct reader *r, const struct place *up, struct str name, bool element,
                 const struct record *record)
{
    struct place in = {.up = up, .name = name, .element = element, .record = record};
    in.object = ++r->objects;
    for (;;) {
        if (!reader_next(r))
            return false;
        if (r->tokens.token.kind == TOKEN_OBJECT_END)
            return true;
        const struct field *f = find_field(r, record);
        if (f ? !read_known(r, &in, f) : !read_unknown(r, &in))
            return false;
    }
}

static bool read_root(struct reader *r)
{
    if (!reader_next(r))
        return false;
    if (r->tokens.token.kind == TOKEN_OBJECT) {
        if (r->s->root_slot)
            lua_newtable(r->L);
        if (!record_read(r, NULL, STR(""), false, &r->s->records[0]))
            return false;
        if (r->s->root_slot) {
            lua_replace(r->L, r->base + r->s->root_slot);
            body_set_present(r->report, r->s->root_slot);
        }
    } else if (r->tokens.token.kind != TOKEN_NULL) {
        return reader_refuse(r, BODY_MALFORMED, r->tokens.token.start, "%.*s must be an object",
                             (int)r->s->title.n, r->s->title.p);
    }
    return take_token(r) == TOKEN_END || refuse_text(r);
}

static void trim(const struct schema *s)
{
    repeats_clear(s->repeats);
    if (s->scratch->cap > SCRATCH_KEPT)
        buf_release(s->scratch);
}

void body_read_document(lua_State *L, const struct schema *s, struct str text, int base,
                        struct body_report *report)
{
    struct reader r = {.L = L, .s = s, .text = text, .base = base, .report = report};
    const int top = lua_gettop(L);
    report->verdict = BODY_VERDICT_NONE;
    report->offset = 0;
    report->what[0] = '\0';
    report->unknown_count = 0;
    memset(report->present, 0, sizeof report->present);
    trim(s); /* also after a raise */
    if (read_root(&r))
        report->verdict = BODY_READ;
    lua_settop(L, top);
    trim(s);
}
