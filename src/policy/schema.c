/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/schema.h"

#include <lauxlib.h>
#include <stdlib.h>

struct schema *schema_new(void)
{
    struct schema *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->scratch = calloc(1, sizeof *s->scratch);
    s->repeats = calloc(1, sizeof *s->repeats);
    if (!s->scratch || !s->repeats || repeats_init(s->repeats)) {
        schema_free(s);
        return NULL;
    }
    buf_init(s->scratch, SIZE_MAX / 2);
    return s;
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    if (s->scratch)
        buf_release(s->scratch);
    if (s->repeats)
        repeats_release(s->repeats);
    free(s->scratch);
    free(s->repeats);
    free(s->fields);
    free(s->records);
    free(s->cells);
    free(s->names);
    free(s);
}

/* Finding a field: most names differ in length or in one of three letters. The bit 0x20
 * makes letters small; what it does to other bytes is no matter for a hash. */
static inline unsigned name_hash(struct str name)
{
    if (name.n == 0)
        return 0;
    const unsigned first = (unsigned char)name.p[0] | 0x20;
    const unsigned middle = (unsigned char)name.p[name.n / 2] | 0x20;
    const unsigned last = (unsigned char)name.p[name.n - 1] | 0x20;
    return (unsigned)name.n * 7 + first * 31 + middle * 131 + last * 61;
}

const struct field *record_find(const struct record *r, struct str name)
{
    if (name.n > FIELD_NAME_MAX)
        return NULL;
    for (unsigned at = name_hash(name) & r->mask; r->cells[at]; at = (at + 1) & r->mask) {
        const struct field *f = &r->fields[r->cells[at] - 1];
        if (str_eq(f->name, name) || str_eq_nocase(f->name, name))
            return f;
    }
    return NULL;
}

/* Compiling. Two walks over the Lua table: the first counts, so that the second fills
 * arrays of the right size and pointers into them stay good. */
struct loader {
    lua_State *L;
    struct schema *s;
    size_t fields, records, cells, names; /* so many, or so many filled */
    bool filling;
};

static size_t cells_for(size_t fields)
{
    size_t n = 4;
    while (n < 2 * fields)
        n *= 2;
    return n;
}

/* The string at the top of the stack, kept by the schema when filling; popped. */
static struct str keep_name(struct loader *l, const char *what)
{
    struct str name;
    name.p = lua_type(l->L, -1) == LUA_TSTRING ? lua_tolstring(l->L, -1, &name.n) : NULL;
    if (!name.p || name.n == 0 || name.n > FIELD_NAME_MAX)
        (void)luaL_error(l->L, "schema: %s needs a short name", what);
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] >= 0x80)
            (void)luaL_error(l->L, "schema: %s: names are ASCII", name.p);
    char *kept = l->filling ? l->s->names + l->names : NULL;
    if (kept)
        memcpy(kept, name.p, name.n);
    l->names += name.n;
    lua_pop(l->L, 1);
    return (struct str){kept, name.n};
}

/* The kind of the member at the top of the stack. */
static enum field_kind kind_of(lua_State *L)
{
    static const char *const names[] = {
        [FIELD_BOOL] = "bool",
        [FIELD_STRING] = "string",
        [FIELD_INT] = "int",
        [FIELD_STRINGS] = "strings",
        [FIELD_STRING_MAP] = "string_map",
        [FIELD_ANY_MAP] = "any_map",
        [FIELD_COMMAND] = "command",
        [FIELD_LIST_OF_STRINGS] = "list_of_strings",
        [FIELD_RECORD] = "record",
        [FIELD_RECORDS] = "records",
        [FIELD_RECORD_MAP] = "record_map",
        [FIELD_RECORDS_MAP] = "records_map",
        [FIELD_PRESENCE] = "presence",
        [FIELD_HARMLESS] = "harmless",
    };
    lua_getfield(L, -1, "kind");
    const struct str kind = str_of(lua_tostring(L, -1));
    for (int i = 0; i < FIELD_KIND_COUNT; i++)
        if (str_eq(kind, str_of(names[i]))) {
            lua_pop(L, 1);
            return (enum field_kind)i;
        }
    (void)luaL_error(L, "schema: unknown kind %s", luaL_tolstring(L, -1, NULL));
    return FIELD_HARMLESS;
}

static bool has_members(enum field_kind kind)
{
    return kind == FIELD_RECORD || kind == FIELD_RECORDS || kind == FIELD_RECORD_MAP ||
           kind == FIELD_RECORDS_MAP;
}

static void add_cell(struct loader *l, struct record *r, uint16_t *cells, struct field *f)
{
    if (record_find(r, f->name))
        (void)luaL_error(l->L, "schema: member %s is there twice", lua_tostring(l->L, -1));
    unsigned at = name_hash(f->name) & r->mask;
    while (cells[at])
        at = (at + 1) & r->mask;
    cells[at] = (uint16_t)(f - r->fields + 1);
}

