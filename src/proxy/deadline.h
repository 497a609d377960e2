/* deadline.h - many deadlines, one timer.
 *
 * A class is a list of entries in the order in which they are due. Entries of a class
 * share its duration, so arming is a move to the tail. The timer is set for the first
 * entry that may be due and not touched while entries move on; when it fires it looks at
 * the heads of the lists and is set again. Arming and disarming cost no system call.
 *
 * Entries are embedded in their owners, who disarm them before they go.
 */
#ifndef SOCKGUARD_PROXY_DEADLINE_H
#define SOCKGUARD_PROXY_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct deadline_class;

/* Zeroed is ready. */
struct deadline_entry {
    struct deadline_entry *prev, *next;
    struct deadline_class *in; /* NULL: not armed */
    uint64_t at;               /* on the loop's clock, ms */
};

/* The entry is disarmed already, and may be armed again or freed. */
typedef void deadline_fn(struct deadline_entry *e);

struct deadline_class {
    struct deadlines *all;
    struct deadline_class *next;
    struct deadline_entry list; /* the ends of the ring */
    uint64_t ms;                /* 0: entries are never due */
    deadline_fn *on_due;
};

struct deadlines {
    uv_timer_t timer;
    struct deadline_class *classes; /* borrowed */
    uint64_t timer_at;              /* when the timer fires; 0: it is not set */
};

/* Starts nothing but initialises the timer: close it with deadlines_close. */
void deadlines_init(struct deadlines *d, uv_loop_t *loop);
void deadlines_close(struct deadlines *d, uv_close_cb on_closed);

/* c lives as long as d. */
void deadline_class_init(struct deadline_class *c, struct deadlines *d, uint64_t ms,
                         deadline_fn *on_due);

/* (Re)starts the entry, whichever class it was in. */
void deadline_arm(struct deadline_class *c, struct deadline_entry *e);

/* The same with a duration of its own (walks over later entries of the class); 0: never. */
void deadline_arm_in(struct deadline_class *c, struct deadline_entry *e, uint64_t ms);

void deadline_disarm(struct deadline_entry *e);

static inline bool deadline_is_armed(const struct deadline_entry *e)
{
    return e->in != NULL;
}

#endif
