/* buf.h - a growable byte buffer with a ceiling.
 *
 * Life cycle: buf_init, any number of appends, buf_release. A failed append
 * leaves the buffer as it was. The ceiling is part of the type: there is no
 * unbounded buffer in this program. Owned by whoever embeds it.
 */
#ifndef SOCKGUARD_BASE_BUF_H
#define SOCKGUARD_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
    char *data; /* owned; NULL until the first append */
    size_t len; /* bytes used */
    size_t cap; /* bytes allocated */
    size_t max; /* ceiling on len */
};

void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer can be used again. Accepts a zeroed struct. */
void buf_release(struct buf *b);

/* Forgets the contents, keeps the memory. */
static inline void buf_clear(struct buf *b)
{
    b->len = 0;
}

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->data ? b->data : "", b->len};
}

/* Room for n more bytes after this, or RC_TOOBIG or RC_NOMEM. */
int buf_reserve(struct buf *b, size_t n);

/* RC_OK, RC_TOOBIG or RC_NOMEM. s may not point into the buffer itself. */
static inline int buf_append(struct buf *b, struct str s)
{
    const size_t room = (b->cap < b->max ? b->cap : b->max) - b->len;
    const int rc = s.n > room ? buf_reserve(b, s.n) : RC_OK;
    if (rc || s.n == 0)
        return rc;
    memcpy(b->data + b->len, s.p, s.n);
    b->len += s.n;
    return RC_OK;
}
int buf_append_char(struct buf *b, char c);
int buf_append_decimal(struct buf *b, uint64_t v);

/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);

/* Appends s as the inside of a JSON string (no quotes): `"` and `\` and control
 * characters (C1 too) escaped, bytes that are not UTF-8 replaced by U+FFFD, and `<`, `>`,
 * `&`, U+2028, U+2029 written as \uXXXX, so that nothing from outside can end a
 * string, forge a line or run in a browser. */
int buf_append_json(struct buf *b, struct str s);

#endif
