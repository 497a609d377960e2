/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/redaction.h"

#include "policy/glob.h"

#include <stdlib.h>

enum { VARIABLE_MAX = 256 }; /* a longer name is hidden */

struct redaction {
    struct glob **names; /* owned, as the globs are; of lower-case letters */
    size_t n_names;
    size_t n_plans;
    struct edit_plan *plans[]; /* owned; by route_number */
};

static const struct {
    struct str name;
    enum edit_kind kind;
} edits[] = {
    {{"address", 7}, EDIT_ADDRESS}, {{"bytes", 5}, EDIT_BYTES}, {{"bind", 4}, EDIT_BIND},
    {{"empty", 5}, EDIT_EMPTY},     {{"exec", 4}, EDIT_EXEC},   {{"host", 4}, EDIT_HOST},
    {{"list", 4}, EDIT_LIST},       {{"mark", 4}, EDIT_MARK},   {{"named", 5}, EDIT_NAMED},
    {{"option", 6}, EDIT_OPTION},   {{"value", 5}, EDIT_VALUE},
};

static enum edit_kind kind_of(struct str name)
{
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        if (str_eq(edits[i].name, name))
            return edits[i].kind;
    return EDIT_NONE;
}

static size_t lower(char *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        out[i] = ascii_lower(s.p[i]);
    return s.n;
}

static bool hides(const void *arg, struct str name)
{
    const struct redaction *r = arg;
    char low[VARIABLE_MAX];
    if (name.n > sizeof low)
        return true;
    const struct str text = {low, lower(low, name)};
    for (size_t i = 0; i < r->n_names; i++)
        if (glob_match(r->names[i], text))
            return true;
    return false;
}

/* A pattern for the matcher of paths: a variable's name is one text, so * takes a slash too. */
static size_t widen(char *out, struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '*' && (i == 0 || s.p[i - 1] != '*'))
            out[n++] = '*';
        if (s.p[i] != '*' || i == 0 || s.p[i - 1] != '*')
            out[n++] = ascii_lower(s.p[i]);
    }
    return n;
}

static int open_names(struct redaction *r, const char *const *names, size_t n)
{
    r->names = calloc(n + 1, sizeof(struct glob *));
    if (!r->names)
        return RC_NOMEM;
    for (; r->n_names < n; r->n_names++) {
        const struct str name = str_of(names[r->n_names]);
        char wide[2 * VARIABLE_MAX];
        if (name.n > VARIABLE_MAX)
            return RC_TOOBIG;
        const struct str pattern = {wide, widen(wide, name)};
        const int rc = glob_open(&r->names[r->n_names], pattern, GLOB_TOKEN);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static int add_line(struct redaction *r, const struct redaction_line *line)
{
    const size_t number = route_number_of(line->method, line->route);
    const enum edit_kind kind = kind_of(line->edit);
    if (number == 0 || kind == EDIT_NONE)
        return RC_INVALID;
    struct edit_plan **plan = &r->plans[number];
    if (!*plan && !(*plan = edit_plan_new(str_eq(line->route, STR("/events")))))
        return RC_NOMEM;
    edit_plan_hide(*plan, hides, r);
    return edit_plan_add(*plan, line->path, kind);
}

int redaction_open(struct redaction **out, const struct redaction_line *lines, size_t n,
                   const char *const *names, size_t n_names, struct err *err)
{
    const size_t n_plans = route_count() + 1;
    struct redaction *r = calloc(1, sizeof *r + n_plans * sizeof r->plans[0]);
    if (!r)
        return err_set(err, RC_NOMEM, "out of memory");
    r->n_plans = n_plans;
    int rc = open_names(r, names, n_names);
    if (rc == RC_TOOBIG)
        rc = err_set(err, RC_INVALID, "response.redact_env_names: a name is too long");
    for (size_t i = 0; !rc && i < n; i++)
        if ((rc = add_line(r, &lines[i])) && rc != RC_NOMEM)
            rc = err_set(err, RC_INVALID, "redaction of %.*s: %.*s makes no sense",
                         (int)lines[i].route.n, lines[i].route.p, (int)lines[i].path.n,
                         lines[i].path.p);
    if (rc == RC_NOMEM)
        rc = err_set(err, RC_NOMEM, "out of memory");
    if (rc)
        redaction_free(r);
    else
        *out = r;
    return rc;
}

void redaction_free(struct redaction *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_plans; i++)
        edit_plan_free(r->plans[i]);
    for (size_t i = 0; r->names && i < r->n_names; i++)
        glob_free(r->names[i]);
    free(r->names);
    free(r);
}

const struct edit_plan *redaction_plan(const struct redaction *r, const struct route *route)
{
    return r->plans[route_number(route)];
}
