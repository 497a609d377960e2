/* base64.h - decoding, as forgiving about the alphabet as the engine's clients need.
 *
 * Either alphabet (standard or URL), padded or not; no white space, no stray bits
 * refused beyond what Go's decoders refuse.
 */
#ifndef SOCKGUARD_BASE_BASE64_H
#define SOCKGUARD_BASE_BASE64_H

#include "base/str.h"

/* Decodes s into out (room for s.n bytes). RC_OK and *n, or RC_SYNTAX: a byte of no
 * alphabet, both alphabets mixed, or a length that cannot be. */
int base64_decode(struct str s, char *out, size_t *n);

/* How many bytes base64_encode writes for n. */
static inline size_t base64_length(size_t n)
{
    return (n + 2) / 3 * 4;
}

/* Standard alphabet, padded; out has room for base64_length(s.n) bytes. */
void base64_encode(struct str s, char *out);

#endif
