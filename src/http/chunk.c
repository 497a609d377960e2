/* SPDX-License-Identifier: Apache-2.0 */
#include "http/chunk.h"

#include "http/field.h"

/* In the order of the wire; from TRAILER on the chunks are over. */
enum state {
    SIZE,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* before a trailer line, or the empty line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
};

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

static bool take_digit(struct chunks *c, char byte)
{
    const unsigned value = digit_value(byte);
    if (value > 15 || c->digits == CHUNK_DIGITS_MAX)
        return false;
    c->digits++;
    c->left = c->left * 16 + value;
    return true;
}

static bool enter(struct chunks *c, bool legal, enum state next)
{
    c->state = (uint8_t)next;
    return legal;
}

static bool take_trailer(struct chunks *c, char byte)
{
    const struct str s = {&byte, 1};
    if (c->trailers == CHUNK_TRAILERS_MAX)
        return false;
    c->trailers++;
    switch ((enum state)c->state) {
    case TRAILER:
        if (byte == '\r')
            return enter(c, true, END_LF);
        return enter(c, field_name_span(s) == 1, TRAILER_NAME);
    case TRAILER_NAME:
        if (byte == ':')
            return enter(c, true, TRAILER_VALUE);
        return field_name_span(s) == 1;
    case TRAILER_VALUE:
        if (byte == '\r')
            return enter(c, true, TRAILER_LF);
        return field_value_span(s) == 1;
    case TRAILER_LF:
        return enter(c, byte == '\n', TRAILER);
    case END_LF:
        return enter(c, byte == '\n', END);
    default:
        return false;
    }
}

/* One byte that is no body byte; false when it may not stand there. */
static bool take_byte(struct chunks *c, char byte)
{
    switch ((enum state)c->state) {
    case SIZE:
        if (byte == '\r')
            return enter(c, c->digits > 0, SIZE_LF);
        return take_digit(c, byte);
    case SIZE_LF:
        c->digits = 0;
        return enter(c, byte == '\n', c->left ? DATA : TRAILER);
    case DATA_CR:
        return enter(c, byte == '\r', DATA_LF);
    case DATA_LF:
        return enter(c, byte == '\n', SIZE);
    default:
        return take_trailer(c, byte);
    }
}

static enum frame_step take_data(struct chunks *c, struct str bytes, struct chunk_run *run)
{
    const struct str rest = str_skip(bytes, run->used);
    const size_t n = c->left < rest.n ? (size_t)c->left : rest.n;
    run->data = (struct str){rest.p, n};
    run->used += n;
    run->coded += n;
    c->left -= n;
    if (c->left == 0)
        c->state = DATA_CR;
    return FRAME_DATA;
}

enum frame_step chunk_read(struct chunks *c, struct str bytes, struct chunk_run *run)
{
    *run = (struct chunk_run){.data = {bytes.p, 0}};
    while (run->used < bytes.n) {
        if (c->state == DATA)
            return take_data(c, bytes, run);
        const bool coded = c->state < TRAILER;
        if (!take_byte(c, bytes.p[run->used]))
            return FRAME_BAD;
        run->used++;
        run->coded += coded;
        if (c->state == END)
            return FRAME_DONE;
    }
    return FRAME_MORE;
}
