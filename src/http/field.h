/* field.h - the bytes and names of header lines.
 *
 * The one place that says which bytes a header name and a header value are made of, and
 * which names mean something to this program. Pure functions on borrowed bytes.
 */
#ifndef SOCKGUARD_HTTP_FIELD_H
#define SOCKGUARD_HTTP_FIELD_H

#include "http/head.h"

/* How many bytes at the start of s may stand in a name (RFC 9110's token). */
size_t field_name_span(struct str s);

/* How many bytes at the start of s may stand in a value: printable ASCII, space, tab, and
 * bytes from 0x80 on, which have no meaning but are passed on by everybody. */
size_t field_value_span(struct str s);

/* The whole of s is a token: one byte or more, no other bytes. */
static inline bool field_is_token(struct str s)
{
    return s.n > 0 && field_name_span(s) == s.n;
}

/* What a name means, in any case of letters. */
enum field_id field_identify(struct str name);

/* Whether lines of that id may stand in one head more than once. */
bool field_may_repeat(enum field_id id);

/* Whether the bytes of a Host value are those of a host with or without a port, as the
 * engine's own server tests it. An empty value is. */
bool field_is_host(struct str value);

#endif
