/* SPDX-License-Identifier: Apache-2.0 */
#include "http/edit_plan.h"

#include <stdlib.h>

enum {
    LISTS_MAX = 8, /* EDIT_LIST members of one record */
    ROOM_FIRST = 8,
};

struct edit_plan *edit_plan_new(bool many)
{
    struct edit_plan *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->many = many;
    p->n = EDIT_ROOT;
    p->room = ROOM_FIRST;
    p->nodes = calloc(p->room, sizeof *p->nodes);
    if (!p->nodes) {
        free(p);
        return NULL;
    }
    p->nodes[EDIT_ROOT].loose = true;
    return p;
}

void edit_plan_free(struct edit_plan *p)
{
    if (!p)
        return;
    free(p->nodes);
    free(p);
}

bool edit_plan_is_empty(const struct edit_plan *p)
{
    return p->n == EDIT_ROOT;
}

bool edit_plan_is_stream(const struct edit_plan *p)
{
    return p->many;
}

void edit_plan_hide(struct edit_plan *p, edit_hides_fn *hides, const void *arg)
{
    p->hides = hides;
    p->hides_arg = arg;
}

/* The next step of a path: "[]", "*" or a name; dots are dropped. */
static struct str take_step(struct str *path)
{
    size_t n = 0;
    if (path->n && path->p[0] == '.')
        *path = str_skip(*path, 1);
    if (str_starts(*path, STR("[]")))
        n = 2;
    else
        while (n < path->n && path->p[n] != '.' && path->p[n] != '[')
            n++;
    const struct str step = {path->p, n};
    *path = str_skip(*path, n);
    return step;
}

/* The number of a new node. RC_OK, RC_TOOBIG or RC_NOMEM. */
static int add_node(struct edit_plan *p, struct str name, uint16_t *number)
{
    if (p->n + 1u == p->room) {
        const size_t room = 2 * p->room;
        struct edit_node *more =
            room <= EDIT_NODES_MAX ? realloc(p->nodes, room * sizeof *more) : NULL;
        if (!more)
            return room <= EDIT_NODES_MAX ? RC_NOMEM : RC_TOOBIG;
        p->nodes = more;
        p->room = room;
    }
    *number = ++p->n;
    p->nodes[*number] = (struct edit_node){.name = name};
    return RC_OK;
}

/* The one child for elements, or for any member. */
static int only_child(struct edit_plan *p, uint16_t parent, struct str step, uint16_t *number)
{
    const bool item = str_eq(step, STR("[]"));
    *number = item ? p->nodes[parent].item : p->nodes[parent].any;
    if (*number)
        return RC_OK;
    const int rc = add_node(p, step, number);
    if (rc)
        return rc;
    p->nodes[*number].loose = true;
    p->nodes[*number].is_item = item;
    if (item)
        p->nodes[parent].item = *number;
    else
        p->nodes[parent].any = *number;
    return RC_OK;
}

static int named_child(struct edit_plan *p, uint16_t parent, struct str step, uint16_t *number)
{
    uint16_t last = 0;
    for (uint16_t at = p->nodes[parent].first; at; at = p->nodes[at].next) {
        if (str_eq(p->nodes[at].name, step)) {
            *number = at;
            return RC_OK;
        }
        last = at;
    }
    const int rc = add_node(p, step, number);
    if (rc)
        return rc;
    p->nodes[parent].lengths |= UINT64_C(1) << step.n % 64;
    if (last)
        p->nodes[last].next = *number;
    else
        p->nodes[parent].first = *number;
    return RC_OK;
}

/* The child that a step leads to, made where there is none. */
static int child(struct edit_plan *p, uint16_t parent, struct str step, uint16_t *number)
{
    const bool only = str_eq(step, STR("[]")) || str_eq(step, STR("*"));
    return only ? only_child(p, parent, step, number) : named_child(p, parent, step, number);
}

static bool leads_on(const struct edit_node *n)
{
    return n->first || n->any || n->item;
}

static bool fits(const struct edit_node *parent, struct str step)
{
    if (parent->kind != EDIT_NONE || step.n == 0 || step.n > EDIT_NAME_MAX)
        return false;
    return str_eq(step, STR("[]")) ? !parent->first && !parent->any : !parent->item;
}

static int mark_list(struct edit_plan *p, uint16_t parent, struct edit_node *leaf)
{
    struct edit_node *record = &p->nodes[parent];
    for (leaf->bit = 0; leaf->bit < LISTS_MAX; leaf->bit++) {
        const uint8_t bit = (uint8_t)(1u << leaf->bit);
        if (record->lists & bit)
            continue;
        record->lists |= bit;
        return RC_OK;
    }
    return RC_TOOBIG;
}

int edit_plan_add(struct edit_plan *p, struct str path, enum edit_kind kind)
{
    uint16_t at = EDIT_ROOT, parent = 0;
    int depth = 0;
    while (path.n) {
        const struct str step = take_step(&path);
        if (!fits(&p->nodes[at], step))
            return RC_INVALID;
        parent = at;
        const int rc = child(p, parent, step, &at);
        if (rc || ++depth > EDIT_DEPTH_MAX)
            return rc ? rc : RC_TOOBIG;
    }
    struct edit_node *leaf = &p->nodes[at];
    if (at == EDIT_ROOT || leads_on(leaf) || (leaf->kind && leaf->kind != kind))
        return RC_INVALID;
    const bool known = leaf->kind != EDIT_NONE;
    leaf->kind = (uint8_t)kind;
    return kind == EDIT_LIST && !known ? mark_list(p, parent, leaf) : RC_OK;
}
