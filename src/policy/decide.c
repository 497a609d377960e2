/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - one judgement: document to slots, readings, checks, findings. */
#include "policy/judge.h"

#include "base/utf8.h"
#include "policy/frozen.h"
#include "policy/request_view.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

void judge_cut(char *out, size_t room, struct str s)
{
    size_t n = s.n < room - 1 ? s.n : room - 1;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--; /* never half a code point */
    memcpy(out, s.p, n);
    out[n] = '\0';
}

static bool prints(uint32_t code)
{
    const bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
                       code == 0x200E || code == 0x200F;
    return code >= 0x20 && (code < 0x7F || code > 0x9F) && code != 0x2028 && code != 0x2029 &&
           !turns;
}

void judge_clean(char *out, size_t room, struct str s)
{
    size_t len = 0;
    while (s.n && len < room - 1) {
        uint32_t code = 0;
        const size_t n = utf8_next(s, &code);
        if (n == 0 || !prints(code)) {
            out[len++] = '?';
        } else {
            if (len + n > room - 1)
                break;
            memcpy(out + len, s.p, n);
            len += n;
        }
        s = str_skip(s, n ? n : 1);
    }
    out[len] = '\0';
}

static void add_finding(struct decision *d, int check, int control, struct str code,
                        struct str found)
{
    if (d->n_findings == FINDINGS_MAX)
        return;
    struct finding *f = &d->findings[d->n_findings++];
    f->check = check;
    f->control = control;
    judge_cut(f->code, sizeof f->code, code);
    judge_clean(f->found, sizeof f->found, found);
}

void judge_deny(const struct surface_plan *s, struct decision *d, enum refusal why, struct str code,
                const char *found)
{
    d->n_findings = 0;
    add_finding(d, -1, 0, code, str_of(found));
    d->verdict = VERDICT_DENY;
    d->refusal = why;
    (void)snprintf(d->reason, sizeof d->reason, "%s denied: %s", s->subject.p, found);
}

/* A denial that no check owns: `<prefix>.<what>`. */
static void deny_unread(const struct surface_plan *s, struct decision *d, enum refusal why,
                        const char *what, const char *found)
{
    char code[CODE_MAX];
    (void)snprintf(code, sizeof code, "%s%s%s", s->prefix.p, s->prefix.n ? "." : "", what);
    judge_deny(s, d, why, str_of(code), found);
}

/* False when the body cannot be judged; the decision says why. */
static bool read_body(lua_State *L, struct judge *j, struct body_report *report)
{
    const struct surface_plan *s = j->plan;
    body_read_document(L, s->schema, j->body, AT_SLOTS, report);
    char found[REASON_MAX];
    switch (report->verdict) {
    case BODY_READ:
        return true;
    case BODY_AMBIGUOUS_TEXT:
        (void)snprintf(found, sizeof found, "ambiguous body: %s (byte %zu)", report->what,
                       report->offset);
        deny_unread(s, j->out, REFUSAL_BODY_AMBIGUOUS, "ambiguous", found);
        return false;
    case BODY_VERDICT_NONE:
    case BODY_MALFORMED:
        break;
    }
    (void)snprintf(found, sizeof found, "malformed body: %s (byte %zu)", report->what,
                   report->offset);
    deny_unread(s, j->out, REFUSAL_BODY_POLICY, "malformed", found);
    return false;
}

static void put_slot(lua_State *L, struct body_report *report, int slot, struct str value)
{
    if (!value.p)
        return;
    lua_pushlstring(L, value.p, value.n);
    lua_replace(L, AT_SLOTS + slot);
    body_set_present(report, slot);
}

static void read_own(lua_State *L, const struct surface_plan *s, struct body_report *report)
{
    if (s->own_slot == 0)
        return;
    own_push(L);
    if (!lua_isnil(L, -1))
        body_set_present(report, s->own_slot);
    lua_replace(L, AT_SLOTS + s->own_slot);
}

