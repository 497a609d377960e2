/* browser.h - keeps web pages away from TCP listeners.
 *
 * A page can make a browser on this machine send requests to a loopback port. Such a
 * request carries an Origin, or (when a host name was rebound to our address) a Host that
 * is a name. Neither is what an API client sends.
 */
#ifndef SOCKGUARD_PROXY_BROWSER_H
#define SOCKGUARD_PROXY_BROWSER_H

#include "http/head.h"

/* False for a request with an Origin, and for one whose Host is not localhost, an IP
 * address or one of n names (compared without case), with any port or none. A request
 * without Host passes: no browser sends one. */
bool browser_free(const struct head *h, const char *const *names, size_t n);

#endif
