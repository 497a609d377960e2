/* redaction.h - the edit plans of all routes whose answers are redacted.
 *
 * Made once from the lines that lua/redaction.lua has in force, then only read.
 */
#ifndef SOCKGUARD_POLICY_REDACTION_H
#define SOCKGUARD_POLICY_REDACTION_H

#include "base/err.h"
#include "http/edit.h"
#include "http/route.h"

struct redaction;

/* One value that is hidden, as lua/redaction.lua says it. */
struct redaction_line {
    struct str method;
    struct str route; /* /containers/{id}/json */
    struct str path;
    struct str edit;
};

/* Texts are borrowed until redaction_free. names: globs of variables for EDIT_NAMED. RC_OK,
 * RC_NOMEM, or RC_INVALID: a line that makes no sense. */
int redaction_open(struct redaction **out, const struct redaction_line *lines, size_t n,
                   const char *const *names, size_t n_names, struct err *err);
void redaction_free(struct redaction *r); /* NULL is fine */

/* NULL: nothing of the route's answers is edited. */
const struct edit_plan *redaction_plan(const struct redaction *r, const struct route *route);

#endif