static void read_sources(lua_State *L, struct judge *j, struct body_report *report)
{
    const struct surface_plan *s = j->plan;
    read_own(L, s, report);
    for (size_t i = 0; j->query && i < s->n_queries; i++)
        put_slot(L, report, s->queries[i].slot, query_value(j->query, s->queries[i].name));
    for (size_t i = 0; i < s->n_headers; i++)
        if (str_eq_nocase(s->headers[i].name, STR("x-registry-auth")))
            put_slot(L, report, s->headers[i].slot, j->request->registry_auth);
    if (s->unknown_slot && report->unknown_count) {
        lua_createtable(L, BODY_UNKNOWN_MAX, 0);
        for (size_t i = 0; i < report->unknown_count && i < BODY_UNKNOWN_MAX; i++) {
            lua_pushstring(L, report->unknown[i]);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        lua_replace(L, AT_SLOTS + s->unknown_slot);
        body_set_present(report, s->unknown_slot);
    }
}

static inline bool is_due(const struct plan_step *step, const struct body_report *report)
{
    if (step->always)
        return true;
    for (size_t w = 0; w < BODY_SLOTS_MAX / 64; w++)
        if (step->mask[w] & report->present[w])
            return true;
    return false;
}

/* Calls function i (0-based) with the values it reads; leaves `results` values. */
static void call_step(lua_State *L, const struct plan_step *step, size_t i, bool settings,
                      int results)
{
    lua_rawgeti(L, AT_FUNCTIONS, 3 * (lua_Integer)i + 1);
    for (int r = 0; r < step->n_reads; r++)
        lua_pushvalue(L, AT_SLOTS + step->reads[r]);
    if (settings)
        lua_rawgeti(L, AT_FUNCTIONS, 3 * (lua_Integer)i + 2);
    lua_call(L, step->n_reads + settings, results);
}

/* asks: those that read answers of the engine, or those that do not. */
static void run_readings(lua_State *L, const struct judge *j, bool asks, struct body_report *report)
{
    for (size_t i = 0; i < j->plan->n_readings; i++) {
        const struct plan_step *step = &j->plan->readings[i];
        if (step->asks != asks || !is_due(step, report))
            continue;
        call_step(L, step, i, false, 1);
        if (!lua_isnil(L, -1))
            body_set_present(report, step->slot);
        lua_replace(L, AT_SLOTS + step->slot);
    }
}

/* What a check returned: found, code or nil, control or nil. Anything else faults. */
static void take_finding(lua_State *L, const struct policy *p, int check, struct decision *d)
{
    const struct check_info *info = &p->plan->infos[check];
    struct str found, code;
    if (lua_type(L, -3) != LUA_TSTRING)
        luaL_error(L, "%s returned something that is neither nil nor a text", info->id);
    found.p = lua_tolstring(L, -3, &found.n);
    code.p = luaL_optlstring(L, -2, info->code, &code.n);
    const lua_Integer control = luaL_optinteger(L, -1, 1);
    if (control < 1 || (control > 1 && (size_t)control > info->n_controls))
        luaL_error(L, "%s returned a control that it does not have", info->id);
    add_finding(d, check, (int)control - 1, code, found);
}

static void watch(const struct judge *j, int info, enum outcome outcome)
{
    if (j->policy->outcomes)
        j->policy->outcomes[info] = outcome;
}

static inline void give(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TTABLE)
        frozen_give(L, index);
    else
        lua_pushvalue(L, index);
}

void judge_run_rule(lua_State *L, struct judge *j, int info, const struct plan_step *step,
                    int functions, size_t i)
{
    const int n = 2 + (step ? step->n_reads : 0);
    j->running = info;
    watch(j, info, OUTCOME_PASS);
    lua_rawgeti(L, functions, 3 * (lua_Integer)i + 1);
    lua_rawgeti(L, functions, 3 * (lua_Integer)i + 3);
    lua_rawgeti(L, functions, 3 * (lua_Integer)i + 2);
    for (int r = 0; step && r < step->n_reads; r++)
        give(L, AT_SLOTS + step->reads[r]);
    lua_call(L, n, 1);
    if (!lua_isnil(L, -1)) {
        lua_pushnil(L);
        lua_pushnil(L);
        take_finding(L, j->policy, info, j->out);
        lua_pop(L, 2);
        watch(j, info, OUTCOME_DENY);
    }
    lua_pop(L, 1);
    j->running = -1;
    j->policy->counts[info].streak = 0;
}

