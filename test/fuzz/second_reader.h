/* second_reader.h - JSON read a second time, by other code than the program's.
 *
 * It judges fuzz_decide, so it shares nothing with src/: one function that walks a document in
 * one recursion and hands out every member of its objects, two levels deep. It takes only what
 * RFC 8259 allows.
 */
#ifndef SOCKGUARD_TEST_SECOND_READER_H
#define SOCKGUARD_TEST_SECOND_READER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_MAX_2 = 64,
    WORD_MAX = 8192, /* more than a fuzzed document holds */
};

struct value {
    char kind; /* { [ " n (number) t f 0 (null) */
    const char *text;
    size_t n;     /* of text: the whole value, quotes and brackets included */
    size_t items; /* members or elements, for { and [ */
};

/* depth 1: a member of the root, 2: of an object in it. parent and name: lower case, with
 * U+017F as s and U+212A as k, cut to fit; parent is "" at depth 1. */
typedef void member_fn(void *arg, int depth, const char *parent, const char *name,
                       const struct value *value);

/* False: text is no JSON document. */
bool second_read(const char *text, size_t n, member_fn *each, void *arg);

/* Calls f with each element of a list. */
void second_each(const struct value *list, void (*f)(void *arg, const struct value *), void *arg);

/* The decoded text of a string, trimmed of ASCII blanks, lower case, cut to fit and
 * NUL-terminated. */
void second_word(const struct value *string, char out[WORD_MAX]);

#endif
