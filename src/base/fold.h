/* fold.h - simple case folding, as far as the engine's names need it.
 *
 * ASCII letters, and the two letters beyond ASCII that fold to one: U+017F (long s) to
 * s, U+212A (Kelvin sign) to k. No normalisation. Bytes that are not UTF-8 are equal
 * only to themselves.
 */
#ifndef SOCKGUARD_BASE_FOLD_H
#define SOCKGUARD_BASE_FOLD_H

#include "base/str.h"

uint32_t fold_code(uint32_t code);

/* Writes s folded to out (room for s.n bytes; s.p itself is fine) and returns the length:
 * two strings are equal under folding exactly if their folded bytes are equal. */
size_t fold_bytes(struct str s, char *out);

/* Equal under folding, code point by code point. */
bool str_same_folded(struct str a, struct str b);

#endif
