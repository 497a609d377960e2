/* policy.h - what may be asked of the policy, and what it answers.
 *
 * The only header of this folder that src/proxy sees: no Lua in it. A policy owns a
 * VM, the compiled rules, schemas and checks. It belongs to one thread at a time.
 *
 * A request is asked about in this order: policy_route (rules; no Lua), then, when
 * the route is judged, policy_plan, which mostly is the end of it; where the engine must
 * say something first, its look-ups and policy_decide follow. Requests that would reach
 * sockguard's own container are refused (own.h). Nothing here can fail open:
 * a fault is a denial, and a cleared struct decision denies.
 */
#ifndef SOCKGUARD_POLICY_POLICY_H
#define SOCKGUARD_POLICY_POLICY_H

#include "base/err.h"
#include "http/edit.h"
#include "http/head.h"
#include "http/refusal.h"
#include "http/route.h"
#include "http/target.h"

#include <sys/types.h>

struct policy;
struct config;

/* Who is at the other end. */
struct peer {
    bool local; /* a unix socket: credentials; else address */
    pid_t pid;
    uid_t uid;
    gid_t gid;
    char address[56]; /* "127.0.0.1:4711", "[::1]:4711"; NUL-terminated */
};

/* What the policy is asked about. Everything is borrowed for the call. */
struct policy_request {
    enum method method;
    const struct head *head; /* as read; NULL: operators' rules see no headers */
    const struct peer *peer; /* NULL: nobody knows */
    struct target target;
    const struct route *route;
    struct str content_type;  /* raw header value; p NULL when absent */
    struct str registry_auth; /* X-Registry-Auth; p NULL when absent */
    struct str body;
    bool has_body; /* a body of one byte or more, or of unknown length, is announced */
};

enum verdict { VERDICT_DENY, VERDICT_ALLOW };

enum {
    FINDINGS_MAX = 16,
    FOUND_MAX = 160,
    CODE_MAX = 32,
    CHECK_KNOBS_MAX = 8,
    REASON_MAX = 256,
    LOOKUPS_MAX = 17, /* 16 for what the request names, and one about our own container */
    LOOKUP_PATH_MAX = 512,
    WAIVED_MAX = 128,
    PRINTED_MAX = 16, /* lines that rules print in one judgement */
    PRINT_MAX = 240,
    FAULTS_LOUD = 10, /* faults in a row that are worth shouting */
};

/* One check's finding. Texts are cut to fit, valid UTF-8 and NUL-terminated. */
struct finding {
    int check;             /* for policy_check; -1: no check's (body not readable) */
    int control;           /* which of the check's controls, 0-based */
    char code[CODE_MAX];   /* the specification's id: cc.bind */
    char found[FOUND_MAX]; /* what was found, in words */
};

struct decision {
    enum verdict verdict;
    enum refusal refusal;    /* why, when denied */
    int rule;                /* 0-based, -1: no rule matched */
    char reason[REASON_MAX]; /* one sentence: the rule's reason or the first finding */
    char unknown[FOUND_MAX]; /* unknown members that were let through with a warning */
    char waived[WAIVED_MAX]; /* ids of the waivers that lifted a finding, with commas; or "" */
    int fault_check;         /* the check whose function failed; -1: none */
    unsigned fault_streak;   /* how often in a row it has */
    size_t n_findings;       /* in the specification's order; the first one decided */
    struct finding findings[FINDINGS_MAX];
};

/* About a check, for replies, logs and tables. Lives as long as the policy. */
struct check_info {
    const char *id;   /* container_create.privileged */
    const char *code; /* the specification's id: cc.privileged */
    const char *knob; /* request_body.container_create.allow_privileged, "" if none */
    const char *title;
    const char *fix;
    enum refusal refusal; /* how its finding is answered */
    bool active;          /* its settings let it find something */
    const char *examples; /* of an operators' rule: JSON { surface, allows, denies }; or "" */
    size_t n_knobs;
    const char *knobs[CHECK_KNOBS_MAX]; /* all its settings */
    size_t n_controls;
    struct {
        const char *cis;   /* CIS Docker Benchmark 1.6.0's number as the page has it, "" if none */
        const char *bench; /* docker-bench-security 1.6.0's */
    } controls[4];
};

/* What became of a check in a judgement. */
enum outcome {
    OUTCOME_OFF,      /* another surface's, or its settings ask for nothing */
    OUTCOME_UNJUDGED, /* the body could not be read, or the request failed before the engine
                         was asked */
    OUTCOME_PASS,
    OUTCOME_DENY,
};

