/* edit_plan.h - what edit.c reads of a plan; nobody else includes it.
 *
 * Nodes by number, the root is 1, 0 is none. A node has members (by name, and perhaps one for any
 * name), or one for its elements, or an edit.
 */
#ifndef SOCKGUARD_HTTP_EDIT_PLAN_H
#define SOCKGUARD_HTTP_EDIT_PLAN_H

#include "http/edit.h"

enum { EDIT_ROOT = 1 };

struct edit_node {
    struct str name;
    uint16_t first;   /* of the members with a name */
    uint16_t any;     /* for all other members */
    uint16_t item;    /* for the elements */
    uint16_t next;    /* the next member of the same record */
    uint64_t lengths; /* that names of members have, a bit each (modulo 64) */
    uint8_t kind;     /* enum edit_kind */
    uint8_t bit;      /* EDIT_LIST: which one of its record */
    uint8_t lists;    /* members that are EDIT_LIST, a bit each */
    bool is_item;     /* an element of a list */
    bool loose;       /* the root, an element or any member: null is not on the way to anything */
};

struct edit_plan {
    bool many;
    edit_hides_fn *hides;
    const void *hides_arg;
    uint16_t n; /* the highest number in use */
    size_t room;
    struct edit_node *nodes; /* owned; the one of number 0 is unused */
};

#endif
