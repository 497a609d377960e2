/* SPDX-License-Identifier: Apache-2.0 */
#include "app/compose.h"

#include <stdio.h>

static int put(struct buf *out, int rc, struct str s)
{
    return rc ? rc : buf_append(out, s);
}

int compose_field(struct composition *c, struct buf *lines, struct str name, struct str value)
{
    c->has_type = c->has_type || str_eq_nocase(name, STR("content-type"));
    c->has_host = c->has_host || str_eq_nocase(name, STR("host"));
    if (str_eq_nocase(name, STR("transfer-encoding"))) {
        c->has_framing = true;
        c->chunked = str_eq_nocase(value, STR("chunked"));
    }
    c->has_framing = c->has_framing || str_eq_nocase(name, STR("content-length"));
    int rc = buf_append(lines, name);
    rc = put(lines, rc, STR(": "));
    rc = put(lines, rc, value);
    return put(lines, rc, STR("\r\n"));
}

static int put_body(struct buf *out, int rc, const struct composition *c)
{
    if (!c->chunked || rc)
        return put(out, rc, c->body);
    char size[32];
    if (c->body.n) {
        const int n = snprintf(size, sizeof size, "%zx\r\n", c->body.n);
        rc = put(out, rc, (struct str){size, (size_t)n});
        rc = put(out, rc, c->body);
        rc = put(out, rc, STR("\r\n"));
    }
    return put(out, rc, STR("0\r\n\r\n"));
}

int compose_request(struct buf *out, const struct composition *c)
{
    int rc = buf_append(out, c->method);
    rc = put(out, rc, STR(" "));
    rc = put(out, rc, c->target);
    rc = put(out, rc, STR(" HTTP/1.1\r\n"));
    if (!c->has_host)
        rc = put(out, rc, STR("Host: docker\r\n"));
    if (c->body.n && !c->has_type)
        rc = put(out, rc, STR("Content-Type: application/json\r\n"));
    rc = put(out, rc, c->fields);
    if (!c->has_framing && c->body.n) {
        rc = put(out, rc, STR("Content-Length: "));
        rc = rc ? rc : buf_append_decimal(out, c->body.n);
        rc = put(out, rc, STR("\r\n"));
    }
    rc = put(out, rc, STR("\r\n"));
    return put_body(out, rc, c);
}
