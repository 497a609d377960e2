/* SPDX-License-Identifier: Apache-2.0 */
#include "http/token.h"

#include "http/token_state.h"

static const struct {
    enum token_kind kind;
    const char *text;
} faults[] = {
    [FAULT_NONE]       = {TOKEN_END, ""},
    [FAULT_ENDS_EARLY] = {TOKEN_BAD, "the JSON text ends early"},
    [FAULT_BYTE]       = {TOKEN_BAD, "not JSON"},
    [FAULT_CONTROL]    = {TOKEN_BAD, "a raw control character in a string"},
    [FAULT_ESCAPE]     = {TOKEN_BAD, "a bad escape in a string"},
    [FAULT_NUMBER]     = {TOKEN_BAD, "a bad number"},
    [FAULT_DEPTH]      = {TOKEN_TOO_DEEP, "nested too deep"},
    [FAULT_MARK]       = {TOKEN_AMBIGUOUS, "a byte order mark"},
    [FAULT_TRAILING]   = {TOKEN_AMBIGUOUS, "text after the value"},
    [FAULT_UTF8]       = {TOKEN_AMBIGUOUS, "invalid UTF-8"},
    [FAULT_SURROGATE]  = {TOKEN_AMBIGUOUS, "half of a surrogate pair"},
    [FAULT_NUL]        = {TOKEN_AMBIGUOUS, "an escaped NUL"},
};

enum token_kind token_fail(struct tokenizer *t, enum fault fault)
{
    const enum token_kind kind = faults[fault].kind;
    t->state = STATE_OVER;
    t->aux = (uint32_t)kind | (uint32_t)fault << 8;
    return kind;
}

const char *token_fault(const struct tokenizer *t)
{
    return t->state == STATE_OVER ? faults[t->aux >> 8].text : "";
}

static bool in_object(const struct tokenizer *t)
{
    const unsigned level = t->depth - 1u;
    return t->nest[level / 64] >> level % 64 & 1;
}

/* A value is complete. */
void token_close_value(struct tokenizer *t)
{
    if (t->depth == 0)
        t->state = STATE_DONE;
    else
        t->state = in_object(t) ? STATE_AFTER_MEMBER : STATE_AFTER_ELEMENT;
}

static const struct {
    enum token_kind kind;
    struct str text;
} words[] = {
    {TOKEN_TRUE, {"true", 4}},
    {TOKEN_FALSE, {"false", 5}},
    {TOKEN_NULL, {"null", 4}},
};

static enum token_kind read_word(struct tokenizer *t, struct cursor *c)
{
    const uint32_t word = t->aux >> 8;
    const struct str text = words[word].text;
    uint32_t at = t->aux & 0xFF;
    while (at < text.n && c->p < c->end) {
        if (*c->p != (unsigned char)text.p[at])
            return token_fail(t, FAULT_BYTE);
        c->p++;
        at++;
    }
    t->aux = word << 8 | at;
    if (at < text.n)
        return TOKEN_MORE;
    token_close_value(t);
    return words[word].kind;
}

static enum token_kind begin_word(struct tokenizer *t, struct cursor *c)
{
    const uint32_t word = *c->p == 't' ? 0 : *c->p == 'f' ? 1 : 2;
    t->state = STATE_WORD;
    t->aux = word << 8 | 1;
    c->p++;
    return read_word(t, c);
}

static enum token_kind read_mark(struct tokenizer *t, struct cursor *c)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    while (c->p < c->end) {
        if (*c->p != mark[t->aux])
            return token_fail(t, FAULT_BYTE);
        if (t->aux == sizeof mark - 1)
            return token_fail(t, FAULT_MARK);
        c->p++;
        t->aux++;
    }
    return TOKEN_MORE;
}

static enum token_kind open_nest(struct tokenizer *t, struct cursor *c, bool object)
{
    if (t->depth == TOKEN_DEPTH_MAX)
        return token_fail(t, FAULT_DEPTH);
    const uint64_t bit = UINT64_C(1) << t->depth % 64;
    uint64_t *nest = &t->nest[t->depth / 64];
    *nest = object ? *nest | bit : *nest & ~bit;
    t->depth++;
    t->state = object ? STATE_KEY_OR_END : STATE_ELEMENT_OR_END;
    c->p++;
    return object ? TOKEN_OBJECT : TOKEN_ARRAY;
}

static enum token_kind close_nest(struct tokenizer *t, struct cursor *c, enum token_kind kind)
{
    t->depth--;
    token_close_value(t);
    c->p++;
    return kind;
}

