/* gather.h - pieces of a message for one write, with chunk framing where asked for.
 *
 * Borrows the pieces until they are written. The caller looks at gather_full before each
 * addition.
 */
#ifndef SOCKGUARD_PROXY_GATHER_H
#define SOCKGUARD_PROXY_GATHER_H

#include "base/str.h"

#include <uv.h>

enum {
    GATHER_MAX = 25, /* a head and eight chunks */
    CHUNK_LINE = 18, /* sixteen digits and CRLF */
};

struct gather {
    unsigned n;
    unsigned n_lines;
    uv_buf_t v[GATHER_MAX];
    char lines[GATHER_MAX / 3][CHUNK_LINE];
};

/* head may be empty. */
void gather_start(struct gather *g, struct str head);

static inline bool gather_full(const struct gather *g)
{
    return g->n > GATHER_MAX - 3;
}

void gather_add(struct gather *g, struct str bytes);

/* As one chunk; bytes is not empty. */
void gather_chunk(struct gather *g, struct str bytes);

#endif