/* Reads the member at the top of the stack into f, a field of r (both NULL when counting). */
static void load_field(struct loader *l, struct record *r, uint16_t *cells, struct field *f)
{
    lua_State *L = l->L;
    if (!lua_istable(L, -1))
        (void)luaL_error(L, "schema: a member is no table");
    const enum field_kind kind = kind_of(L);
    lua_getfield(L, -1, "name");
    const struct str name = keep_name(l, "a member");
    if (!l->filling)
        return;
    lua_getfield(L, -1, "keeps_zero");
    lua_getfield(L, -2, "loose");
    *f = (struct field){.name = name,
                        .kind = (uint8_t)kind,
                        .keeps_zero = lua_toboolean(L, -2),
                        .loose = lua_toboolean(L, -1)};
    lua_pop(L, 2);
    lua_getfield(L, -1, "name"); /* for the message */
    add_cell(l, r, cells, f);
    lua_pop(L, 1);
}

static uint16_t load_record(struct loader *l, unsigned depth);

/* The records inside the record whose list of members is at the top of the stack. */
static void load_inner(struct loader *l, struct field *fields, size_t n, unsigned depth)
{
    lua_State *L = l->L;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        if (has_members(kind_of(L))) {
            lua_getfield(L, -1, "members");
            const uint16_t record = load_record(l, depth + 1);
            if (l->filling)
                fields[i].record = record;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
}

/* The list of members is at the top of the stack. */
static uint16_t load_record(struct loader *l, unsigned depth)
{
    lua_State *L = l->L;
    luaL_checkstack(L, 8, NULL);
    if (!lua_istable(L, -1))
        (void)luaL_error(L, "schema: a record has no members");
    const size_t n = lua_rawlen(L, -1);
    if (n > RECORD_FIELDS_MAX || depth > SCHEMA_DEPTH_MAX || l->records == SCHEMA_RECORDS_MAX ||
        l->fields + n > SCHEMA_FIELDS_MAX)
        (void)luaL_error(L, "schema: too large");
    const uint16_t index = (uint16_t)l->records++;
    const size_t size = cells_for(n);
    struct field *fields = l->filling ? l->s->fields + l->fields : NULL;
    uint16_t *cells = l->filling ? l->s->cells + l->cells : NULL;
    struct record *r = l->filling ? &l->s->records[index] : NULL;
    if (r)
        *r = (struct record){fields, cells, (uint16_t)n, (uint16_t)(size - 1)};
    l->fields += n;
    l->cells += size;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        load_field(l, r, cells, l->filling ? &fields[i] : NULL);
        lua_pop(L, 1);
    }
    load_inner(l, fields, n, depth);
    return index;
}

/* One walk over the document at index. */
static void load_document(struct loader *l, int index)
{
    lua_getfield(l->L, index, "name");
    const struct str title = keep_name(l, "a document");
    lua_getfield(l->L, index, "members");
    (void)load_record(l, 0);
    lua_pop(l->L, 1);
    if (l->filling)
        l->s->title = title;
}

static void allocate(struct loader *l)
{
    struct schema *s = l->s;
    s->fields = calloc(l->fields + 1, sizeof *s->fields);
    s->records = calloc(l->records, sizeof *s->records);
    s->cells = calloc(l->cells, sizeof *s->cells);
    s->names = calloc(l->names, 1);
    if (!s->fields || !s->records || !s->cells || !s->names)
        (void)luaL_error(l->L, "not enough memory");
    s->n_fields = l->fields;
    s->n_records = l->records;
}

/* Slots */

static void make_record(struct schema *s, uint16_t record)
{
    const struct record *r = &s->records[record];
    struct field *fields = s->fields + (r->fields - s->fields);
    for (size_t i = 0; i < r->n; i++) {
        fields[i].made = fields[i].kind != FIELD_HARMLESS;
        if (has_members(fields[i].kind))
            make_record(s, fields[i].record);
    }
}

/* The field that path names; raises for paths that name none. */
static struct field *resolve(lua_State *L, struct schema *s, const char *path)
{
    const struct record *r = &s->records[0];
    struct str rest = str_of(path);
    for (;;) {
        const char *dot = memchr(rest.p, '.', rest.n);
        const struct str name = {rest.p, dot ? (size_t)(dot - rest.p) : rest.n};
        const struct field *f = record_find(r, name);
        if (!f || !str_eq(f->name, name) || (dot && f->kind != FIELD_RECORD))
            (void)luaL_error(L, "schema: %s is no member of the document", path);
        if (f && !dot)
            return s->fields + (f - s->fields);
        r = &s->records[f->record];
        rest = str_skip(rest, name.n + 1);
    }
}

