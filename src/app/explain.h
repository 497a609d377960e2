/* explain.h - every check that applies to a request, with its settings and their origin.
 *
 * Behind what report.h says of the inspection. outcomes: as policy_watch filled them, one for
 * each check of the policy.
 */
#ifndef SOCKGUARD_APP_EXPLAIN_H
#define SOCKGUARD_APP_EXPLAIN_H

#include "app/inspect.h"
#include "policy/config.h"

/* Prints them for a person. */
void explain_text(const struct policy *p, const struct config *c, const struct inspection *i,
                  const enum outcome *outcomes, bool colour);

/* Appends { "decision": what report_json says, "checks": [ ... ] } without a newline. */
int explain_json(struct buf *out, const struct policy *p, const struct config *c,
                 const struct inspection *i, const enum outcome *outcomes);

#endif
