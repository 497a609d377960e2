/* access.h - the program's own log: one line per exchange, and what happens to listeners
 * and the engine.
 *
 * Fields are those of the specification's access log, and the deciding check's id, knob and
 * control numbers. Never a body, never a query string. An access owns its line buffer and
 * borrows log and policy; it belongs to the loop's thread.
 */
#ifndef SOCKGUARD_APP_ACCESS_H
#define SOCKGUARD_APP_ACCESS_H

#include "app/confine.h"
#include "base/log_line.h"
#include "policy/config.h"
#include "proxy/proxy.h"

struct access {
    struct log *log;
    const struct policy *policy;
    enum log_level level;
    enum log_format format;
    bool requests; /* allowed requests have a line too */
    struct log_line line;
    struct buf bytes; /* of the line being built */
};

void access_init(struct access *a, struct log *log, const struct policy *policy,
                 const struct settings *settings);
void access_release(struct access *a);

/* The observer that writes the lines. */
struct proxy_observer access_observer(struct access *a);

/* "sockguard started" with what is in force, and a line for each warning of the load. */
void access_started(struct access *a, const struct config *config, const struct confined *confined);
void access_stopped(struct access *a);

#endif
