/* SPDX-License-Identifier: Apache-2.0 */
#include "http/edit_text.h"

#include "http/edit_plan.h"

static const struct str mark = {"<redacted>", 10};

/* Where an escape that the text breaks off in begins; s.n: there is none. A high surrogate and
 * its low half are one. */
static size_t whole_escapes(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = 1;
        if (s.p[i] == '\\' && i + 1 < s.n)
            n = s.p[i + 1] == 'u' ? 6 : 2;
        else if (s.p[i] == '\\')
            return i;
        if (n == 6 && i + 3 < s.n && ascii_lower(s.p[i + 2]) == 'd' &&
            memchr("89abAB", s.p[i + 3], 6))
            n = 12;
        if (i + n > s.n)
            return i;
        i += n;
    }
    return s.n;
}

static size_t put(char *out, size_t n, struct str s)
{
    memcpy(out + n, s.p, s.n);
    return n + s.n;
}

/* The first n bytes of s, the mark, and what is behind the first `to` bytes. */
static bool mark_between(struct str s, size_t from, size_t to, char *out, size_t *n)
{
    *n = put(out, put(out, 0, (struct str){s.p, from}), mark);
    *n = put(out, *n, str_skip(s, to));
    return true;
}

static bool mark_all(char *out, size_t *n)
{
    *n = put(out, 0, mark);
    return true;
}

static size_t find(struct str s, size_t from, char c)
{
    const char *p = from < s.n ? memchr(s.p + from, c, s.n - from) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

static bool is_letter(char c)
{
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'z';
}

/* C:\ or C:/ */
static bool has_drive(struct str s)
{
    return s.n >= 3 && is_letter(s.p[0]) && s.p[1] == ':' && (s.p[2] == '\\' || s.p[2] == '/');
}

static bool change_bind(struct str s, char *out, size_t *n)
{
    const bool drive = has_drive(s);
    const bool absolute = drive || str_starts(s, STR("/")) || str_starts(s, STR("\\\\"));
    return absolute && mark_between(s, 0, find(s, drive ? 2 : 0, ':'), out, n);
}

static bool is_any_or_this_host(struct str s)
{
    return s.n == 0 || str_eq(s, STR("0.0.0.0")) || str_eq(s, STR("::")) || str_eq(s, STR("::1")) ||
           str_starts(s, STR("127."));
}

/* A path, an address or mount options. */
static bool tells_of_host(struct str s)
{
    int dots = 0;
    for (size_t i = 0; i < s.n; i++) {
        dots += s.p[i] == '.';
        if (s.p[i] && strchr("/\\:=@", s.p[i]))
            return true;
    }
    return dots > 1;
}

static bool change_value(const struct edit_plan *plan, bool named, struct str s, char *out,
                         size_t *n)
{
    const size_t equals = find(s, 0, '=');
    const struct str name = {s.p, equals};
    if (named && plan->hides && !plan->hides(plan->hides_arg, name))
        return false;
    return equals == s.n ? mark_all(out, n) : mark_between(s, equals + 1, s.n, out, n);
}

/* Other events have a colon too: "health_status: healthy". */
static bool change_exec(struct str s, char *out, size_t *n)
{
    const size_t colon = find(s, 0, ':');
    return str_starts(s, STR("exec_")) && colon < s.n &&
           mark_between(s, s.n > colon + 1 && s.p[colon + 1] == ' ' ? colon + 2 : colon + 1, s.n,
                        out, n);
}

bool edit_text_changes(const struct edit_plan *plan, enum edit_kind edit, enum edit_reader reader,
                       struct str inner, bool whole, char *out, size_t *n)
{
    char plain[EDIT_HELD_MAX];
    if (!whole)
        inner.n = whole_escapes(inner);
    const struct str s = {plain, token_unescape(inner, plain)};
    switch (edit) {
    case EDIT_VALUE:
    case EDIT_NAMED:
        return whole || find(s, 0, '=') < s.n ? change_value(plan, edit == EDIT_NAMED, s, out, n)
                                              : mark_all(out, n);
    case EDIT_EXEC:
        return change_exec(s, out, n);
    case EDIT_HOST:
        *n = 0;
        if (whole && is_any_or_this_host(s))
            return false;
        return reader >= EDIT_READER_ADDRESSES ? true : mark_all(out, n);
    case EDIT_OPTION:
        return whole && !tells_of_host(s) ? false : mark_all(out, n);
    default:
        return whole ? change_bind(s, out, n) : mark_all(out, n);
    }
}
