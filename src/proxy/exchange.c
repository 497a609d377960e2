/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange.h"

#include "http/emit.h"
#include "proxy/client.h"
#include "proxy/edited.h"
#include "proxy/gather.h"
#include "proxy/lookup.h"
#include "proxy/owner.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"

#include <assert.h>
#include <stdlib.h>

enum {
    DISCARD_MAX = 64 * 1024,             /* of a body that nobody wants, to keep its connection */
    BUF_KEPT = 8 * 1024,                 /* a free exchange's buffers keep no more than this */
    OUT_MAX = 3 * HEAD_BYTES_MAX + 4096, /* a head may grow when its path is re-encoded */
};

#define BIT(n) (1u << (n))

/* Row: where a side is. Bits: where it may go. Everything else is a bug. */
static const unsigned next_request[REQUEST_STATE_COUNT] = {
    [REQUEST_WAIT] =
        BIT(REQUEST_HELD) | BIT(REQUEST_FLOWING) | BIT(REQUEST_DISCARD) | BIT(REQUEST_DONE),
    [REQUEST_HELD] = BIT(REQUEST_DISCARD) | BIT(REQUEST_DONE),
    [REQUEST_FLOWING] = BIT(REQUEST_DISCARD) | BIT(REQUEST_DONE),
    [REQUEST_DISCARD] = BIT(REQUEST_DONE),
    [REQUEST_TUNNEL] = BIT(REQUEST_DONE),
    [REQUEST_DONE] = BIT(REQUEST_TUNNEL),
};
static const unsigned next_response[RESPONSE_STATE_COUNT] = {
    [RESPONSE_NONE] =
        BIT(RESPONSE_ASKED) | BIT(RESPONSE_LOOKUP) | BIT(RESPONSE_DIAL) | BIT(RESPONSE_DONE),
    [RESPONSE_ASKED] = BIT(RESPONSE_DONE),
    [RESPONSE_LOOKUP] = BIT(RESPONSE_DIAL) | BIT(RESPONSE_DONE),
    [RESPONSE_DIAL] = BIT(RESPONSE_AWAITED) | BIT(RESPONSE_DONE),
    [RESPONSE_AWAITED] = BIT(RESPONSE_DIAL) | BIT(RESPONSE_EDITED) | BIT(RESPONSE_FLOWING) |
                         BIT(RESPONSE_TUNNEL) | BIT(RESPONSE_DONE),
    [RESPONSE_EDITED] = BIT(RESPONSE_FLOWING) | BIT(RESPONSE_DONE),
    [RESPONSE_FLOWING] = BIT(RESPONSE_DONE),
    [RESPONSE_TUNNEL] = BIT(RESPONSE_DONE),
    [RESPONSE_DONE] = 0,
};

void exchange_enter_request(struct exchange *ex, enum request_state next)
{
    assert(next_request[ex->request] & BIT(next));
    ex->request = next;
}

void exchange_enter_response(struct exchange *ex, enum response_state next)
{
    assert(next_response[ex->response] & BIT(next));
    ex->response = next;
}

static struct exchange *exchange_new(struct client *c)
{
    struct worker *w = c->worker;
    struct exchange *ex = w->free_exchanges;
    struct buf bytes = {0}, body = {0}, out = {0}, edited = {0}, held = {0};
    if (ex) {
        w->free_exchanges = ex->next;
        w->n_free--;
        bytes = ex->bytes;
        body = ex->body;
        out = ex->out;
        edited = ex->edited;
        held = ex->edit.held;
    } else {
        ex = malloc(sizeof *ex);
        if (!ex)
            return NULL;
        buf_init(&bytes, 2 * HEAD_BYTES_MAX);
        buf_init(&body, 0);
        buf_init(&out, OUT_MAX);
        buf_init(&edited, EDITED_MAX);
    }
    *ex = (struct exchange){.worker = w, .client = c, .bytes = bytes, .body = body, .out = out};
    ex->edited = edited;
    ex->edit.held = held;
    ex->started = uv_hrtime();
    worker_request_id(w, ex->id);
    c->exchange = ex;
    worker_count(&w->n_exchanges, true);
    return ex;
}

static void tidy(struct buf *b)
{
    buf_clear(b);
    if (b->cap > BUF_KEPT)
        buf_release(b);
}

static void give_room_back(struct exchange *ex)
{
    if (ex->has_room)
        budget_return(&ex->room);
    ex->has_room = false;
}

static void release(struct exchange *ex)
{
    buf_release(&ex->bytes);
    buf_release(&ex->body);
    buf_release(&ex->out);
    buf_release(&ex->edited);
    edit_release(&ex->edit);
    free(ex);
}

