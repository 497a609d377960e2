/* SPDX-License-Identifier: Apache-2.0 */
/* token_string.c - the inside of strings: escapes, surrogate pairs, UTF-8. */
#include "http/token_state.h"

/* clang-format off */
#define SAME16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
const uint8_t string_class[256] = {
    SAME16(CONTROL), SAME16(CONTROL),
    PLAIN, PLAIN, QUOTE, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
    SAME16(PLAIN), SAME16(PLAIN),
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
    PLAIN, PLAIN, PLAIN, PLAIN, BACKSLASH, PLAIN, PLAIN, PLAIN,
    SAME16(PLAIN), SAME16(PLAIN),
    SAME16(LEAD), SAME16(LEAD), SAME16(LEAD), SAME16(LEAD),
    SAME16(LEAD), SAME16(LEAD), SAME16(LEAD), SAME16(LEAD),
};
#undef SAME16
/* clang-format on */

/* After the fourth digit of \uXXXX. Of the first half of a pair only the fact is kept
 * (above 24 bits of aux): any low half completes it. */
static enum token_kind close_hex(struct tokenizer *t)
{
    const uint32_t code = t->aux & 0xFFFF;
    const bool low = code >= 0xDC00 && code <= 0xDFFF;
    const bool paired = t->aux >> 24;
    if (code == 0 && !t->takes_nul)
        return token_fail(t, FAULT_NUL);
    if (low != paired)
        return token_fail(t, FAULT_SURROGATE);
    t->state = code >= 0xD800 && code <= 0xDBFF ? STATE_PAIR_BACKSLASH : STATE_STRING;
    return TOKEN_MORE;
}

static enum token_kind step_hex(struct tokenizer *t, unsigned char byte)
{
    const unsigned digit = byte - (unsigned)'0';
    const unsigned letter = (byte | 0x20u) - (unsigned)'a';
    if (digit > 9 && letter > 5)
        return token_fail(t, FAULT_ESCAPE);
    const uint32_t left = (t->aux >> 16 & 0xFF) - 1;
    const uint32_t code = (t->aux & 0xFFF) << 4 | (digit <= 9 ? digit : letter + 10);
    t->aux = (t->aux & 0xFF000000) | left << 16 | code;
    return left ? TOKEN_MORE : close_hex(t);
}

static enum token_kind step_escape(struct tokenizer *t, unsigned char byte)
{
    switch (byte) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        t->state = STATE_STRING;
        return TOKEN_MORE;
    case 'u':
        t->state = STATE_HEX;
        t->aux = 4u << 16;
        return TOKEN_MORE;
    default:
        return token_fail(t, FAULT_ESCAPE);
    }
}

/* utf8 holds how many bytes are to come and, above two bits, the range of the next. */
enum { RANGE_ANY, RANGE_E0, RANGE_ED, RANGE_F0, RANGE_F4 };
static const struct {
    unsigned char low, high;
} ranges[] = {
    [RANGE_ANY] = {0x80, 0xBF}, [RANGE_E0] = {0xA0, 0xBF}, [RANGE_ED] = {0x80, 0x9F},
    [RANGE_F0] = {0x90, 0xBF},  [RANGE_F4] = {0x80, 0x8F},
};

static enum token_kind begin_utf8(struct tokenizer *t, unsigned char lead)
{
    if (lead < 0xC2 || lead > 0xF4)
        return token_fail(t, FAULT_UTF8);
    const unsigned left = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    const unsigned range = lead == 0xE0   ? RANGE_E0
                           : lead == 0xED ? RANGE_ED
                           : lead == 0xF0 ? RANGE_F0
                           : lead == 0xF4 ? RANGE_F4
                                          : RANGE_ANY;
    t->utf8 = (uint8_t)(left | range << 2);
    t->token.ascii = false;
    t->state = STATE_UTF8;
    return TOKEN_MORE;
}

static enum token_kind step_utf8(struct tokenizer *t, unsigned char byte)
{
    const unsigned range = t->utf8 >> 2;
    if (byte < ranges[range].low || byte > ranges[range].high)
        return token_fail(t, FAULT_UTF8);
    t->utf8 = (uint8_t)((t->utf8 & 3) - 1);
    if (t->utf8 == 0)
        t->state = STATE_STRING;
    return TOKEN_MORE;
}

/* A byte of a string that is not plain. */
static enum token_kind step_special(struct tokenizer *t, unsigned char byte)
{
    switch (string_class[byte]) {
    case BACKSLASH:
        t->token.escaped = true;
        t->state = STATE_ESCAPE;
        return TOKEN_MORE;
    case LEAD:
        return begin_utf8(t, byte);
    default:
        return token_fail(t, FAULT_CONTROL);
    }
}

/* One byte of a string, but for plain ones and the closing quote. */
static enum token_kind step_string(struct tokenizer *t, unsigned char byte)
{
    switch (t->state) {
    case STATE_ESCAPE:
        return step_escape(t, byte);
    case STATE_HEX:
        return step_hex(t, byte);
    case STATE_UTF8:
        return step_utf8(t, byte);
    case STATE_PAIR_BACKSLASH:
        if (byte != '\\')
            return token_fail(t, FAULT_SURROGATE);
        t->state = STATE_PAIR_U;
        return TOKEN_MORE;
    case STATE_PAIR_U:
        if (byte != 'u')
            return token_fail(t, FAULT_SURROGATE);
        t->state = STATE_HEX;
        t->aux = 1u << 24 | 4u << 16;
        return TOKEN_MORE;
    default:
        return step_special(t, byte);
    }
}

enum token_kind string_read(struct tokenizer *t, struct rest rest)
{
    for (; rest.p < rest.end; rest.p++, t->offset++) {
        if (t->state == STATE_STRING) {
            const unsigned char *special = string_skip_plain(rest.p, rest.end);
            t->offset += (size_t)(special - rest.p);
            rest.p = special;
            if (special == rest.end)
                return TOKEN_MORE;
            if (*special == '"') {
                t->offset++;
                return token_close_string(t);
            }
        }
        const enum token_kind kind = step_string(t, *rest.p);
        if (kind != TOKEN_MORE)
            return kind;
    }
    return TOKEN_MORE;
}
