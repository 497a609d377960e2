/* report.h - an inspection, said to a program (JSON) or to a person (text). */
#ifndef SOCKGUARD_APP_REPORT_H
#define SOCKGUARD_APP_REPORT_H

#include "app/inspect.h"

/* Appends one JSON object without a newline: the members of design.md 5. id is JSON
 * text (may be empty); forward_b64 is added when asked for and the request passes. */
int report_json(struct buf *out, const struct policy *p, struct str id, const struct inspection *i,
                bool show_forward, const enum outcome *outcomes);

/* Prints what a person wants to know, with the fix. */
void report_text(const struct policy *p, const struct inspection *i, bool colour);

/* Prints one of a check's controls, between two texts. */
void report_control(const struct check_info *info, int control, const char *before,
                    const char *after);

#endif
