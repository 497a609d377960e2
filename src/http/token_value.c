/* SPDX-License-Identifier: Apache-2.0 */
/* token_value.c - what the span of an accepted token stands for. */
#include "http/token.h"

#include "base/err.h"
#include "base/utf8.h"

#include <assert.h>

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned char c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10);
    }
    return v;
}

/* s begins behind a backslash and a u. Returns how many more bytes were read. */
static size_t unescape_code(struct str s, char *out, size_t *n)
{
    uint32_t code = hex4(s.p);
    size_t read = 4;
    if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code & 0x3FF) << 10 | (hex4(s.p + 6) & 0x3FF));
        read = 10;
    }
    *n += utf8_put(code, out + *n);
    return read;
}

static char unescape_letter(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

size_t token_unescape(struct str inner, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < inner.n; i++) {
        if (inner.p[i] != '\\') {
            out[n++] = inner.p[i];
            continue;
        }
        i++;
        if (inner.p[i] == 'u')
            i += unescape_code(str_skip(inner, i + 1), out, &n);
        else
            out[n++] = unescape_letter(inner.p[i]);
    }
    assert(n <= inner.n);
    return n;
}

int token_integer(struct str text, int64_t *out)
{
    const bool negative = text.n && text.p[0] == '-';
    const uint64_t max = (uint64_t)INT64_MAX + negative;
    uint64_t v;
    const int rc = decimal_parse(str_skip(text, negative), max, &v);
    if (rc)
        return rc;
    /* Without a sum that leaves the type: -2^63 has no positive counterpart. */
    *out = negative ? (v ? -(int64_t)(v - 1) - 1 : 0) : (int64_t)v;
    return RC_OK;
}
