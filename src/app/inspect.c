/* SPDX-License-Identifier: Apache-2.0 */
#include "app/inspect.h"

#include "http/emit.h"

enum { UNJUDGED_BODY_MAX = 64 * 1024 * 1024 };

static enum refusal read_head(struct reader *r, struct str *raw, struct inspection *i)
{
    const size_t n = head_length(*raw, 0);
    if (n == 0)
        return raw->n > HEAD_BYTES_MAX ? REFUSAL_HEAD_TOO_LARGE : REFUSAL_BAD_REQUEST;
    if (n > HEAD_BYTES_MAX)
        return REFUSAL_HEAD_TOO_LARGE;
    const enum refusal refusal = head_read(r, (struct str){raw->p, n}, METHOD_NONE, &i->head);
    *raw = str_skip(*raw, n);
    return refusal;
}

static enum refusal read_target(struct inspection *i)
{
    struct policy_request *q = &i->request;
    q->method = i->head.method;
    q->head = &i->head;
    if (buf_reserve(&i->store, i->head.target.n + 1))
        return REFUSAL_HEAD_TOO_LARGE;
    const enum refusal refusal = target_read(i->head.target, i->store.data, &q->target);
    if (refusal)
        return refusal;
    q->route = route_find(q->method, q->target.normal);
    q->content_type = head_field(&i->head, FIELD_CONTENT_TYPE);
    q->registry_auth = head_field(&i->head, FIELD_REGISTRY_AUTH);
    q->has_body = i->head.framing == FRAMING_CHUNKED ||
                  (i->head.framing == FRAMING_LENGTH && i->head.length > 0);
    return REFUSAL_NONE;
}

/* The whole body, at most max bytes of it. */
static enum refusal read_body(struct reader *r, struct str raw, size_t max, struct inspection *i)
{
    if (i->head.framing == FRAMING_LENGTH && i->head.length > max)
        return REFUSAL_BODY_TOO_LARGE;
    i->body.max = max;
    for (;;) {
        size_t used;
        struct str data;
        const enum frame_step step = frame_read(r, raw, &used, &data);
        if (step == FRAME_BAD || step == FRAME_MORE)
            return REFUSAL_BAD_FRAMING;
        raw = str_skip(raw, used);
        if (step == FRAME_DONE)
            return raw.n ? REFUSAL_BAD_FRAMING : REFUSAL_NONE;
        if (buf_append(&i->body, data))
            return REFUSAL_BODY_TOO_LARGE;
    }
}

struct fact inspect_unsaid(const struct lookup *lookup)
{
    if (lookup->named_by_body)
        return (struct fact){.kind = FACT_ANSWER, .status = 404};
    return (struct fact){.kind = FACT_FAILED};
}

static void judge(struct policy *p, inspect_fact_fn *facts, void *arg, struct inspection *i)
{
    struct fact answers[LOOKUPS_MAX];
    i->request.body = buf_str(&i->body);
    i->n_lookups = policy_plan(p, &i->request, i->lookups, &i->decision);
    for (size_t k = 0; k < i->n_lookups; k++)
        answers[k] = facts(arg, k, &i->lookups[k]);
    if (i->n_lookups)
        policy_decide(p, &i->request, i->lookups, answers, i->n_lookups, &i->decision);
    policy_rest(p);
}

void inspect(struct policy *p, struct str raw, const struct peer *peer, inspect_fact_fn *facts,
             void *arg, struct inspection *i)
{
    struct reader reader;
    reader_init(&reader, READER_REQUESTS);
    i->evaluated = false;
    i->n_lookups = 0;
    i->request = (struct policy_request){.method = METHOD_NONE, .peer = peer};
    i->decision.n_findings = 0;
    i->decision.rule = -1;
    buf_init(&i->body, UNJUDGED_BODY_MAX);
    buf_init(&i->store, HEAD_BYTES_MAX + 1);

    i->refusal = read_head(&reader, &raw, i);
    if (!i->refusal)
        i->refusal = read_target(i);
    if (i->refusal)
        return;
    i->evaluated = true;
    policy_route(p, &i->request, &i->decision);
    i->refusal = i->decision.refusal;
    if (i->refusal)
        return;
    const bool judged = policy_judges(p, &i->request);
    const size_t body_max = policy_body_max(p, i->request.route);
    const bool bounded = judged && body_max > 0;
    i->refusal = read_body(&reader, raw, bounded ? body_max : UNJUDGED_BODY_MAX, i);
    if (i->refusal == REFUSAL_BODY_TOO_LARGE)
        policy_refuse(p, &i->request, i->refusal, &i->decision);
    if (i->refusal || !judged)
        return;
    judge(p, facts, arg, i);
    i->refusal = i->decision.refusal;
}

void inspection_release(struct inspection *i)
{
    buf_release(&i->body);
    buf_release(&i->store);
}

int inspection_forward(const struct inspection *i, struct buf *out)
{
    const bool has_body = i->head.framing != FRAMING_NONE;
    const struct emit_body body = {has_body ? FRAMING_LENGTH : FRAMING_NONE, i->body.len};
    const struct emit_asks asks = {route_upgrade(i->request.route, &i->head), false};
    const int rc = emit_request(out, &i->head, &i->request.target, body, asks, STR("0"));
    return rc ? rc : buf_append(out, buf_str(&i->body));
}
