/* tunnel.h - an exchange that has become two streams of bytes: attach, exec start, sessions.
 *
 * A hijack is proven and not assumed: it begins with a 101 to an upgrade that was asked
 * for, or with a 200 of one of the engine's stream types that announces no end. What the
 * client sends before that waits. Each side may end while the other goes on; the
 * connection to the engine never goes back to the pool, and no deadline holds.
 *
 * Both sides of the exchange are in their state TUNNEL from tunnel_open on.
 */
#ifndef SOCKGUARD_PROXY_TUNNEL_H
#define SOCKGUARD_PROXY_TUNNEL_H

#include "proxy/exchange.h"

/* True when worker->response, a head, turns this exchange into a tunnel. */
bool tunnel_begins(const struct exchange *ex);

/* Tells the client so; bytes are the stream's first ones. */
void tunnel_open(struct exchange *ex, struct str bytes);

/* From the client; returns how many bytes it used, all of them. */
size_t tunnel_feed(struct exchange *ex, struct str bytes);
/* The client has ended, and all that it had said is on its way. */
void tunnel_client_ended(struct exchange *ex);

/* From the engine. */
void tunnel_heard(struct exchange *ex, struct str bytes);
void tunnel_upstream_ended(struct exchange *ex, int status);

/* The client has gone as a whole, and all that it had said is on its way. */
bool tunnel_is_abandoned(const struct exchange *ex);

#endif
