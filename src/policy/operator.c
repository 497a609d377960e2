/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c - rules about requests, waivers, and what is kept about rules that fail. */
#include "policy/judge.h"
#include "policy/request_view.h"

#include <lauxlib.h>
#include <stdio.h>
#include <time.h>

enum { SECONDS_A_DAY = 86400 };

static bool is_about(const struct plan_request *rule, const struct policy_request *r)
{
    if (rule->surface != SURFACE_COUNT)
        return rule->surface == r->route->surface;
    return (rule->methods >> r->method & 1) &&
           (!rule->path || glob_match(rule->path, r->target.normal));
}

bool judge_has_requests(const struct policy *p, const struct policy_request *r)
{
    for (size_t i = 0; i < p->plan->n_requests; i++)
        if (is_about(&p->plan->requests[i], r))
            return true;
    return false;
}

void judge_run_requests(lua_State *L, struct judge *j)
{
    const struct plan *plan = j->policy->plan;
    if (plan->n_requests == 0)
        return;
    luaL_checkstack(L, 16, NULL);
    plan_push_functions(L, PLAN_LIST_REQUESTS);
    const int functions = lua_gettop(L);
    for (size_t i = 0; i < plan->n_requests; i++) {
        const size_t before = j->out->n_findings;
        if (!is_about(&plan->requests[i], j->request))
            continue;
        judge_run_rule(L, j, plan->requests[i].info, NULL, functions, i);
        if (plan->requests[i].info == j->policy->mutant)
            judge_mutate(j, plan->requests[i].info, before);
    }
    lua_settop(L, functions - 1);
}

static bool covers(const struct plan_waiver *w, const struct finding *f)
{
    return f->check >= 0 && (w->covers[f->check / 64] >> f->check % 64 & 1);
}

static bool covers_any(const struct plan_waiver *w, const struct decision *d)
{
    for (size_t i = 0; i < d->n_findings; i++)
        if (covers(w, &d->findings[i]))
            return true;
    return false;
}

/* What `when` of waiver i says. Anything but a boolean is a fault. */
static bool applies(lua_State *L, struct judge *j, const struct plan_waiver *w, int functions,
                    size_t i)
{
    j->waiving = w->about.id;
    lua_rawgeti(L, functions, 3 * (lua_Integer)i + 1);
    lua_rawgeti(L, functions, 3 * (lua_Integer)i + 3);
    lua_call(L, 1, 1);
    if (!lua_isboolean(L, -1))
        luaL_error(L, "waiver %s: `when` returned neither true nor false", w->about.id);
    const bool yes = lua_toboolean(L, -1);
    lua_pop(L, 1);
    j->waiving = NULL;
    return yes;
}

static void lift(const struct plan_waiver *w, struct decision *d)
{
    size_t left = 0;
    for (size_t i = 0; i < d->n_findings; i++)
        if (!covers(w, &d->findings[i]))
            d->findings[left++] = d->findings[i];
    d->n_findings = left;
    const size_t n = strlen(d->waived);
    (void)snprintf(d->waived + n, sizeof d->waived - n, "%s%s", n ? "," : "", w->about.id);
}

/* Where there may be more findings than are kept, none is lifted: nobody knows the others. */
void judge_waive(lua_State *L, struct judge *j)
{
    const struct plan *plan = j->policy->plan;
    struct decision *d = j->out;
    const int64_t now = (int64_t)time(NULL);
    const enum surface surface = j->request->route->surface;
    if (!plan->waives || d->n_findings == FINDINGS_MAX)
        return;
    luaL_checkstack(L, 16, NULL);
    plan_push_functions(L, PLAN_LIST_WAIVERS);
    const int functions = lua_gettop(L);
    request_view_show(L, j);
    for (size_t i = 0; i < plan->n_waivers; i++) {
        const struct plan_waiver *w = &plan->waivers[i];
        const bool is_about = w->surface == SURFACE_COUNT || w->surface == surface;
        if (is_about && now < w->ends && covers_any(w, d) && applies(L, j, w, functions, i))
            lift(w, d);
    }
    lua_settop(L, functions - 1);
}

void judge_note_fault(struct judge *j, const char *why)
{
    struct counted *c = &j->policy->counts[j->running];
    struct decision *d = j->out;
    c->faults++;
    c->streak++;
    judge_clean(c->last_fault, sizeof c->last_fault, str_of(why));
    d->fault_check = j->running;
    d->fault_streak = c->streak;
    (void)snprintf(d->reason, sizeof d->reason, "rule %.64s failed: %.160s",
                   j->policy->plan->infos[j->running].id, c->last_fault);
}

struct check_count policy_count(const struct policy *p, int check)
{
    const struct counted *c = &p->counts[check];
    return (struct check_count){c->denials, c->faults, c->last_fault};
}

size_t policy_waiver_count(const struct policy *p)
{
    return p->plan->n_waivers;
}

struct waiver_info policy_waiver(const struct policy *p, size_t i)
{
    const struct plan_waiver *w = &p->plan->waivers[i];
    const int64_t left = w->ends - (int64_t)time(NULL);
    struct waiver_info about = w->about;
    about.days_left = left > 0 ? (int)((left - 1) / SECONDS_A_DAY) : -1;
    about.active = p->plan->waives && left > 0;
    return about;
}

size_t policy_printed(const struct policy *p)
{
    return p->n_printed;
}

const char *policy_print(const struct policy *p, size_t i)
{
    return p->printed[i];
}
