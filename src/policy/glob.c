/* SPDX-License-Identifier: Apache-2.0 */
/* glob.c - a pattern is literal text, then what is between its first and its last star, then
 * literal text. The ends are compared; the middle becomes a short row of steps, and what is
 * left of a text is read once, byte by byte, while a set of bits says which steps could come
 * next. A middle of one star needs no steps at all. */
#include "policy/glob.h"

#include <stdlib.h>

enum step {
    STEP_BYTE,  /* this byte */
    STEP_STAR,  /* any bytes but `/` */
    STEP_DEEP,  /* any bytes but a newline */
    STEP_MAYBE, /* a `/` and then the next step, or neither */
};

enum {
    STEPS_MAX = GLOB_LENGTH_MAX,
    WORD_BITS = 64,
    WORDS_MAX = STEPS_MAX / WORD_BITS + 1, /* one bit more than steps: the end */
};

/* The shortcuts of platform.md 2.3, which also decide about newlines. */
enum form {
    FORM_ANY,     /* everything */
    FORM_LITERAL, /* the prefix and nothing else */
    FORM_TREE,    /* the prefix, and what is below it */
    FORM_STEPS,
};

struct glob {
    enum form form;
    bool slash_is_optional; /* the leading one, of patterns with single stars only */
    struct str prefix;      /* what every match begins with; in text */
    struct str suffix;      /* what every match ends with, behind the prefix; in text */
    size_t n;               /* steps between them */
    size_t words;
    char *text;           /* owned */
    unsigned char *steps; /* owned, enum step */
    char *bytes;          /* owned, for STEP_BYTE */
};

static void add_step(struct glob *g, enum step step, char byte)
{
    g->steps[g->n] = (unsigned char)step;
    g->bytes[g->n++] = byte;
}

/* Never more steps than the pattern has bytes. */
static void compile_steps(struct glob *g, struct str pattern)
{
    while (pattern.n) {
        size_t used = 1;
        if (str_starts(pattern, STR("/**"))) {
            add_step(g, STEP_MAYBE, 0);
            add_step(g, STEP_DEEP, 0);
            used = 3;
        } else if (str_starts(pattern, STR("**"))) {
            add_step(g, STEP_DEEP, 0);
            used = 2;
        } else if (pattern.p[0] == '*') {
            add_step(g, STEP_STAR, 0);
        } else {
            add_step(g, STEP_BYTE, pattern.p[0]);
        }
        pattern = str_skip(pattern, used);
    }
    g->words = g->n / WORD_BITS + 1;
}

static bool has_deep(struct str pattern)
{
    for (size_t i = 0; i + 1 < pattern.n; i++)
        if (pattern.p[i] == '*' && pattern.p[i + 1] == '*')
            return true;
    return false;
}

/* What stands before the first star. A slash before `**` is optional, so it is no part
 * of it. */
static size_t prefix_length(struct str pattern)
{
    const char *star = memchr(pattern.p, '*', pattern.n);
    const size_t n = star ? (size_t)(star - pattern.p) : pattern.n;
    return str_starts(str_skip(pattern, n - (n > 0)), STR("/**")) ? n - 1 : n;
}

static size_t suffix_length(struct str pattern)
{
    size_t n = 0;
    while (n < pattern.n && pattern.p[pattern.n - 1 - n] != '*')
        n++;
    return n;
}

static enum form path_form(struct str pattern, struct str prefix)
{
    if (!str_eq(str_skip(pattern, prefix.n), STR("/**")))
        return FORM_STEPS;
    return prefix.n ? FORM_TREE : FORM_ANY;
}

static void compile(struct glob *g, struct str pattern, enum glob_kind kind)
{
    g->prefix = (struct str){pattern.p, prefix_length(pattern)};
    g->form = g->prefix.n == pattern.n ? FORM_LITERAL : FORM_STEPS;
    if (g->form == FORM_LITERAL)
        return;
    if (kind == GLOB_PATH) {
        g->form = path_form(pattern, g->prefix);
        g->slash_is_optional = !has_deep(pattern) && g->prefix.n == 0;
    }
    struct str middle = str_skip(pattern, g->prefix.n);
    g->suffix = str_skip(pattern, pattern.n - suffix_length(pattern));
    middle.n -= g->suffix.n;
    compile_steps(g, middle);
}

