/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/lookup.h"

#include "http/emit.h"
#include "proxy/gather.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"

#include <stdlib.h>

void lookup_free(struct worker *w, struct lookups *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++) {
        atomic_fetch_sub(&w->ledger->lookups, l->bodies[i].len);
        buf_release(&l->bodies[i]);
    }
    free(l);
}

static struct fact *current(struct exchange *ex)
{
    return &ex->lookups->facts[ex->lookups->at];
}

bool lookup_has_head(const struct exchange *ex)
{
    return ex->lookups->facts[ex->lookups->at].status != 0;
}

static bool ask_on(struct exchange *ex, struct upstream *u)
{
    struct worker *w = ex->worker;
    const struct lookups *l = ex->lookups;
    const struct str id = exchange_id(ex);
    struct gather g;
    ex->upstream = u;
    buf_clear(&w->out);
    if (emit_lookup(&w->out, str_of(l->list[l->at].path), id))
        return false;
    gather_start(&g, buf_str(&w->out));
    return stream_write(&u->stream, g.v, g.n, NULL) == 0;
}

static bool ask_afresh(struct exchange *ex)
{
    struct upstream *u;
    exchange_let_go(ex, false);
    ex->lookups->retried = true;
    return upstream_dial(ex->worker, ex, &u) == 0 && ask_on(ex, u);
}

static bool ask(struct exchange *ex)
{
    struct upstream *u = upstream_take(ex->worker, ex);
    return (u && ask_on(ex, u)) || ask_afresh(ex);
}

/* All that are left have failed, the one under way included. */
static void give_up(struct exchange *ex)
{
    struct lookups *l = ex->lookups;
    exchange_let_go(ex, false);
    for (; l->at < l->n; l->at++)
        l->facts[l->at].kind = FACT_FAILED;
    exchange_judge(ex);
}

static void ask_next(struct exchange *ex)
{
    struct lookups *l = ex->lookups;
    if (l->at == l->n) {
        exchange_judge(ex);
        return;
    }
    l->retried = false;
    if (!ask(ex))
        give_up(ex);
}

void lookup_start(struct exchange *ex)
{
    struct lookups *l = ex->lookups;
    exchange_enter_response(ex, RESPONSE_LOOKUP);
    deadline_arm(&ex->worker->lookup, &ex->deadline);
    for (size_t i = 0; i < l->n; i++)
        buf_init(&l->bodies[i], LOOKUP_BODY_MAX);
    ask_next(ex);
}

/* The answer is whole. */
static void finish(struct exchange *ex, bool reusable)
{
    struct lookups *l = ex->lookups;
    struct fact *f = current(ex);
    f->kind = FACT_ANSWER;
    f->body = buf_str(&l->bodies[l->at]);
    exchange_let_go(ex, reusable);
    l->at++;
    ask_next(ex);
}

static bool keep(struct worker *w, struct buf *body, struct str data)
{
    atomic_size_t *held = &w->ledger->lookups;
    if (!ledger_claim(held, data.n, LOOKUP_BYTES_MAX))
        return false;
    if (buf_append(body, data) == RC_OK)
        return true;
    atomic_fetch_sub(held, data.n);
    return false;
}

void lookup_heard(struct exchange *ex, struct str bytes)
{
    struct buf *body = &ex->lookups->bodies[ex->lookups->at];
    size_t total = 0;
    enum frame_step step;
    do {
        size_t used = 0;
        struct str data = {"", 0};
        step = frame_read(&ex->upstream->reader, str_skip(bytes, total), &used, &data);
        total += used;
        if (step == FRAME_DATA && !keep(ex->worker, body, data)) {
            give_up(ex);
            return;
        }
    } while (step == FRAME_DATA);
    if (step == FRAME_BAD)
        give_up(ex);
    else if (step == FRAME_DONE)
        finish(ex, ex->reusable && total == bytes.n);
}

void lookup_answered(struct exchange *ex, struct str bytes)
{
    const struct head *h = &ex->worker->response;
    current(ex)->status = h->status;
    ex->reusable = h->keep_alive;
    ex->to_close = h->framing == FRAMING_TO_CLOSE;
    lookup_heard(ex, bytes);
}

void lookup_upstream_ended(struct exchange *ex, int status)
{
    struct lookups *l = ex->lookups;
    const struct upstream *u = ex->upstream;
    if (current(ex)->status && ex->to_close && status == UV_EOF) {
        finish(ex, false);
        return;
    }
    if (!u->pooled || u->heard || l->retried || !ask_afresh(ex))
        give_up(ex);
}

void lookup_broken(struct exchange *ex)
{
    give_up(ex);
}

void lookup_on_due(struct deadline_entry *e)
{
    give_up(OWNER(e, struct exchange, deadline));
}
