/* SPDX-License-Identifier: Apache-2.0 */
#include "http/member.h"

#include "base/err.h"
#include "base/fold.h"
#include "http/token.h"

#include <assert.h>

struct search {
    struct tokenizer tokens;
    struct str json;
    struct str name;
    bool seen;
    struct member found;
};

static struct token next(struct search *s)
{
    size_t used;
    return token_next(&s->tokens, str_skip(s->json, s->tokens.offset), true, &used);
}

static struct str inner(const struct search *s, const struct token *t)
{
    return (struct str){s->json.p + t->start + 1, t->end - t->start - 2};
}

static bool is_named(const struct search *s, const struct token *key)
{
    /* A name's code point has twelve bytes at most, written as two escapes. */
    char text[12 * MEMBER_NAME_MAX];
    const struct str written = inner(s, key);
    if (written.n > sizeof text)
        return false;
    return str_same_folded((struct str){text, token_unescape(written, text)}, s->name);
}

/* The value of the member that was asked for is the next token. */
static int take(struct search *s)
{
    const struct token t = next(s);
    if (s->seen || (t.kind != TOKEN_STRING && t.kind != TOKEN_NULL))
        return RC_SYNTAX;
    s->seen = true;
    if (t.kind == TOKEN_STRING)
        s->found = (struct member){true, t.escaped, inner(s, &t)};
    return RC_OK;
}

int member_find(struct str json, struct str name, struct member *out)
{
    assert(name.n <= MEMBER_NAME_MAX);
    struct search s = {.json = json, .name = name};
    struct token t = next(&s);
    if (t.kind != TOKEN_OBJECT && t.kind != TOKEN_NULL)
        return RC_SYNTAX;
    while (t.kind < TOKEN_END) {
        t = next(&s);
        const bool top = t.kind == TOKEN_KEY && s.tokens.depth == 1;
        if (top && is_named(&s, &t) && take(&s))
            return RC_SYNTAX;
    }
    if (t.kind != TOKEN_END)
        return RC_SYNTAX;
    *out = s.found;
    return RC_OK;
}
