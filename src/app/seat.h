/* seat.h - what one worker of the server works with: its loop, policy, log lines and health
 * endpoint. Nothing of it is shared with another worker but the log. */
#ifndef SOCKGUARD_APP_SEAT_H
#define SOCKGUARD_APP_SEAT_H

#include "app/access.h"
#include "app/health.h"

struct seat {
    uv_loop_t loop;
    struct access access;
    struct policy *policy;
    struct health *health; /* NULL when it is switched off */
    struct proxy_observer observer;
    struct proxy_local local;
};

/* All borrowed until seat_close. */
struct seat_options {
    const struct config *config;
    struct log *log;
    const struct proxy_listener *listeners; /* that the health endpoint tells about */
    size_t n_listeners;
};

/* RC_OK, or the reason; nothing is left then. */
int seat_open(struct seat *s, const struct seat_options *o, struct err *err);

/* For proxy_options; borrows from the seat. */
struct proxy_worker seat_worker(struct seat *s);

/* Closes every handle that is left on the loop. No thread may be running it any more. */
void seat_close(struct seat *s);

#endif
