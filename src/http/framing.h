/* framing.h - what the header lines say about the message: its body and its connection.
 *
 * One reading or none: where two readers could see different bodies, the answer is a
 * refusal, never a choice.
 */
#ifndef SOCKGUARD_HTTP_FRAMING_H
#define SOCKGUARD_HTTP_FRAMING_H

#include "http/head.h"

/* Fills framing, length, keep_alive, upgrade, expect_continue and the fields'
 * named_by_connection of a head that lines_read has read. `request` is the method that a
 * response answers, METHOD_NONE for requests. REFUSAL_NONE, or BAD_FRAMING, CODING,
 * BAD_REQUEST, HEAD_TOO_LARGE (a Connection that names too much). */
enum refusal framing_read(struct head *h, enum reader_kind kind, enum method request);

/* The Content-Length line's number: true and *out when there is one and it is a number. It
 * is not the length of a body where none follows (HEAD, 304). */
bool framing_declared_length(const struct head *h, uint64_t *out);

#endif
