/* SPDX-License-Identifier: Apache-2.0 */
/* The response side: from the engine's first byte to the last one handed to the client. */
#include "http/emit.h"
#include "proxy/client.h"
#include "proxy/edited.h"
#include "proxy/exchange.h"
#include "proxy/gather.h"
#include "proxy/lookup.h"
#include "proxy/owner.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"

void exchange_answered(struct exchange *ex, bool excess)
{
    if (excess || ex->upstream->stream.unsent)
        ex->reusable = false;
    if (ex->request != REQUEST_DONE)
        ex->close = true;
    exchange_enter_response(ex, RESPONSE_DONE);
    exchange_settle(ex);
}

/* Body bytes of the engine, behind a head or without one: raw where the client reads the
 * same framing. */
static void pass(struct exchange *ex, struct str bytes, struct str head)
{
    struct reader *reader = &ex->upstream->reader;
    struct gather g;
    size_t total = 0;
    enum frame_step step = FRAME_DATA;
    gather_start(&g, head);
    while (step == FRAME_DATA) {
        size_t used = 0;
        struct str data = {"", 0};
        step = frame_read(reader, str_skip(bytes, total), &used, &data);
        total += used;
        if (!ex->dechunk || step != FRAME_DATA || data.n == 0)
            continue;
        gather_add(&g, data);
        ex->sent += data.n;
        if (!gather_full(&g))
            continue;
        if (!exchange_send(ex, &g))
            return;
        gather_start(&g, STR(""));
    }
    if (!ex->dechunk && total) {
        gather_add(&g, (struct str){bytes.p, total});
        ex->sent += total;
    }
    if (!exchange_send(ex, &g))
        return;
    if (step == FRAME_BAD)
        exchange_cut(ex, EXCHANGE_CUT);
    else if (step == FRAME_DONE)
        exchange_answered(ex, total < bytes.n);
    else if (ex->client->stream.unsent)
        stream_pause(&ex->upstream->stream);
}

/* The framing the client is told. An answer without a body may still say how long one
 * would be. */
static struct emit_body framing_for(const struct exchange *ex, const struct head *h)
{
    struct emit_body body = {.framing = h->framing, .length = h->length};
    if (ex->dechunk)
        body.framing = FRAMING_TO_CLOSE;
    if (h->framing != FRAMING_NONE || (ex->method != METHOD_HEAD && h->status != 304))
        return body;
    const struct str length = head_field(h, FIELD_CONTENT_LENGTH);
    if (length.p && decimal_parse(length, UINT64_MAX, &body.length) == RC_OK)
        body.framing = FRAMING_LENGTH;
    return body;
}

/* worker->response has the engine's final head; bytes follow it. */
static void start_response(struct exchange *ex, struct str bytes)
{
    struct worker *w = ex->worker;
    const struct head *h = &w->response;
    deadline_disarm(&ex->deadline);
    ex->reusable = h->keep_alive && !ex->hijack;
    ex->to_close = h->framing == FRAMING_TO_CLOSE;
    ex->editing = edited_begins(ex);
    ex->dechunk = h->framing == FRAMING_CHUNKED && ex->old_client && !ex->editing;
    ex->close |= ex->dechunk || ex->request != REQUEST_DONE || w->draining;
    if (ex->editing) {
        edited_open(ex, bytes);
        return;
    }
    ex->close |= ex->to_close;
    buf_clear(&w->out);
    if (emit_response(&w->out, h, framing_for(ex, h), exchange_id(ex), ex->close)) {
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
        return;
    }
    ex->status = h->status;
    exchange_enter_response(ex, RESPONSE_FLOWING);
    pass(ex, bytes, buf_str(&w->out));
}

/* What the engine says cannot be read as an answer. */
static void broken(struct exchange *ex)
{
    if (ex->response == RESPONSE_LOOKUP)
        lookup_broken(ex);
    else
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
}

/* worker->response has an interim head. HTTP/1.0 knows none, and a client that does not read
 * does not need one: nothing is to pile up for it. */
static bool relay_interim(struct exchange *ex)
{
    struct worker *w = ex->worker;
    struct gather g;
    if (ex->old_client || ex->client->stream.unsent || ex->response == RESPONSE_LOOKUP)
        return true;
    buf_clear(&w->out);
    if (emit_response(&w->out, &w->response, (struct emit_body){.framing = FRAMING_NONE},
                      exchange_id(ex), false)) {
        broken(ex);
        return false;
    }
    gather_start(&g, buf_str(&w->out));
    return exchange_send(ex, &g);
}

