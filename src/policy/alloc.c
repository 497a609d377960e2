/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/alloc.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A chunk begins at a multiple of ALLOC_CHUNK, so a block finds its chunk by its own
 * address. The chunk ends early: glibc's own header then fits before the next
 * multiple, and neighbours lie side by side without a gap. */
enum { CHUNK_BYTES = ALLOC_CHUNK - 64, LARGE_OVERHEAD = 16 };

struct block {
    struct block *next;
};

struct chunk {
    struct chunk *next, **link; /* in alloc.open; link is what points here */
    struct block *free;         /* given back */
    char *fresh;                /* from here on never handed out */
    uint32_t block_size;
    uint16_t class;
    uint16_t blocks; /* handed out */
    _Alignas(max_align_t) char bytes[];
};

static const uint16_t class_sizes[ALLOC_CLASSES] = {
    16,  32,  48,  64,  80,  96,  112, 128, 144, 160, 176, 192,
    208, 224, 240, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
};

/* size is 1 to ALLOC_SMALL_MAX: steps of 16 to 256, of 64 to 512, of 128 to 1024. */
static unsigned class_of(size_t size)
{
    if (size <= 256)
        return (unsigned)((size - 1) / 16);
    if (size <= 512)
        return (unsigned)(16 + (size - 257) / 64);
    return (unsigned)(20 + (size - 513) / 128);
}

/* What a block of this size is counted as. */
static size_t size_counted(size_t size)
{
    if (size == 0)
        return 0;
    return size <= ALLOC_SMALL_MAX ? class_sizes[class_of(size)] : size + LARGE_OVERHEAD;
}

void alloc_init(struct alloc *a, size_t limit, size_t block_max)
{
    *a = (struct alloc){.limit = limit, .block_max = block_max};
    const size_t extra = limit / 4 + ALLOC_SLACK;
    a->taken_max = limit > SIZE_MAX - extra ? SIZE_MAX : limit + extra;
}

void alloc_release(struct alloc *a)
{
    assert(a->used == 0);
    free(a->spare);
    *a = (struct alloc){.limit = a->limit};
}

static void chunk_link(struct alloc *a, struct chunk *c)
{
    struct chunk **head = &a->open[c->class];
    c->next = *head;
    c->link = head;
    if (c->next)
        c->next->link = &c->next;
    *head = c;
}

static void chunk_unlink(struct chunk *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
}

static bool take(struct alloc *a, size_t n)
{
    if (n > a->taken_max - a->taken)
        return false;
    a->taken += n;
    return true;
}

static struct chunk *chunk_memory(struct alloc *a)
{
    void *memory = a->spare;
    a->spare = NULL;
    if (memory)
        return memory;
    if (!take(a, ALLOC_CHUNK))
        return NULL;
    if (posix_memalign(&memory, ALLOC_CHUNK, CHUNK_BYTES) == 0)
        return memory;
    a->taken -= ALLOC_CHUNK;
    return NULL;
}

static struct chunk *chunk_new(struct alloc *a, unsigned class)
{
    struct chunk *c = chunk_memory(a);
    if (!c)
        return NULL;
    *c = (struct chunk){.block_size = class_sizes[class], .class = (uint16_t) class};
    c->fresh = c->bytes;
    chunk_link(a, c);
    return c;
}

static void chunk_retire(struct alloc *a, struct chunk *c)
{
    chunk_unlink(c);
    if (!a->spare) {
        a->spare = c;
        return;
    }
    free(c);
    a->taken -= ALLOC_CHUNK;
}

static bool chunk_has_fresh(const struct chunk *c)
{
    const char *end = (const char *)c + CHUNK_BYTES;
    return (size_t)(end - c->fresh) >= c->block_size;
}

static void *small_new(struct alloc *a, unsigned class)
{
    struct chunk *c = a->open[class];
    if (!c && !(c = chunk_new(a, class)))
        return NULL;
    struct block *b = c->free;
    if (b) {
        c->free = b->next;
    } else {
        b = (struct block *)(void *)c->fresh;
        c->fresh += c->block_size;
    }
    c->blocks++;
    if (!c->free && !chunk_has_fresh(c))
        chunk_unlink(c);
    return b;
}

static void small_free(struct alloc *a, void *block)
{
    struct chunk *c = (struct chunk *)((uintptr_t)block & ~(uintptr_t)(ALLOC_CHUNK - 1));
    const bool full = !c->free && !chunk_has_fresh(c);
    struct block *b = block;
    b->next = c->free;
    c->free = b;
    if (full)
        chunk_link(a, c);
    if (--c->blocks == 0)
        chunk_retire(a, c);
}

static void *block_new(struct alloc *a, size_t size)
{
    if (size <= ALLOC_SMALL_MAX)
        return small_new(a, class_of(size));
    if (!take(a, size + LARGE_OVERHEAD))
        return NULL;
    void *block = malloc(size);
    if (!block)
        a->taken -= size + LARGE_OVERHEAD;
    return block;
}

static void block_free(struct alloc *a, void *block, size_t size)
{
    if (size <= ALLOC_SMALL_MAX) {
        small_free(a, block);
        return;
    }
    free(block);
    a->taken -= size + LARGE_OVERHEAD;
}

static void *block_move(struct alloc *a, void *block, size_t old_size, size_t new_size)
{
    void *to = block_new(a, new_size);
    if (!to || !block)
        return to;
    memcpy(to, block, old_size < new_size ? old_size : new_size);
    block_free(a, block, old_size);
    return to;
}

/* others: what all blocks but this one are counted as. */
static bool over_ceiling(const struct alloc *a, size_t counted, size_t others)
{
    return others > a->limit || counted > a->limit - others;
}

void *alloc_realloc(void *arg, void *block, size_t old_size, size_t new_size)
{
    struct alloc *a = arg;
    /* For a new block Lua passes the kind of object as its old size: 0 for the parts of tables. */
    const size_t block_max =
        !block && old_size == 0 ? a->block_max / ALLOC_PARTS_SHARE : a->block_max;
    if (!block)
        old_size = 0;
    const size_t old_counted = size_counted(old_size), counted = size_counted(new_size);
    if (new_size == 0) {
        if (block)
            block_free(a, block, old_size);
        a->used -= old_counted;
        return NULL;
    }
    if (block && old_counted == counted)
        return block;
    const size_t others = a->used - old_counted;
    if (new_size > old_size && (new_size > block_max || over_ceiling(a, counted, others)))
        return NULL;
    void *to = block_move(a, block, old_size, new_size);
    if (!to)
        return NULL;
    a->used = others + counted;
    if (a->used > a->peak)
        a->peak = a->used;
    return to;
}
