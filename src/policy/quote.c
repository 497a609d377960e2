/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/quote.h"

#include "base/utf8.h"

/* Code points above ASCII that are written as escapes: controls, white space, format
 * and direction marks, private use, noncharacters, tags. */
static const struct {
    uint32_t first, last;
} unprintable[] = {
    {0x7F, 0xA0},        {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
    {0x115F, 0x1160},    {0x1680, 0x1680},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x2000, 0x200F},    {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},
    {0x3164, 0x3164},    {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},
    {0x1BCA0, 0x1BCA3},  {0x1D173, 0x1D17A}, {0x1FFFE, 0x1FFFF}, {0x2FFFE, 0x2FFFF},
    {0x3FFFE, 0x10FFFF},
};

static bool prints(uint32_t code)
{
    if (code < 0x20)
        return false;
    for (size_t i = 0; i < sizeof unprintable / sizeof unprintable[0]; i++)
        if (code >= unprintable[i].first && code <= unprintable[i].last)
            return false;
    return true;
}

static size_t put_hex(char *out, char kind, uint32_t v, unsigned digits)
{
    out[0] = '\\';
    out[1] = kind;
    for (unsigned i = 0; i < digits; i++)
        out[2 + i] = "0123456789abcdef"[v >> 4 * (digits - 1 - i) & 15];
    return 2 + digits;
}

/* The letter of a short escape, or 0. */
static char short_escape(uint32_t code)
{
    switch (code) {
    case '"':
    case '\\':
        return (char)code;
    case '\a':
        return 'a';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\v':
        return 'v';
    default:
        return 0;
    }
}

enum { PIECE_MAX = 10 };

/* One code point or stray byte off s, as it is written. */
static size_t take_piece(struct str *s, char out[PIECE_MAX])
{
    uint32_t code;
    const char *from = s->p;
    const size_t n = utf8_next(*s, &code);
    *s = str_skip(*s, n ? n : 1);
    if (n == 0)
        return put_hex(out, 'x', (unsigned char)from[0], 2);
    const char escape = short_escape(code);
    if (escape) {
        out[0] = '\\';
        out[1] = escape;
        return 2;
    }
    if (prints(code)) {
        memcpy(out, from, n);
        return n;
    }
    if (code < 0x80)
        return put_hex(out, 'x', code, 2);
    return code < 0x10000 ? put_hex(out, 'u', code, 4) : put_hex(out, 'U', code, 8);
}

size_t quote(struct str s, char out[QUOTE_MAX])
{
    static const char ellipsis[] = "...\"";
    enum { ROOM = QUOTE_MAX - (sizeof ellipsis - 1) };
    size_t len = 0, cut = 1; /* cut: the longest that leaves room for the ellipsis */
    out[len++] = '"';
    while (s.n) {
        char piece[PIECE_MAX];
        const size_t n = take_piece(&s, piece);
        if (len + n + 1 > QUOTE_MAX) {
            memcpy(out + cut, ellipsis, sizeof ellipsis - 1);
            return cut + sizeof ellipsis - 1;
        }
        memcpy(out + len, piece, n);
        len += n;
        if (len <= ROOM)
            cut = len;
    }
    out[len++] = '"';
    return len;
}
