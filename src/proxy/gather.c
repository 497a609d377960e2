/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gather.h"

#include <assert.h>

void gather_start(struct gather *g, struct str head)
{
    g->n = g->n_lines = 0;
    if (head.n)
        gather_add(g, head);
}

/* uv_buf_t has no const, although nothing writes through it here. */
void gather_add(struct gather *g, struct str bytes)
{
    union {
        const char *in;
        char *out;
    } p = {.in = bytes.p};
    assert(g->n < GATHER_MAX);
    g->v[g->n++] = (uv_buf_t){.base = p.out, .len = bytes.n};
}

static struct str size_line(char line[CHUNK_LINE], size_t n)
{
    static const char hex[] = "0123456789abcdef";
    size_t at = CHUNK_LINE;
    line[--at] = '\n';
    line[--at] = '\r';
    for (; n; n >>= 4)
        line[--at] = hex[n & 15];
    return (struct str){line + at, CHUNK_LINE - at};
}

void gather_chunk(struct gather *g, struct str bytes)
{
    assert(bytes.n && g->n_lines < GATHER_MAX / 3);
    gather_add(g, size_line(g->lines[g->n_lines++], bytes.n));
    gather_add(g, bytes);
    gather_add(g, STR("\r\n"));
}
