/* SPDX-License-Identifier: Apache-2.0 */
#include "http/token.h"

#include "http/token_state.h"

static const struct {
    enum token_kind kind;
    const char *text;
} faults[] = {
    [FAULT_NONE] = {TOKEN_END, ""},
    [FAULT_ENDS_EARLY] = {TOKEN_BAD, "the JSON text ends early"},
    [FAULT_BYTE] = {TOKEN_BAD, "not JSON"},
    [FAULT_CONTROL] = {TOKEN_BAD, "a raw control character in a string"},
    [FAULT_ESCAPE] = {TOKEN_BAD, "a bad escape in a string"},
    [FAULT_NUMBER] = {TOKEN_BAD, "a bad number"},
    [FAULT_DEPTH] = {TOKEN_TOO_DEEP, "nested too deep"},
    [FAULT_MARK] = {TOKEN_AMBIGUOUS, "a byte order mark"},
    [FAULT_TRAILING] = {TOKEN_AMBIGUOUS, "text after the value"},
    [FAULT_UTF8] = {TOKEN_AMBIGUOUS, "invalid UTF-8"},
    [FAULT_SURROGATE] = {TOKEN_AMBIGUOUS, "half of a surrogate pair"},
    [FAULT_NUL] = {TOKEN_AMBIGUOUS, "an escaped NUL"},
};

enum token_kind token_fail(struct tokenizer *t, enum fault fault)
{
    t->state = STATE_OVER;
    t->aux = fault;
    t->token.start = t->offset;
    return token_close(t, faults[fault].kind);
}

const char *token_fault(const struct tokenizer *t)
{
    return t->state == STATE_OVER ? faults[t->aux].text : "";
}

static const struct {
    enum token_kind kind;
    struct str text;
} words[] = {
    {TOKEN_TRUE, {"true", 4}},
    {TOKEN_FALSE, {"false", 5}},
    {TOKEN_NULL, {"null", 4}},
};

static enum token_kind read_word(struct tokenizer *t, struct rest rest)
{
    const uint32_t word = t->aux >> 8;
    const struct str text = words[word].text;
    uint32_t at = t->aux & 0xFF;
    for (; at < text.n && rest.p < rest.end; at++, rest.p++, t->offset++)
        if (*rest.p != (unsigned char)text.p[at])
            return token_fail(t, FAULT_BYTE);
    t->aux = word << 8 | at;
    return at < text.n ? TOKEN_MORE : token_close_value(t, words[word].kind);
}

static enum token_kind begin_word(struct tokenizer *t, struct rest rest)
{
    const uint32_t word = *rest.p == 't' ? 0 : *rest.p == 'f' ? 1 : 2;
    t->state = STATE_WORD;
    t->aux = word << 8;
    return read_word(t, rest);
}

static enum token_kind read_mark(struct tokenizer *t, struct rest rest)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    for (; rest.p < rest.end; rest.p++, t->offset++, t->aux++) {
        if (*rest.p != mark[t->aux])
            return token_fail(t, FAULT_BYTE);
        if (t->aux == sizeof mark - 1)
            return token_fail(t, FAULT_MARK);
    }
    return TOKEN_MORE;
}

static enum token_kind open_nest(struct tokenizer *t, bool object)
{
    if (t->depth == TOKEN_DEPTH_MAX)
        return token_fail(t, FAULT_DEPTH);
    const uint64_t bit = UINT64_C(1) << t->depth % 64;
    uint64_t *nest = &t->nest[t->depth / 64];
    *nest = object ? *nest | bit : *nest & ~bit;
    t->depth++;
    t->offset++;
    t->inside = object ? INSIDE_OBJECT : INSIDE_ARRAY;
    t->state = object ? STATE_KEY_OR_END : STATE_ELEMENT_OR_END;
    return token_close(t, object ? TOKEN_OBJECT : TOKEN_ARRAY);
}

static enum token_kind close_nest(struct tokenizer *t, enum token_kind kind)
{
    const unsigned outer = --t->depth - 1u;
    if (t->depth == 0)
        t->inside = INSIDE_NOTHING;
    else
        t->inside = t->nest[outer / 64] >> outer % 64 & 1 ? INSIDE_OBJECT : INSIDE_ARRAY;
    t->offset++;
    return token_close_value(t, kind);
}

/* A value that is no string begins. */
static enum token_kind begin_value(struct tokenizer *t, struct rest rest)
{
    switch (*rest.p) {
    case '{':
        return open_nest(t, true);
    case '[':
        return open_nest(t, false);
    case 't':
    case 'f':
    case 'n':
        return begin_word(t, rest);
    case '-':
        return number_begin(t, rest);
    default:
        return *rest.p - (unsigned)'0' <= 9 ? number_begin(t, rest) : token_fail(t, FAULT_BYTE);
    }
}

