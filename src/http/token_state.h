/* token_state.h - what the tokenizer's own files share; nobody else includes it.
 *
 * token.c goes from token to token, token_string.c and token_number.c read the inside
 * of one. They return a token's kind when it is complete, TOKEN_MORE when the piece
 * ends inside it, or what token_fail returns; the cursor then stands behind the token,
 * at the piece's end, or at the byte that is wrong.
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
    STATE_COLON,
    STATE_AFTER_MEMBER,
    STATE_AFTER_ELEMENT,
    STATE_DONE,
    STATE_LAST_BETWEEN = STATE_DONE,
    STATE_STRING,
    STATE_ESCAPE,         /* behind a backslash */
    STATE_HEX,            /* aux: code so far and digits to come */
    STATE_PAIR_BACKSLASH, /* behind a high surrogate */
    STATE_PAIR_U,
    STATE_UTF8,           /* utf8: which bytes may follow */
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
    STATE_WORD,  /* aux: which one, and how much of it */
    STATE_MARK,  /* aux: bytes of a byte order mark */
    STATE_OVER,  /* aux: the token kind to repeat, and the fault */
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

enum flag { FLAG_NONE = 0, FLAG_KEY = 1, FLAG_ESCAPED = 2, FLAG_WIDE = 4, FLAG_REAL = 8 };

struct cursor {
    const unsigned char *p, *end; /* p: the next byte to look at */
};

/* Ends the text: sets the state and returns the fault's kind. */
enum token_kind token_fail(struct tokenizer *t, enum fault fault);

/* A value is complete: what may follow depends on where it stands. */
void token_close_value(struct tokenizer *t);

/* begin: the cursor is at the first byte (a quote; a minus or a digit). */
enum token_kind string_begin(struct tokenizer *t, struct cursor *c, enum flag flags);
enum token_kind string_read(struct tokenizer *t, struct cursor *c);
enum token_kind number_begin(struct tokenizer *t, struct cursor *c);
enum token_kind number_read(struct tokenizer *t, struct cursor *c);

/* The number may end here; if so, number_close ends it. */
bool number_may_end(const struct tokenizer *t);
enum token_kind number_close(struct tokenizer *t);

#endif
