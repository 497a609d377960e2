/* SPDX-License-Identifier: Apache-2.0 */
#include "http/framing.h"

#include "base/err.h"
#include "http/field.h"

/* No more than there can be lines to name. */
enum { OPTIONS_MAX = HEAD_FIELDS_MAX };

/* What Connection lines say, all of them together. */
struct options {
    size_t n;
    bool close, keep_alive, upgrade;
};

/* Versions of llhttp differ about a tab behind the digits, so nobody may send one. The line
 * end that stops the search is there in every head that lines_read has read. */
static bool tab_follows(struct str value)
{
    const char *p = value.p + value.n;
    while (*p == ' ')
        p++;
    return *p == '\t';
}

bool framing_declared_length(const struct head *h, uint64_t *out)
{
    const struct str value = head_field(h, FIELD_CONTENT_LENGTH);
    return value.p && !tab_follows(value) && decimal_parse(value, INT64_MAX, out) == RC_OK;
}

/* Codings that are known and never used here, apart from bytes that only look like one. */
static bool is_known_coding(struct str value)
{
    static const char *const codings[] = {"gzip",     "x-gzip",     "deflate",
                                          "compress", "x-compress", "identity"};
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++)
        if (str_eq_nocase(value, str_of(codings[i])))
            return true;
    return false;
}

static enum refusal read_coding(struct head *h)
{
    const struct str value = head_field(h, FIELD_TRANSFER_ENCODING);
    if (h->at[FIELD_CONTENT_LENGTH] || h->minor == 0)
        return REFUSAL_BAD_FRAMING;
    if (!str_eq_nocase(value, STR("chunked")))
        return is_known_coding(value) ? REFUSAL_CODING : REFUSAL_BAD_FRAMING;
    h->framing = FRAMING_CHUNKED;
    return REFUSAL_NONE;
}

/* What the two framing headers say, whoever sends them. */
static enum refusal read_body(struct head *h, enum framing otherwise)
{
    h->framing = otherwise;
    h->length = 0;
    if (h->at[FIELD_TRANSFER_ENCODING])
        return read_coding(h);
    if (!h->at[FIELD_CONTENT_LENGTH])
        return REFUSAL_NONE;
    h->framing = FRAMING_LENGTH;
    return framing_declared_length(h, &h->length) ? REFUSAL_NONE : REFUSAL_BAD_FRAMING;
}

/* No body follows, whatever the framing headers say. */
static enum refusal read_response_body(struct head *h, enum method request)
{
    const bool never = h->status < 200 || h->status == 204;
    const enum refusal why = read_body(h, FRAMING_TO_CLOSE);
    if (why)
        return why;
    if (never && h->framing == FRAMING_CHUNKED)
        return REFUSAL_BAD_FRAMING;
    if (never || h->status == 304 || request == METHOD_HEAD) {
        h->framing = FRAMING_NONE;
        h->length = 0;
    }
    return REFUSAL_NONE;
}

/* Headers that are judged, or that frame the message: a Connection that would have them
 * dropped on the way wants two readers to see two requests. */
static bool may_be_named(enum field_id id)
{
    return id == FIELD_OTHER || id == FIELD_HOP || id == FIELD_FORWARDED || id == FIELD_UPGRADE ||
           id == FIELD_ACCEPT_ENCODING || id == FIELD_REQUEST_ID;
}

static enum refusal read_option(struct head *h, struct str name, struct options *o)
{
    if (++o->n > OPTIONS_MAX)
        return REFUSAL_HEAD_TOO_LARGE;
    if (!field_is_token(name) || !may_be_named(field_identify(name)))
        return REFUSAL_BAD_REQUEST;
    o->close |= str_eq_nocase(name, STR("close"));
    o->keep_alive |= str_eq_nocase(name, STR("keep-alive"));
    o->upgrade |= str_eq_nocase(name, STR("upgrade"));
    for (size_t i = 0; i < h->n_fields; i++)
        h->fields[i].named_by_connection |= str_eq_nocase(h->fields[i].name, name);
    return REFUSAL_NONE;
}

/* A list; empty members are nothing. */
static enum refusal read_options(struct head *h, struct str list, struct options *o)
{
    while (list.n) {
        const char *comma = memchr(list.p, ',', list.n);
        const size_t n = comma ? (size_t)(comma - list.p) : list.n;
        const struct str name = str_trim((struct str){list.p, n});
        const enum refusal why = name.n ? read_option(h, name, o) : REFUSAL_NONE;
        if (why)
            return why;
        list = str_skip(list, n + 1);
    }
    return REFUSAL_NONE;
}

static enum refusal read_connection(struct head *h)
{
    struct options o = {0};
    for (size_t i = 0; h->at[FIELD_CONNECTION] && i < h->n_fields; i++) {
        if (h->fields[i].id != FIELD_CONNECTION)
            continue;
        const enum refusal why = read_options(h, h->fields[i].value, &o);
        if (why)
            return why;
    }
    h->keep_alive = !o.close && (h->minor == 1 || o.keep_alive) && h->framing != FRAMING_TO_CLOSE;
    h->upgrade = o.upgrade && h->at[FIELD_UPGRADE];
    return REFUSAL_NONE;
}

/* HTTP/1.0 has no interim answers, so the wish is ignored there, as RFC 9110 has it. */
static enum refusal read_request(struct head *h)
{
    const struct str expect = head_field(h, FIELD_EXPECT);
    if (h->minor == 1 && !h->at[FIELD_HOST])
        return REFUSAL_BAD_REQUEST;
    if (!field_is_host(head_field(h, FIELD_HOST)))
        return REFUSAL_BAD_REQUEST;
    if (expect.p && !str_eq_nocase(expect, STR("100-continue")))
        return REFUSAL_BAD_REQUEST;
    h->expect_continue = expect.p && h->minor == 1;
    const enum refusal why = read_body(h, FRAMING_NONE);
    if (why)
        return why;
    const bool has_body = h->framing == FRAMING_CHUNKED || h->length > 0;
    return h->method == METHOD_CONNECT && has_body ? REFUSAL_BAD_FRAMING : REFUSAL_NONE;
}

enum refusal framing_read(struct head *h, enum reader_kind kind, enum method request)
{
    h->expect_continue = false;
    const enum refusal why =
        kind == READER_REQUESTS ? read_request(h) : read_response_body(h, request);
    return why ? why : read_connection(h);
}
