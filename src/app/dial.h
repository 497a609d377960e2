/* dial.h - plain blocking sockets, for commands and for what is asked before anything is served.
 *
 * Each call waits five seconds at most.
 */
#ifndef SOCKGUARD_APP_DIAL_H
#define SOCKGUARD_APP_DIAL_H

#include "base/str.h"

#include <sys/socket.h>

/* A connected socket, or -1 with errno. */
int dial_at(const struct sockaddr *at, socklen_t n);
int dial_unix(const char *path);

/* False when not all of it could be sent. */
bool dial_send(int fd, struct str bytes);

#endif
