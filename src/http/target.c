/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include "base/err.h"

enum { BAD_ESCAPE = -1 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : BAD_ESCAPE;
}

/* The byte that the escape at the start of s stands for, or BAD_ESCAPE. */
static int escape_value(struct str s)
{
    if (s.n < 3)
        return BAD_ESCAPE;
    const int high = hex_digit(s.p[1]);
    const int low = hex_digit(s.p[2]);
    return high < 0 || low < 0 ? BAD_ESCAPE : high << 4 | low;
}

/* Printable ASCII without space, and no `#`: a fragment has no place in a request. */
static bool is_target_byte(char c)
{
    return c > ' ' && c < 0x7f && c != '#';
}

/* Decodes every escape once; the length, or BAD_ESCAPE. */
static ptrdiff_t decode_path(struct str raw, char *store)
{
    ptrdiff_t n = 0;
    while (raw.n) {
        char c = raw.p[0];
        size_t used = 1;
        if (c == '%') {
            const int value = escape_value(raw);
            if (value <= 0) /* an encoded NUL is refused with the bad ones */
                return BAD_ESCAPE;
            c = (char)value;
            used = 3;
        } else if (!is_target_byte(c)) {
            return BAD_ESCAPE;
        }
        store[n++] = c;
        raw = str_skip(raw, used);
    }
    return n;
}

/* Where the segment before the one that ends at n begins: the length without it. */
static size_t drop_segment(const char *path, size_t n)
{
    while (n && path[n - 1] != '/')
        n--;
    return n ? n - 1 : 0;
}

/* Cleans an absolute path in place: what is written never passes what is read. */
static size_t clean_path(char *path, size_t n)
{
    size_t out = 0;
    for (size_t at = 0; at < n;) {
        while (at < n && path[at] == '/')
            at++;
        size_t end = at;
        while (end < n && path[end] != '/')
            end++;
        const struct str segment = {path + at, end - at};
        at = end;
        if (segment.n == 0 || str_eq(segment, STR(".")))
            continue;
        if (str_eq(segment, STR(".."))) {
            out = drop_segment(path, out);
            continue;
        }
        path[out++] = '/';
        memmove(path + out, segment.p, segment.n);
        out += segment.n;
    }
    if (out == 0)
        path[out++] = '/';
    return out;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t target_version_length(struct str path)
{
    enum { PARTS_MAX = 3 };
    if (!str_starts(path, STR("/v")))
        return 0;
    size_t at = 1;
    for (int parts = 1; parts <= PARTS_MAX; parts++) {
        const size_t first = ++at; /* past the `v` or the `.` */
        while (at < path.n && is_digit(path.p[at]))
            at++;
        if (at == first || at == path.n)
            return 0;
        if (path.p[at] == '/')
            return at;
        if (path.p[at] != '.')
            return 0;
    }
    return 0;
}

static bool query_is_plain(struct str query)
{
    while (query.n) {
        const char c = query.p[0];
        if (!is_target_byte(c) || c == ';' || (c == '%' && escape_value(query) < 0))
            return false;
        query = str_skip(query, 1);
    }
    return true;
}

enum refusal target_read(struct str raw, char *store, struct target *out)
{
    if (str_eq(raw, STR("*")))
        return REFUSAL_NO_RULE;
    if (raw.n == 0 || raw.p[0] != '/')
        return REFUSAL_BAD_TARGET;
    struct target t = {.path = {store, 0}, .query = str_skip(raw, raw.n)};
    struct str path = raw;
    const char *mark = memchr(raw.p, '?', raw.n);
    if (mark) {
        path.n = (size_t)(mark - raw.p);
        t.query = str_skip(raw, path.n + 1);
        t.has_query = true;
    }
    const ptrdiff_t decoded = decode_path(path, store);
    if (decoded < 0 || !query_is_plain(t.query))
        return REFUSAL_BAD_TARGET;
    t.path.n = clean_path(store, (size_t)decoded);
    const size_t version = target_version_length(t.path);
    t.version = (struct str){t.path.p, version};
    t.normal = str_skip(t.path, version);
    *out = t;
    return REFUSAL_NONE;
}

/* The digits at the start of *s, taken off it; more than max counts as max. */
static unsigned take_number(struct str *s, unsigned max)
{
    unsigned v = 0;
    while (s->n && is_digit(s->p[0])) {
        v = v * 10 + (unsigned)(s->p[0] - '0');
        v = v > max ? max : v;
        *s = str_skip(*s, 1);
    }
    return v;
}

unsigned target_api_version(struct str version)
{
    enum { MAJOR_MAX = 9999, MINOR_MAX = 999 };
    struct str rest = str_skip(version, sizeof "/v" - 1);
    if (rest.n == 0)
        return 0;
    const unsigned major = take_number(&rest, MAJOR_MAX);
    if (rest.n < 2 || rest.p[0] != '.')
        return 0;
    rest = str_skip(rest, 1);
    const unsigned minor = take_number(&rest, MINOR_MAX);
    return rest.n ? 0 : major * 1000 + minor;
}

/* Decodes s behind *store and moves *store past it. */
static int decode_query_text(struct str s, char **store, struct str *out)
{
    char *const begin = *store;
    char *p = begin;
    while (s.n) {
        const char c = s.p[0];
        size_t used = 1;
        int value = c == '+' ? ' ' : (unsigned char)c;
        if (c == '%') {
            value = escape_value(s);
            used = 3;
        }
        if (value < 0 || c == ';')
            return RC_SYNTAX;
        *p++ = (char)value;
        s = str_skip(s, used);
    }
    *out = (struct str){begin, (size_t)(p - begin)};
    *store = p;
    return RC_OK;
}

static int add_pair(struct str pair, char **store, struct query *q)
{
    if (q->n == QUERY_PAIRS_MAX)
        return RC_TOOBIG;
    const char *equals = memchr(pair.p, '=', pair.n);
    const struct str key = {pair.p, equals ? (size_t)(equals - pair.p) : pair.n};
    struct query_pair *slot = &q->pairs[q->n];
    int rc = decode_query_text(key, store, &slot->key);
    if (!rc)
        rc = decode_query_text(str_skip(pair, key.n + 1), store, &slot->value);
    if (!rc)
        q->n++;
    return rc;
}

int query_read(struct str raw, char *store, struct query *out)
{
    out->n = 0;
    while (raw.n) {
        const char *amp = memchr(raw.p, '&', raw.n);
        const struct str pair = {raw.p, amp ? (size_t)(amp - raw.p) : raw.n};
        raw = str_skip(raw, pair.n + 1);
        if (pair.n == 0)
            continue;
        const int rc = add_pair(pair, &store, out);
        if (rc) {
            out->n = 0;
            return rc;
        }
    }
    return RC_OK;
}

struct str query_value(const struct query *q, struct str key)
{
    for (size_t i = 0; i < q->n; i++)
        if (str_eq(q->pairs[i].key, key))
            return q->pairs[i].value;
    return (struct str){NULL, 0};
}
