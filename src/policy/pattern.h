/* pattern.h - Lua's pattern language, with a budget.
 *
 * Lua's own matcher can run for hours on a text of a few hundred bytes, and no hook stops a C
 * function. This one is written anew, knows the same language (Lua 5.4's manual, 6.4.1; classes are
 * ASCII's, whatever the locale) and counts its steps: PATTERN_STEPS_MAX of them take a few
 * milliseconds, then the match ends with an error. Patterns are bounded, and so is nesting.
 *
 * Nothing here knows Lua or allocates; everything is borrowed.
 */
#ifndef SOCKGUARD_POLICY_PATTERN_H
#define SOCKGUARD_POLICY_PATTERN_H

#include "base/str.h"

enum {
    PATTERN_STEPS_MAX = 200 * 1000,
    PATTERN_LENGTH_MAX = 1024,
    PATTERN_CAPTURES_MAX = 32,
    PATTERN_DEPTH_MAX = 200,
};

enum { CAPTURE_OPEN = -1, CAPTURE_POSITION = -2 };

struct pattern_match {
    struct str text;
    struct str pattern; /* without the anchor */
    unsigned steps;     /* left */
    unsigned depth;
    const char *error; /* a constant, "" while there is none */
    int n_captures;
    struct {
        const char *start;
        ptrdiff_t length; /* or one of the two above */
    } captures[PATTERN_CAPTURES_MAX];
};

/* A match of m->pattern that begins at m->text.p + at; its end, or NULL. *m is filled as above but
 * for the captures; steps goes on from call to call. On NULL, m->error may say why it is an error.
 */
const char *pattern_match_at(struct pattern_match *m, size_t at);

/* Takes steps off the budget; false, with the error set, when it is used up. */
bool pattern_charge(struct pattern_match *m, size_t steps);

/* True when the pattern holds none of the language's special characters. */
bool pattern_is_plain(struct str pattern);

#endif