static void exchange_free(struct exchange *ex)
{
    struct worker *w = ex->worker;
    deadline_disarm(&ex->deadline);
    worker_give_head(w, ex->held);
    free(ex->judged);
    lookup_free(w, ex->lookups);
    worker_count(&w->n_exchanges, false);
    if (ex->hijack)
        atomic_fetch_sub(&w->ledger->tunnels, 1);
    tidy(&ex->bytes);
    tidy(&ex->body);
    tidy(&ex->out);
    tidy(&ex->edited);
    tidy(&ex->edit.held);
    give_room_back(ex);
    if (w->n_free >= EXCHANGES_KEPT) {
        release(ex);
        return;
    }
    ex->next = w->free_exchanges;
    w->free_exchanges = ex;
    w->n_free++;
}

void exchange_release_free(struct worker *w)
{
    while (w->free_exchanges) {
        struct exchange *ex = w->free_exchanges;
        w->free_exchanges = ex->next;
        release(ex);
    }
    w->n_free = 0;
}

void exchange_keep_decision(struct exchange *ex, bool judged)
{
    const struct decision *d = &ex->worker->decision;
    ex->evaluated = true;
    ex->verdict = d->verdict;
    ex->denial = d->refusal;
    ex->rule = d->rule;
    memcpy(ex->reason, d->reason, sizeof ex->reason);
    if (judged && !ex->judged)
        ex->judged = malloc(sizeof *ex->judged);
    if (judged && ex->judged) /* without memory the report lacks the findings */
        *ex->judged = *d;
}

void exchange_recall_decision(struct exchange *ex)
{
    struct decision *d = &ex->worker->decision;
    d->verdict = ex->verdict;
    d->refusal = ex->denial;
    d->rule = ex->rule;
    memcpy(d->reason, ex->reason, sizeof d->reason);
    d->unknown[0] = d->waived[0] = '\0';
    d->fault_check = -1;
    d->n_findings = 0;
}

static const struct decision *kept_decision(struct exchange *ex)
{
    if (!ex->evaluated || ex->judged)
        return ex->judged;
    exchange_recall_decision(ex);
    return &ex->worker->decision;
}

static void report(struct exchange *ex, enum exchange_end end)
{
    const struct proxy_observer *o = ex->worker->observer;
    if (!o || !o->on_exchange)
        return;
    const struct exchange_report r = {
        .end = end,
        .method = ex->method,
        .path = ex->target.path,
        .normal = ex->target.normal,
        .route = ex->route,
        .request_id = exchange_id(ex),
        .client_request_id = ex->client_request_id,
        .listener = ex->client->listener->settings->name,
        .peer = &ex->client->peer,
        .decision = kept_decision(ex),
        .refusal = ex->refusal,
        .detail = ex->detail,
        .local = ex->local,
        .status = ex->status,
        .bytes = ex->sent,
        .microseconds = (uv_hrtime() - ex->started) / 1000,
    };
    o->on_exchange(o->arg, &r);
}

void exchange_let_go(struct exchange *ex, bool reusable)
{
    struct upstream *u = ex->upstream;
    ex->upstream = NULL;
    if (u && reusable)
        upstream_return(u);
    else if (u)
        upstream_close(u);
}

void exchange_settle(struct exchange *ex)
{
    const bool request_done = ex->request == REQUEST_DONE;
    if (ex->response != RESPONSE_DONE || !(request_done || ex->close))
        return;
    struct client *c = ex->client;
    struct worker *w = ex->worker;
    const bool close = ex->close || w->draining;
    const bool judged = ex->judged != NULL;
    exchange_let_go(ex, request_done && ex->reusable);
    report(ex, EXCHANGE_ANSWERED);
    exchange_free(ex);
    client_done(c, close);
    if (judged)
        policy_rest(w->policy);
}

void exchange_cut(struct exchange *ex, enum exchange_end end)
{
    struct client *c = ex->client;
    const struct proxy_local *local = ex->worker->local;
    if (ex->response == RESPONSE_ASKED && local->forget)
        local->forget(local->arg, ex);
    exchange_let_go(ex, false);
    report(ex, end);
    c->exchange = NULL;
    exchange_free(ex);
    client_close(c);
}

bool exchange_send(struct exchange *ex, struct gather *g)
{
    if (g->n == 0 || stream_write(&ex->client->stream, g->v, g->n, NULL) == 0)
        return true;
    exchange_cut(ex, EXCHANGE_CLIENT_GONE);
    return false;
}

/* Whether the rest of the request is short enough, as far as one knows, and sure to come. */
static bool can_discard(const struct exchange *ex)
{
    if (ex->expects)
        return false;
    return ex->chunked || ex->client->reader.left <= DISCARD_MAX;
}

