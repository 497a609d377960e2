/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - where in a document something is, in words for people. */
#include "policy/reader.h"

#include "base/utf8.h"

#include <stdio.h>

struct line {
    char *out;
    size_t n, room; /* room keeps a byte for the end */
    bool full;
};

/* Whole or not at all, and nothing after the first that did not fit. */
static void put(struct line *l, struct str s)
{
    if (l->full || s.n > l->room - l->n) {
        l->full = true;
        return;
    }
    memcpy(l->out + l->n, s.p, s.n);
    l->n += s.n;
}

static void put_unit(struct line *l, unsigned unit)
{
    char escape[sizeof "\\uffff"];
    (void)snprintf(escape, sizeof escape, "\\u%04x", unit & 0xFFFF);
    put(l, (struct str){escape, sizeof escape - 1});
}

static void put_code(struct line *l, uint32_t code)
{
    const char c = (char)code;
    if (code == '\\')
        put(l, STR("\\\\"));
    else if (code >= 0x20 && code < 0x7F)
        put(l, (struct str){&c, 1});
    else if (code < 0x10000)
        put_unit(l, code);
    else {
        put_unit(l, 0xD800 | (code - 0x10000) >> 10);
        put_unit(l, 0xDC00 | (code & 0x3FF));
    }
}

static void put_name(struct line *l, struct str name)
{
    while (name.n && !l->full) {
        uint32_t code = 0;
        const size_t n = utf8_next(name, &code);
        put_code(l, code);
        name = str_skip(name, n ? n : 1);
    }
}

static void put_place(struct line *l, const struct place *in)
{
    if (!in || !in->up)
        return;
    put_place(l, in->up);
    put(l, in->name);
    put(l, in->element ? STR("[].") : STR("."));
}

size_t place_print(const struct place *in, struct str name, char *out, size_t room)
{
    struct line l = {.out = out, .room = room - 1};
    put_place(&l, in);
    put_name(&l, name);
    out[l.n] = '\0';
    return l.n;
}
