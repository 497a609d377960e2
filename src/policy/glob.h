/* glob.h - path patterns, compiled once, matched in linear time.
 *
 * The dialect of platform.md 2.3: `*` is any run without `/`, `**` any run, a
 * `/` followed by `**` is optional at any position; everything else is literal.
 * A pattern covers the whole text. Matching never backtracks: its cost is at most
 * pattern length times text length, whatever either holds.
 */
#ifndef SOCKGUARD_POLICY_GLOB_H
#define SOCKGUARD_POLICY_GLOB_H

#include "base/err.h"
#include "base/str.h"

enum { GLOB_LENGTH_MAX = 1024 };

struct glob;

/* Two readings of the dialect: rule paths also have the shortcuts of platform.md
 * 2.3 (an exact literal, a literal prefix, an optional leading slash); exec tokens
 * (inspection.md 8.1) have none of these. */
enum glob_kind { GLOB_PATH, GLOB_TOKEN };

/* Our memory: glob_free. RC_OK, RC_TOOBIG (pattern too long) or RC_NOMEM. */
int glob_open(struct glob **out, struct str pattern, enum glob_kind kind);
void glob_free(struct glob *g); /* NULL is fine */

/* Allocates nothing. */
bool glob_match(const struct glob *g, struct str text);

#endif
