/* repeat.h - has this name been there before, in this object of this document?
 *
 * A set of keyed hashes, so it holds no names and costs the same whatever they are. Two
 * different names look alike once in 2^64 pairs; then an honest document is refused,
 * never a repeat overlooked. Owned by whoever embeds it; reused from document to
 * document. The caller bounds how many names it adds (BODY_NODES_MAX).
 */
#ifndef SOCKGUARD_POLICY_REPEAT_H
#define SOCKGUARD_POLICY_REPEAT_H

#include "base/hash.h"

struct repeats {
    struct hash_key key;
    uint64_t *cells; /* owned; 0 is empty */
    size_t size;     /* a power of two, or 0 before the first name */
    size_t used;     /* at most half of them */
};

/* RC_OK or RC_SYSTEM. */
int repeats_init(struct repeats *r);
void repeats_release(struct repeats *r);

/* Before each document: forgets the names, and gives back what a large one took. */
void repeats_clear(struct repeats *r);

enum repeat { REPEAT_NEW, REPEAT_SEEN, REPEAT_CROWDED, REPEAT_NOMEM };

/* Adds name to the object's. REPEAT_CROWDED: its place is so crowded that looking on
 * would let a peer buy time with names; chance does not get there. */
enum repeat repeats_add(struct repeats *r, uint32_t object, struct str name);

#endif