int glob_open(struct glob **out, struct str pattern, enum glob_kind kind)
{
    if (pattern.n > GLOB_LENGTH_MAX)
        return RC_TOOBIG;
    struct glob *g = calloc(1, sizeof *g);
    if (!g)
        return RC_NOMEM;
    g->text = malloc(pattern.n + 1);
    g->steps = malloc(pattern.n + 1);
    g->bytes = malloc(pattern.n + 1);
    if (!g->text || !g->steps || !g->bytes) {
        glob_free(g);
        return RC_NOMEM;
    }
    if (pattern.n)
        memcpy(g->text, pattern.p, pattern.n);
    compile(g, (struct str){g->text, pattern.n}, kind);
    *out = g;
    return RC_OK;
}

void glob_free(struct glob *g)
{
    if (!g)
        return;
    free(g->text);
    free(g->steps);
    free(g->bytes);
    free(g);
}

static bool is_set(const uint64_t *set, size_t i)
{
    return set[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

/* Adds a step, and those that may be skipped to from it. */
static void set_add(const struct glob *g, uint64_t *set, size_t i)
{
    while (!is_set(set, i)) {
        set[i / WORD_BITS] |= (uint64_t)1 << (i % WORD_BITS);
        if (i == g->n || g->steps[i] == STEP_BYTE)
            return;
        i += g->steps[i] == STEP_MAYBE ? 2 : 1;
    }
}

/* Where step i leads on byte c, into set. */
static void advance(const struct glob *g, size_t i, char c, uint64_t *set)
{
    if (i == g->n)
        return;
    switch ((enum step)g->steps[i]) {
    case STEP_BYTE:
        if (c == g->bytes[i])
            set_add(g, set, i + 1);
        return;
    case STEP_STAR:
        if (c != '/')
            set_add(g, set, i);
        return;
    case STEP_DEEP:
        if (c != '\n')
            set_add(g, set, i);
        return;
    case STEP_MAYBE:
        if (c == '/')
            set_add(g, set, i + 1);
        return;
    }
}

/* At most steps times bytes. */
static bool match_steps(const struct glob *g, struct str text)
{
    uint64_t sets[2][WORDS_MAX] = {{0}};
    uint64_t *now = sets[0], *next = sets[1];
    set_add(g, now, 0);
    for (size_t at = 0; at < text.n; at++) {
        uint64_t left = 0;
        memset(next, 0, g->words * sizeof *next);
        for (size_t w = 0; w < g->words; w++)
            for (uint64_t bits = now[w]; bits; bits &= bits - 1)
                advance(g, w * WORD_BITS + (size_t)__builtin_ctzll(bits), text.p[at], next);
        for (size_t w = 0; w < g->words; w++)
            left |= next[w];
        if (!left)
            return false;
        uint64_t *const swap = now;
        now = next;
        next = swap;
    }
    return is_set(now, g->n);
}

static bool match_middle(const struct glob *g, struct str text)
{
    if (g->n == 1 && g->steps[0] == STEP_STAR)
        return text.n == 0 || !memchr(text.p, '/', text.n);
    return match_steps(g, text);
}

bool glob_match(const struct glob *g, struct str text)
{
    if (!str_starts(text, g->prefix))
        return false;
    struct str rest = str_skip(text, g->prefix.n);
    switch (g->form) {
    case FORM_ANY:
        return true;
    case FORM_LITERAL:
        return rest.n == 0;
    case FORM_TREE:
        return rest.n == 0 || rest.p[0] == '/';
    case FORM_STEPS:
        break;
    }
    if (g->slash_is_optional && str_starts(rest, STR("/")))
        rest = str_skip(rest, 1);
    if (rest.n < g->suffix.n || !str_eq(str_skip(rest, rest.n - g->suffix.n), g->suffix))
        return false;
    rest.n -= g->suffix.n;
    return match_middle(g, rest);
}
