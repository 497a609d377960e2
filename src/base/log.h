/* log.h - where lines of log go without making anybody wait.
 *
 * A ring of bytes and one writer thread of its own; complete lines are copied in from
 * any thread (base/log_line.h builds them). The writer takes no signals, SIGPIPE
 * included, and no fault of the destination ends the program: lines that cannot be
 * written are dropped and counted, and a line that was torn is closed with a newline
 * before the next. Lines leave in the order in which they came in, at the latest about
 * LOG_BATCH_MS after that, for as long as the destination takes them.
 */
#ifndef SOCKGUARD_BASE_LOG_H
#define SOCKGUARD_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

/* Which lines are wanted is the callers' business: nothing here filters. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

enum {
    LOG_RING_BYTES = 1024 * 1024, /* the usual size */
    LOG_BATCH_MS = 20,            /* how long the writer gathers lines for one write */
    LOG_WAIT_MS = 1000,           /* how long a line that must be written may wait for room */
};

struct log;

/* Opens *out (log_close). destination is "stderr", "stdout" or the path of a file, which
 * is created with mode 0600 and appended to. ring_bytes (not 0) bounds what waits to be
 * written, and the length of one line. RC_OK, RC_NOMEM or RC_SYSTEM. */
int log_open(struct log **out, const char *destination, size_t ring_bytes, struct err *err);

/* Takes one complete line, with its newline; the bytes are copied. Without room the line
 * is dropped and counted. With must it first waits up to LOG_WAIT_MS for room; once that
 * was in vain no further line waits until the writer has made progress, so a stuck
 * destination costs its callers one such wait and not one for each line. */
void log_write(struct log *l, struct str line, bool must);

/* Counts a line that its caller could not build. */
void log_lost(struct log *l);

/* How many lines were lost so far, of both kinds. */
uint64_t log_dropped(struct log *l);

/* Writes what waits, ends the thread and frees. A destination that takes nothing for
 * LOG_WAIT_MS is given up. Nobody may be in log_write any more. NULL is fine. */
void log_close(struct log *l);

#endif
