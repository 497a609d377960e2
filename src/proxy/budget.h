/* budget.h - room for bytes that all exchanges share, given out in order.
 *
 * Who asks for more than there is waits in line behind those who asked before. The owner
 * of a place in the line disarms it (budget_leave) before it goes.
 */
#ifndef SOCKGUARD_PROXY_BUDGET_H
#define SOCKGUARD_PROXY_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is ready. */
struct budget_place {
    struct budget_place *next;
    size_t bytes;
    bool waiting;
};

/* The place has its bytes now. Called from budget_return, never from budget_take. */
typedef void budget_fn(struct budget_place *p);

struct budget {
    size_t limit;
    size_t used;
    budget_fn *on_granted;
    struct budget_place *first, *last; /* borrowed */
    bool granting;
};

void budget_init(struct budget *b, size_t limit, budget_fn *on_granted);

/* True: the bytes are the caller's until budget_return. False: it waits. More than the
 * limit counts as the limit, so that it is granted when nobody else holds any. */
bool budget_take(struct budget *b, struct budget_place *p, size_t bytes);

/* Gives back what the place holds, or leaves the line. */
void budget_return(struct budget *b, struct budget_place *p);

#endif
