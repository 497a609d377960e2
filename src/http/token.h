/* token.h - the one resumable JSON tokenizer, with offsets.
 *
 * Strict RFC 8259 over one value and white space around it. Bytes may come in any
 * pieces; what comes out is one token at a time, by where it stands in the whole
 * text. Nothing is allocated and nothing is copied. It serves the body reader and the
 * editor of answers (edit.h).
 *
 * Two kinds of no: TOKEN_BAD is not JSON; TOKEN_AMBIGUOUS is JSON that the engine
 * and a person may read differently (byte order mark, text behind the value,
 * invalid UTF-8, lone surrogate escapes, an escaped NUL). The first fault in the text
 * decides; its token stands at the byte that is wrong, and TOKEN_END and every no are
 * final: further calls say the same again and consume nothing.
 */
#ifndef SOCKGUARD_HTTP_TOKEN_H
#define SOCKGUARD_HTTP_TOKEN_H

#include "base/str.h"

enum { TOKEN_DEPTH_MAX = 128 }; /* nested objects and arrays */

enum token_kind {
    TOKEN_MORE,       /* the piece is used up; give the next one, or end */
    TOKEN_OBJECT,     /* { */
    TOKEN_OBJECT_END, /* } */
    TOKEN_ARRAY,      /* [ */
    TOKEN_ARRAY_END,  /* ] */
    TOKEN_KEY,        /* a member's name, quotes included in the span */
    TOKEN_STRING,     /* a string value, quotes included in the span */
    TOKEN_NUMBER,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_END, /* the text is complete and valid */
    TOKEN_BAD,
    TOKEN_TOO_DEEP,
    TOKEN_AMBIGUOUS,
};

struct token {
    enum token_kind kind;
    size_t start; /* offset of the token's first byte in the whole text */
    size_t end;   /* one past its last byte */
    bool escaped; /* key or string with a backslash in it */
    bool integer; /* number without fraction or exponent */
    bool ascii;   /* key or string of ASCII bytes only (escapes not counted) */
};

/* Zeroed is ready. Plain: a copy is a second reader from the same place. */
struct tokenizer {
    bool takes_nul;     /* an escaped NUL is text like any other */
    bool many;          /* any number of values, one after the other */
    size_t offset;      /* bytes consumed so far */
    uint16_t depth;     /* open objects and arrays */
    struct token token; /* what token_read has found; under way after TOKEN_MORE */
    uint32_t state;     /* the rest is token.c's business */
    uint32_t aux;
    uint8_t inside;
    bool key;
    uint8_t utf8;
    uint64_t nest[TOKEN_DEPTH_MAX / 64]; /* a bit per level: set for objects */
};

/* Reads the next token into t->token and returns its kind. piece is what has not been
 * consumed yet of the current piece of text; t->offset moves by what this call consumed
 * (drop that before the next call). At the end of the text call with last = true. */
enum token_kind token_read(struct tokenizer *t, struct str piece, bool last);

/* Reads on to the end of the value that has begun or comes next, whatever is in it, up to where
 * `depth` records and lists are open (as many as around that value). The kind of its last token; or
 * as token_read when the piece is used up before, or for a no. Faster than one token at a time. */
enum token_kind token_read_value(struct tokenizer *t, struct str piece, bool last, unsigned depth);

/* Where a member may come: reads a whole one at once, if it is plain (no spaces, a name and a text
 * of ASCII without escapes, a whole number, null, true or false; the byte behind it in the piece).
 */
enum token_member {
    TOKEN_MEMBER_OTHER, /* nothing has changed: token_read reads on */
    TOKEN_MEMBER_NAME,  /* only the name is plain, and read; the value begins next */
    TOKEN_MEMBER_WHOLE, /* t->token is the value */
};
enum token_member token_read_member(struct tokenizer *t, struct str piece, struct str *name);

/* The same as a value; *used says how many bytes of the piece were consumed. */
static inline struct token token_next(struct tokenizer *t, struct str piece, bool last,
                                      size_t *used)
{
    const size_t before = t->offset;
    (void)token_read(t, piece, last);
    *used = t->offset - before;
    return t->token;
}

/* After TOKEN_MORE: the kind of the token that has begun and not ended (TOKEN_NULL for any of the
 * three words), or TOKEN_MORE when the text stands between two. */
enum token_kind token_under_way(const struct tokenizer *t);

/* Right behind a key, in compact text: steps over the member's whole value if that is null,
 * false, 0, "", [] or {} and its kind (TOKEN_NULL, TOKEN_FALSE, TOKEN_NUMBER, TOKEN_STRING,
 * TOKEN_ARRAY, TOKEN_OBJECT) is in the set `kinds`, of TOKEN_BIT. True when it did: t->token
 * then has the span of the value and the kind of its last token. Else nothing has changed,
 * and token_read reads on; it reads these values too, at several times the cost. */
#define TOKEN_BIT(kind) (1u << (kind))
bool token_skip_zero(struct tokenizer *t, struct str piece, unsigned kinds);

/* After a no: what was wrong, in a few words for a person ("text after the value").
 * A constant; "" when nothing was wrong. */
const char *token_fault(const struct tokenizer *t);

/* The text of a key or string token (its span without the quotes) with escapes
 * resolved, written to out (room for inner.n bytes, not inner itself); returns the
 * length. The token was accepted by token_next, so this cannot fail. */
size_t token_unescape(struct str inner, char *out);

/* An integer token as int64_t: RC_OK, or RC_TOOBIG when it does not fit, or
 * RC_SYNTAX when it has a fraction or an exponent. */
int token_integer(struct str text, int64_t *out);

#endif
