/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp reads every head, and all chunk framing, a second time: it has to come to what our
 * own rules came to. What it is shown has passed them, so its laxer readings never matter. */
#include "http/head.h"

#include "http/framing.h"
#include "http/lines.h"

#include <llhttp.h>

_Static_assert(sizeof(llhttp_t) <= sizeof((struct reader *)0)->llhttp, "llhttp_t has room");
_Static_assert(_Alignof(llhttp_t) <= 8, "llhttp_t is aligned");

/* What llhttp says while it is shown bytes. */
struct witness {
    const struct head *head; /* what our rules read; NULL in a body */
    bool agrees;             /* about the head */
    bool keep_alive;
    bool complete; /* the message has ended */
    uint64_t body; /* body bytes */
};

static llhttp_t *parser(struct reader *r)
{
    return (llhttp_t *)(void *)r->llhttp;
}

static bool same_start(const llhttp_t *l, const struct head *h)
{
    if (l->http_major != 1 || l->http_minor != h->minor)
        return false;
    if (l->type == HTTP_RESPONSE)
        return l->status_code == h->status;
    const char *name = llhttp_method_name((llhttp_method_t)l->method);
    return str_eq(str_of(name), method_name(h->method));
}

static bool same_framing(const llhttp_t *l, const struct head *h)
{
    const bool chunked = l->flags & F_CHUNKED, coded = l->flags & F_TRANSFER_ENCODING;
    const bool measured = l->flags & F_CONTENT_LENGTH;
    uint64_t length = 0;
    if (chunked != coded || coded != (h->at[FIELD_TRANSFER_ENCODING] != 0))
        return false;
    return measured == framing_declared_length(h, &length) && l->content_length == length;
}

/* Only chunks are read on with llhttp; to it all other messages end here. */
static int on_headers_complete(llhttp_t *l)
{
    struct witness *w = l->data;
    if (!w->head)
        return -1;
    w->agrees = same_start(l, w->head) && same_framing(l, w->head);
    w->keep_alive = llhttp_should_keep_alive(l);
    return w->head->framing == FRAMING_CHUNKED ? 0 : 1;
}

static int on_body(llhttp_t *l, const char *at, size_t n)
{
    struct witness *w = l->data;
    (void)at;
    w->body += n;
    return 0;
}

static int on_message_complete(llhttp_t *l)
{
    struct witness *w = l->data;
    w->complete = true;
    w->keep_alive = llhttp_should_keep_alive(l);
    return 0;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* False when llhttp refuses the bytes, or stops before their end. */
static bool show(struct reader *r, struct str bytes, struct witness *w)
{
    llhttp_t *l = parser(r);
    l->data = w;
    const llhttp_errno_t rc = llhttp_execute(l, bytes.p, bytes.n);
    l->data = NULL;
    return rc == HPE_OK ||
           (rc == HPE_PAUSED_UPGRADE && llhttp_get_error_pos(l) == bytes.p + bytes.n);
}

/* Closing is always safe, so the connection stays open only if both read it so. */
static bool llhttp_agrees(struct reader *r, struct str bytes, struct head *h)
{
    struct witness w = {.head = h};
    llhttp_init(parser(r), r->kind == READER_REQUESTS ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    const bool chunked = h->framing == FRAMING_CHUNKED;
    if (!show(r, bytes, &w) || !w.agrees || w.complete == chunked || w.body)
        return false;
    h->keep_alive = h->keep_alive && w.keep_alive;
    return true;
}

struct str method_name(enum method m)
{
    static const char *const names[METHOD_COUNT] = {
        [METHOD_NONE] = "",       [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",
        [METHOD_POST] = "POST",   [METHOD_PUT] = "PUT",         [METHOD_DELETE] = "DELETE",
        [METHOD_PATCH] = "PATCH", [METHOD_OPTIONS] = "OPTIONS", [METHOD_CONNECT] = "CONNECT",
        [METHOD_TRACE] = "TRACE",
    };
    return str_of(names[m]);
}

struct str head_field(const struct head *h, enum field_id id)
{
    return h->at[id] ? h->fields[h->at[id] - 1].value : (struct str){NULL, 0};
}

void reader_init(struct reader *r, enum reader_kind kind)
{
    memset(r, 0, sizeof *r);
    r->kind = kind;
}

size_t head_length(struct str bytes, size_t from)
{
    while (from < bytes.n) {
        const char *lf = memchr(bytes.p + from, '\n', bytes.n - from);
        if (!lf)
            return 0;
        const size_t at = (size_t)(lf - bytes.p);
        const bool bare = at == 0 || bytes.p[at - 1] != '\r';
        if (bare || at == 1 || bytes.p[at - 2] == '\n')
            return at + 1;
        from = at + 1;
    }
    return 0;
}

enum refusal head_read(struct reader *r, struct str bytes, enum method request, struct head *out)
{
    if (r->broken || r->in_body)
        return REFUSAL_BAD_REQUEST;
    r->broken = true;
    enum refusal why = lines_read(bytes, r->kind, out);
    if (!why)
        why = framing_read(out, r->kind, request);
    if (!why && !llhttp_agrees(r, bytes, out))
        why = REFUSAL_BAD_REQUEST;
    if (why)
        return why;
    r->broken = false;
    r->in_body = true;
    r->chunked = out->framing == FRAMING_CHUNKED;
    r->to_close = out->framing == FRAMING_TO_CLOSE;
    r->left = out->framing == FRAMING_LENGTH ? out->length : 0;
    r->chunks = (struct chunks){0};
    return REFUSAL_NONE;
}

static enum frame_step read_plain(struct reader *r, struct str bytes, size_t *used,
                                  struct str *data)
{
    const bool all = r->to_close || r->left > bytes.n;
    if (!all && r->left == 0)
        return FRAME_DONE;
    if (bytes.n == 0)
        return FRAME_MORE;
    data->n = *used = all ? bytes.n : (size_t)r->left;
    if (!r->to_close)
        r->left -= data->n;
    return FRAME_DATA;
}

/* Trailer lines are ours alone: to llhttp the empty line follows the last chunk. */
static enum frame_step read_chunks(struct reader *r, struct str bytes, size_t *used,
                                   struct str *data)
{
    struct witness w = {.head = NULL};
    struct chunk_run run;
    const enum frame_step step = chunk_read(&r->chunks, bytes, &run);
    if (step == FRAME_BAD)
        return FRAME_BAD;
    if (run.coded && !show(r, (struct str){bytes.p, run.coded}, &w))
        return FRAME_BAD;
    if (step == FRAME_DONE && !show(r, STR("\r\n"), &w))
        return FRAME_BAD;
    if (w.body != run.data.n || w.complete != (step == FRAME_DONE))
        return FRAME_BAD;
    *used = run.used;
    *data = run.data;
    return step;
}

enum frame_step frame_read(struct reader *r, struct str bytes, size_t *used, struct str *data)
{
    *used = 0;
    *data = (struct str){bytes.p, 0};
    if (r->broken)
        return FRAME_BAD;
    if (!r->in_body)
        return FRAME_DONE;
    const enum frame_step step =
        r->chunked ? read_chunks(r, bytes, used, data) : read_plain(r, bytes, used, data);
    r->broken = step == FRAME_BAD;
    r->in_body = step != FRAME_DONE;
    return step;
}
