/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/deadline.h"

static void on_timer(uv_timer_t *timer);

void deadlines_init(struct deadlines *d, uv_loop_t *loop)
{
    d->classes = NULL;
    d->timer_at = 0;
    (void)uv_timer_init(loop, &d->timer);
    d->timer.data = d;
}

void deadlines_close(struct deadlines *d, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&d->timer, on_closed);
}

void deadline_class_init(struct deadline_class *c, struct deadlines *d, uint64_t ms,
                         deadline_fn *on_due)
{
    *c = (struct deadline_class){.all = d, .next = d->classes, .ms = ms, .on_due = on_due};
    c->list.prev = c->list.next = &c->list;
    d->classes = c;
}

static void set_timer(struct deadlines *d, uint64_t at)
{
    if (uv_is_closing((uv_handle_t *)&d->timer))
        return;
    const uint64_t now = uv_now(d->timer.loop);
    d->timer_at = at;
    (void)uv_timer_start(&d->timer, on_timer, at > now ? at - now : 0, 0);
}

void deadline_disarm(struct deadline_entry *e)
{
    if (!e->in)
        return;
    e->prev->next = e->next;
    e->next->prev = e->prev;
    e->in = NULL;
}

void deadline_arm_in(struct deadline_class *c, struct deadline_entry *e, uint64_t ms)
{
    deadline_disarm(e);
    if (ms == 0)
        return;
    e->at = uv_now(c->all->timer.loop) + ms;
    struct deadline_entry *before = c->list.prev;
    while (before != &c->list && before->at > e->at)
        before = before->prev;
    e->prev = before;
    e->next = before->next;
    before->next->prev = e;
    before->next = e;
    e->in = c;
    if (c->all->timer_at == 0 || e->at < c->all->timer_at)
        set_timer(c->all, e->at);
}

void deadline_arm(struct deadline_class *c, struct deadline_entry *e)
{
    deadline_arm_in(c, e, c->ms);
}

/* Entries that on_due arms are due later than now, so this ends. */
static void sweep(struct deadline_class *c, uint64_t now)
{
    while (c->list.next != &c->list && c->list.next->at <= now) {
        struct deadline_entry *e = c->list.next;
        deadline_disarm(e);
        c->on_due(e);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *d = timer->data;
    const uint64_t now = uv_now(timer->loop);
    d->timer_at = 0;
    for (struct deadline_class *c = d->classes; c; c = c->next)
        sweep(c, now);
    for (struct deadline_class *c = d->classes; c; c = c->next) {
        const struct deadline_entry *first = c->list.next;
        if (first != &c->list && (d->timer_at == 0 || first->at < d->timer_at))
            set_timer(d, first->at);
    }
}
