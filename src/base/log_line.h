/* log_line.h - one line of log, from the same calls in either format.
 *
 *   JSON  {"time":"2026-11-26T02:44:10.123456Z","level":"WARN","msg":"request_denied",...}
 *   text  2026-11-26T02:44:10Z WARN request_denied method=POST path=/x ...
 *
 * A struct log_line belongs to one thread, is zeroed once and used for line after line (it
 * keeps the date of the second it is in). Names are literals of ours; values may come from
 * anywhere: they are escaped, so that none can end its field or its line. In the text
 * format a value is quoted, with JSON's escapes, unless it is all printable ASCII without
 * space, `"`, `\` and `=`. A text value is cut after LOG_VALUE_MAX bytes, and its line then
 * ends with the field `cut`: nobody can make a line too long to be written.
 */
#ifndef SOCKGUARD_BASE_LOG_LINE_H
#define SOCKGUARD_BASE_LOG_LINE_H

#include "base/log.h"
#include "base/writer.h"

#include <time.h>

enum { LOG_DATE_LENGTH = 19, LOG_PLACES_MAX = 9, LOG_VALUE_MAX = 8192 };

struct log_line {
    enum log_format format;
    struct writer writer; /* also the text format's buf and first failure */
    size_t before;        /* what the buf held when the line began */
    bool cut;             /* a value of this line was cut */
    bool dated;           /* date is that of second */
    time_t second;
    char date[LOG_DATE_LENGTH]; /* 2026-11-26T02:44:10 */
};

struct timespec log_now(void);

/* Begins a line behind what out holds already; out is borrowed until log_line_end. */
void log_line_start(struct log_line *line, struct buf *out, enum log_format format,
                    enum log_level level, struct str msg, struct timespec at);

void log_line_text(struct log_line *line, struct str name, struct str value);
void log_line_number(struct log_line *line, struct str name, int64_t value);
void log_line_bool(struct log_line *line, struct str name, bool value);

/* value counts units of 10^-places (at most LOG_PLACES_MAX): 12345 microseconds with 3
 * places are 12.345 milliseconds. */
void log_line_decimal(struct log_line *line, struct str name, uint64_t value, unsigned places);

/* Ends the line with a newline: RC_OK, or the first failure (RC_TOOBIG, RC_NOMEM), and then
 * out holds what it held before the line. */
int log_line_end(struct log_line *line);

#endif
