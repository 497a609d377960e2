/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_head.c - any bytes as the messages of one connection, whole and in pieces.
 *
 * The first byte says which side speaks, which method is answered and how long the pieces
 * are. Beyond memory safety: the heads, the bodies and the end of it all are the same in
 * whatever pieces the bytes come, and an accepted head holds nothing that two readers could
 * read differently.
 */
#include "http/head.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One message as it was read; body is a running sum of its bytes, in order. */
struct message {
    enum refusal why;
    enum frame_step end;
    size_t used;
    uint64_t n, sum;
};

static void check_within(struct str whole, struct str part)
{
    assert(part.p >= whole.p && part.n <= whole.n);
    assert((size_t)(part.p - whole.p) <= whole.n - part.n);
}

static void check_field(struct str bytes, const struct head *h, size_t i)
{
    const struct field *f = &h->fields[i];
    check_within(bytes, f->name);
    check_within(bytes, f->value);
    assert(f->name.n && f->id < FIELD_ID_COUNT && h->at[f->id] && h->at[f->id] <= i + 1);
    assert(!memchr(f->name.p, ' ', f->name.n) && !memchr(f->name.p, ':', f->name.n));
    for (size_t k = 0; k < f->value.n; k++)
        assert((unsigned char)f->value.p[k] >= ' ' || f->value.p[k] == '\t');
}

static void check_head(struct str bytes, const struct head *h, enum reader_kind kind)
{
    assert((h->method != METHOD_NONE) == (kind == READER_REQUESTS));
    assert(h->minor <= 1 && h->n_fields <= HEAD_FIELDS_MAX);
    assert(!h->at[FIELD_CONTENT_LENGTH] || !h->at[FIELD_TRANSFER_ENCODING]);
    assert(h->framing != FRAMING_TO_CLOSE || (kind == READER_RESPONSES && !h->keep_alive));
    assert(h->framing == FRAMING_LENGTH || h->length == 0);
    assert(kind == READER_RESPONSES || h->minor == 0 || h->at[FIELD_HOST]);
    check_within(bytes, h->target);
    check_within(bytes, h->reason);
    for (size_t i = 0; i < h->n_fields; i++)
        check_field(bytes, h, i);
    for (size_t i = 1; i < bytes.n; i++)
        assert(bytes.p[i] != '\n' || bytes.p[i - 1] == '\r');
}

static void read_body(struct reader *r, struct str bytes, size_t piece, struct message *m)
{
    size_t given = bytes.n < piece ? bytes.n : piece;
    size_t at = 0;
    for (;;) {
        size_t used;
        struct str data;
        const struct str rest = {bytes.p + at, given - at};
        m->end = frame_read(r, rest, &used, &data);
        assert(m->end == FRAME_BAD || used <= rest.n);
        assert(m->end == FRAME_DATA ? data.n && data.n <= used : data.n == 0);
        assert(m->end != FRAME_MORE || used == rest.n);
        for (size_t i = 0; i < data.n; i++)
            m->sum = m->sum * 31 + (unsigned char)data.p[i];
        m->n += data.n;
        at += used;
        m->used += used;
        if (m->end == FRAME_DONE || m->end == FRAME_BAD)
            return;
        if (m->end == FRAME_MORE && given == bytes.n)
            return;
        if (m->end == FRAME_MORE)
            given = bytes.n - given < piece ? bytes.n : given + piece;
    }
}

/* False when there is no whole head. */
static bool read_message(struct reader *r, struct str bytes, size_t piece, enum method request,
                         struct message *m)
{
    static struct head h;
    size_t n = 0, given = 0;
    while (n == 0 && given < bytes.n) {
        const size_t from = given;
        given = bytes.n - given < piece ? bytes.n : given + piece;
        n = head_length((struct str){bytes.p, given}, from);
    }
    if (n == 0)
        return false;
    const struct str head = {bytes.p, n};
    *m = (struct message){.why = head_read(r, head, request, &h), .used = n};
    if (m->why)
        return true;
    check_head(head, &h, r->kind);
    read_body(r, str_skip(bytes, n), piece, m);
    assert(h.framing != FRAMING_LENGTH || m->n + r->left == h.length);
    assert(h.framing != FRAMING_NONE || m->n == 0);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const enum reader_kind kind = data[0] & 1 ? READER_RESPONSES : READER_REQUESTS;
    const enum method request = data[0] & 2 ? METHOD_HEAD : METHOD_GET;
    const size_t piece = 1 + (data[0] >> 2) % 16;
    struct str bytes = {(const char *)data + 1, size - 1};
    struct reader whole, parts;
    struct message a, b;
    reader_init(&whole, kind);
    reader_init(&parts, kind);
    while (read_message(&whole, bytes, bytes.n, request, &a)) {
        assert(read_message(&parts, bytes, piece, request, &b));
        assert(a.why == b.why && a.end == b.end && a.n == b.n && a.sum == b.sum);
        if (a.why || a.end != FRAME_DONE)
            return 0;
        assert(a.used == b.used);
        bytes = str_skip(bytes, a.used);
    }
    assert(!read_message(&parts, bytes, piece, request, &b));
    return 0;
}
