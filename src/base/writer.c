/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

static void put(struct writer *w, struct str s)
{
    if (!w->rc)
        w->rc = buf_append(w->out, s);
}

/* The comma, the name and what is between it and the value; in one go, for logs. */
static void put_name(struct writer *w, struct str name)
{
    struct buf *out = w->out;
    if (!w->rc)
        w->rc = buf_reserve(out, w->comma + (name.n ? name.n + sizeof "\"\":" - 1 : 0));
    if (w->rc)
        return;
    char *to = out->data + out->len;
    if (w->comma)
        *to++ = ',';
    w->comma = true;
    if (name.n) {
        *to++ = '"';
        memcpy(to, name.p, name.n);
        to += name.n;
        *to++ = '"';
        *to++ = ':';
    }
    out->len = (size_t)(to - out->data);
}

void writer_open(struct writer *w, struct str name, char bracket)
{
    put_name(w, name);
    put(w, (struct str){&bracket, 1});
    w->comma = false;
}

void writer_close(struct writer *w, char bracket)
{
    put(w, (struct str){&bracket, 1});
    w->comma = true;
}

void writer_text(struct writer *w, struct str name, struct str value)
{
    put_name(w, name);
    put(w, STR("\""));
    if (!w->rc)
        w->rc = buf_append_json(w->out, value);
    put(w, STR("\""));
}

void writer_number(struct writer *w, struct str name, int64_t value)
{
    put_name(w, name);
    if (value < 0)
        put(w, STR("-"));
    if (!w->rc)
        w->rc = buf_append_decimal(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void writer_bool(struct writer *w, struct str name, bool value)
{
    put_name(w, name);
    put(w, value ? STR("true") : STR("false"));
}

void writer_raw(struct writer *w, struct str name, struct str json)
{
    put_name(w, name);
    put(w, json);
}
