/* utf8.h - one code point at a time, strictly.
 *
 * Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef SOCKGUARD_BASE_UTF8_H
#define SOCKGUARD_BASE_UTF8_H

#include "base/str.h"

/* How many bytes the code point at the start of s takes (1 to 4), with its value
 * in *code; 0 when s is empty or does not begin with valid UTF-8. */
size_t utf8_next(struct str s, uint32_t *code);

/* Writes code (at most 0x10FFFF, no surrogate) to out, which has room for 4
 * bytes; returns how many were written. */
size_t utf8_put(uint32_t code, char *out);

#endif
