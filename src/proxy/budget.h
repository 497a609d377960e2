/* budget.h - room for bytes that all exchanges of all workers share, given out in order.
 *
 * Who asks for more than there is waits in line behind those who asked before, whichever
 * worker they are on. The owner of a place in the line disarms it (budget_return) before it
 * goes. Taking and giving back without anybody in line are atomics; only a line has a lock.
 */
#ifndef SOCKGUARD_PROXY_BUDGET_H
#define SOCKGUARD_PROXY_BUDGET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget_user;

/* Zeroed is ready. A place belongs to one user. */
struct budget_place {
    struct budget_place *next;
    struct budget_user *user;
    size_t bytes;
    bool waiting; /* its user's: not told yet that it has its bytes */
    bool granted; /* the budget's: it has left the line for its user's list */
};

struct budget_line {
    struct budget_place *first, *last; /* borrowed */
};

struct budget {
    size_t limit;
    atomic_size_t used;
    atomic_size_t in_line; /* places, and those about to become one */
    pthread_mutex_t lock;  /* guards the lines, and what `granted` says */
    struct budget_line line;
};

/* The place has its bytes now. Called from budget_deliver. */
typedef void budget_fn(struct budget_place *p);

/* Who takes, one for each thread. Fill all but granted. */
struct budget_user {
    struct budget *budget;
    budget_fn *on_granted;
    void (*wake)(void *arg); /* from any thread: budget_deliver is due on the user's own */
    void *arg;
    struct budget_line granted;
};

void budget_init(struct budget *b, size_t limit);
/* Nobody uses it any more. */
void budget_release(struct budget *b);

/* True: the bytes are the place's until budget_return. False: it waits. More than the limit
 * counts as the limit, so that it is granted when nobody else holds any. */
bool budget_take(struct budget_user *u, struct budget_place *p, size_t bytes);

/* Gives back what the place holds, or leaves the line. */
void budget_return(struct budget_place *p);

/* Tells the user's places that were granted since. On the user's thread. */
void budget_deliver(struct budget_user *u);

#endif
