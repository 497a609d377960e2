/* batch.h - `check --batch`: JSON lines in, JSON lines out, one process for thousands.
 *
 * The format is design.md part 5's. A line that cannot be read is answered with an
 * `error` member and makes the exit code 1; the rest goes on.
 */
#ifndef SOCKGUARD_APP_BATCH_H
#define SOCKGUARD_APP_BATCH_H

#include <stdbool.h>
#include <stdio.h>

/* Reads in to its end. config_path: for lines without `config`; NULL is the usual
 * places. Returns the exit code. */
int batch_run(FILE *in, FILE *out, const char *config_path, bool show_forward);

#endif
