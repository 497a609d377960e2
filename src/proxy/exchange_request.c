/* SPDX-License-Identifier: Apache-2.0 */
/* The request side: from a head that was read to a connection to the engine. */
#include "http/emit.h"
#include "proxy/browser.h"
#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"

#include <stdlib.h>

enum { T_MAX = 7 * 24 * 3600 }; /* seconds that a client may ask a stop to wait */

static struct str id_of(const struct exchange *ex)
{
    return (struct str){ex->id, sizeof ex->id};
}

static bool held_whole(const struct exchange *ex)
{
    return ex->has_body && ex->request == REQUEST_DONE;
}

struct policy_request exchange_policy_request(const struct exchange *ex)
{
    const struct head *h = &ex->held->head;
    return (struct policy_request){
        .method = ex->method,
        .target = ex->target,
        .route = ex->route,
        .content_type = head_field(h, FIELD_CONTENT_TYPE),
        .registry_auth = head_field(h, FIELD_REGISTRY_AUTH),
        .body = buf_str(&ex->body),
        .has_body = ex->has_body,
    };
}

/* A denial that is ours and not the policy's. reason is a literal shorter than REASON_MAX. */
static void set_denial(struct decision *d, enum refusal why, struct str reason)
{
    d->verdict = VERDICT_DENY;
    d->refusal = why;
    d->n_findings = 0;
    d->unknown[0] = '\0';
    memcpy(d->reason, reason.p, reason.n);
    d->reason[reason.n] = '\0';
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

void exchange_decide(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const struct policy_request r = exchange_policy_request(ex);
    struct lookup lookups[LOOKUPS_MAX];
    deadline_disarm(&ex->deadline);
    exchange_recall_decision(ex);
    if (policy_plan(w->policy, &r, lookups))
        set_denial(&w->decision, REFUSAL_BODY_INSPECTION,
                   STR("the request needs a look-up at the engine, which is not built yet"));
    else
        policy_decide(w->policy, &r, NULL, 0, &w->decision);
    exchange_keep_decision(ex, true);
    act(ex);
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

static void judge(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const size_t max = policy_body_max(w->policy, ex->route);
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
    if (budget_take(&w->budget, &ex->room, ex->chunked ? max : (size_t)ex->length))
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
    const struct proxy_local *local = ex->worker->options.local;
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
    const struct proxy_options *o = &w->options;
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
    const struct policy_request r = exchange_policy_request(ex);
    policy_route(w->policy, &r, &w->decision);
    if (w->decision.verdict == VERDICT_ALLOW && ex->route->hijack)
        set_denial(&w->decision, REFUSAL_NOT_BUILT,
                   STR("raw streams (attach, exec start, sessions) are not built yet"));
    exchange_keep_decision(ex, false);
    if (w->decision.verdict == VERDICT_ALLOW && policy_judges(w->policy, ex->route))
        judge(ex);
    else
        act(ex);
}

/* How long the engine may take for its response head; 0: as long as it likes. */
static void arm_request(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const uint64_t ms = w->options.timeouts.request;
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

static void forward(struct exchange *ex)
{
    struct worker *w = ex->worker;
    const uint64_t connect = w->options.timeouts.connect;
    const bool held = held_whole(ex);
    const struct emit_body body = {
        .framing = held ? FRAMING_LENGTH : ex->held->head.framing,
        .length = held ? ex->body.len : ex->length,
    };
    buf_clear(&ex->out);
    if (emit_request(&ex->out, &ex->held->head, &ex->target, body, id_of(ex))) {
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
