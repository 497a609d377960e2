/* SPDX-License-Identifier: Apache-2.0 */
#include "second_reader.h"

#include <string.h>

struct scan {
    const char *p, *end;
    member_fn *each;
    void *arg;
};

enum { DEPTH_MAX = 2000 };

static void blank(struct scan *s)
{
    while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
        s->p++;
}

static bool word(struct scan *s, const char *w)
{
    const size_t n = strlen(w);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, w, n) != 0)
        return false;
    s->p += n;
    return true;
}

static int hex(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        if (c >= '0' && c <= '9')
            v = v * 16 + c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v * 16 + (c | 32) - 'a' + 10;
        else
            return -1;
    }
    return v;
}

static bool string(struct scan *s)
{
    if (s->p >= s->end || *s->p++ != '"')
        return false;
    while (s->p < s->end && *s->p != '"') {
        if ((unsigned char)*s->p < 0x20)
            return false;
        if (*s->p++ != '\\')
            continue;
        if (s->p >= s->end || !*s->p || !strchr("\"\\/bfnrtu", *s->p))
            return false;
        if (*s->p++ == 'u') {
            if (s->end - s->p < 4 || hex(s->p) < 0)
                return false;
            s->p += 4;
        }
    }
    return s->p < s->end && *s->p++ == '"';
}

static bool digits(struct scan *s)
{
    const char *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from;
}

static bool number(struct scan *s)
{
    if (s->p < s->end && *s->p == '-')
        s->p++;
    const char *from = s->p;
    if (!digits(s) || (*from == '0' && s->p - from > 1))
        return false;
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!digits(s))
            return false;
    }
    if (s->p < s->end && (*s->p | 32) == 'e') {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        return digits(s);
    }
    return true;
}

/* One code point, or byte, of a string's inside; *p moves on. */
static unsigned point(const char **p)
{
    const unsigned char *u = (const unsigned char *)*p;
    if (u[0] == '\\') {
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        const char *at = strchr(from, u[1]);
        *p += u[1] == 'u' ? 6 : 2;
        if (u[1] == 'u')
            return (unsigned)hex((const char *)u + 2);
        return at ? (unsigned char)to[at - from] : u[1];
    }
    if (u[0] == 0xC5 && u[1] == 0xBF) {
        *p += 2;
        return 0x17F;
    }
    if (u[0] == 0xE2 && u[1] == 0x84 && u[2] == 0xAA) {
        *p += 3;
        return 0x212A;
    }
    (*p)++;
    return u[0];
}

/* text: a string with its quotes. */
static void fold(const char *text, size_t n, bool letters_only, char *out, size_t room)
{
    const char *p = text + 1, *end = text + n - 1;
    size_t len = 0;
    while (p < end && len < room - 1) {
        unsigned c = point(&p);
        if (!letters_only && len == 0 && c <= ' ')
            continue;
        if (c == 0x17F)
            c = 's';
        else if (c == 0x212A)
            c = 'k';
        out[len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c < 256 ? c : '?');
    }
    while (!letters_only && len > 0 && (unsigned char)out[len - 1] <= ' ')
        len--;
    out[len] = '\0';
}

static bool value(struct scan *s, int depth, const char *parent, struct value *v);

static bool members(struct scan *s, int depth, const char *parent, struct value *v)
{
    s->p++;
    blank(s);
    if (s->p < s->end && *s->p == '}')
        return s->p++, true;
    for (;;) {
        char name[NAME_MAX_2];
        struct value inner;
        blank(s);
        const char *from = s->p;
        if (!string(s))
            return false;
        fold(from, (size_t)(s->p - from), true, name, sizeof name);
        blank(s);
        if (s->p >= s->end || *s->p++ != ':' ||
            !value(s, depth + 1, depth == 0 ? name : parent, &inner))
            return false;
        v->items++;
        if (depth < 2)
            s->each(s->arg, depth + 1, depth == 0 ? "" : parent, name, &inner);
        blank(s);
        if (s->p >= s->end || (*s->p != ',' && *s->p != '}'))
            return false;
        if (*s->p++ == '}')
            return true;
    }
}

static bool elements(struct scan *s, int depth, struct value *v)
{
    s->p++;
    blank(s);
    if (s->p < s->end && *s->p == ']')
        return s->p++, true;
    for (;;) {
        struct value inner;
        if (!value(s, depth + 100, "", &inner))
            return false;
        v->items++;
        blank(s);
        if (s->p >= s->end || (*s->p != ',' && *s->p != ']'))
            return false;
        if (*s->p++ == ']')
            return true;
    }
}

static bool value(struct scan *s, int depth, const char *parent, struct value *v)
{
    blank(s);
    if (s->p >= s->end || depth > DEPTH_MAX * 100)
        return false;
    *v = (struct value){.kind = *s->p, .text = s->p};
    bool good;
    switch (*s->p) {
    case '{':
        good = members(s, depth, parent, v);
        break;
    case '[':
        good = elements(s, depth, v);
        break;
    case '"':
        good = string(s);
        break;
    case 't':
        good = word(s, "true");
        break;
    case 'f':
        good = word(s, "false");
        break;
    case 'n':
        v->kind = '0';
        good = word(s, "null");
        break;
    default:
        v->kind = 'n';
        good = number(s);
    }
    v->n = (size_t)(s->p - v->text);
    return good;
}

bool second_read(const char *text, size_t n, member_fn *each, void *arg)
{
    struct scan s = {text, text + n, each, arg};
    struct value v;
    if (!value(&s, 0, "", &v))
        return false;
    blank(&s);
    return s.p == s.end;
}

static void ignore(void *arg, int depth, const char *parent, const char *name,
                   const struct value *v)
{
    (void)arg;
    (void)depth;
    (void)parent;
    (void)name;
    (void)v;
}

void second_each(const struct value *list, void (*f)(void *, const struct value *), void *arg)
{
    struct scan s = {list->text + 1, list->text + list->n - 1, ignore, NULL};
    struct value v;
    for (blank(&s); s.p < s.end; s.p++) { /* over the comma */
        if (!value(&s, 100, "", &v))
            return;
        f(arg, &v);
        blank(&s);
    }
}

void second_word(const struct value *v, char out[WORD_MAX])
{
    fold(v->text, v->n, false, out, WORD_MAX);
}
