/* SPDX-License-Identifier: Apache-2.0 */
/* The request side: from a head that was read to a connection to the engine. */
#include "http/emit.h"
#include "proxy/browser.h"
#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/lookup.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"

#include <stdlib.h>

enum {
    T_MAX = 7 * 24 * 3600,       /* seconds that a client may ask a stop to wait */
    HIJACK_BODY_MAX = 64 * 1024, /* it must be whole before there can be a stream */
};

static bool held_whole(const struct exchange *ex)
{
    return ex->has_body && ex->request == REQUEST_DONE;
}

struct policy_request exchange_policy_request(const struct exchange *ex)
{
    const struct head *h = &ex->held->head;
    return (struct policy_request){
        .method = ex->method,
        .head = h,
        .peer = &ex->client->peer,
        .target = ex->target,
        .route = ex->route,
        .content_type = head_field(h, FIELD_CONTENT_TYPE),
        .registry_auth = head_field(h, FIELD_REGISTRY_AUTH),
        .body = buf_str(&ex->body),
        .has_body = ex->has_body,
    };
}

static void forward(struct exchange *ex);

/* The decision stands in worker->decision: acts on it. */
static void act(struct exchange *ex)
{
    if (ex->worker->decision.verdict == VERDICT_ALLOW)
        forward(ex);
    else
        exchange_deny(ex);
}

static void tell_judged(const struct worker *w)
{
    if (w->observer && w->observer->on_judged)
        w->observer->on_judged(w->observer->arg, &w->decision);
}

void exchange_judge(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const struct policy_request r = exchange_policy_request(ex);
    const struct lookups *l = ex->lookups;
    deadline_disarm(&ex->deadline);
    exchange_recall_decision(ex);
    policy_decide(w->policy, &r, l->list, l->facts, l->n, &w->decision);
    tell_judged(w);
    exchange_keep_decision(ex, true);
    lookup_free(w, ex->lookups);
    ex->lookups = NULL;
    act(ex);
}

/* The engine must answer these first. False when there is no memory for it. */
static bool keep_lookups(struct exchange *ex, const struct lookup *list, size_t n)
{
    ex->lookups = calloc(1, sizeof *ex->lookups);
    if (!ex->lookups)
        return false;
    ex->lookups->n = n;
    memcpy(ex->lookups->list, list, n * sizeof *list);
    return true;
}

void exchange_decide(struct exchange *ex)
{
    struct worker *w = ex->worker;
    struct lookup list[LOOKUPS_MAX];
    deadline_disarm(&ex->deadline);
    exchange_recall_decision(ex);
    if (!ex->is_judged) {
        act(ex);
        return;
    }
    const struct policy_request r = exchange_policy_request(ex);
    const size_t n = policy_plan(w->policy, &r, list, &w->decision);
    tell_judged(w);
    if (n == 0) {
        exchange_keep_decision(ex, true);
        act(ex);
    } else if (keep_lookups(ex, list, n)) {
        lookup_start(ex);
    } else {
        exchange_refuse(ex, REFUSAL_BUDGET);
    }
}

/* Given up before it could be judged. */
void exchange_give_up(struct exchange *ex, enum refusal why)
{
    const struct policy_request r = exchange_policy_request(ex);
    exchange_recall_decision(ex);
    policy_refuse(ex->worker->policy, &r, why, &ex->worker->decision);
    exchange_keep_decision(ex, true);
    act(ex);
}

static bool send_continue(struct exchange *ex)
{
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    uv_buf_t all = uv_buf_init(text, sizeof text - 1);
    const bool owed = ex->expects && !ex->old_client;
    ex->expects = false;
    if (!owed || stream_write(&ex->client->stream, &all, 1, NULL) == 0)
        return true;
    exchange_cut(ex, EXCHANGE_CLIENT_GONE);
    return false;
}

