/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/budget.h"

void budget_init(struct budget *b, size_t limit)
{
    *b = (struct budget){.limit = limit};
    (void)pthread_mutex_init(&b->lock, NULL); /* the default kind cannot fail */
}

void budget_release(struct budget *b)
{
    (void)pthread_mutex_destroy(&b->lock);
}

static void append(struct budget_line *l, struct budget_place *p)
{
    p->next = NULL;
    if (l->first)
        l->last->next = p;
    else
        l->first = p;
    l->last = p;
}

static void take_out(struct budget_line *l, struct budget_place *p)
{
    struct budget_place *before = NULL;
    for (struct budget_place *q = l->first; q != p; q = q->next)
        before = q;
    if (before)
        before->next = p->next;
    else
        l->first = p->next;
    if (l->last == p)
        l->last = before;
}

static bool fits(struct budget *b, size_t bytes)
{
    size_t used = atomic_load(&b->used);
    while (bytes <= b->limit - used)
        if (atomic_compare_exchange_weak(&b->used, &used, used + bytes))
            return true;
    return false;
}

/* Whoever gives back looks at in_line after, and whoever comes looks at used after having
 * counted itself: one of them sees the other. */
static bool take_or_wait(struct budget *b, struct budget_place *p)
{
    (void)pthread_mutex_lock(&b->lock);
    atomic_fetch_add(&b->in_line, 1);
    const bool taken = !b->line.first && fits(b, p->bytes);
    if (taken)
        atomic_fetch_sub(&b->in_line, 1);
    else
        append(&b->line, p);
    p->waiting = !taken;
    (void)pthread_mutex_unlock(&b->lock);
    return taken;
}

bool budget_take(struct budget_user *u, struct budget_place *p, size_t bytes)
{
    struct budget *b = u->budget;
    *p = (struct budget_place){.user = u, .bytes = bytes < b->limit ? bytes : b->limit};
    return (atomic_load(&b->in_line) == 0 && fits(b, p->bytes)) || take_or_wait(b, p);
}

static void grant(struct budget *b)
{
    (void)pthread_mutex_lock(&b->lock);
    for (struct budget_place *p; (p = b->line.first) && fits(b, p->bytes);) {
        struct budget_user *u = p->user;
        take_out(&b->line, p);
        atomic_fetch_sub(&b->in_line, 1);
        p->granted = true;
        append(&u->granted, p);
        u->wake(u->arg);
    }
    (void)pthread_mutex_unlock(&b->lock);
}

/* True when it had its bytes already and was not told yet. */
static bool leave(struct budget *b, struct budget_place *p)
{
    (void)pthread_mutex_lock(&b->lock);
    const bool granted = p->granted;
    take_out(granted ? &p->user->granted : &b->line, p);
    if (!granted)
        atomic_fetch_sub(&b->in_line, 1);
    (void)pthread_mutex_unlock(&b->lock);
    p->waiting = false;
    return granted;
}

void budget_return(struct budget_place *p)
{
    struct budget *b = p->user->budget;
    if (!p->waiting || leave(b, p))
        atomic_fetch_sub(&b->used, p->bytes);
    if (atomic_load(&b->in_line))
        grant(b);
}

static struct budget_place *next_granted(struct budget_user *u)
{
    struct budget *b = u->budget;
    (void)pthread_mutex_lock(&b->lock);
    struct budget_place *p = u->granted.first;
    if (p)
        take_out(&u->granted, p);
    (void)pthread_mutex_unlock(&b->lock);
    return p;
}

/* One by one: each that is told may make another one leave. */
void budget_deliver(struct budget_user *u)
{
    for (struct budget_place *p; (p = next_granted(u));) {
        p->waiting = false;
        u->on_granted(p);
    }
}
