/* internal.h - struct policy, for the files that make up policy.h. */
#ifndef SOCKGUARD_POLICY_INTERNAL_H
#define SOCKGUARD_POLICY_INTERNAL_H

#include "policy/own.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/redaction.h"
#include "policy/rules.h"
#include "policy/vm.h"

struct judge;

struct counted {
    uint64_t denials, faults;
    unsigned streak; /* of faults */
    char last_fault[REASON_MAX];
};

struct policy {
    struct vm *vm;               /* owned */
    struct plan *plan;           /* owned; its texts live in vm */
    struct rules *rules;         /* owned */
    struct redaction *redaction; /* owned */
    enum outcome *outcomes;      /* borrowed; NULL: nobody watches */
    struct counted *counts;      /* owned; one a check */
    struct judge *judging;       /* borrowed while the VM runs, else NULL */
    bool view_made;              /* the rules' view of this request has members */
    int mutant;                  /* check; -1: none */
    enum mutation mutation;
    const struct surface_plan *shown_plan; /* whose slots rules see; NULL: none */
    bool shown[BODY_SLOTS_MAX + 1];        /* slots that are not nil in what rules see */
    size_t n_printed;
    char printed[PRINTED_MAX][PRINT_MAX];
    struct own own;
    unsigned api_version_min;
    bool deny_verbose;
    bool allow_attestation_statements;
    bool allow_body_blind_writes;
    bool accept_buildkit_tunnels;
};

/* The built plan of a route's surface; NULL when it has none. */
static inline const struct surface_plan *policy_surface(const struct policy *p,
                                                        const struct route *route)
{
    return p->plan->surfaces[route->surface];
}

#endif