static enum token_kind begin_root(struct tokenizer *t, struct rest rest)
{
    if (*rest.p != 0xEF)
        return begin_value(t, rest);
    t->state = STATE_MARK;
    t->aux = 0;
    return read_mark(t, rest);
}

/* What begins at the first byte, which is no white space, no quote where a string may be,
 * and no comma or colon where one may be. */
static enum token_kind begin_token(struct tokenizer *t, struct rest rest)
{
    const unsigned char byte = *rest.p;
    switch (t->state) {
    case STATE_START:
        return begin_root(t, rest);
    case STATE_VALUE:
        return begin_value(t, rest);
    case STATE_ELEMENT_OR_END:
        return byte == ']' ? close_nest(t, TOKEN_ARRAY_END) : begin_value(t, rest);
    case STATE_AFTER_ELEMENT:
        return byte == ']' ? close_nest(t, TOKEN_ARRAY_END) : token_fail(t, FAULT_BYTE);
    case STATE_KEY_OR_END:
    case STATE_AFTER_MEMBER:
        return byte == '}' ? close_nest(t, TOKEN_OBJECT_END) : token_fail(t, FAULT_BYTE);
    case STATE_DONE:
        return t->many ? begin_value(t, rest) : token_fail(t, FAULT_TRAILING);
    default: /* STATE_KEY, STATE_COLON */
        return token_fail(t, FAULT_BYTE);
    }
}

static enum token_kind read_end(struct tokenizer *t)
{
    if (t->state == STATE_DONE || (t->state == STATE_START && t->many))
        return token_fail(t, FAULT_NONE);
    if (t->state > STATE_LAST_STRING && t->state <= STATE_LAST_NUMBER && number_may_end(t))
        return number_close(t);
    return token_fail(t, FAULT_ENDS_EARLY);
}

/* After TOKEN_MORE: that is the answer, unless the text ends here. */
static enum token_kind settle(struct tokenizer *t, enum token_kind kind, bool last)
{
    if (kind != TOKEN_MORE)
        return kind;
    t->token.kind = TOKEN_MORE;
    return last ? read_end(t) : TOKEN_MORE;
}

/* More of the token that an earlier piece began. */
static enum token_kind resume(struct tokenizer *t, struct rest rest)
{
    if (t->state <= STATE_LAST_STRING)
        return string_read(t, rest);
    if (t->state <= STATE_LAST_NUMBER)
        return number_read(t, rest);
    if (t->state == STATE_WORD)
        return read_word(t, rest);
    return t->state == STATE_MARK ? read_mark(t, rest) : faults[t->aux].kind;
}

/* The rest of a string that is more than plain bytes, or than this piece. */
static enum token_kind go_on_with_string(struct tokenizer *t, struct rest rest, bool last)
{
    t->state = STATE_STRING;
    return settle(t, string_read(t, rest), last);
}

static inline enum token_kind begin_string(struct tokenizer *t, struct rest rest, bool last)
{
    const unsigned char *const inner = rest.p + 1;
    rest.p = string_skip_plain(inner, rest.end);
    t->key = t->state == STATE_KEY || t->state == STATE_KEY_OR_END;
    t->token.escaped = false;
    t->token.ascii = true;
    t->offset += (size_t)(rest.p - inner) + 1;
    if (rest.p == rest.end || *rest.p != '"')
        return go_on_with_string(t, rest, last);
    t->offset++;
    return token_close_string(t);
}

/* Between tokens: the byte that leads from one state to another. Where there is none, a
 * blank leads to the same. */
static const unsigned char separator[STATE_LAST_BETWEEN + 1] = {
    [STATE_START] = ' ',          [STATE_VALUE] = ' ',        [STATE_KEY] = ' ',
    [STATE_ELEMENT_OR_END] = ' ', [STATE_KEY_OR_END] = ' ',   [STATE_COLON] = ':',
    [STATE_DONE] = ' ',           [STATE_AFTER_MEMBER] = ',', [STATE_AFTER_ELEMENT] = ',',
};
static const unsigned char behind_separator[STATE_LAST_BETWEEN + 1] = {
    [STATE_START] = STATE_START,
    [STATE_VALUE] = STATE_VALUE,
    [STATE_ELEMENT_OR_END] = STATE_ELEMENT_OR_END,
    [STATE_KEY] = STATE_KEY,
    [STATE_KEY_OR_END] = STATE_KEY_OR_END,
    [STATE_COLON] = STATE_VALUE,
    [STATE_DONE] = STATE_DONE,
    [STATE_AFTER_MEMBER] = STATE_KEY,
    [STATE_AFTER_ELEMENT] = STATE_VALUE,
};

