/* str.h - a borrowed run of bytes.
 *
 * A struct str owns nothing and is never freed. It may hold any byte, NUL
 * included, and has no terminator: nothing here calls a C string function on
 * one. Who lends the bytes, and until when, is said by the struct that holds it.
 */
#ifndef SOCKGUARD_BASE_STR_H
#define SOCKGUARD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

/* From a string literal only. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

/* A decimal number as text wants room for this many bytes (no terminator). */
enum { DECIMAL_MAX = 20 };

/* Borrows a NUL-terminated string; NULL gives the empty str. */
static inline struct str str_of(const char *s)
{
    return (struct str){s ? s : "", s ? strlen(s) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);

/* Without the first n bytes; empty when there are no more than n. */
struct str str_skip(struct str s, size_t n);

/* Without spaces and tabs at both ends (HTTP's optional white space). */
struct str str_trim(struct str s);

/* The whole of s as a decimal number of at most max. 0, or RC_SYNTAX (empty,
 * sign, anything but digits) or RC_TOOBIG; *out is set only on 0. */
int decimal_parse(struct str s, uint64_t max, uint64_t *out);

/* Writes v in decimal to out, which has room for DECIMAL_MAX bytes; returns how
 * many were written. */
size_t decimal_format(uint64_t v, char *out);

#endif