void judge_mutate(struct judge *j, int info, size_t before)
{
    const bool finds = j->policy->mutation == MUTATION_INVERT && j->out->n_findings == before;
    j->out->n_findings = before;
    watch(j, info, finds ? OUTCOME_DENY : OUTCOME_PASS);
    if (finds)
        add_finding(j->out, info, 0, str_of(j->policy->plan->infos[info].code), STR("mutant"));
}

static void run_check(lua_State *L, struct judge *j, const struct plan_step *step, size_t i)
{
    watch(j, step->info, OUTCOME_PASS);
    call_step(L, step, i, true, 3);
    if (!lua_isnil(L, -3)) {
        take_finding(L, j->policy, step->info, j->out);
        watch(j, step->info, OUTCOME_DENY);
    }
    lua_pop(L, 3);
}

/* asks: those that read answers of the engine, or those that do not. */
static void run_checks(lua_State *L, struct judge *j, bool asks, const struct body_report *report)
{
    const struct surface_plan *s = j->plan;
    bool shown = false;
    for (size_t i = 0; i < s->n_checks; i++) {
        const struct plan_step *step = &s->checks[i];
        if (step->asks != asks)
            continue;
        const size_t before = j->out->n_findings;
        if (!is_due(step, report)) {
            watch(j, step->info, OUTCOME_PASS);
        } else if (!step->rule) {
            run_check(L, j, step, s->n_readings + i);
        } else {
            if (!shown)
                request_view_show(L, j);
            shown = true;
            judge_run_rule(L, j, step->info, step, AT_FUNCTIONS, s->n_readings + i);
        }
        if (step->info == j->policy->mutant)
            judge_mutate(j, step->info, before);
    }
}

/* True when nothing is left of what was found. */
static bool is_clean(lua_State *L, struct judge *j)
{
    if (j->out->n_findings > 0 && j->policy->plan->n_waivers > 0)
        judge_waive(L, j);
    return j->out->n_findings == 0;
}

/* What needs no answer of the engine, then what does. Once something is found, or until there
 * are answers, the engine has nothing to say. */
static void run(lua_State *L, struct judge *j, struct body_report *report)
{
    run_readings(L, j, false, report);
    run_checks(L, j, false, report);
    judge_run_requests(L, j);
    if (!is_clean(L, j))
        return;
    const enum fact_step step =
        j->asked ? judge_read_facts(L, j, report) : judge_plan_lookups(L, j);
    if (step == FACT_STEP_ALLOW)
        judge_allow(j->out);
    if (step != FACT_STEP_READ)
        return;
    run_readings(L, j, true, report);
    run_checks(L, j, true, report);
    if (is_clean(L, j))
        judge_allow(j->out);
}

static void note_unknown(const struct surface_plan *s, const struct body_report *report,
                         struct decision *d)
{
    if (s->unknown != UNKNOWN_WARN || report->unknown_count == 0)
        return;
    size_t n = 0;
    for (size_t i = 0; i < report->unknown_count && i < BODY_UNKNOWN_MAX; i++) {
        const size_t len = strlen(report->unknown[i]);
        if (n + len + 2 >= sizeof d->unknown)
            break;
        n += (size_t)snprintf(d->unknown + n, sizeof d->unknown - n, "%s%s", n ? "," : "",
                              report->unknown[i]);
    }
}

void judge_allow(struct decision *d)
{
    d->verdict = VERDICT_ALLOW;
    d->refusal = REFUSAL_NONE;
}

