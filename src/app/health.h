/* health.h - the health endpoint: does the engine take connections, do all listeners serve.
 *
 * One check runs at a time and answers everybody who asked meanwhile; a good result is
 * kept for two seconds, a bad one for a tenth of one. A check is a connect to the
 * upstream socket, given up after three seconds; nothing is sent.
 *
 * Life cycle: health_open, health_watch once the proxy runs, health_close once nobody
 * asks any more (the proxy has drained). All calls on the loop's thread.
 */
#ifndef SOCKGUARD_APP_HEALTH_H
#define SOCKGUARD_APP_HEALTH_H

#include "proxy/proxy.h"

struct health;

/* Borrowed until health_close. */
struct health_options {
    uv_loop_t *loop;
    const char *path; /* the only one that is answered */
    const char *upstream_socket;
    const struct proxy_listener *listeners;
    size_t n_listeners;
};

/* RC_OK, RC_NOMEM or RC_SYSTEM. */
int health_open(struct health **out, const struct health_options *o);

/* Whose listeners are reported. Until then, none of them serves. */
void health_watch(struct health *h, const struct proxy *p);

/* The endpoint, for proxy_options.local. */
struct proxy_local health_local(struct health *h);

/* Frees itself once its handles have closed on the loop. NULL is fine. */
void health_close(struct health *h);

#endif