static void hold(struct exchange *ex)
{
    exchange_enter_request(ex, REQUEST_HELD);
    deadline_arm(&ex->worker->body, &ex->deadline);
    struct client *c = ex->client;
    if (send_continue(ex))
        client_wake(c);
}

/* How much of the body is gathered before anything else happens. */
static size_t gathered_max(const struct exchange *ex)
{
    const size_t max = ex->is_judged ? policy_body_max(ex->worker->policy, ex->route) : 0;
    return max == 0 && ex->route->hijack ? HIJACK_BODY_MAX : max;
}

static void gather_body(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const size_t max = gathered_max(ex);
    if (!ex->has_body || max == 0) {
        exchange_decide(ex);
        return;
    }
    if (ex->length > max) {
        exchange_give_up(ex, REFUSAL_BODY_TOO_LARGE);
        return;
    }
    ex->body.max = max;
    ex->has_room = true;
    if (budget_take(&w->bodies, &ex->room, ex->chunked ? max : (size_t)ex->length))
        hold(ex);
    else
        deadline_arm(&w->budget_wait, &ex->deadline);
}

void exchange_on_granted(struct budget_place *p)
{
    hold(OWNER(p, struct exchange, room));
}

static void on_local_answer(void *arg, uint16_t status, struct str json)
{
    exchange_answer(arg, status, json);
}

/* True when decoding alone gives the path, without any cleaning. */
static bool path_is_clean(const struct exchange *ex)
{
    const struct str raw = ex->held->head.target;
    size_t n = 0;
    for (size_t i = 0; i < raw.n && raw.p[i] != '?'; n++)
        i += raw.p[i] == '%' ? 3 : 1;
    return n == ex->target.path.n;
}

static bool ask_local(struct exchange *ex)
{
    const struct proxy_local *local = ex->worker->local;
    if (!local || ex->method != METHOD_GET || !path_is_clean(ex) ||
        !local->matches(local->arg, ex->target.path))
        return false;
    ex->local = true;
    exchange_enter_response(ex, RESPONSE_ASKED);
    local->ask(local->arg, ex->target.path, on_local_answer, ex);
    return true;
}

void exchange_consider(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const struct proxy_options *o = w->options;
    const struct head *h = &ex->held->head;
    if (listener_is_tcp(ex->client->listener) && !browser_free(h, o->host_names, o->n_host_names)) {
        exchange_refuse(ex, REFUSAL_BROWSER);
        return;
    }
    /* Behind the head there is room for as many bytes again. */
    const enum refusal why = target_read(h->target, ex->bytes.data + ex->bytes.len, &ex->target);
    if (why) {
        exchange_refuse(ex, why);
        return;
    }
    if (ask_local(ex))
        return;
    ex->route = route_find(ex->method, ex->target.normal);
    if (route_streams_at_once(ex->route, h)) {
        ex->has_body = ex->chunked = ex->expects = false;
        ex->close = true; /* the reader is lost for anything else */
        exchange_enter_request(ex, REQUEST_DONE);
    }
    const struct policy_request r = exchange_policy_request(ex);
    policy_route(w->policy, &r, &w->decision);
    exchange_keep_decision(ex, false);
    ex->is_judged = w->decision.verdict == VERDICT_ALLOW && policy_judges(w->policy, &r);
    if (w->decision.verdict == VERDICT_ALLOW && (ex->is_judged || ex->route->hijack))
        gather_body(ex);
    else
        act(ex);
}

/* How long the engine may take for its response head; 0: as long as it likes. */
static void arm_request(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const uint64_t ms = w->options->timeouts.request;
    deadline_disarm(&ex->deadline);
    if (ex->route->deadline == DEADLINE_REQUEST)
        deadline_arm(&w->request, &ex->deadline);
    if (ex->route->deadline != DEADLINE_PLUS_T || ms == 0)
        return;
    const struct str raw = ex->target.query;
    char *store = malloc(raw.n + 1);
    struct query q;
    uint64_t t = 0;
    if (store && query_read(raw, store, &q) == RC_OK) {
        const struct str value = query_value(&q, STR("t"));
        if (value.n > 1 && value.p[0] == '-') /* the engine waits for ever */
            t = T_MAX;
        else if (value.n)
            (void)decimal_parse(value, T_MAX, &t);
    }
    free(store);
    deadline_arm_in(&w->request_plus, &ex->deadline, ms + t * 1000);
}

