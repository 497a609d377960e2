/* reader.h - what the body reader's own files share; nobody else includes it.
 *
 * body.c walks records and names what it finds, value.c reads the values of members.
 * Every reading function begins with r->tokens.token at the first token of its value and ends
 * at the last; it returns false when the document is refused, with r->report filled. It
 * may raise for memory, and therefore owns nothing.
 */
#ifndef SOCKGUARD_POLICY_READER_H
#define SOCKGUARD_POLICY_READER_H

#include "http/token.h"
#include "policy/schema.h"

struct reader {
    lua_State *L;
    const struct schema *s; /* borrowed */
    struct str text;        /* borrowed */
    int base;               /* slot i is at base + i */
    struct body_report *report;
    struct tokenizer tokens; /* its token is the one at hand */
    size_t nodes;
    uint32_t objects; /* numbered as they open */
};

/* An open record, and the way to it. Lives on the C stack. */
struct place {
    const struct place *up; /* NULL at the root */
    struct str name;        /* of the member that holds it */
    bool element;           /* it is in that member's list or map */
    uint32_t object;
    const struct record *record;
    uint64_t seen[RECORD_FIELDS_MAX / 64];
};

/* The next token; false at a fault of the text or past BODY_NODES_MAX. */
bool reader_next(struct reader *r);

/* Refuses the document for what is at offset. */
bool reader_refuse(struct reader *r, enum body_verdict verdict, size_t offset, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* The bytes that a key or string token stands for, folded or as they are. They are
 * borrowed from the text or from the scratch, until the next call. */
struct str reader_text(struct reader *r, const struct token *t, bool fold);

/* False when object has had a member of this name; refuses then. */
bool reader_add_name(struct reader *r, uint32_t object, const struct token *key, bool fold);

/* The members of an object that has just opened; makes no value itself. If the record
 * is made, its table is at the top of the stack. */
bool record_read(struct reader *r, const struct place *up, struct str name, bool element,
                 const struct record *record);

/* The value of a member that is not null. With make, pushes it; else only checks it. */
bool value_read(struct reader *r, const struct place *in, const struct field *f, bool make);

/* A value that nothing reads: syntax, and repeats in its objects. */
bool value_skip(struct reader *r);

/* Writes in's path and name, as body_report says, to out; returns the length. */
size_t place_print(const struct place *in, struct str name, char *out, size_t room);

#endif