static inline bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* In front of each value of a sequence (application/json-seq, RFC 7464). */
static inline bool is_record_mark(const struct tokenizer *t, unsigned char byte)
{
    return byte == 0x1E && t->many && t->depth == 0;
}

static inline enum token_kind read_token(struct tokenizer *t, struct str piece, bool last)
{
    const unsigned char *const begin = (const unsigned char *)piece.p;
    struct rest rest = {begin, begin + piece.n};
    uint32_t state = t->state;
    if (state > STATE_LAST_BETWEEN)
        return settle(t, resume(t, rest), last);
    for (; rest.p < rest.end; rest.p++) {
        if (*rest.p == separator[state])
            state = behind_separator[state];
        else if (*rest.p > ' ' || (!is_space(*rest.p) && !is_record_mark(t, *rest.p)))
            break;
    }
    t->state = state;
    t->offset += (size_t)(rest.p - begin);
    if (rest.p == rest.end)
        return settle(t, TOKEN_MORE, last);
    t->token.start = t->offset;
    if (*rest.p == '"' && state <= STATE_LAST_BEFORE_STRING)
        return begin_string(t, rest, last);
    return settle(t, begin_token(t, rest), last);
}

enum token_kind token_read(struct tokenizer *t, struct str piece, bool last)
{
    return read_token(t, piece, last);
}

/* A bracket that may stand here opens or closes a record or list; false: it may not. */
static bool step_bracket(struct tokenizer *t, unsigned char byte)
{
    const bool opens = t->state == STATE_VALUE || t->state == STATE_ELEMENT_OR_END;
    if ((byte == '{' || byte == '[') && opens && t->depth < TOKEN_DEPTH_MAX)
        (void)open_nest(t, byte == '{');
    else if (byte == '}' && (t->state == STATE_AFTER_MEMBER || t->state == STATE_KEY_OR_END))
        (void)close_nest(t, TOKEN_OBJECT_END);
    else if (byte == ']' && (t->state == STATE_AFTER_ELEMENT || t->state == STATE_ELEMENT_OR_END))
        (void)close_nest(t, TOKEN_ARRAY_END);
    else
        return false;
    return true;
}

/* Steps over what is plain: texts without escapes, separators and brackets without spaces. Ends
 * with a value behind which no more than `depth` records and lists are open, whose last token's
 * kind it returns; or with TOKEN_MORE in front of anything else. */
static enum token_kind skip_plain(struct tokenizer *t, struct str piece, unsigned depth)
{
    const unsigned char *p = (const unsigned char *)piece.p, *const end = p + piece.n;
    while (p < end && t->state <= STATE_LAST_BETWEEN) {
        const unsigned char *const from = p;
        if (*p == '"' && t->state <= STATE_LAST_BEFORE_STRING) {
            p = string_skip_plain(p + 1, end);
            if (p == end || *p++ != '"')
                return TOKEN_MORE;
            const bool key = t->state == STATE_KEY || t->state == STATE_KEY_OR_END;
            t->state = key ? STATE_COLON : STATE_DONE + (uint32_t)t->inside;
            t->offset += (size_t)(p - from);
            if (!key && t->depth <= depth)
                return token_close(t, TOKEN_STRING);
        } else if (*p == separator[t->state] && *p != ' ') {
            t->state = behind_separator[t->state];
            t->offset++;
            p++;
        } else if (!step_bracket(t, *p++)) {
            return TOKEN_MORE;
        } else if (t->depth <= depth && t->state >= STATE_DONE) {
            return t->token.kind;
        }
    }
    return TOKEN_MORE;
}

enum token_kind token_read_value(struct tokenizer *t, struct str piece, bool last, unsigned depth)
{
    const size_t base = t->offset;
    for (;;) {
        struct str rest = {piece.p + (t->offset - base), piece.n - (t->offset - base)};
        enum token_kind kind = skip_plain(t, rest, depth);
        if (kind != TOKEN_MORE)
            return kind;
        rest = (struct str){piece.p + (t->offset - base), piece.n - (t->offset - base)};
        kind = read_token(t, rest, last);
        if (kind == TOKEN_MORE || kind >= TOKEN_END)
            return kind;
        if (kind != TOKEN_KEY && kind != TOKEN_OBJECT && kind != TOKEN_ARRAY && t->depth <= depth)
            return kind;
    }
}