static void deny_found(const struct judge *j)
{
    struct decision *d = j->out;
    d->refusal = j->policy->plan->infos[d->findings[0].check].refusal;
    (void)snprintf(d->reason, sizeof d->reason, "%s denied: %s",
                   j->plan ? j->plan->subject.p : "request", d->findings[0].found);
}

/* The document, and all of it once more where a rule reads that. False: it cannot be judged. */
static bool read_documents(lua_State *L, struct judge *j, struct body_report *report)
{
    const struct surface_plan *s = j->plan;
    if (!s->schema)
        return true;
    if (!read_body(L, j, report))
        return false;
    struct body_report whole;
    if (!s->whole)
        return true;
    body_read_document(L, s->whole, j->body, AT_SLOTS, &whole);
    for (size_t w = 0; w < BODY_SLOTS_MAX / 64; w++)
        report->present[w] |= whole.present[w];
    return true;
}

static void judge_surface(lua_State *L, struct judge *j)
{
    const struct surface_plan *s = j->plan;
    struct body_report report = {.verdict = BODY_VERDICT_NONE};
    luaL_checkstack(L, AT_SLOTS + s->n_slots + 48, NULL);
    plan_push_functions(L, (int)j->request->route->surface);
    lua_settop(L, AT_SLOTS + s->n_slots);
    if (!read_documents(L, j, &report))
        return;
    read_sources(L, j, &report);
    run(L, j, &report);
    note_unknown(s, &report, j->out);
}

static int body_judge(lua_State *L)
{
    struct judge *j = lua_touserdata(L, 1);
    if (j->plan) {
        judge_surface(L, j);
    } else {
        judge_run_requests(L, j);
        if (is_clean(L, j))
            judge_allow(j->out);
    }
    if (j->out->n_findings > 0 && j->out->findings[0].check >= 0)
        deny_found(j);
    return 0;
}

static void fault(struct judge *j, enum vm_result result, const struct err *err)
{
    static const char *const limits[] = {
        [VM_MEMORY] = "the policy ran out of memory (lua.memory_limit)",
        [VM_TIME] = "the policy ran out of time (lua.time_limit)",
    };
    struct decision *d = j->out;
    d->verdict = VERDICT_DENY;
    d->refusal = REFUSAL_POLICY_FAULT;
    d->n_findings = 0;
    d->waived[0] = '\0';
    const char *why = result == VM_FAULT ? err->text : limits[result];
    judge_clean(d->reason, sizeof d->reason, str_of(why));
    if (j->waiving) {
        char said[REASON_MAX];
        memcpy(said, d->reason, sizeof said);
        (void)snprintf(d->reason, sizeof d->reason, "waiver %.64s failed: %.160s", j->waiving,
                       said);
    }
    if (j->running >= 0)
        judge_note_fault(j, why);
}

/* No body decides nothing, because the engine refuses it by itself. One that was announced
 * (chunked) and then had no byte is what smuggling looks like, and no client's habit. */
static void decide_empty(const struct surface_plan *s, const struct policy_request *r,
                         struct decision *out)
{
    if (r->has_body)
        deny_unread(s, out, REFUSAL_BODY_AMBIGUOUS, "ambiguous",
                    "a body was announced, but it is empty");
    else
        judge_allow(out);
}

static void begin(struct policy *p, const struct policy_request *r, struct judge *j)
{
    struct decision *d = j->out;
    d->verdict = VERDICT_DENY;
    d->refusal = REFUSAL_POLICY_FAULT;
    d->n_findings = 0;
    d->unknown[0] = '\0';
    d->waived[0] = '\0';
    d->fault_check = -1;
    d->fault_streak = 0;
    j->policy = p;
    j->plan = policy_surface(p, r->route);
    j->request = r;
    j->body = r->body;
    j->running = -1;
    p->view_made = false;
    p->n_printed = 0;
    for (size_t i = 0; j->plan && !j->asked && i < j->plan->n_checks; i++)
        watch(j, j->plan->checks[i].info, OUTCOME_UNJUDGED);
}

