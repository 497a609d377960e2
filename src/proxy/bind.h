/* bind.h - sockets that listen: the file of a unix socket, the address of a TCP one. */
#ifndef SOCKGUARD_PROXY_BIND_H
#define SOCKGUARD_PROXY_BIND_H

#include "proxy/proxy.h"

struct bound {
    int fd;    /* non-blocking, listening; the caller's */
    dev_t dev; /* unix: which file is ours */
    ino_t ino;
    uint16_t port; /* TCP */
};

/* RC_OK, or RC_SYSTEM with a reason that names the listener; nothing is left then. The
 * process's umask is changed for a moment: no other thread may create files meanwhile. */
int bind_unix(struct bound *out, const struct proxy_listener *l, struct err *err);
int bind_tcp(struct bound *out, const struct proxy_listener *l, struct err *err);

/* Removes the socket file if it is still the one with that device and inode. */
void bind_remove(const char *path, dev_t dev, ino_t ino);

#endif
