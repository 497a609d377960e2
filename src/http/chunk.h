/* chunk.h - the chunked coding, strictly.
 *
 * Nothing but hexadecimal digits and CR LF on a size line: no spaces, no extensions, no
 * bare LF, at most CHUNK_DIGITS_MAX digits, leading zeros included. Trailer lines must be
 * well-formed header lines and are dropped; all of them together take at most
 * CHUNK_TRAILERS_MAX bytes. A struct chunks that is all zero stands before the first chunk.
 */
#ifndef SOCKGUARD_HTTP_CHUNK_H
#define SOCKGUARD_HTTP_CHUNK_H

#include "base/str.h"

enum {
    CHUNK_DIGITS_MAX = 15, /* no size can pass 60 bits */
    CHUNK_TRAILERS_MAX = 8 * 1024,
};

/* What reading a body came to. */
enum frame_step {
    FRAME_DATA, /* *data is a run of body bytes (framing removed); call again */
    FRAME_MORE, /* everything given was used; give the next bytes */
    FRAME_DONE, /* the body has ended; bytes from *used on are the next message's */
    FRAME_BAD,  /* the framing is broken */
};

/* Where a reader stands; plain value, embedded by its owner. */
struct chunks {
    uint8_t state;
    uint8_t digits;    /* of the size line, so far */
    uint16_t trailers; /* bytes of trailer lines, so far */
    uint64_t left;     /* of the chunk */
};

struct chunk_run {
    size_t used;     /* bytes spent */
    size_t coded;    /* of these, what stands before the trailer lines */
    struct str data; /* with FRAME_DATA; borrowed from the bytes given */
};

/* The next run of body bytes. After FRAME_DONE or FRAME_BAD it is not called again. */
enum frame_step chunk_read(struct chunks *c, struct str bytes, struct chunk_run *run);

#endif
