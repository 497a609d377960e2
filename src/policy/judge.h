/* judge.h - one judgement under way, for the files that make it.
 *
 * decide.c reads the body and runs the checks; ask.c knows what the engine must be asked, and
 * reads what it answered. Everything here happens inside one vm_call and owns nothing.
 */
#ifndef SOCKGUARD_POLICY_JUDGE_H
#define SOCKGUARD_POLICY_JUDGE_H

#include "policy/internal.h"

enum { ASKED_MAX = LOOKUPS_MAX - 1 }; /* the last one is about our own container */

struct judge {
    struct policy *policy;
    const struct surface_plan *plan; /* NULL: nothing but rules about any request */
    const struct policy_request *request;
    struct str body;
    const struct query *query; /* NULL: no query key is read */
    bool asked;                /* the engine has answered: facts holds what */
    const struct fact *facts;
    size_t n_facts;
    size_t n_lookups;       /* that are needed first; the decision stands when 0 */
    struct lookup *lookups; /* NULL once asked */
    int running;            /* the check of the rule whose function runs; -1: none does */
    const char *waiving;    /* the waiver whose function runs; NULL: none does */
    struct decision *out;   /* the caller's, denied by fault until the last line */
};

/* Stack of a judgement: 1 the judge, 2 the functions, then the slots. */
enum { AT_FUNCTIONS = 2, AT_SLOTS = AT_FUNCTIONS };

enum fact_step {
    FACT_STEP_READ,
    FACT_STEP_ALLOW, /* there is no such object: the request will fail by itself */
    FACT_STEP_DENY,  /* for now, or for good: then the decision says why */
};

/* The engine's answers, into their slots, in the order in which judge_plan_lookups asked. */
enum fact_step judge_read_facts(lua_State *L, const struct judge *j, struct body_report *report);

/* Whether any check or rule could deny this request. */
bool judge_is_needed(const struct policy *p, const struct policy_request *r);

/* Puts the id for {id} in a path, percent-encoded as one segment; false when it does not fit. */
bool judge_expand(struct str path, struct str id, char out[LOOKUP_PATH_MAX]);

/* Names what the engine must be asked; FACT_STEP_READ when that is nothing. Denies when there is
 * more than can be asked. */
enum fact_step judge_plan_lookups(lua_State *L, struct judge *j);

/* A denial that no check owns, under a code. */
void judge_deny(const struct surface_plan *s, struct decision *d, enum refusal why, struct str code,
                const char *found);
void judge_allow(struct decision *d);

/* Copies s, cut to fit in front of a code point, with a NUL. */
void judge_cut(char *out, size_t room, struct str s);

/* The same; what is no UTF-8 or would not print becomes a question mark. */
void judge_clean(char *out, size_t room, struct str s);

/* rules about requests, and waivers (operator.c) */

/* Calls the rule that is number i of the list of functions at that index. step: with what it reads
 * of the slots; NULL: with nothing. */
void judge_run_rule(lua_State *L, struct judge *j, int info, const struct plan_step *step,
                    int functions, size_t i);

/* After the check that is the mutant (policy_mutate): puts what the mutant finds in the place of
 * what the check found. before: how many findings there were before it. */
void judge_mutate(struct judge *j, int info, size_t before);

/* Whether any rule that reads no body is about this request; and all of those. */
bool judge_has_requests(const struct policy *p, const struct policy_request *r);
void judge_run_requests(lua_State *L, struct judge *j);

/* Takes away the findings that waivers lift. */
void judge_waive(lua_State *L, struct judge *j);

/* The rule that runs has failed: counts it, and says so in the decision. */
void judge_note_fault(struct judge *j, const char *why);

#endif
