/* SPDX-License-Identifier: Apache-2.0 */
#include "app/json.h"

#include "http/token.h"

struct walk {
    struct tokenizer t;
    struct str text;
    size_t at;
};

static struct token next(struct walk *w)
{
    size_t used = 0;
    const struct token token = token_next(&w->t, str_skip(w->text, w->at), true, &used);
    w->at += used;
    return token;
}

static bool ends(enum token_kind kind)
{
    return kind == TOKEN_END || kind >= TOKEN_BAD;
}

/* The end of the value that starts with token; 0 when it is broken. */
static size_t value_end(struct walk *w, struct token token)
{
    unsigned depth = 0;
    for (;; token = next(w)) {
        if (ends(token.kind))
            return 0;
        if (token.kind == TOKEN_OBJECT || token.kind == TOKEN_ARRAY)
            depth++;
        else if (token.kind == TOKEN_OBJECT_END || token.kind == TOKEN_ARRAY_END)
            depth--;
        if (depth == 0)
            return token.end;
    }
}

int json_object_read(struct str text, struct json_object *out)
{
    struct walk w = {.text = text};
    out->n = 0;
    if (next(&w).kind != TOKEN_OBJECT)
        return RC_SYNTAX;
    for (;;) {
        const struct token key = next(&w);
        if (key.kind == TOKEN_OBJECT_END)
            return next(&w).kind == TOKEN_END ? RC_OK : RC_SYNTAX;
        if (key.kind != TOKEN_KEY)
            return RC_SYNTAX;
        const struct token value = next(&w);
        const size_t end = value_end(&w, value);
        if (!end)
            return RC_SYNTAX;
        if (out->n == JSON_MEMBERS_MAX)
            return RC_TOOBIG;
        out->members[out->n++] = (struct json_member){
            {text.p + key.start + 1, key.end - key.start - 2},
            {text.p + value.start, end - value.start},
        };
    }
}

struct str json_member(const struct json_object *o, struct str name)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->members[i].name, name) && !str_eq(o->members[i].value, STR("null")))
            return o->members[i].value;
    return (struct str){NULL, 0};
}

int json_string(struct str value, struct buf *out)
{
    if (value.n < 2 || value.p[0] != '"')
        return RC_SYNTAX;
    const struct str inner = {value.p + 1, value.n - 2};
    const int rc = buf_reserve(out, inner.n);
    if (rc)
        return rc;
    if (inner.n)
        out->len += token_unescape(inner, out->data + out->len);
    return RC_OK;
}
