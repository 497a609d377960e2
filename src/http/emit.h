/* emit.h - the only writer of heads, both ways.
 *
 * Every head that leaves this program is composed here from parts that were
 * understood; no client's or engine's head bytes are copied whole. All functions
 * append to a caller's buf and return RC_OK, RC_TOOBIG or RC_NOMEM.
 */
#ifndef SOCKGUARD_HTTP_EMIT_H
#define SOCKGUARD_HTTP_EMIT_H

#include "base/buf.h"
#include "http/head.h"
#include "http/target.h"

/* How the body behind an emitted head is framed. */
struct emit_body {
    enum framing framing;
    uint64_t length; /* with FRAMING_LENGTH */
};

/* What is asked of the engine beside the request itself. */
struct emit_asks {
    struct str upgrade; /* a protocol, or empty */
    bool plain;         /* an answer without a content coding */
};

/* The request to the engine: METHOD cleaned path, re-encoded (version kept), raw
 * query; Host: docker; the client's fields without hop-by-hop ones (those named by
 * Connection too), framing, Expect, Host, Forwarded and X-Forwarded-*, and its
 * X-Request-Id; then our framing and X-Request-Id: id. What is asked for goes with it:
 * Connection: Upgrade and Upgrade: upgrade (else no Connection header), or instead of the
 * client's Accept-Encoding one that takes no coding. */
int emit_request(struct buf *out, const struct head *h, const struct target *t,
                 struct emit_body body, struct emit_asks asks, struct str request_id);

/* A question of our own to the engine: GET path (clean and encoded), Host: docker. */
int emit_lookup(struct buf *out, struct str path, struct str request_id);

/* The engine's 101 to the client, with nothing added: its fields without hop-by-hop
 * ones and framing, and Connection: Upgrade with its Upgrade. */
int emit_switch(struct buf *out, const struct head *h);

/* The engine's response to the client: status line with the engine's reason, its
 * fields without hop-by-hop ones and framing, X-Request-Id: id, our framing, and
 * `Connection: close` when close is set. HTTP/1.1 in any case. A HEAD, 204 or 304
 * answer keeps the engine's Content-Length as information: pass it in body. */
int emit_response(struct buf *out, const struct head *h, struct emit_body body,
                  struct str request_id, bool close);

/* The same in two parts, for an answer whose framing is known only at its end. */
int emit_response_start(struct buf *out, const struct head *h, struct str request_id);
int emit_response_end(struct buf *out, struct emit_body body, bool close);

/* A complete answer of our own: Content-Type application/json, nosniff,
 * Content-Length, X-Request-Id, Connection: close when asked for; without the
 * body's bytes when head_only (a HEAD request) is set. */
int emit_answer(struct buf *out, uint16_t status, struct str json, struct str request_id,
                bool close, bool head_only);

/* The reason phrase of a status, "" if unknown. Static storage. */
struct str status_reason(uint16_t status);

#endif
