/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_token.c - any bytes as JSON text, in any pieces; and as a document with a member.
 *
 * The first byte says how long the pieces are. Beyond memory safety: the tokens are the same
 * in whatever pieces the text comes, they stand in order and do not overlap, and strings
 * never grow when their escapes are resolved.
 */
#include "http/member.h"
#include "http/token.h"

#include "base/err.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reader of the text, piece bytes at a time. */
struct feed {
    struct tokenizer tokens;
    struct str text;
    size_t piece;
    size_t given; /* offset up to which pieces were given */
};

static struct token feed_next(struct feed *f)
{
    for (;;) {
        const size_t at = f->tokens.offset;
        const struct str rest = {f->text.p + at, f->given - at};
        const bool last = f->given == f->text.n;
        size_t used;
        const struct token t = token_next(&f->tokens, rest, last, &used);
        assert(used <= rest.n && f->tokens.offset == at + used);
        if (t.kind != TOKEN_MORE)
            return t;
        assert(!last && used == rest.n);
        f->given = f->text.n - f->given < f->piece ? f->text.n : f->given + f->piece;
    }
}

static void check_text(struct str text, const struct token *t)
{
    const struct str inner = {text.p + t->start + 1, t->end - t->start - 2};
    assert(text.p[t->start] == '"' && text.p[t->end - 1] == '"');
    char *out = malloc(inner.n ? inner.n : 1);
    assert(out);
    const size_t n = token_unescape(inner, out);
    assert(t->escaped ? n < inner.n : n == inner.n);
    free(out);
}

static void check_token(struct str text, const struct token *t, size_t behind)
{
    assert(t->start >= behind && t->end >= t->start && t->end <= text.n);
    if (t->kind == TOKEN_KEY || t->kind == TOKEN_STRING)
        check_text(text, t);
    if (t->kind != TOKEN_NUMBER)
        return;
    int64_t v;
    const int rc = token_integer((struct str){text.p + t->start, t->end - t->start}, &v);
    assert(t->integer || rc != RC_OK);
    assert(!t->integer || rc == RC_OK || rc == RC_TOOBIG);
}

/* True when the text is valid. */
static bool check_pieces(struct str text, size_t piece)
{
    struct feed whole = {.text = text, .piece = text.n ? text.n : 1};
    struct feed parts = {.text = text, .piece = piece};
    for (size_t behind = 0;;) {
        const struct token a = feed_next(&whole), b = feed_next(&parts);
        assert(a.kind == b.kind && a.start == b.start && a.end == b.end);
        if (a.kind >= TOKEN_END) {
            assert(token_fault(&whole.tokens) == token_fault(&parts.tokens));
            return a.kind == TOKEN_END;
        }
        assert(a.escaped == b.escaped && a.integer == b.integer && a.ascii == b.ascii);
        check_token(text, &a, behind);
        behind = a.end;
    }
}

/* The same verdict when members and values are read at once wherever that can be. */
static void check_at_once(struct str text, bool valid)
{
    struct tokenizer t = {0};
    enum token_kind kind = TOKEN_MORE;
    for (size_t i = 0; kind < TOKEN_END; i++) {
        const struct str rest = str_skip(text, t.offset);
        struct str name;
        if (token_read_member(&t, rest, &name) != TOKEN_MEMBER_OTHER)
            continue;
        kind = i % 3 == 2 ? token_read_value(&t, rest, true, t.depth) : token_read(&t, rest, true);
    }
    assert((kind == TOKEN_END) == valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct str text = {(const char *)data + 1, size - 1};
    const bool valid = check_pieces(text, 1 + data[0] % 16);
    check_at_once(text, valid);
    struct member m = {.found = false};
    const int rc = member_find(text, STR("a"), &m);
    assert(rc != RC_OK || valid);
    assert(!m.found || (m.text.p > text.p && m.text.n < text.n));
    return 0;
}
