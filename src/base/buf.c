/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { FIRST_CAP = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

int buf_reserve(struct buf *b, size_t n)
{
    if (n > b->max - b->len)
        return RC_TOOBIG;
    const size_t need = b->len + n;
    if (need <= b->cap)
        return RC_OK;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    char *data = realloc(b->data, cap);
    if (!data)
        return RC_NOMEM;
    b->data = data;
    b->cap = cap;
    return RC_OK;
}

int buf_append_char(struct buf *b, char c)
{
    return buf_append(b, (struct str){&c, 1});
}

int buf_append_decimal(struct buf *b, uint64_t v)
{
    char digits[DECIMAL_MAX];
    return buf_append(b, (struct str){digits, decimal_format(v, digits)});
}

void buf_consume(struct buf *b, size_t n)
{
    b->len -= n;
    if (b->len)
        memmove(b->data, b->data + n, b->len);
}

static int append_escape(struct buf *b, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    const char text[] = {
        '\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    return buf_append(b, (struct str){text, sizeof text});
}

static bool json_plain(uint32_t code)
{
    return code >= 0x20 && code != '"' && code != '\\' && code != '<' && code != '>' &&
           code != '&' && (code < 0x7F || code > 0x9F) && code != 0x2028 && code != 0x2029;
}

static int append_json_code(struct buf *b, uint32_t code, struct str bytes)
{
    if (json_plain(code))
        return buf_append(b, bytes);
    switch (code) {
    case '"':
        return buf_append(b, STR("\\\""));
    case '\\':
        return buf_append(b, STR("\\\\"));
    case '\n':
        return buf_append(b, STR("\\n"));
    case '\r':
        return buf_append(b, STR("\\r"));
    case '\t':
        return buf_append(b, STR("\\t"));
    default:
        return append_escape(b, code);
    }
}

/* How many bytes at the start of s are ASCII and stand for themselves: json_plain, looked
 * up. */
static size_t plain_length(struct str s)
{
    static const bool plain[256] = {
        [' '] = true, ['!'] = true,         ['#' ... '%'] = true, ['\'' ... ';'] = true,
        ['='] = true, ['?' ... '['] = true, [']' ... '~'] = true,
    };
    size_t n = 0;
    while (n < s.n && plain[(unsigned char)s.p[n]])
        n++;
    return n;
}

/* The next of s: *n bytes of it are used. */
static int append_json_some(struct buf *b, struct str s, size_t *n)
{
    uint32_t code;
    *n = plain_length(s);
    if (*n)
        return buf_append(b, (struct str){s.p, *n});
    *n = utf8_next(s, &code);
    if (*n)
        return append_json_code(b, code, (struct str){s.p, *n});
    *n = 1;
    return buf_append(b, STR("\\ufffd"));
}

int buf_append_json(struct buf *b, struct str s)
{
    const size_t before = b->len;
    while (s.n) {
        size_t n;
        const int rc = append_json_some(b, s, &n);
        if (rc) {
            b->len = before;
            return rc;
        }
        s = str_skip(s, n);
    }
    return RC_OK;
}
