/* head.h - a request or response head, and the framing of the body behind it.
 *
 * A reader belongs to one direction of one connection and reads its messages one
 * after the other: head_read until it has a head, then frame_read until the body
 * has ended, then head_read again. Our own byte rules run first, then llhttp
 * frames the message; what either would not read like everybody else is refused.
 * llhttp is included nowhere but in head.c.
 *
 * Nothing is copied: every str in a struct head borrows the bytes that were given
 * to head_read and is good for as long as they are. No allocation, ever.
 */
#ifndef SOCKGUARD_HTTP_HEAD_H
#define SOCKGUARD_HTTP_HEAD_H

#include "base/str.h"
#include "http/chunk.h"
#include "http/refusal.h"

enum {
    HEAD_BYTES_MAX = 128 * 1024, /* a head, request line and final empty line included */
    HEAD_FIELDS_MAX = 100,       /* header lines in one head */
};

/* Methods that the engine's router knows; anything else (WebDAV and the like) is
 * refused by head_read, so rules, routes and what is forwarded agree. */
enum method {
    METHOD_NONE, /* a response, or nothing read yet */
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_PATCH,
    METHOD_OPTIONS,
    METHOD_CONNECT,
    METHOD_TRACE,
    METHOD_COUNT,
};

/* The name in capitals, "" for METHOD_NONE. Static storage. */
struct str method_name(enum method m);

/* Headers this program acts on. FIELD_OTHER covers the rest, which is passed on
 * or dropped by class (see emit.h). */
enum field_id {
    FIELD_OTHER,
    FIELD_HOST,
    FIELD_CONNECTION,
    FIELD_CONTENT_LENGTH,
    FIELD_TRANSFER_ENCODING,
    FIELD_CONTENT_TYPE,
    FIELD_CONTENT_ENCODING,
    FIELD_EXPECT,
    FIELD_UPGRADE,
    FIELD_ORIGIN,
    FIELD_REGISTRY_AUTH,
    FIELD_REGISTRY_CONFIG,
    FIELD_REQUEST_ID,
    FIELD_ACCEPT_ENCODING,
    FIELD_DATE,
    FIELD_HOP,       /* Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization,
                        TE, Trailer: hop by hop, never forwarded */
    FIELD_FORWARDED, /* Forwarded, X-Forwarded-*: never forwarded */
    FIELD_ID_COUNT,
};

struct field {
    struct str name;  /* as it was spelt */
    struct str value; /* trimmed */
    enum field_id id;
    bool named_by_connection; /* a Connection header names it: hop by hop */
};

enum framing {
    FRAMING_NONE,   /* no body */
    FRAMING_LENGTH, /* Content-Length, also 0 */
    FRAMING_CHUNKED,
    FRAMING_TO_CLOSE, /* responses only: the body ends with the connection */
};

struct head {
    enum method method; /* requests */
    struct str target;  /* requests: exactly as sent, not yet decoded */
    uint16_t status;    /* responses */
    struct str reason;  /* responses */
    uint8_t minor;      /* HTTP/1.minor: 0 or 1 */
    enum framing framing;
    uint64_t length; /* with FRAMING_LENGTH */
    bool keep_alive; /* this message leaves the connection open for another */
    bool upgrade;    /* Connection names Upgrade and an Upgrade header is there */
    bool expect_continue;
    uint16_t n_fields;
    /* Index + 1 into fields of the first (often the only) one with that id, 0 if absent. */
    uint8_t at[FIELD_ID_COUNT];
    struct field fields[HEAD_FIELDS_MAX];
};

/* The value of the field with that id; empty (p == NULL) when it is absent. For
 * the ids that may not repeat (all but FIELD_OTHER, FIELD_HOP, FIELD_FORWARDED,
 * FIELD_CONNECTION, FIELD_ACCEPT_ENCODING) it is the only one. */
struct str head_field(const struct head *h, enum field_id id);

enum reader_kind { READER_REQUESTS, READER_RESPONSES };

/* About 170 bytes, embedded by its owner; copy it never. The storage is llhttp's. */
struct reader {
    enum reader_kind kind;
    bool broken; /* something was refused: nothing is read any more */
    bool in_body;
    bool chunked;
    bool to_close;
    uint64_t left; /* of a body with a length */
    struct chunks chunks;
    _Alignas(8) char llhttp[128];
};

void reader_init(struct reader *r, enum reader_kind kind);

/* The length of the head at the start of bytes, its empty line included; 0 when it
 * has not ended yet. `from` is where the last call stopped looking (0 at first), so
 * that a head that comes in pieces is scanned once: pass the length of what was
 * already searched. A LF without its CR ends a head too: head_read refuses it, and
 * nobody waits for an end that may never come. */
size_t head_length(struct str bytes, size_t from);

/* Reads one whole head (bytes as measured by head_length, nothing behind it).
 * REFUSAL_NONE and *out filled, or the reason to refuse with *out undefined; after
 * a refusal the reader is not used again. For responses, `request` is the method
 * that is answered (HEAD has no body); 1xx, 204 and 304 have none either. A 101
 * ends the reader's work: the bytes behind it are the tunnel's.
 *
 * Refused, among others: bare CR or LF, obsolete folding, space before the colon,
 * empty or non-token names, control bytes, both framings, repeated or signed
 * lengths, repeated Host or Content-Type, a coding other than chunked, HTTP
 * versions other than 1.0 and 1.1, a missing Host on 1.1 or one that is no host,
 * chunked on 1.0, methods not in enum method, bytes outside printable ASCII in the
 * target, an Expect other than 100-continue, a Connection that names a header which
 * is judged or frames the message. keep_alive is true only if llhttp reads it so too. */
enum refusal head_read(struct reader *r, struct str bytes, enum method request, struct head *out);

/* The next run of body bytes (enum frame_step is in chunk.h). *used says how many of
 * the given bytes are spent with this step, chunk framing included; *data (borrowed
 * from bytes) is empty unless the step is FRAME_DATA. Trailer lines are dropped. A
 * body without bytes gives FRAME_DONE at once. A FRAMING_TO_CLOSE body never says
 * FRAME_DONE: the end of the connection ends it. */
enum frame_step frame_read(struct reader *r, struct str bytes, size_t *used, struct str *data);

#endif
