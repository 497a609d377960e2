/* writer.h - JSON text, written member by member into a buf.
 *
 * The commas are the writer's business. The first failure (the buf's ceiling, memory)
 * sticks in rc: later calls do nothing, so callers check once, at the end.
 */
#ifndef SOCKGUARD_BASE_WRITER_H
#define SOCKGUARD_BASE_WRITER_H

#include "base/buf.h"

struct writer {
    struct buf *out; /* borrowed */
    bool comma;      /* the next member or element needs one before it */
    int rc;
};

static inline struct writer writer_start(struct buf *out)
{
    return (struct writer){.out = out};
}

/* Inside an object pass the member's name (a literal that needs no escaping); inside
 * an array, or at the top, pass an empty str. */
void writer_open(struct writer *w, struct str name, char bracket); /* '{' or '[' */
void writer_close(struct writer *w, char bracket);                 /* '}' or ']' */
void writer_text(struct writer *w, struct str name, struct str value);
void writer_number(struct writer *w, struct str name, int64_t value);
void writer_bool(struct writer *w, struct str name, bool value);
void writer_raw(struct writer *w, struct str name, struct str json); /* already JSON */

#endif