/* The beginning of a head: the rest is to come. */
static void keep(struct exchange *ex, struct str bytes)
{
    struct upstream *u = ex->upstream;
    u->searched = bytes.n;
    if (bytes.n >= HEAD_BYTES_MAX || buf_append(&u->in, bytes))
        broken(ex);
}

/* A 101 answers nothing that was not asked for. */
static bool is_answer(const struct exchange *ex, const struct head *h)
{
    return h->status >= 100 && (h->status != 101 || tunnel_begins(ex));
}

static bool read_answer_head(struct exchange *ex, struct str bytes)
{
    struct head *h = &ex->worker->response;
    const enum method asked = ex->response == RESPONSE_LOOKUP ? METHOD_GET : ex->method;
    return bytes.n <= HEAD_BYTES_MAX && !head_read(&ex->upstream->reader, bytes, asked, h) &&
           is_answer(ex, h);
}

/* The final head is in worker->response. */
static void begin(struct exchange *ex, struct str bytes)
{
    if (ex->response == RESPONSE_LOOKUP)
        lookup_answered(ex, bytes);
    else if (tunnel_begins(ex))
        tunnel_open(ex, bytes);
    else
        start_response(ex, bytes);
}

static void take_heads(struct exchange *ex, struct str bytes)
{
    struct upstream *u = ex->upstream;
    for (;;) {
        const size_t n = head_length(bytes, u->searched);
        u->searched = 0;
        if (n == 0) {
            keep(ex, bytes);
            return;
        }
        if (!read_answer_head(ex, (struct str){bytes.p, n})) {
            broken(ex);
            return;
        }
        bytes = str_skip(bytes, n);
        const uint16_t status = ex->worker->response.status;
        if (status >= 200 || status == 101)
            break;
        size_t used;
        struct str data;
        (void)frame_read(&u->reader, STR(""), &used, &data);
        if (!relay_interim(ex))
            return;
    }
    begin(ex, bytes);
}

/* True while the answer's head is still to come. */
static bool awaits_head(const struct exchange *ex)
{
    return ex->response == RESPONSE_LOOKUP ? !lookup_has_head(ex)
                                           : ex->response == RESPONSE_AWAITED;
}

static void take_body(struct exchange *ex, struct str bytes)
{
    if (ex->response == RESPONSE_LOOKUP)
        lookup_heard(ex, bytes);
    else if (ex->response == RESPONSE_TUNNEL)
        tunnel_heard(ex, bytes);
    else if (ex->editing)
        edited_heard(ex, bytes);
    else
        pass(ex, bytes, STR(""));
}

void exchange_heard(struct exchange *ex, struct str bytes)
{
    struct upstream *u = ex->upstream;
    u->heard = true;
    if (!awaits_head(ex)) {
        take_body(ex, bytes);
        return;
    }
    if (u->in.len == 0) {
        take_heads(ex, bytes);
        return;
    }
    struct buf whole = u->in;
    buf_init(&u->in, whole.max);
    if (buf_append(&whole, bytes))
        broken(ex);
    else
        take_heads(ex, buf_str(&whole));
    buf_release(&whole);
}

/* The engine closed a pooled connection just as we used it: asking again does no harm when
 * the request changes nothing. */
static bool may_repeat(const struct exchange *ex)
{
    return ex->upstream->pooled && !ex->upstream->heard && !ex->retried && !ex->has_body &&
           (ex->method == METHOD_GET || ex->method == METHOD_HEAD);
}

void exchange_upstream_ended(struct exchange *ex, int status)
{
    if (ex->response == RESPONSE_LOOKUP) {
        lookup_upstream_ended(ex, status);
    } else if (ex->response == RESPONSE_TUNNEL) {
        tunnel_upstream_ended(ex, status);
    } else if (ex->editing) {
        edited_upstream_ended(ex, status);
    } else if (ex->response == RESPONSE_FLOWING) {
        if (ex->to_close && status == UV_EOF)
            exchange_answered(ex, true);
        else
            exchange_cut(ex, EXCHANGE_CUT);
    } else if (may_repeat(ex)) {
        ex->retried = true;
        ex->head_sent = false;
        exchange_let_go(ex, false);
        exchange_enter_response(ex, RESPONSE_DIAL);
        exchange_connect(ex);
    } else {
        exchange_refuse(ex, ex->upstream->heard ? REFUSAL_UPSTREAM_BROKEN
                                                : REFUSAL_UPSTREAM_UNREACHABLE);
    }
}

void exchange_client_drained(struct exchange *ex)
{
    if (ex->upstream)
        stream_resume(&ex->upstream->stream);
}

void exchange_on_request_due(struct deadline_entry *e)
{
    exchange_refuse(OWNER(e, struct exchange, deadline), REFUSAL_UPSTREAM_TIMEOUT);
}
