/* quote.h - a client's value, made fit to be read by a person and kept by a log.
 *
 * In double quotes, with the escapes of Go's strconv.Quote: no control character, no
 * invalid UTF-8, nothing that does not print or that turns the direction of text gets
 * through raw. Cut, with an ellipsis, to QUOTE_MAX bytes.
 */
#ifndef SOCKGUARD_POLICY_QUOTE_H
#define SOCKGUARD_POLICY_QUOTE_H

#include "base/str.h"

enum { QUOTE_MAX = 112 };

/* Returns how many bytes were written to out (no terminator). */
size_t quote(struct str s, char out[QUOTE_MAX]);

#endif
