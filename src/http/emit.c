/* SPDX-License-Identifier: Apache-2.0 */
#include "http/emit.h"

#include <string.h>

enum {
    LINE_ROOM = 64,    /* a start line without what is counted by itself */
    FIELDS_ROOM = 192, /* the fields that we add, without their values from outside */
};

/* Into room that was reserved: each head is measured first, so that none is half written. */
static void put(struct buf *out, struct str s)
{
    if (s.n)
        memcpy(out->data + out->len, s.p, s.n);
    out->len += s.n;
}

static void put_decimal(struct buf *out, uint64_t v)
{
    out->len += decimal_format(v, out->data + out->len);
}

static void put_field(struct buf *out, struct str name, struct str value)
{
    put(out, name);
    put(out, STR(": "));
    put(out, value);
    put(out, STR("\r\n"));
}

/* How many bytes at the start of a path may stand as they are: RFC 3986's pchar without the
 * escapes, and the slash. */
static size_t plain_length(struct str path)
{
    static const bool plain[256] = {
        ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['&' ... ':'] = true,
        ['!'] = true,         ['$'] = true,         ['='] = true,
        ['@'] = true,         ['_'] = true,         ['~'] = true,
    };
    size_t n = 0;
    while (n < path.n && plain[(unsigned char)path.p[n]])
        n++;
    return n;
}

static size_t encoded_length(struct str path)
{
    size_t n = 0;
    for (;;) {
        const size_t run = plain_length(path);
        n += run;
        if (run == path.n)
            return n;
        n += 3;
        path = str_skip(path, run + 1);
    }
}

static void put_path(struct buf *out, struct str path)
{
    static const char hex[] = "0123456789ABCDEF";
    for (;;) {
        const size_t run = plain_length(path);
        put(out, (struct str){path.p, run});
        if (run == path.n)
            return;
        const unsigned char c = (unsigned char)path.p[run];
        const char escaped[] = {'%', hex[c >> 4], hex[c & 15]};
        put(out, (struct str){escaped, sizeof escaped});
        path = str_skip(path, run + 1);
    }
}

static void put_framing(struct buf *out, struct emit_body body)
{
    if (body.framing == FRAMING_CHUNKED) {
        put_field(out, STR("Transfer-Encoding"), STR("chunked"));
    } else if (body.framing == FRAMING_LENGTH) {
        put(out, STR("Content-Length: "));
        put_decimal(out, body.length);
        put(out, STR("\r\n"));
    }
}

static void put_upgrade(struct buf *out, struct str upgrade)
{
    if (upgrade.n == 0)
        return;
    put_field(out, STR("Connection"), STR("Upgrade"));
    put_field(out, STR("Upgrade"), upgrade);
}

/* Ours to write, or meant for the next hop only, in both directions. */
static bool is_dropped(const struct field *f)
{
    switch (f->id) {
    case FIELD_CONNECTION:
    case FIELD_CONTENT_LENGTH:
    case FIELD_TRANSFER_ENCODING:
    case FIELD_UPGRADE:
    case FIELD_REQUEST_ID:
    case FIELD_HOP:
    case FIELD_FORWARDED:
        return true;
    default:
        return f->named_by_connection;
    }
}

static bool is_dropped_from_request(const struct field *f, bool plain)
{
    return f->id == FIELD_HOST || f->id == FIELD_EXPECT || is_dropped(f) ||
           (plain && f->id == FIELD_ACCEPT_ENCODING);
}

static size_t fields_length(const struct head *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_fields; i++)
        n += h->fields[i].name.n + h->fields[i].value.n + 4;
    return n;
}

int emit_request(struct buf *out, const struct head *h, const struct target *t,
                 struct emit_body body, struct emit_asks asks, struct str request_id)
{
    const size_t room = LINE_ROOM + encoded_length(t->path) + t->query.n + fields_length(h) +
                        FIELDS_ROOM + asks.upgrade.n + request_id.n;
    const int rc = buf_reserve(out, room);
    if (rc)
        return rc;
    put(out, method_name(h->method));
    put(out, STR(" "));
    put_path(out, t->path);
    if (t->has_query) {
        put(out, STR("?"));
        put(out, t->query);
    }
    put(out, STR(" HTTP/1.1\r\nHost: docker\r\n"));
    for (size_t i = 0; i < h->n_fields; i++)
        if (!is_dropped_from_request(&h->fields[i], asks.plain))
            put_field(out, h->fields[i].name, h->fields[i].value);
    put_framing(out, body);
    put_upgrade(out, asks.upgrade);
    if (asks.plain)
        put_field(out, STR("Accept-Encoding"), STR("identity"));
    put_field(out, STR("X-Request-Id"), request_id);
    put(out, STR("\r\n"));
    return RC_OK;
}

