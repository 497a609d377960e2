/* alloc.h - the memory of one Lua state: size classes under a ceiling.
 *
 * Blocks up to 1 KiB come from chunks of one size class each; larger ones from
 * malloc. Every byte is counted as its class rounds it. An allocation that would
 * pass the ceiling, or grow a block beyond VM_BLOCK_MAX, fails; a shrinking one
 * never fails for these reasons. A new hash part of a table may take a quarter of
 * that: keys that collide make filling it quadratic, in one instruction, and no hook
 * runs in between (20 ms for 8,192 of them, 315 for 32,768). An empty chunk goes back (one is
 * kept), so blocks of one size do not starve another for ever.
 *
 * What is taken from the system is bounded too, at the ceiling, a quarter of it and
 * ALLOC_SLACK, whatever order blocks come and go in.
 *
 * Lives inside its VM; not for use by two threads at once.
 */
#ifndef SOCKGUARD_POLICY_ALLOC_H
#define SOCKGUARD_POLICY_ALLOC_H

#include <stddef.h>

enum {
    ALLOC_CLASSES = 24,
    ALLOC_SMALL_MAX = 1024, /* larger blocks are malloc's */
    ALLOC_CHUNK = 16 * 1024,
    ALLOC_SLACK = (ALLOC_CLASSES + 1) * ALLOC_CHUNK,
    ALLOC_PARTS_SHARE = 4, /* of block_max: what a new part of a table may take */
};

struct chunk;

struct alloc {
    size_t limit;     /* ceiling on used */
    size_t block_max; /* ceiling on one block */
    size_t used;      /* bytes in blocks, rounded to their classes */
    size_t peak;      /* the highest used has been */
    size_t taken;     /* bytes taken from the system */
    size_t taken_max;
    struct chunk *open[ALLOC_CLASSES]; /* chunks with a free block, per class */
    struct chunk *spare;               /* one empty chunk, or NULL */
};

void alloc_init(struct alloc *a, size_t limit, size_t block_max);

/* Every block has been given back before. */
void alloc_release(struct alloc *a);

/* lua_Alloc's contract; a is a struct alloc. */
void *alloc_realloc(void *a, void *block, size_t old_size, size_t new_size);

#endif
