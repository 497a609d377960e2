/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/tunnel.h"

#include "http/emit.h"
#include "proxy/client.h"
#include "proxy/gather.h"
#include "proxy/upstream.h"

static bool is_stream_type(struct str type)
{
    return str_eq_nocase(type, STR("application/vnd.docker.raw-stream")) ||
           str_eq_nocase(type, STR("application/vnd.docker.multiplexed-stream"));
}

/* The engine calls attach and exec streams "tcp" whatever it was asked for. */
static bool is_switch(const struct exchange *ex, const struct head *h)
{
    return ex->asks_upgrade && h->upgrade &&
           str_eq_nocase(head_field(h, FIELD_UPGRADE), str_of(ex->route->upgrade));
}

bool tunnel_begins(const struct exchange *ex)
{
    const struct head *h = &ex->worker->response;
    if (!ex->hijack || ex->request != REQUEST_DONE)
        return false;
    if (h->status == 101)
        return is_switch(ex, h);
    return h->status == 200 && h->framing == FRAMING_TO_CLOSE &&
           is_stream_type(head_field(h, FIELD_CONTENT_TYPE));
}

static int emit_head(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const struct str id = exchange_id(ex);
    buf_clear(&w->out);
    if (w->response.status == 101)
        return emit_switch(&w->out, &w->response);
    return emit_response(&w->out, &w->response, (struct emit_body){.framing = FRAMING_TO_CLOSE}, id,
                         false);
}

/* The engine's bytes, and before the first of them a head. False: the client has gone. */
static bool send_down(struct exchange *ex, struct str head, struct str bytes)
{
    struct gather g;
    gather_start(&g, head);
    if (bytes.n)
        gather_add(&g, bytes);
    if (stream_write(&ex->client->stream, g.v, g.n, NULL)) {
        exchange_cut(ex, EXCHANGE_CLIENT_GONE);
        return false;
    }
    ex->sent += bytes.n;
    if (ex->client->stream.unsent)
        stream_pause(&ex->upstream->stream);
    return true;
}

void tunnel_open(struct exchange *ex, struct str bytes)
{
    struct client *c = ex->client;
    deadline_disarm(&ex->deadline);
    if (emit_head(ex)) {
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
        return;
    }
    ex->close = true;
    ex->reusable = false;
    ex->status = ex->worker->response.status;
    exchange_enter_response(ex, RESPONSE_TUNNEL);
    exchange_enter_request(ex, REQUEST_TUNNEL);
    if (send_down(ex, buf_str(&ex->worker->out), bytes))
        client_wake(c); /* what came early, and the end if that came too */
}

/* Both ways are done with: what is queued for the client still goes out. */
static void end(struct exchange *ex)
{
    exchange_enter_request(ex, REQUEST_DONE);
    exchange_enter_response(ex, RESPONSE_DONE);
    exchange_settle(ex);
}

/* An engine that does not take the bytes may have more to say all the same. */
size_t tunnel_feed(struct exchange *ex, struct str bytes)
{
    struct gather g;
    gather_start(&g, bytes);
    (void)stream_write(&ex->upstream->stream, g.v, g.n, NULL);
    return bytes.n;
}

void tunnel_client_ended(struct exchange *ex)
{
    if (ex->upstream->stream.ended)
        end(ex);
    else
        stream_finish(&ex->upstream->stream);
}

void tunnel_heard(struct exchange *ex, struct str bytes)
{
    (void)send_down(ex, STR(""), bytes);
}

/* An engine that reset the connection had not read everything; it said what it had to. */
void tunnel_upstream_ended(struct exchange *ex, int status)
{
    struct client *c = ex->client;
    const bool client_ended = c->stream.ended && c->stash.len == 0;
    if (client_ended || status != UV_EOF || stream_hung_up(&ex->upstream->stream))
        end(ex);
    else
        stream_finish(&c->stream);
}

/* Where we have ended our side too, it has not gone but finished. */
bool tunnel_is_abandoned(const struct exchange *ex)
{
    const struct client *c = ex->client;
    const bool delivered = c->stash.len == 0 && ex->upstream->stream.unsent == 0;
    return c->stream.ended && delivered && !c->stream.finishing && stream_hung_up(&c->stream);
}