static void start_sending(struct exchange *ex)
{
    exchange_enter_response(ex, RESPONSE_AWAITED);
    arm_request(ex);
    if (ex->request == REQUEST_DONE) {
        exchange_send_whole(ex);
        return;
    }
    exchange_enter_request(ex, REQUEST_FLOWING);
    struct client *c = ex->client;
    if (send_continue(ex))
        client_wake(c);
}

void exchange_connect(struct exchange *ex)
{
    struct worker *w = ex->worker;
    struct upstream *u = ex->retried ? NULL : upstream_take(w, ex);
    const int rc = u ? 0 : upstream_dial(w, ex, &u);
    if (rc == UV_EAGAIN && uv_now(w->loop) < ex->dial_until) {
        deadline_arm(&w->dial, &ex->deadline);
        return;
    }
    ex->upstream = u;
    if (rc)
        exchange_refuse(ex, REFUSAL_UPSTREAM_UNREACHABLE);
    else
        start_sending(ex);
}

/* A stream gets a connection of its own, and is the last thing on the client's. */
static bool claim_tunnel(struct exchange *ex)
{
    struct worker *w = ex->worker;
    if (!ex->route->hijack)
        return true;
    if (!ledger_claim(&w->ledger->tunnels, 1, w->options->limits.tunnels))
        return false;
    ex->hijack = ex->close = ex->retried = true;
    return true;
}

static int emit(struct exchange *ex)
{
    const bool held = held_whole(ex);
    const struct head *h = &ex->held->head;
    const bool streams = h->framing == FRAMING_CHUNKED && !ex->chunked;
    const struct emit_body body = {
        .framing = held      ? FRAMING_LENGTH
                   : streams ? FRAMING_NONE
                             : h->framing,
        .length = held ? ex->body.len : ex->length,
    };
    const struct policy_request r = exchange_policy_request(ex);
    ex->edits = policy_edits(ex->worker->policy, &r, &ex->reader);
    const struct emit_asks asks = {route_upgrade(ex->route, h), ex->edits != NULL};
    ex->asks_upgrade = asks.upgrade.n > 0;
    buf_clear(&ex->out);
    return emit_request(&ex->out, h, &ex->target, body, asks, exchange_id(ex));
}

static void forward(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const uint64_t connect = w->options->timeouts.connect;
    if (!claim_tunnel(ex)) {
        exchange_refuse(ex, REFUSAL_TOO_MANY_TUNNELS);
        return;
    }
    if (emit(ex)) {
        exchange_refuse(ex, REFUSAL_HEAD_TOO_LARGE);
        return;
    }
    worker_give_head(w, ex->held);
    ex->held = NULL;
    exchange_enter_response(ex, RESPONSE_DIAL);
    ex->dial_until = connect ? uv_now(w->loop) + connect : UINT64_MAX;
    exchange_connect(ex);
}

/* Also tried again while descriptors or the engine's queue are short. */
void exchange_on_dial_due(struct deadline_entry *e)
{
    exchange_connect(OWNER(e, struct exchange, deadline));
}

void exchange_on_budget_due(struct deadline_entry *e)
{
    exchange_refuse(OWNER(e, struct exchange, deadline), REFUSAL_BUDGET);
}

void exchange_on_body_due(struct deadline_entry *e)
{
    struct exchange *ex = OWNER(e, struct exchange, deadline);
    if (ex->request == REQUEST_HELD) {
        exchange_give_up(ex, REFUSAL_BODY_TIMEOUT);
        return;
    }
    exchange_starved(ex);
}
