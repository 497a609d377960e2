/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/err.h"

enum alphabet { ALPHABET_BOTH, ALPHABET_STANDARD, ALPHABET_URL };

/* The value of a digit, or -1; *seen learns which alphabet it tells of. */
static int digit_value(char c, enum alphabet *seen)
{
    enum alphabet tells = ALPHABET_BOTH;
    int v = -1;
    if (c >= 'A' && c <= 'Z')
        v = c - 'A';
    else if (c >= 'a' && c <= 'z')
        v = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
        v = c - '0' + 52;
    else if (c == '+' || c == '-')
        v = 62;
    else if (c == '/' || c == '_')
        v = 63;
    if (c == '+' || c == '/')
        tells = ALPHABET_STANDARD;
    else if (c == '-' || c == '_')
        tells = ALPHABET_URL;
    if (tells != ALPHABET_BOTH) {
        if (*seen != ALPHABET_BOTH && *seen != tells)
            return -1;
        *seen = tells;
    }
    return v;
}

int base64_decode(struct str s, char *out, size_t *n)
{
    if (s.n % 4 == 0)
        for (int pad = 0; pad < 2 && s.n && s.p[s.n - 1] == '='; pad++)
            s.n--;
    if (s.n % 4 == 1)
        return RC_SYNTAX;
    enum alphabet seen = ALPHABET_BOTH;
    uint32_t bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < s.n; i++) {
        const int v = digit_value(s.p[i], &seen);
        if (v < 0)
            return RC_SYNTAX;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 != 0)
            out[len++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    *n = len;
    return RC_OK;
}

void base64_encode(struct str s, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3, out += 4) {
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        if (i + 1 < s.n)
            v |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
        if (i + 2 < s.n)
            v |= (unsigned char)s.p[i + 2];
        out[0] = digits[v >> 18];
        out[1] = digits[v >> 12 & 63];
        out[2] = i + 1 < s.n ? digits[v >> 6 & 63] : '=';
        out[3] = i + 2 < s.n ? digits[v & 63] : '=';
    }
}
