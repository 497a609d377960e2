/* plan.h - the compiled policy: per surface, what is read where and which checks run.
 *
 * Made once, when the policy opens, from what lua/core/compile.lua returns. Plain
 * arrays with ceilings; the Lua functions and their settings stay in one Lua list per
 * surface, which plan_push_functions pushes. Names (check ids and the like) point at
 * Lua strings that the plan keeps alive in its state, so a plan dies with its VM.
 */
#ifndef SOCKGUARD_POLICY_PLAN_H
#define SOCKGUARD_POLICY_PLAN_H

#include "http/route.h"
#include "policy/body.h"
#include "policy/glob.h"
#include "policy/policy.h"

enum {
    PLAN_CHECKS_MAX = 384,   /* per surface, operators' rules included */
    PLAN_READINGS_MAX = 24,  /* per surface */
    PLAN_READS_MAX = 12,     /* per check or reading */
    PLAN_SOURCES_MAX = 16,   /* query keys, headers */
    PLAN_FACTS_MAX = 4,      /* per surface */
    PLAN_INFOS_MAX = 1024,   /* checks and rules in all */
    PLAN_REQUESTS_MAX = 256, /* rules that read no body */
    PLAN_WAIVERS_MAX = 64,
};

/* A value that comes from the query or from a header. */
struct plan_source {
    int slot;
    struct str name;
};

/* What the engine is asked. Either about the object that the request's path names, whose
 * absence lets the request pass, for it fails by itself; or about each object that a reading
 * names, of which those that exist are put in a list. */
struct plan_fact {
    struct str name;
    struct str path;       /* with {id} */
    struct str code;       /* of a denial because it could not be asked */
    enum refusal refusal;  /* of the same */
    int names;             /* slot with the list of names; 0: about the path's object */
    int slot;              /* of the list, with names */
    struct schema *schema; /* owned */
};

/* A reading (slot > 0: where its value goes) or a check (slot 0). */
struct plan_step {
    int slot;
    int info; /* check: index for policy_check */
    bool always;
    bool asks; /* reads what the engine answers */
    bool rule; /* an operators' rule: it is given the request and its value */
    uint8_t n_reads;
    uint8_t reads[PLAN_READS_MAX]; /* slots */
    uint64_t mask[BODY_SLOTS_MAX / 64];
};

enum unknown_fields { UNKNOWN_ALLOW, UNKNOWN_WARN, UNKNOWN_DENY };

struct surface_plan {
    struct str subject; /* container create */
    struct str prefix;  /* cc: starts the codes that no check owns */
    size_t body_max;    /* 0: judged without its body */
    bool judges_empty;  /* no body is judged like null */
    enum unknown_fields unknown;
    int n_slots;
    int unknown_slot;      /* receives the list of unknown members, 0 if no check asks */
    int own_slot;          /* receives our own container, 0 if no check asks */
    struct schema *schema; /* owned; NULL: no document */
    struct schema *whole;  /* owned; NULL: no rule reads all of the document */
    size_t n_seen;
    uint8_t seen[BODY_SLOTS_MAX]; /* the slots that rules see */
    size_t n_queries, n_headers, n_facts, n_readings, n_checks;
    struct plan_source queries[PLAN_SOURCES_MAX];
    struct plan_source headers[PLAN_SOURCES_MAX];
    struct plan_fact facts[PLAN_FACTS_MAX];
    struct plan_step readings[PLAN_READINGS_MAX];
    struct plan_step checks[PLAN_CHECKS_MAX];
};

/* A rule about requests whose body it does not read: those of a surface, or of a method and a
 * path. */
struct plan_request {
    int info;
    enum surface surface; /* SURFACE_COUNT: by method and path */
    uint16_t methods;     /* bit of enum method */
    struct glob *path;    /* owned; NULL: by surface */
};

struct plan_waiver {
    struct waiver_info about; /* days_left and active are made when it is asked for */
    int64_t ends;             /* seconds since 1970: it holds before */
    enum surface surface;     /* only of requests of this one; SURFACE_COUNT: of any */
    uint64_t covers[PLAN_INFOS_MAX / 64];
};

struct plan {
    struct surface_plan *surfaces[SURFACE_COUNT]; /* owned; NULL: not built */
    size_t n_requests, n_waivers;
    bool waives; /* lua.allow_waivers */
    struct plan_request requests[PLAN_REQUESTS_MAX];
    struct plan_waiver waivers[PLAN_WAIVERS_MAX];
    size_t n_infos;
    struct check_info infos[PLAN_INFOS_MAX];
};

/* Outside Lua. NULL: out of memory. */
struct plan *plan_new(void);
void plan_free(struct plan *p); /* NULL is fine */

/* Inside a vm_call body: fills the plan from the table at index (what compile.lua
 * returned) and anchors its functions. May raise; the caller frees the plan. */
void plan_load(lua_State *L, struct plan *p, int index);

/* Which list of functions: a surface's, readings first, then checks; or one of these two. */
enum { PLAN_LIST_REQUESTS = SURFACE_COUNT, PLAN_LIST_WAIVERS };

/* Pushes the list. Function i (0-based) is entry 3i+1, its settings or value (false for readings)
 * entry 3i+2, and of a rule or waiver the request that it is given entry 3i+3. Never raises after
 * plan_load succeeded. */
void plan_push_functions(lua_State *L, int list);

#endif
