/* confirm.h - the engine's word about our own container, before anything is served.
 *
 * Only where self_protection is on; else the first request that matters brings it about
 * (policy/own.h). Blocks; each step waits five seconds at most.
 */
#ifndef SOCKGUARD_APP_CONFIRM_H
#define SOCKGUARD_APP_CONFIRM_H

#include "policy/policy.h"

/* RC_OK, or why nobody knows which container is ours. */
int confirm_own(const char *upstream_socket, struct policy *p, struct err *err);

#endif
