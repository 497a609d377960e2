/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static void read_address(struct peer *out, int fd)
{
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof from;
    if (getpeername(fd, (struct sockaddr *)&from, &n))
        return;
    char text[INET6_ADDRSTRLEN] = "";
    if (from.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&from;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        (void)snprintf(out->address, sizeof out->address, "%s:%u", text,
                       (unsigned)ntohs(in->sin_port));
    } else if (from.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&from;
        (void)inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        (void)snprintf(out->address, sizeof out->address, "[%s]:%u", text,
                       (unsigned)ntohs(in->sin6_port));
    }
}

void peer_read(struct peer *out, int fd, bool tcp)
{
    *out = (struct peer){.local = !tcp, .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1};
    if (tcp) {
        read_address(out, fd);
        return;
    }
    struct ucred who;
    socklen_t n = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n))
        return;
    out->pid = who.pid;
    out->uid = who.uid;
    out->gid = who.gid;
}