static bool has_slots(const struct schema *s, uint16_t record)
{
    const struct record *r = &s->records[record];
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = &r->fields[i];
        if (f->slot || (has_members(f->kind) && has_slots(s, f->record)))
            return true;
    }
    return false;
}

static void load_slot(lua_State *L, struct schema *s, const char *path, size_t slot)
{
    if (str_eq(str_of(path), STR("*"))) {
        if (s->root_slot || has_slots(s, 0))
            (void)luaL_error(L, "schema: the document is read twice");
        s->root_slot = (uint8_t)slot;
        make_record(s, 0);
        return;
    }
    struct field *f = resolve(L, s, path);
    if (f->kind == FIELD_HARMLESS)
        (void)luaL_error(L, "schema: %s is harmless, so nothing reads it", path);
    if (f->slot || f->made || (has_members(f->kind) && has_slots(s, f->record)))
        (void)luaL_error(L, "schema: %s is read twice", path);
    f->slot = (uint8_t)slot;
    if (has_members(f->kind))
        make_record(s, f->record);
}

static void load_slots(lua_State *L, struct schema *s, int index)
{
    const size_t n = lua_rawlen(L, index);
    if (n > BODY_SLOTS_MAX)
        (void)luaL_error(L, "schema: more than %d slots", (int)BODY_SLOTS_MAX);
    s->n_slots = (uint16_t)n;
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        const char *path = lua_tostring(L, -1);
        if (!path)
            (void)luaL_error(L, "schema: slot %d is no path", (int)i);
        if (path[0])
            load_slot(L, s, path, i);
        lua_pop(L, 1);
    }
}

static void load_options(lua_State *L, struct schema *s, int index)
{
    lua_getfield(L, index, "lenient");
    s->lenient = lua_toboolean(L, -1);
    lua_getfield(L, index, "zero_is_absent");
    for (size_t i = 0; !lua_toboolean(L, -1) && i < s->n_fields; i++)
        s->fields[i].keeps_zero = true;
    lua_getfield(L, index, "legacy");
    if (!lua_isnil(L, -1)) {
        const char *path = luaL_checkstring(L, -1);
        const struct field *f = resolve(L, s, path);
        if (f->kind != FIELD_RECORD)
            (void)luaL_error(L, "schema: legacy: %s is no record", path);
        s->legacy = (uint16_t)(f - s->fields);
        s->has_legacy = true;
    }
    lua_pop(L, 3);
}

/* Once it is known which members are made. */
static void note_zeros(struct schema *s)
{
    static const unsigned kinds[FIELD_KIND_COUNT] = {
        [FIELD_BOOL] = TOKEN_BIT(TOKEN_FALSE),
        [FIELD_STRING] = TOKEN_BIT(TOKEN_STRING),
        [FIELD_INT] = TOKEN_BIT(TOKEN_NUMBER),
        [FIELD_STRINGS] = TOKEN_BIT(TOKEN_ARRAY),
        [FIELD_STRING_MAP] = TOKEN_BIT(TOKEN_OBJECT),
        [FIELD_ANY_MAP] = TOKEN_BIT(TOKEN_OBJECT),
        [FIELD_COMMAND] = TOKEN_BIT(TOKEN_STRING) | TOKEN_BIT(TOKEN_ARRAY),
        [FIELD_LIST_OF_STRINGS] = TOKEN_BIT(TOKEN_ARRAY),
        [FIELD_RECORD] = TOKEN_BIT(TOKEN_OBJECT),
        [FIELD_RECORDS] = TOKEN_BIT(TOKEN_ARRAY),
        [FIELD_RECORD_MAP] = TOKEN_BIT(TOKEN_OBJECT),
        [FIELD_RECORDS_MAP] = TOKEN_BIT(TOKEN_OBJECT),
        [FIELD_PRESENCE] = ZERO_KINDS,
        [FIELD_HARMLESS] = ZERO_KINDS,
    };
    for (size_t i = 0; i < s->n_fields; i++) {
        struct field *f = &s->fields[i];
        const bool made = f->slot || f->made;
        f->zeros = made && field_keeps_null(f) ? 0 : TOKEN_BIT(TOKEN_NULL);
        if (!made || !f->keeps_zero)
            f->zeros |= (uint16_t)kinds[f->kind];
    }
}

void schema_load(lua_State *L, struct schema *s, int schema, int slots)
{
    schema = lua_absindex(L, schema);
    slots = lua_absindex(L, slots);
    luaL_checktype(L, schema, LUA_TTABLE);
    luaL_checktype(L, slots, LUA_TTABLE);
    struct loader count = {.L = L, .s = s};
    load_document(&count, schema);
    allocate(&count);
    struct loader fill = {.L = L, .s = s, .filling = true};
    load_document(&fill, schema);
    load_options(L, s, schema);
    load_slots(L, s, slots);
    note_zeros(s);
}