/* Behind the plain scalar at p, and which kind it is; p itself: there is none. */
static const unsigned char *read_plain(const unsigned char *p, const unsigned char *end,
                                       enum token_kind *kind)
{
    const unsigned char *q = p;
    if (*p == '"') {
        *kind = TOKEN_STRING;
        q = string_skip_plain(p + 1, end);
        return q < end && *q == '"' ? q + 1 : p;
    }
    if (*p - (unsigned)'1' <= 8 || (*p == '0' && end - p > 1 && p[1] - (unsigned)'0' > 9)) {
        *kind = TOKEN_NUMBER;
        while (q < end && *q - (unsigned)'0' <= 9)
            q++;
        return q;
    }
    const uint32_t word = *p == 't' ? 0 : *p == 'f' ? 1 : 2;
    const struct str text = words[word].text;
    *kind = words[word].kind;
    return (size_t)(end - p) > text.n && memcmp(p, text.p, text.n) == 0 ? p + text.n : p;
}

/* The token from p to q has been read as a part of the piece. */
static void close_plain(struct tokenizer *t, struct str piece, const unsigned char *p,
                        const unsigned char *q, enum token_kind kind)
{
    const unsigned char *const begin = (const unsigned char *)piece.p;
    t->token.start = t->offset + (size_t)(p - begin);
    t->token.escaped = false;
    t->token.ascii = true;
    t->token.integer = kind == TOKEN_NUMBER;
    t->offset += (size_t)(q - begin);
    (void)token_close(t, kind);
}

enum token_member token_read_member(struct tokenizer *t, struct str piece, struct str *name)
{
    const unsigned char *p = (const unsigned char *)piece.p, *const end = p + piece.n;
    const bool comma = t->state == STATE_AFTER_MEMBER;
    if (piece.n < 8 || (comma ? *p++ != ',' : t->state != STATE_KEY_OR_END) || *p != '"')
        return TOKEN_MEMBER_OTHER;
    const unsigned char *const quote = string_skip_plain(p + 1, end);
    if (end - quote < 4 || quote[0] != '"' || quote[1] != ':')
        return TOKEN_MEMBER_OTHER;
    *name = (struct str){(const char *)p + 1, (size_t)(quote - p) - 1};
    const unsigned char *const value = quote + 2;
    enum token_kind kind = TOKEN_KEY;
    const unsigned char *const behind = read_plain(value, end, &kind);
    if (behind == value || behind == end || (*behind != ',' && *behind != '}')) {
        close_plain(t, piece, p, quote + 1, TOKEN_KEY);
        t->state = STATE_COLON;
        return TOKEN_MEMBER_NAME;
    }
    close_plain(t, piece, value, behind, kind);
    t->state = STATE_AFTER_MEMBER;
    return TOKEN_MEMBER_WHOLE;
}

enum token_kind token_under_way(const struct tokenizer *t)
{
    if (t->state <= STATE_LAST_BETWEEN || t->state >= STATE_MARK)
        return TOKEN_MORE;
    if (t->state <= STATE_LAST_STRING)
        return t->key ? TOKEN_KEY : TOKEN_STRING;
    return t->state <= STATE_LAST_NUMBER ? TOKEN_NUMBER : TOKEN_NULL;
}

/* text is a whole value that may stand at p, behind the colon at t->offset. */
static inline bool step_over(struct tokenizer *t, const char *p, struct str text,
                             enum token_kind last)
{
    if (memcmp(p, text.p, text.n) != 0)
        return false;
    t->token.start = t->offset + 1;
    t->offset += 1 + text.n;
    (void)token_close_value(t, last);
    return true;
}

bool token_skip_zero(struct tokenizer *t, struct str piece, unsigned kinds)
{
    if (t->state != STATE_COLON || piece.n < sizeof ":false}" - 1 || piece.p[0] != ':')
        return false;
    const char *const p = piece.p + 1;
    const bool may_nest = t->depth < TOKEN_DEPTH_MAX;
    switch (*p) {
    case 'n':
        return kinds & TOKEN_BIT(TOKEN_NULL) && step_over(t, p, STR("null"), TOKEN_NULL);
    case 'f':
        return kinds & TOKEN_BIT(TOKEN_FALSE) && step_over(t, p, STR("false"), TOKEN_FALSE);
    case '0':
        return kinds & TOKEN_BIT(TOKEN_NUMBER) && (p[1] == ',' || p[1] == '}') &&
               step_over(t, p, STR("0"), TOKEN_NUMBER);
    case '"':
        return kinds & TOKEN_BIT(TOKEN_STRING) && step_over(t, p, STR("\"\""), TOKEN_STRING);
    case '[':
        return kinds & TOKEN_BIT(TOKEN_ARRAY) && may_nest &&
               step_over(t, p, STR("[]"), TOKEN_ARRAY_END);
    case '{':
        return kinds & TOKEN_BIT(TOKEN_OBJECT) && may_nest &&
               step_over(t, p, STR("{}"), TOKEN_OBJECT_END);
    default:
        return false;
    }
}
