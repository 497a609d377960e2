/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fold.h"

#include "base/utf8.h"

enum { LONG_S = 0x17F, KELVIN_SIGN = 0x212A };

uint32_t fold_code(uint32_t code)
{
    if (code >= 'A' && code <= 'Z')
        return code - 'A' + 'a';
    if (code == LONG_S)
        return 's';
    return code == KELVIN_SIGN ? 'k' : code;
}

size_t fold_bytes(struct str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        const struct str rest = {s.p + i, s.n - i};
        const unsigned char byte = (unsigned char)s.p[i];
        if (byte == 0xC5 && str_starts(rest, STR("\xC5\xBF"))) { /* U+017F */
            out[n++] = 's';
            i += 1;
        } else if (byte == 0xE2 && str_starts(rest, STR("\xE2\x84\xAA"))) { /* U+212A */
            out[n++] = 'k';
            i += 2;
        } else {
            out[n++] = ascii_lower(s.p[i]);
        }
    }
    return n;
}

/* Takes one code point off s; a byte that begins none stands for itself, in a range
 * that no code point is in. */
static uint32_t next_folded(struct str *s)
{
    uint32_t code;
    size_t n = utf8_next(*s, &code);
    if (n == 0) {
        code = 0x110000 + (unsigned char)s->p[0];
        n = 1;
    }
    *s = str_skip(*s, n);
    return fold_code(code);
}

bool str_same_folded(struct str a, struct str b)
{
    while (a.n && b.n)
        if (next_folded(&a) != next_folded(&b))
            return false;
    return a.n == b.n;
}
