/* SPDX-License-Identifier: Apache-2.0 */
/* The request side's bytes: gathered, sent on, or dropped. */
#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/gather.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"

static struct str unsent_head(const struct exchange *ex)
{
    return ex->head_sent ? STR("") : buf_str(&ex->out);
}

/* The engine had closed a pooled connection and not one byte has gone: a fresh one will
 * do, once. */
static bool redial(struct exchange *ex)
{
    if (ex->head_sent || ex->retried || !ex->upstream->pooled)
        return false;
    ex->retried = true;
    exchange_let_go(ex, false);
    return upstream_dial(ex->worker, ex, &ex->upstream) == 0;
}

static bool send_up(struct exchange *ex, struct gather *g)
{
    bool none;
    int rc = stream_write(&ex->upstream->stream, g->v, g->n, &none);
    if (rc && none && redial(ex))
        rc = stream_write(&ex->upstream->stream, g->v, g->n, &none);
    ex->head_sent |= rc == 0 || !none;
    return rc == 0;
}

/* Nothing more can be sent. The engine may have answered all the same: that is read first,
 * and an engine that waits for the rest learns that there is none. */
static void stop_sending(struct exchange *ex)
{
    if (ex->head_sent)
        stream_finish(&ex->upstream->stream);
    else
        exchange_refuse(ex, REFUSAL_UPSTREAM_UNREACHABLE);
}

void exchange_send_whole(struct exchange *ex)
{
    struct gather g;
    gather_start(&g, buf_str(&ex->out));
    if (ex->body.len)
        gather_add(&g, buf_str(&ex->body));
    if (!send_up(ex, &g))
        stop_sending(ex);
}

/* The same while the body flows: its rest, if there is one, is read and dropped. */
static void stop_flowing(struct exchange *ex, enum frame_step step)
{
    exchange_enter_request(ex, step == FRAME_DONE ? REQUEST_DONE : REQUEST_DISCARD);
    ex->discard_left = SIZE_MAX;
    stop_sending(ex);
}

bool exchange_wants(const struct exchange *ex)
{
    if (ex->request == REQUEST_FLOWING || ex->request == REQUEST_TUNNEL)
        return ex->upstream && ex->upstream->stream.unsent == 0;
    return ex->request == REQUEST_HELD || ex->request == REQUEST_DISCARD;
}

bool exchange_blocks(const struct exchange *ex)
{
    return ex->request != REQUEST_DONE && !exchange_wants(ex);
}

bool exchange_has_request(const struct exchange *ex)
{
    return ex->request == REQUEST_DONE;
}

static size_t feed_held(struct exchange *ex, struct str bytes)
{
    size_t total = 0;
    enum frame_step step;
    do {
        size_t used = 0;
        struct str data = {"", 0};
        step = frame_read(&ex->client->reader, str_skip(bytes, total), &used, &data);
        total += used;
        if (step == FRAME_DATA && buf_append(&ex->body, data)) {
            exchange_give_up(ex, REFUSAL_BODY_TOO_LARGE);
            return total;
        }
    } while (step == FRAME_DATA);
    if (step == FRAME_BAD) {
        exchange_refuse(ex, REFUSAL_BAD_FRAMING);
    } else if (step == FRAME_DONE) {
        exchange_enter_request(ex, REQUEST_DONE);
        exchange_decide(ex);
    }
    return total;
}

static size_t feed_discard(struct exchange *ex, struct str bytes)
{
    size_t total = 0;
    enum frame_step step;
    do {
        size_t used = 0;
        struct str data;
        step = frame_read(&ex->client->reader, str_skip(bytes, total), &used, &data);
        total += used;
    } while (step == FRAME_DATA);
    const bool limited = ex->discard_left != SIZE_MAX;
    if (step == FRAME_BAD || (limited && total > ex->discard_left)) {
        ex->close = true;
        exchange_settle(ex);
        return total;
    }
    if (limited)
        ex->discard_left -= total;
    if (step == FRAME_DONE) {
        exchange_enter_request(ex, REQUEST_DONE);
        exchange_settle(ex);
    }
    return total;
}

static void add_piece(struct exchange *ex, struct gather *g, struct str data)
{
    if (data.n && ex->chunked)
        gather_chunk(g, data);
    else if (data.n)
        gather_add(g, data);
}

/* The body has ended, or broken off, behind what was sent. */
static void end_flowing(struct exchange *ex, enum frame_step step)
{
    if (step == FRAME_BAD) {
        exchange_refuse(ex, REFUSAL_BAD_FRAMING);
    } else if (step == FRAME_DONE) {
        exchange_enter_request(ex, REQUEST_DONE);
        exchange_settle(ex);
    }
}

static size_t feed_flowing(struct exchange *ex, struct str bytes)
{
    struct gather g;
    size_t total = 0;
    enum frame_step step = FRAME_DATA;
    gather_start(&g, unsent_head(ex));
    while (step == FRAME_DATA) {
        size_t used = 0;
        struct str data = {"", 0};
        step = frame_read(&ex->client->reader, str_skip(bytes, total), &used, &data);
        total += used;
        add_piece(ex, &g, step == FRAME_DATA ? data : STR(""));
        if (step == FRAME_DONE && ex->chunked)
            gather_add(&g, STR("0\r\n\r\n"));
        if (step == FRAME_BAD || g.n == 0 || (step == FRAME_DATA && !gather_full(&g)))
            continue;
        if (!send_up(ex, &g)) {
            stop_flowing(ex, step);
            return total;
        }
        gather_start(&g, STR(""));
    }
    end_flowing(ex, step);
    return total;
}

size_t exchange_feed(struct exchange *ex, struct str bytes)
{
    switch (ex->request) {
    case REQUEST_HELD:
        return feed_held(ex, bytes);
    case REQUEST_FLOWING:
        return feed_flowing(ex, bytes);
    case REQUEST_TUNNEL:
        return tunnel_feed(ex, bytes);
    default:
        return feed_discard(ex, bytes);
    }
}

void exchange_flush(struct exchange *ex)
{
    if (ex->request != REQUEST_FLOWING || ex->head_sent || !ex->upstream)
        return;
    struct gather g;
    gather_start(&g, buf_str(&ex->out));
    if (!send_up(ex, &g))
        stop_flowing(ex, FRAME_MORE);
}

void exchange_upstream_drained(struct exchange *ex)
{
    client_wake(ex->client);
}

void exchange_upstream_broken(struct exchange *ex)
{
    struct client *c = ex->client;
    if (ex->request == REQUEST_FLOWING)
        stop_flowing(ex, FRAME_MORE);
    client_wake(c);
}
