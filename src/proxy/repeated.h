/* repeated.h - the last edited answer, for the next one that is the same.
 *
 * Dashboards and reverse proxies ask for the same list again and again, and mostly it has not
 * changed: then what became of it is sent again, without editing it anew. An answer is the same
 * when the engine sent it with the same bytes, framing included, on a route with the same edits for
 * the same kind of reader. Only answers that came in one piece of at most REPEATED_MAX bytes are
 * kept, one at a time; a worker has one of these.
 */
#ifndef SOCKGUARD_PROXY_REPEATED_H
#define SOCKGUARD_PROXY_REPEATED_H

#include "base/buf.h"
#include "http/edit.h"
#include "http/head.h"

enum { REPEATED_MAX = 16 * 1024 };

struct repeated {
    const struct edit_plan *plan; /* NULL: there is none */
    enum edit_reader reader;
    enum framing framing;
    struct buf raw;    /* the body as the engine sent it */
    struct buf edited; /* what became of it */
};

void repeated_init(struct repeated *r);
void repeated_release(struct repeated *r);

/* What became of the same answer before; p is NULL where it is another one. */
struct str repeated_find(const struct repeated *r, const struct edit_plan *plan,
                         enum edit_reader reader, enum framing framing, struct str raw);

/* Keeps an answer in place of the last one, if it is small enough. */
void repeated_keep(struct repeated *r, const struct edit_plan *plan, enum edit_reader reader,
                   enum framing framing, struct str raw, struct str edited);

#endif