static void count_denials(struct policy *p, const struct decision *d)
{
    for (size_t i = 0; i < d->n_findings; i++)
        if (d->findings[i].check >= 0)
            p->counts[d->findings[i].check].denials++;
}

static void judge(struct policy *p, const struct policy_request *r, struct judge *j)
{
    begin(p, r, j);
    const struct surface_plan *s = j->plan;
    if (s && s->schema && r->body.n == 0 && (r->has_body || !s->judges_empty)) {
        decide_empty(s, r, j->out);
        if (j->out->verdict == VERDICT_DENY || !judge_has_requests(p, r))
            return;
        j->plan = NULL; /* nothing of the surface is left to judge */
    }
    if (r->body.n == 0)
        j->body = STR("null");
    struct query query;
    char *store = NULL;
    struct err err;
    err.text[0] = '\0'; /* all of it would cost as much as a check */
    enum vm_result result = VM_MEMORY;
    j->out->verdict = VERDICT_DENY;
    j->out->refusal = REFUSAL_POLICY_FAULT;
    if (s && s->n_queries && r->target.query.n) {
        store = malloc(r->target.query.n);
        if (!store || query_read(r->target.query, store, &query))
            goto done;
        j->query = &query;
    }
    p->judging = j;
    result = vm_call(p->vm, body_judge, j, &err);
    p->judging = NULL;
done:
    free(store);
    if (result != VM_OK) {
        j->n_lookups = 0;
        fault(j, result, &err);
    }
    count_denials(p, j->out);
}

bool judge_is_needed(const struct policy *p, const struct policy_request *r)
{
    const struct surface_plan *s = policy_surface(p, r->route);
    return (s && s->n_checks > 0) || judge_has_requests(p, r);
}

/* What policy_route said stands where nothing is left to judge. */
static void judge_rest(struct policy *p, const struct policy_request *r, struct judge *j)
{
    if (judge_is_needed(p, r))
        judge(p, r, j);
    else
        judge_allow(j->out);
}

size_t policy_plan(struct policy *p, const struct policy_request *r,
                   struct lookup lookups[LOOKUPS_MAX], struct decision *out)
{
    struct judge j = {.lookups = lookups, .out = out};
    if (own_refuses(p, r, out)) /* what is known of our own container may be newer by now */
        return 0;
    judge_rest(p, r, &j);
    const bool is_open = j.n_lookups > 0 || out->verdict == VERDICT_ALLOW;
    if (!is_open || !own_is_due(p, r))
        return j.n_lookups;
    own_plan(p, &lookups[j.n_lookups]);
    out->verdict = VERDICT_DENY;
    out->refusal = REFUSAL_SELF_PROTECTED;
    return j.n_lookups + 1;
}

void policy_decide(struct policy *p, const struct policy_request *r, const struct lookup *lookups,
                   const struct fact *facts, size_t n_facts, struct decision *out)
{
    if (n_facts > 0 && lookups[n_facts - 1].is_own && !own_take(p, &facts[--n_facts], out))
        return;
    struct judge j = {.asked = true, .facts = facts, .n_facts = n_facts, .out = out};
    if (!own_refuses(p, r, out))
        judge_rest(p, r, &j);
}

void policy_refuse(const struct policy *p, const struct policy_request *r, enum refusal why,
                   struct decision *out)
{
    const struct surface_plan *s = policy_surface(p, r->route);
    char found[FOUND_MAX];
    out->unknown[0] = out->waived[0] = '\0';
    out->fault_check = -1;
    if (why == REFUSAL_BODY_TOO_LARGE && s) {
        (void)snprintf(found, sizeof found, "the body is larger than %zu bytes", s->body_max);
        deny_unread(s, out, why, "too_large", found);
        return;
    }
    if (s) {
        deny_unread(s, out, why, "inspection_failed", "the body could not be read to its end");
        return;
    }
    out->n_findings = 0;
    out->verdict = VERDICT_DENY;
    out->refusal = why;
    judge_cut(out->reason, sizeof out->reason, refusal_info(why)->code);
}
