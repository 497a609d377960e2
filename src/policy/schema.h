/* schema.h - a compiled schema: flat tables of records and their fields.
 *
 * Made once by schema_load (body.h), read-only afterwards but for the scratch, which is
 * here because the reader may be left by a raise at any push: whatever it allocates
 * belongs to the schema and dies with it. One document is read at a time.
 */
#ifndef SOCKGUARD_POLICY_SCHEMA_H
#define SOCKGUARD_POLICY_SCHEMA_H

#include "base/buf.h"
#include "http/token.h"
#include "policy/body.h"
#include "policy/repeat.h"

enum {
    SCHEMA_FIELDS_MAX = 2048, /* in all */
    SCHEMA_RECORDS_MAX = 256, /* in all */
    SCHEMA_DEPTH_MAX = 12,    /* records in records */
    RECORD_FIELDS_MAX = 192,  /* in one record */
    FIELD_NAME_MAX = 64,
    SCRATCH_KEPT = 16 * 1024, /* bytes of scratch kept between documents */
};

/* What token_skip_zero may find. */
enum {
    ZERO_KINDS = TOKEN_BIT(TOKEN_NULL) | TOKEN_BIT(TOKEN_FALSE) | TOKEN_BIT(TOKEN_NUMBER) |
                 TOKEN_BIT(TOKEN_STRING) | TOKEN_BIT(TOKEN_ARRAY) | TOKEN_BIT(TOKEN_OBJECT),
};

enum field_kind {
    FIELD_BOOL,
    FIELD_STRING,
    FIELD_INT,
    FIELD_STRINGS,
    FIELD_STRING_MAP,
    FIELD_ANY_MAP,
    FIELD_COMMAND,
    FIELD_LIST_OF_STRINGS,
    FIELD_RECORD,
    FIELD_RECORDS,
    FIELD_RECORD_MAP,
    FIELD_RECORDS_MAP,
    FIELD_PRESENCE,
    FIELD_HARMLESS,
    FIELD_KIND_COUNT,
};

struct field {
    struct str name; /* borrowed from the schema's names; ASCII */
    uint8_t kind;
    bool made;       /* its record becomes a table, which holds it */
    bool keeps_zero; /* a zero value is made; else it is as if it were not there */
    bool loose;      /* it may be of any other kind too, and is false then */
    uint16_t zeros;  /* of TOKEN_BIT: zero values of its kind that are nothing, so need no look */
    uint8_t slot;    /* 0: none */
    uint16_t record; /* of the members, for the three kinds that have them */
};

struct record {
    const struct field *fields; /* borrowed from the schema's fields */
    const uint16_t *cells;      /* borrowed from its cells: 1 + field by name, 0 empty */
    uint16_t n;
    uint16_t mask; /* size of cells - 1: a power of two, at most half full */
};

struct schema {
    struct str title; /* "create body"; borrowed from names */
    bool lenient;
    bool has_legacy;
    uint8_t root_slot; /* of the whole document; 0: none */
    uint16_t legacy;   /* index of the root's field whose record it is */
    uint16_t n_slots;
    size_t n_fields, n_records, n_cells;
    struct field *fields;   /* owned; so are the next three */
    struct record *records; /* 0 is the root */
    uint16_t *cells;
    char *names;
    size_t names_size;
    struct buf *scratch;     /* owned */
    struct repeats *repeats; /* owned */
};

/* Its null is a value, which says that the member is there. */
static inline bool field_keeps_null(const struct field *f)
{
    return f->kind == FIELD_PRESENCE || f->loose;
}

/* The field that name, of ASCII or already folded, selects; NULL when there is none. */
const struct field *record_find(const struct record *r, struct str name);

#endif
