/* SPDX-License-Identifier: Apache-2.0 */
/* token_number.c - the inside of numbers. */
#include "http/token_state.h"

/* The state behind byte, or STATE_OVER when the number ends before it. */
static enum state next_in_number(enum state state, unsigned char byte)
{
    const bool digit = byte - (unsigned)'0' <= 9;
    const bool exponent = (byte | 0x20) == 'e';
    switch (state) {
    case STATE_MINUS:
        return !digit ? STATE_OVER : byte == '0' ? STATE_ZERO : STATE_INTEGER;
    case STATE_INTEGER:
        if (digit)
            return STATE_INTEGER;
        return byte == '.' ? STATE_POINT : exponent ? STATE_EXPONENT : STATE_OVER;
    case STATE_ZERO:
        return byte == '.' ? STATE_POINT : exponent ? STATE_EXPONENT : STATE_OVER;
    case STATE_POINT:
        return digit ? STATE_FRACTION : STATE_OVER;
    case STATE_FRACTION:
        return digit ? STATE_FRACTION : exponent ? STATE_EXPONENT : STATE_OVER;
    case STATE_EXPONENT:
        return digit ? STATE_POWER : byte == '+' || byte == '-' ? STATE_SIGN : STATE_OVER;
    default: /* STATE_SIGN, STATE_POWER */
        return digit ? STATE_POWER : STATE_OVER;
    }
}

bool number_may_end(const struct tokenizer *t)
{
    const enum state state = t->state;
    return state == STATE_ZERO || state == STATE_INTEGER || state == STATE_FRACTION ||
           state == STATE_POWER;
}

enum token_kind number_close(struct tokenizer *t)
{
    t->token.integer = t->state == STATE_ZERO || t->state == STATE_INTEGER;
    return token_close_value(t, TOKEN_NUMBER);
}

enum token_kind number_read(struct tokenizer *t, struct rest rest)
{
    for (; rest.p < rest.end; rest.p++, t->offset++) {
        const enum state next = next_in_number(t->state, *rest.p);
        if (next == STATE_OVER) {
            const bool leading_zero = t->state == STATE_ZERO && *rest.p - (unsigned)'0' <= 9;
            if (leading_zero || !number_may_end(t))
                return token_fail(t, FAULT_NUMBER);
            return number_close(t);
        }
        t->state = next;
    }
    return TOKEN_MORE;
}

enum token_kind number_begin(struct tokenizer *t, struct rest rest)
{
    t->state = *rest.p == '-' ? STATE_MINUS : *rest.p == '0' ? STATE_ZERO : STATE_INTEGER;
    t->offset++;
    rest.p++;
    return number_read(t, rest);
}
