/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/repeat.h"

#include <stdlib.h>

enum {
    SIZE_FIRST = 128,
    SIZE_KEPT = 4096, /* cells kept between documents: 32 KiB */
    PROBES_MAX = 512,
};

int repeats_init(struct repeats *r)
{
    *r = (struct repeats){.size = 0};
    return hash_key_init(&r->key);
}

void repeats_release(struct repeats *r)
{
    free(r->cells);
    r->cells = NULL;
    r->size = r->used = 0;
}

void repeats_clear(struct repeats *r)
{
    if (r->size > SIZE_KEPT)
        repeats_release(r);
    if (r->used)
        memset(r->cells, 0, r->size * sizeof *r->cells);
    r->used = 0;
}

static enum repeat put(uint64_t *cells, size_t size, uint64_t hash)
{
    size_t at = (size_t)hash & (size - 1);
    for (int probes = 0; probes < PROBES_MAX; probes++) {
        if (cells[at] == hash)
            return REPEAT_SEEN;
        if (cells[at] == 0) {
            cells[at] = hash;
            return REPEAT_NEW;
        }
        at = (at + 1) & (size - 1);
    }
    return REPEAT_CROWDED;
}

static enum repeat grow(struct repeats *r)
{
    const size_t size = r->size ? r->size * 2 : SIZE_FIRST;
    uint64_t *cells = calloc(size, sizeof *cells);
    if (!cells)
        return REPEAT_NOMEM;
    enum repeat result = REPEAT_NEW;
    for (size_t i = 0; i < r->size && result == REPEAT_NEW; i++)
        if (r->cells[i])
            result = put(cells, size, r->cells[i]);
    free(r->cells);
    r->cells = cells;
    r->size = size;
    return result;
}

enum repeat repeats_add(struct repeats *r, uint32_t object, struct str name)
{
    if (r->used * 2 >= r->size) {
        const enum repeat grown = grow(r);
        if (grown != REPEAT_NEW)
            return grown;
    }
    const uint64_t hash = hash_bytes(&r->key, object, name);
    const enum repeat result = put(r->cells, r->size, hash ? hash : 1);
    r->used += result == REPEAT_NEW;
    return result;
}
