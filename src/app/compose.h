/* compose.h - a raw HTTP/1.1 request from its parts, for requests that are asked about
 * on the command line. Nothing is checked here: the bytes go through the same reader as
 * a client's. */
#ifndef SOCKGUARD_APP_COMPOSE_H
#define SOCKGUARD_APP_COMPOSE_H

#include "base/buf.h"

struct composition {
    struct str method;
    struct str target;
    struct str fields; /* header lines, each with its CRLF */
    bool has_type;     /* fields holds a Content-Type */
    bool has_framing;  /* fields holds a Content-Length or a Transfer-Encoding */
    bool chunked;      /* the latter: the body is sent as one chunk */
    bool has_host;
    struct str body;
};

/* Appends `Name: value\r\n` to lines and notes in c what it is. */
int compose_field(struct composition *c, struct buf *lines, struct str name, struct str value);

int compose_request(struct buf *out, const struct composition *c);

#endif
