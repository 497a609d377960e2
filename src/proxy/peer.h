/* peer.h - who is at the other end of an accepted connection (struct peer: proxy.h). */
#ifndef SOCKGUARD_PROXY_PEER_H
#define SOCKGUARD_PROXY_PEER_H

#include "proxy/proxy.h"

/* Asks the kernel. What it does not say stays zero (pid, uid and gid: -1). */
void peer_read(struct peer *out, int fd, bool tcp);

#endif
