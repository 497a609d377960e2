/* lines.h - the lines of a head, by our own byte rules.
 *
 * The grammar only: what the lines say about the message is framing.h's. Every line ends in
 * CR LF, one space stands between the parts of the first line, and no line is folded.
 */
#ifndef SOCKGUARD_HTTP_LINES_H
#define SOCKGUARD_HTTP_LINES_H

#include "http/head.h"

/* Reads one whole head, its empty line included and nothing behind it, into method, target,
 * status, reason, minor, fields, n_fields and at of *out; the strs borrow from bytes.
 * REFUSAL_NONE, or HTTP_VERSION, NO_RULE (the preface of HTTP/2), HEAD_TOO_LARGE (bytes or
 * lines), BAD_TARGET or BAD_REQUEST. */
enum refusal lines_read(struct str bytes, enum reader_kind kind, struct head *out);

#endif
