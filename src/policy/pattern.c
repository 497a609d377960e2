/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern.h"

static const char *match(struct pattern_match *m, const char *s, const char *p);

static const char *fail(struct pattern_match *m, const char *why)
{
    if (!m->error[0])
        m->error = why;
    return NULL;
}

bool pattern_charge(struct pattern_match *m, size_t steps)
{
    if (steps > m->steps) {
        (void)fail(m, "the pattern takes too many steps on this text");
        return false;
    }
    m->steps -= (unsigned)steps;
    return true;
}

static const char *text_end(const struct pattern_match *m)
{
    return m->text.p + m->text.n;
}

static const char *pattern_end(const struct pattern_match *m)
{
    return m->pattern.p + m->pattern.n;
}

static bool in_range(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

static bool is_alpha(unsigned char c)
{
    return in_range(c | 0x20, 'a', 'z');
}

static bool is_digit(unsigned char c)
{
    return in_range(c, '0', '9');
}

/* Whether c is in the class of that small letter; -1: there is no such class. */
static int class_of(unsigned char c, char letter)
{
    switch (letter) {
    case 'a':
        return is_alpha(c);
    case 'c':
        return c < 0x20 || c == 0x7F;
    case 'd':
        return is_digit(c);
    case 'g':
        return in_range(c, 0x21, 0x7E);
    case 'l':
        return in_range(c, 'a', 'z');
    case 'p':
        return in_range(c, 0x21, 0x7E) && !is_alpha(c) && !is_digit(c);
    case 's':
        return c == ' ' || in_range(c, '\t', '\r');
    case 'u':
        return in_range(c, 'A', 'Z');
    case 'w':
        return is_alpha(c) || is_digit(c);
    case 'x':
        return is_digit(c) || in_range(c | 0x20, 'a', 'f');
    default:
        return -1;
    }
}

/* %letter: a class, its complement in a capital, or the letter itself. */
static bool escape_has(unsigned char c, char letter)
{
    const int small = class_of(c, (char)(letter | 0x20));
    if (!is_alpha((unsigned char)letter) || small < 0)
        return (unsigned char)letter == c;
    return in_range((unsigned char)letter, 'A', 'Z') ? !small : small;
}

/* p is at the start of an item that stands for one character; where the item ends, or NULL. */
static const char *item_end(struct pattern_match *m, const char *p)
{
    const char *const end = pattern_end(m);
    const char first = *p++;
    if (first == '%') {
        if (p == end)
            return fail(m, "malformed pattern (ends with '%')");
        return p + 1;
    }
    if (first != '[')
        return p;
    if (p < end && *p == '^')
        p++;
    do { /* a bracket that comes first is one of the set */
        if (p == end)
            return fail(m, "malformed pattern (missing ']')");
        if (*p++ == '%') {
            if (p == end)
                return fail(m, "malformed pattern (missing ']')");
            p++;
        }
    } while (p == end || *p != ']');
    return p + 1;
}

/* from: behind the bracket; last: at the closing one. */
static bool set_has(unsigned char c, const char *from, const char *last)
{
    bool in = true;
    const char *p = from;
    if (*p == '^') {
        in = false;
        p++;
    }
    while (p < last) {
        if (*p == '%') {
            if (escape_has(c, p[1]))
                return in;
            p += 2;
        } else if (last - p > 2 && p[1] == '-') {
            if (in_range(c, (unsigned char)p[0], (unsigned char)p[2]))
                return in;
            p += 3;
        } else {
            if ((unsigned char)*p == c)
                return in;
            p++;
        }
    }
    return !in;
}

/* Whether the character at s is one that the item from p to end stands for. */
static bool item_has(struct pattern_match *m, const char *s, const char *p, const char *end)
{
    if (s >= text_end(m) || !pattern_charge(m, (size_t)(end - p)))
        return false;
    const unsigned char c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return escape_has(c, p[1]);
    case '[':
        return set_has(c, p + 1, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* item*: as many as there are, then fewer. rest: the pattern behind it. */
static const char *match_most(struct pattern_match *m, const char *s, const char *p,
                              const char *end, const char *rest)
{
    ptrdiff_t n = 0;
    while (item_has(m, s + n, p, end))
        n++;
    for (; n >= 0 && !m->error[0]; n--) {
        const char *const found = match(m, s + n, rest);
        if (found)
            return found;
    }
    return NULL;
}

/* item-: none, then more. */
static const char *match_least(struct pattern_match *m, const char *s, const char *p,
                               const char *end, const char *rest)
{
    for (;; s++) {
        const char *const found = match(m, s, rest);
        if (found || m->error[0])
            return found;
        if (!item_has(m, s, p, end))
            return NULL;
    }
}

static const char *start_capture(struct pattern_match *m, const char *s, const char *p,
                                 ptrdiff_t length)
{
    if (m->n_captures == PATTERN_CAPTURES_MAX)
        return fail(m, "too many captures");
    m->captures[m->n_captures].start = s;
    m->captures[m->n_captures].length = length;
    m->n_captures++;
    const char *const found = match(m, s, p);
    if (!found)
        m->n_captures--;
    return found;
}

static const char *end_capture(struct pattern_match *m, const char *s, const char *p)
{
    for (int i = m->n_captures - 1; i >= 0; i--) {
        if (m->captures[i].length != CAPTURE_OPEN)
            continue;
        m->captures[i].length = s - m->captures[i].start;
        const char *const found = match(m, s, p);
        if (!found)
            m->captures[i].length = CAPTURE_OPEN;
        return found;
    }
    return fail(m, "invalid pattern capture");
}

/* %bxy, p behind the b: from x to the y that balances it. */
static const char *match_balance(struct pattern_match *m, const char *s, const char *p)
{
    if (pattern_end(m) - p < 2)
        return fail(m, "malformed pattern (missing arguments to '%b')");
    if (s >= text_end(m) || *s != p[0])
        return NULL;
    size_t open = 1;
    while (++s < text_end(m)) {
        if (!pattern_charge(m, 1))
            return NULL;
        if (*s == p[1]) {
            if (--open == 0)
                return s + 1;
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

/* %f[set], p at the bracket: between a character that is not in the set and one that is. */
static bool match_frontier(struct pattern_match *m, const char *s, const char *p, const char *end)
{
    const unsigned char before = s == m->text.p ? 0 : (unsigned char)s[-1];
    const unsigned char after = s == text_end(m) ? 0 : (unsigned char)*s;
    return pattern_charge(m, 2 * (size_t)(end - p)) && !set_has(before, p + 1, end - 1) &&
           set_has(after, p + 1, end - 1);
}

/* %1 to %9: the same text once more. */
static const char *match_back(struct pattern_match *m, const char *s, char digit)
{
    const int i = digit - '1';
    if (i < 0 || i >= m->n_captures || m->captures[i].length == CAPTURE_OPEN)
        return fail(m, "invalid capture index in pattern");
    const size_t n = m->captures[i].length < 0 ? 0 : (size_t)m->captures[i].length;
    if (m->captures[i].length == CAPTURE_POSITION || n > (size_t)(text_end(m) - s) ||
        !pattern_charge(m, n) || memcmp(s, m->captures[i].start, n) != 0)
        return NULL;
    return s + n;
}

/* An item and what repeats it. *go_on: nothing was tried; *s and *p have moved on. */
static const char *match_item(struct pattern_match *m, const char **s, const char **p, bool *go_on)
{
    const char *const end = item_end(m, *p);
    *go_on = false;
    if (!end)
        return NULL;
    const char repeat = end < pattern_end(m) ? *end : '\0';
    if (repeat == '*')
        return match_most(m, *s, *p, end, end + 1);
    if (repeat == '-')
        return match_least(m, *s, *p, end, end + 1);
    const bool has = item_has(m, *s, *p, end);
    if (m->error[0])
        return NULL;
    if (repeat == '+')
        return has ? match_most(m, *s + 1, *p, end, end + 1) : NULL;
    if (repeat == '?') {
        const char *const found = has ? match(m, *s + 1, end + 1) : NULL;
        if (found || m->error[0])
            return found;
        *p = end + 1;
        *go_on = true;
        return NULL;
    }
    if (!has)
        return NULL;
    *s += 1;
    *p = end;
    *go_on = true;
    return NULL;
}

/* What begins with a percent sign and is no item. *go_on as above; false there, with NULL: no
 * match. *is_item: it is one after all. */
static const char *match_special(struct pattern_match *m, const char **s, const char **p,
                                 bool *go_on, bool *is_item)
{
    const char letter = *p + 1 < pattern_end(m) ? (*p)[1] : '\0';
    *go_on = *is_item = false;
    if (letter == 'b') {
        *s = match_balance(m, *s, *p + 2);
        *p += 4;
        *go_on = *s != NULL;
    } else if (letter == 'f') {
        const char *const set = *p + 2;
        if (set >= pattern_end(m) || *set != '[')
            return fail(m, "missing '[' after '%f' in pattern");
        const char *const end = item_end(m, set);
        *go_on = end && match_frontier(m, *s, set, end);
        *p = end;
    } else if (is_digit((unsigned char)letter)) {
        *s = match_back(m, *s, letter);
        *p += 2;
        *go_on = *s != NULL;
    } else {
        *is_item = true;
    }
    return NULL;
}

static const char *match_from(struct pattern_match *m, const char *s, const char *p)
{
    for (;;) {
        bool go_on = true, is_item = true;
        if (p == pattern_end(m))
            return s;
        if (!pattern_charge(m, 1))
            return NULL;
        if (*p == '(') {
            const bool position = p + 1 < pattern_end(m) && p[1] == ')';
            return position ? start_capture(m, s, p + 2, CAPTURE_POSITION)
                            : start_capture(m, s, p + 1, CAPTURE_OPEN);
        }
        if (*p == ')')
            return end_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == pattern_end(m))
            return s == text_end(m) ? s : NULL;
        if (*p == '%')
            (void)match_special(m, &s, &p, &go_on, &is_item);
        if (is_item) {
            const char *const found = match_item(m, &s, &p, &go_on);
            if (!go_on)
                return found;
        } else if (!go_on) {
            return NULL;
        }
    }
}

static const char *match(struct pattern_match *m, const char *s, const char *p)
{
    if (m->depth == PATTERN_DEPTH_MAX)
        return fail(m, "pattern too complex");
    m->depth++;
    const char *const found = match_from(m, s, p);
    m->depth--;
    return found;
}

const char *pattern_match_at(struct pattern_match *m, size_t at)
{
    m->n_captures = 0;
    m->depth = 0;
    return match(m, m->text.p + at, m->pattern.p);
}

bool pattern_is_plain(struct str pattern)
{
    static const char special[] = "^$*+?.([%-";
    for (size_t i = 0; i < pattern.n; i++)
        if (pattern.p[i] && strchr(special, pattern.p[i]))
            return false;
    return true;
}