int emit_lookup(struct buf *out, struct str path, struct str request_id)
{
    const int rc = buf_reserve(out, LINE_ROOM + path.n + FIELDS_ROOM + request_id.n);
    if (rc)
        return rc;
    put(out, STR("GET "));
    put(out, path);
    put(out, STR(" HTTP/1.1\r\nHost: docker\r\n"));
    put_field(out, STR("X-Request-Id"), request_id);
    put(out, STR("\r\n"));
    return RC_OK;
}

/* The engine's status line and what of its fields is passed on. */
static void put_response(struct buf *out, const struct head *h)
{
    put(out, STR("HTTP/1.1 "));
    put_decimal(out, h->status);
    put(out, STR(" "));
    put(out, h->reason);
    put(out, STR("\r\n"));
    for (size_t i = 0; i < h->n_fields; i++)
        if (!is_dropped(&h->fields[i]))
            put_field(out, h->fields[i].name, h->fields[i].value);
}

int emit_response_start(struct buf *out, const struct head *h, struct str request_id)
{
    const size_t room = LINE_ROOM + h->reason.n + fields_length(h) + FIELDS_ROOM + request_id.n;
    const int rc = buf_reserve(out, room);
    if (rc)
        return rc;
    put_response(out, h);
    put_field(out, STR("X-Request-Id"), request_id);
    return RC_OK;
}

int emit_response_end(struct buf *out, struct emit_body body, bool close)
{
    const int rc = buf_reserve(out, FIELDS_ROOM);
    if (rc)
        return rc;
    put_framing(out, body);
    if (close)
        put_field(out, STR("Connection"), STR("close"));
    put(out, STR("\r\n"));
    return RC_OK;
}

int emit_response(struct buf *out, const struct head *h, struct emit_body body,
                  struct str request_id, bool close)
{
    const int rc = emit_response_start(out, h, request_id);
    return rc ? rc : emit_response_end(out, body, close);
}

int emit_switch(struct buf *out, const struct head *h)
{
    const int rc = buf_reserve(out, LINE_ROOM + h->reason.n + fields_length(h) + FIELDS_ROOM);
    if (rc)
        return rc;
    put_response(out, h);
    put_upgrade(out, head_field(h, FIELD_UPGRADE));
    put(out, STR("\r\n"));
    return RC_OK;
}

int emit_answer(struct buf *out, uint16_t status, struct str json, struct str request_id,
                bool close, bool head_only)
{
    const struct str reason = status_reason(status);
    const int rc = buf_reserve(out, LINE_ROOM + reason.n + FIELDS_ROOM + request_id.n + json.n);
    if (rc)
        return rc;
    put(out, STR("HTTP/1.1 "));
    put_decimal(out, status);
    put(out, STR(" "));
    put(out, reason);
    put(out, STR("\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"));
    put_field(out, STR("X-Request-Id"), request_id);
    put_framing(out, (struct emit_body){FRAMING_LENGTH, json.n});
    if (close)
        put_field(out, STR("Connection"), STR("close"));
    put(out, STR("\r\n"));
    if (!head_only)
        put(out, json);
    return RC_OK;
}

struct str status_reason(uint16_t status)
{
    switch (status) {
    case 200:
        return STR("OK");
    case 400:
        return STR("Bad Request");
    case 403:
        return STR("Forbidden");
    case 408:
        return STR("Request Timeout");
    case 413:
        return STR("Payload Too Large");
    case 431:
        return STR("Request Header Fields Too Large");
    case 501:
        return STR("Not Implemented");
    case 502:
        return STR("Bad Gateway");
    case 503:
        return STR("Service Unavailable");
    case 504:
        return STR("Gateway Timeout");
    case 505:
        return STR("HTTP Version Not Supported");
    default:
        return STR("");
    }
}
