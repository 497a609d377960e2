/* SPDX-License-Identifier: Apache-2.0 */
#include "http/lines.h"

#include "http/field.h"

/* A cursor over the head; every take_ function moves it or says false. */

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

static bool take_line_end(struct str *s)
{
    return take_char(s, '\r') && take_char(s, '\n');
}

static struct str take(struct str *s, size_t n)
{
    const struct str taken = {s->p, n};
    *s = str_skip(*s, n);
    return taken;
}

static size_t target_span(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] > ' ' && s.p[n] < 0x7f)
        n++;
    return n;
}

/* The eight bytes of HTTP/1.0 or HTTP/1.1. */
static enum refusal take_version(struct str *s, uint8_t *minor)
{
    const struct str v = take(s, s->n < 8 ? s->n : 8);
    const bool digits =
        v.n == 8 && v.p[5] >= '0' && v.p[5] <= '9' && v.p[7] >= '0' && v.p[7] <= '9';
    if (!digits || !str_starts(v, STR("HTTP/")) || v.p[6] != '.')
        return REFUSAL_BAD_REQUEST;
    if (v.p[5] != '1' || v.p[7] > '1')
        return REFUSAL_HTTP_VERSION;
    *minor = (uint8_t)(v.p[7] - '0');
    return REFUSAL_NONE;
}

static enum method method_of(struct str name)
{
    for (int m = METHOD_GET; m < METHOD_COUNT; m++)
        if (str_eq(name, method_name((enum method)m)))
            return (enum method)m;
    return METHOD_NONE;
}

/* The preface of HTTP/2: a request that no rule can allow, as its inventors meant it. */
static bool is_preface(struct str name, struct str target)
{
    return str_eq(name, STR("PRI")) && str_eq(target, STR("*"));
}

static enum refusal take_request_line(struct str *s, struct head *out)
{
    const struct str name = take(s, field_name_span(*s));
    if (!take_char(s, ' '))
        return REFUSAL_BAD_REQUEST;
    out->target = take(s, target_span(*s));
    const char stop = s->n ? s->p[0] : '\n';
    if (stop != ' ')
        return stop == '\r' || stop == '\n' ? REFUSAL_BAD_REQUEST : REFUSAL_BAD_TARGET;
    *s = str_skip(*s, 1);
    const enum refusal why = take_version(s, &out->minor);
    if (why == REFUSAL_HTTP_VERSION && is_preface(name, out->target))
        return REFUSAL_NO_RULE;
    if (why)
        return why;
    out->method = method_of(name);
    if (out->method == METHOD_NONE || out->target.n == 0 || !take_line_end(s))
        return REFUSAL_BAD_REQUEST;
    return REFUSAL_NONE;
}

/* The reason may be missing, with or without the space before it. */
static enum refusal take_status_line(struct str *s, struct head *out)
{
    const enum refusal why = take_version(s, &out->minor);
    if (why)
        return why;
    if (!take_char(s, ' ') || s->n < 3)
        return REFUSAL_BAD_REQUEST;
    for (int i = 0; i < 3; i++) {
        const unsigned digit = (unsigned char)s->p[i] - (unsigned)'0';
        if (digit > 9)
            return REFUSAL_BAD_REQUEST;
        out->status = (uint16_t)(out->status * 10 + digit);
    }
    *s = str_skip(*s, 3);
    if (out->status < 100 || out->status > 599)
        return REFUSAL_BAD_REQUEST;
    if (take_char(s, ' '))
        out->reason = take(s, field_value_span(*s));
    return take_line_end(s) ? REFUSAL_NONE : REFUSAL_BAD_REQUEST;
}

static enum refusal take_field(struct str *s, struct head *out)
{
    if (out->n_fields == HEAD_FIELDS_MAX)
        return REFUSAL_HEAD_TOO_LARGE;
    struct field *f = &out->fields[out->n_fields];
    f->name = take(s, field_name_span(*s));
    if (f->name.n == 0 || !take_char(s, ':'))
        return REFUSAL_BAD_REQUEST;
    f->value = str_trim(take(s, field_value_span(*s)));
    if (!take_line_end(s))
        return REFUSAL_BAD_REQUEST;
    f->named_by_connection = false;
    f->id = field_identify(f->name);
    if (out->at[f->id] && !field_may_repeat(f->id))
        return REFUSAL_BAD_REQUEST;
    out->n_fields++;
    if (!out->at[f->id])
        out->at[f->id] = (uint8_t)out->n_fields;
    return REFUSAL_NONE;
}

enum refusal lines_read(struct str bytes, enum reader_kind kind, struct head *out)
{
    out->method = METHOD_NONE;
    out->target = out->reason = (struct str){bytes.p, 0};
    out->status = out->n_fields = 0;
    memset(out->at, 0, sizeof out->at);
    if (bytes.n > HEAD_BYTES_MAX)
        return REFUSAL_HEAD_TOO_LARGE;
    enum refusal why =
        kind == READER_REQUESTS ? take_request_line(&bytes, out) : take_status_line(&bytes, out);
    while (!why && bytes.n && bytes.p[0] != '\r')
        why = take_field(&bytes, out);
    if (why)
        return why;
    return take_line_end(&bytes) && bytes.n == 0 ? REFUSAL_NONE : REFUSAL_BAD_REQUEST;
}
