/* docs.h - the tables of documentation that are made from the checks' own records.
 */
#ifndef SOCKGUARD_POLICY_DOCS_H
#define SOCKGUARD_POLICY_DOCS_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the Markdown table of that name (lua/core/doc.lua), or all of them for an empty
 * name. RC_INVALID: there is none of that name, and err lists those that are. */
int docs_write(struct str table, struct buf *out, struct err *err);

#endif