static enum token_kind begin_value(struct tokenizer *t, struct cursor *c)
{
    switch (*c->p) {
    case '"':
        return string_begin(t, c, FLAG_NONE);
    case '{':
        return open_nest(t, c, true);
    case '[':
        return open_nest(t, c, false);
    case 't':
    case 'f':
    case 'n':
        return begin_word(t, c);
    case '-':
        return number_begin(t, c);
    default:
        return *c->p - (unsigned)'0' <= 9 ? number_begin(t, c) : token_fail(t, FAULT_BYTE);
    }
}

static enum token_kind begin_root(struct tokenizer *t, struct cursor *c)
{
    if (*c->p != 0xEF)
        return begin_value(t, c);
    t->state = STATE_MARK;
    t->aux = 0;
    return read_mark(t, c);
}

/* What byte, no white space, is where no token is under way. TOKEN_MORE: go on. */
static enum token_kind step_between(struct tokenizer *t, struct cursor *c)
{
    const unsigned char byte = *c->p;
    const bool after_member = t->state == STATE_AFTER_MEMBER;
    switch (t->state) {
    case STATE_START:
        return begin_root(t, c);
    case STATE_VALUE:
        return begin_value(t, c);
    case STATE_ELEMENT_OR_END:
        return byte == ']' ? close_nest(t, c, TOKEN_ARRAY_END) : begin_value(t, c);
    case STATE_KEY_OR_END:
        if (byte == '}')
            return close_nest(t, c, TOKEN_OBJECT_END);
        return byte == '"' ? string_begin(t, c, FLAG_KEY) : token_fail(t, FAULT_BYTE);
    case STATE_KEY:
        return byte == '"' ? string_begin(t, c, FLAG_KEY) : token_fail(t, FAULT_BYTE);
    case STATE_DONE:
        return token_fail(t, FAULT_TRAILING);
    case STATE_COLON:
        if (byte != ':')
            return token_fail(t, FAULT_BYTE);
        t->state = STATE_VALUE;
        break;
    default:
        if (byte == (after_member ? '}' : ']'))
            return close_nest(t, c, after_member ? TOKEN_OBJECT_END : TOKEN_ARRAY_END);
        if (byte != ',')
            return token_fail(t, FAULT_BYTE);
        t->state = after_member ? STATE_KEY : STATE_VALUE;
        break;
    }
    c->p++;
    return TOKEN_MORE;
}

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static enum token_kind read_between(struct tokenizer *t, struct cursor *c)
{
    const unsigned char *const begin = c->p;
    enum token_kind kind = TOKEN_MORE;
    while (c->p < c->end && kind == TOKEN_MORE) {
        if (is_space(*c->p)) {
            c->p++;
            continue;
        }
        t->start = t->offset + (size_t)(c->p - begin);
        kind = step_between(t, c);
    }
    return kind;
}

/* More of the token under way, or the next one. */
static enum token_kind read_piece(struct tokenizer *t, struct cursor *c)
{
    if (t->state <= STATE_LAST_BETWEEN)
        return read_between(t, c);
    if (t->state <= STATE_LAST_STRING)
        return string_read(t, c);
    if (t->state <= STATE_LAST_NUMBER)
        return number_read(t, c);
    if (t->state == STATE_WORD)
        return read_word(t, c);
    if (t->state == STATE_MARK)
        return read_mark(t, c);
    return (enum token_kind)(t->aux & 0xFF);
}

static enum token_kind read_end(struct tokenizer *t)
{
    if (t->state == STATE_DONE)
        return token_fail(t, FAULT_NONE);
    if (t->state > STATE_LAST_STRING && t->state <= STATE_LAST_NUMBER && number_may_end(t))
        return number_close(t);
    return token_fail(t, FAULT_ENDS_EARLY);
}

struct token token_next(struct tokenizer *t, struct str piece, bool last, size_t *used)
{
    const unsigned char *const begin = (const unsigned char *)piece.p;
    struct cursor c = {begin, begin + piece.n};
    enum token_kind kind = read_piece(t, &c);
    if (kind == TOKEN_MORE && last)
        kind = read_end(t);
    *used = (size_t)(c.p - begin);
    t->offset += *used;
    return (struct token){
        .kind = kind,
        .start = t->state == STATE_OVER ? t->offset : t->start,
        .end = t->offset,
        .escaped = t->flags & FLAG_ESCAPED,
        .integer = !(t->flags & FLAG_REAL),
        .ascii = !(t->flags & FLAG_WIDE),
    };
}
