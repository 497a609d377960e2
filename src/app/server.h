/* server.h - the running program: one loop with the proxy, health, the log and signals.
 *
 * Composes what a configuration asks for and runs it until SIGTERM or SIGINT; a second
 * signal ends the process at once. The configuration is borrowed for the call.
 */
#ifndef SOCKGUARD_APP_SERVER_H
#define SOCKGUARD_APP_SERVER_H

#include "policy/config.h"

/* RC_OK after a clean end; RC_NOMEM, RC_INVALID or RC_SYSTEM, with the reason, when it
 * could not start. */
int server_run(const struct config *config, struct err *err);

#endif
