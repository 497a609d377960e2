/* token_state.h - what the tokenizer's own files share; nobody else includes it.
 *
 * token.c goes from token to token, token_string.c and token_number.c read the inside
 * of one. Every reading function takes the piece from the byte at t->offset on, moves
 * t->offset over what it consumes, and returns token_close of a kind when the token is
 * complete, TOKEN_MORE when the piece ends inside it, or what token_fail returns;
 * t->offset is then behind the token, at the piece's end, or at the byte that is wrong.
 */
#ifndef SOCKGUARD_HTTP_TOKEN_STATE_H
#define SOCKGUARD_HTTP_TOKEN_STATE_H

#include "http/token.h"

/* Between tokens the state says what may come; inside a token, what has been read. */
enum state {
    STATE_START, /* zeroed: the root value, or a byte order mark */
    STATE_VALUE,
    STATE_ELEMENT_OR_END,
    STATE_KEY,
    STATE_KEY_OR_END,
    STATE_LAST_BEFORE_STRING = STATE_KEY_OR_END, /* up to here a string may come */
    STATE_COLON,
    STATE_DONE, /* this and the next two: enum inside added to the first */
    STATE_AFTER_MEMBER,
    STATE_AFTER_ELEMENT,
    STATE_LAST_BETWEEN = STATE_AFTER_ELEMENT,
    STATE_STRING,
    STATE_ESCAPE,         /* behind a backslash */
    STATE_HEX,            /* aux: code so far and digits to come */
    STATE_PAIR_BACKSLASH, /* behind a high surrogate */
    STATE_PAIR_U,
    STATE_UTF8, /* utf8: which bytes may follow */
    STATE_LAST_STRING = STATE_UTF8,
    STATE_MINUS,
    STATE_ZERO,
    STATE_INTEGER,
    STATE_POINT,
    STATE_FRACTION,
    STATE_EXPONENT,
    STATE_SIGN,
    STATE_POWER,
    STATE_LAST_NUMBER = STATE_POWER,
    STATE_WORD, /* aux: which one, and how much of it */
    STATE_MARK, /* aux: bytes of a byte order mark */
    STATE_OVER, /* aux: the token kind to repeat, and the fault */
};

enum fault {
    FAULT_NONE,
    FAULT_ENDS_EARLY,
    FAULT_BYTE,
    FAULT_CONTROL,
    FAULT_ESCAPE,
    FAULT_NUMBER,
    FAULT_DEPTH,
    FAULT_MARK,
    FAULT_TRAILING,
    FAULT_UTF8,
    FAULT_SURROGATE,
    FAULT_NUL,
};

/* Where a value stands. */
enum inside { INSIDE_NOTHING, INSIDE_OBJECT, INSIDE_ARRAY };

/* What a byte means inside a string. */
enum string_class { PLAIN, CONTROL, QUOTE, BACKSLASH, LEAD };
extern const uint8_t string_class[256];

/* The rest of a piece; not empty where a function says "begin". */
struct rest {
    const unsigned char *p, *end;
};

/* Ends the text: sets state and token, and returns the fault's kind. */
enum token_kind token_fail(struct tokenizer *t, enum fault fault);

static inline enum token_kind token_close(struct tokenizer *t, enum token_kind kind)
{
    t->token.kind = kind;
    t->token.end = t->offset;
    return kind;
}

/* The same for a token that is a value: what may follow depends on where it stands. */
static inline enum token_kind token_close_value(struct tokenizer *t, enum token_kind kind)
{
    t->state = STATE_DONE + (uint32_t)t->inside;
    return token_close(t, kind);
}

static inline enum token_kind token_close_string(struct tokenizer *t)
{
    if (!t->key)
        return token_close_value(t, TOKEN_STRING);
    t->state = STATE_COLON;
    return token_close(t, TOKEN_KEY);
}

enum token_kind string_read(struct tokenizer *t, struct rest rest);
enum token_kind number_begin(struct tokenizer *t, struct rest rest); /* at a minus or digit */
enum token_kind number_read(struct tokenizer *t, struct rest rest);

/* The first byte from p on that is not PLAIN, or end. Sixteen bytes at a time where the
 * order of bytes lets the first special one be found by counting zeros. */
static inline const unsigned char *string_skip_plain(const unsigned char *p,
                                                     const unsigned char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    typedef uint8_t lanes __attribute__((vector_size(16)));
    while (end - p >= 16) {
        lanes v;
        memcpy(&v, p, sizeof v);
        const lanes special = (lanes)((v == '"') | (v == '\\') | (v < 0x20)) | (v & 0x80);
        uint64_t half[2];
        memcpy(half, &special, sizeof half);
        if (half[0])
            return p + __builtin_ctzll(half[0]) / 8;
        if (half[1])
            return p + 8 + __builtin_ctzll(half[1]) / 8;
        p += 16;
    }
#endif
    while (p < end && string_class[*p] == PLAIN)
        p++;
    return p;
}

/* The number may end here; if so, number_close ends it. */
bool number_may_end(const struct tokenizer *t);
enum token_kind number_close(struct tokenizer *t);

#endif
