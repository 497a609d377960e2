/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/budget.h"

void budget_init(struct budget *b, size_t limit, budget_fn *on_granted)
{
    *b = (struct budget){.limit = limit, .on_granted = on_granted};
}

bool budget_take(struct budget *b, struct budget_place *p, size_t bytes)
{
    p->bytes = bytes < b->limit ? bytes : b->limit;
    p->next = NULL;
    p->waiting = b->first || p->bytes > b->limit - b->used;
    if (!p->waiting) {
        b->used += p->bytes;
        return true;
    }
    if (b->first)
        b->last->next = p;
    else
        b->first = p;
    b->last = p;
    return false;
}

static void leave_line(struct budget *b, struct budget_place *p)
{
    struct budget_place *before = NULL;
    for (struct budget_place *q = b->first; q != p; q = q->next)
        before = q;
    if (before)
        before->next = p->next;
    else
        b->first = p->next;
    if (b->last == p)
        b->last = before;
    p->waiting = false;
}

/* on_granted may come back here with budget_return: the outer call goes on granting. */
static void grant(struct budget *b)
{
    if (b->granting)
        return;
    b->granting = true;
    while (b->first && b->first->bytes <= b->limit - b->used) {
        struct budget_place *p = b->first;
        leave_line(b, p);
        b->used += p->bytes;
        b->on_granted(p);
    }
    b->granting = false;
}

void budget_return(struct budget *b, struct budget_place *p)
{
    if (p->waiting)
        leave_line(b, p);
    else
        b->used -= p->bytes;
    p->bytes = 0;
    grant(b);
}
