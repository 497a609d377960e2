/* edited.h - the engine's answer to the client, with values hidden (http/edit.h).
 *
 * A small answer is gathered and sent with its new Content-Length, so that one which cannot be
 * edited is refused before the client has heard anything. A larger one, and a stream, flows in
 * chunks; what turns out to be wrong with it cuts the connection, and nothing of it that was not
 * looked into has been sent. Belongs to its exchange, whose response side is in state EDITED until
 * the head has been sent, and then in FLOWING.
 */
#ifndef SOCKGUARD_PROXY_EDITED_H
#define SOCKGUARD_PROXY_EDITED_H

#include "proxy/exchange.h"

enum {
    EDITED_GATHERED_MAX = 64 * 1024, /* an edited answer of more bytes flows */
    EDITED_MAX = 2 * 1024 * 1024,    /* what one piece of the engine's may become */
};

/* The answer whose head is in worker->response is to be edited. */
bool edited_begins(const struct exchange *ex);

/* From the connection: bytes follow that head; more bytes of the body; its end. */
void edited_open(struct exchange *ex, struct str bytes);
void edited_heard(struct exchange *ex, struct str bytes);
void edited_upstream_ended(struct exchange *ex, int status);

#endif