void exchange_answer(struct exchange *ex, uint16_t status, struct str json)
{
    struct worker *w = ex->worker;
    const bool whole = ex->request == REQUEST_DONE;
    deadline_disarm(&ex->deadline);
    if (w->draining || (!whole && !can_discard(ex)))
        ex->close = true;
    buf_clear(&w->out);
    if (emit_answer(&w->out, status, json, exchange_id(ex), ex->close, ex->method == METHOD_HEAD)) {
        exchange_cut(ex, EXCHANGE_CUT);
        return;
    }
    uv_buf_t all = uv_buf_init(w->out.data, (unsigned)w->out.len);
    if (stream_write(&ex->client->stream, &all, 1, NULL)) {
        exchange_cut(ex, EXCHANGE_CLIENT_GONE);
        return;
    }
    ex->status = status;
    ex->sent = ex->method == METHOD_HEAD ? 0 : json.n;
    exchange_enter_response(ex, RESPONSE_DONE);
    if (!whole && !ex->close) {
        if (ex->request != REQUEST_DISCARD)
            exchange_enter_request(ex, REQUEST_DISCARD);
        ex->discard_left = DISCARD_MAX;
        deadline_arm(&w->body, &ex->deadline);
        client_wake(ex->client);
        return;
    }
    exchange_settle(ex);
}

void exchange_refuse(struct exchange *ex, enum refusal why)
{
    const struct refusal_info *info = refusal_info(why);
    struct buf *json = &ex->worker->json;
    exchange_let_go(ex, false);
    if (ex->response == RESPONSE_FLOWING || ex->response == RESPONSE_TUNNEL) {
        exchange_cut(ex, EXCHANGE_CUT);
        return;
    }
    ex->refusal = why;
    ex->close |= info->closes;
    buf_clear(json);
    if (buf_append(json, STR("{\"message\":\"")) || buf_append_json(json, info->text) ||
        buf_append(json, STR("\"}\n")))
        exchange_cut(ex, EXCHANGE_CUT);
    else
        exchange_answer(ex, info->status, buf_str(json));
}

void exchange_deny(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const struct decision *d = &w->decision;
    const struct policy_request r = exchange_policy_request(ex);
    const struct refusal_info *info = refusal_info(d->refusal);
    buf_clear(&w->json);
    if (policy_denial_json(w->policy, &r, d, &w->json)) {
        exchange_refuse(ex, d->refusal);
        return;
    }
    ex->refusal = d->refusal;
    ex->close |= info->closes;
    exchange_answer(ex, info->status, buf_str(&w->json));
}

static bool read_head(struct exchange *ex, struct str bytes, enum refusal *why)
{
    struct client *c = ex->client;
    *why = REFUSAL_BUDGET;
    ex->held = worker_take_head(ex->worker);
    if (!ex->held || buf_reserve(&ex->bytes, 2 * bytes.n) || buf_append(&ex->bytes, bytes))
        return false;
    struct head *h = &ex->held->head;
    *why = head_read(&c->reader, buf_str(&ex->bytes), METHOD_NONE, h);
    if (*why)
        return false;
    ex->method = h->method;
    ex->client_request_id = head_field(h, FIELD_REQUEST_ID);
    ex->chunked = h->framing == FRAMING_CHUNKED;
    ex->length = h->framing == FRAMING_LENGTH ? h->length : 0;
    ex->has_body = ex->chunked || ex->length > 0;
    ex->expects = ex->has_body && h->expect_continue;
    ex->old_client = h->minor == 0;
    ex->close = !h->keep_alive || ex->old_client || ex->worker->draining;
    if (ex->has_body)
        return true;
    size_t used;
    struct str data;
    (void)frame_read(&c->reader, (struct str){"", 0}, &used, &data);
    exchange_enter_request(ex, REQUEST_DONE);
    return true;
}

void exchange_begin(struct client *c, struct str bytes)
{
    struct exchange *ex = exchange_new(c);
    enum refusal why;
    if (!ex) {
        client_close(c);
        return;
    }
    if (read_head(ex, bytes, &why)) {
        exchange_consider(ex);
        return;
    }
    ex->close = true; /* where the next request begins is in doubt */
    exchange_refuse(ex, why);
}

void exchange_begin_refused(struct client *c, enum refusal why)
{
    struct exchange *ex = exchange_new(c);
    if (!ex) {
        client_close(c);
        return;
    }
    ex->close = true;
    exchange_refuse(ex, why);
}

void exchange_close_after(struct exchange *ex)
{
    ex->close |= ex->response < RESPONSE_FLOWING;
}

void exchange_starved(struct exchange *ex)
{
    if (ex->request == REQUEST_TUNNEL) {
        tunnel_client_ended(ex);
        return;
    }
    if (ex->response != RESPONSE_DONE) {
        exchange_cut(ex, EXCHANGE_CLIENT_GONE);
        return;
    }
    ex->close = true;
    exchange_settle(ex);
}

/* A TCP client that closed looks like one that only ended its side: it is given its answer,
 * but no stream. */
bool exchange_is_abandoned(const struct exchange *ex)
{
    const struct stream *s = &ex->client->stream;
    if (ex->request == REQUEST_TUNNEL)
        return tunnel_is_abandoned(ex);
    if (stream_hung_up(s))
        return true;
    return s->tcp && s->ended && !ex->hijack && ex->route && ex->route->deadline == DEADLINE_NONE;
}