/* One GET that the engine must answer before the request can be judged. */
struct lookup {
    char name[32];              /* the fact's name: "exec" */
    bool named_by_body;         /* of an object that the request names, which may be new */
    bool is_own;                /* about sockguard's own container */
    char path[LOOKUP_PATH_MAX]; /* re-encoded, without version prefix */
};

/* What the engine answered, in the order of the look-ups. */
struct fact {
    enum { FACT_MISSING, FACT_ANSWER, FACT_FAILED } kind; /* FAILED: dial, timeout, too large */
    uint16_t status;
    struct str body;
};

/* Limits on a VM come from the configuration's lua block. `exact` arms the
 * instruction limit and switches the clocks off, so that verdicts repeat (check,
 * test). Our memory: policy_free. */
int policy_open(struct policy **out, const struct config *config, bool exact, struct err *err);
void policy_free(struct policy *p); /* NULL is fine */

/* Rules, and all that needs no body: API version, route, content type where a body
 * is announced. An allow here is final unless policy_judges. Never enters Lua. */
void policy_route(const struct policy *p, const struct policy_request *r, struct decision *out);

/* What is hidden of the engine's answers to this request; NULL: nothing. *reader: what the client
 * takes in their place. Lives as long as the policy. */
const struct edit_plan *policy_edits(const struct policy *p, const struct policy_request *r,
                                     enum edit_reader *reader);

/* True when a check that is switched on could deny this request: then policy_plan is
 * called, once its body is buffered (up to policy_body_max bytes), or at once and
 * without the body when policy_body_max is 0. */
bool policy_judges(const struct policy *p, const struct policy_request *r);
size_t policy_body_max(const struct policy *p, const struct route *route);

/* Judges by what the request alone shows. Returns 0 when that decides, in *out (which
 * holds what policy_route said). Else how many look-ups (at most LOOKUPS_MAX) the engine
 * must answer before policy_decide can; *out is then a denial. */
size_t policy_plan(struct policy *p, const struct policy_request *r,
                   struct lookup lookups[LOOKUPS_MAX], struct decision *out);

/* Judges with the answers to those look-ups, in their order. *out is replaced. */
void policy_decide(struct policy *p, const struct policy_request *r, const struct lookup *lookups,
                   const struct fact *facts, size_t n_facts, struct decision *out);

/* sockguard's own container (own.h): the look-up that tells about it, false when there is nothing
 * to ask; and its answer: RC_OK it is ours, RC_INVALID the engine has none of ours, RC_SYSTEM
 * nobody knows. For a start that must know; else requests bring it about. */
bool policy_own_lookup(const struct policy *p, struct lookup *out);
int policy_own_told(struct policy *p, const struct fact *answer, struct err *err);

/* Until it is called again, each judgement writes to outcomes (policy_check_count of them,
 * borrowed; NULL: no more) what became of each check. All are OUTCOME_OFF at first. */
void policy_watch(struct policy *p, enum outcome *outcomes);

/* For tests of tests (`sockguard test --mutate`): from now on the check of that index finds
 * nothing, or finds something just where it would not. -1: as it is. */
enum mutation { MUTATION_OFF, MUTATION_INVERT };
void policy_mutate(struct policy *p, int check, enum mutation how);

/* The decision about a judged request that was given up before it could be judged
 * (too large, not in time, no room): named after its surface, like a check's. */
void policy_refuse(const struct policy *p, const struct policy_request *r, enum refusal why,
                   struct decision *out);

/* Called when a reply has been sent and there is time. */
void policy_rest(struct policy *p);

/* What rules have printed in the last judgement, or while they were loaded: so many lines, fit
 * for a log, until the next judgement. */
size_t policy_printed(const struct policy *p);
const char *policy_print(const struct policy *p, size_t i);

struct waiver_info {
    const char *id;
    const char *reason;
    const char *approved_by;
    const char *expires; /* 2026-12-31: its last day, by UTC */
    int days_left;       /* below 0: it has expired */
    bool active;         /* neither expired nor switched off (lua.allow_waivers) */
};
size_t policy_waiver_count(const struct policy *p);
struct waiver_info policy_waiver(const struct policy *p, size_t i);

/* Since the start. last_fault is "" or why its function failed last. */
struct check_count {
    uint64_t denials, faults;
    const char *last_fault;
};
struct check_count policy_count(const struct policy *p, int check);

size_t policy_rule_count(const struct policy *p);
size_t policy_check_count(const struct policy *p);
const struct check_info *policy_check(const struct policy *p, int check);

/* The body of a denial (one JSON object and a newline), minimal or verbose as the
 * configuration says, appended to out. */
struct buf;
int policy_denial_json(const struct policy *p, const struct policy_request *r,
                       const struct decision *d, struct buf *out);

#endif
