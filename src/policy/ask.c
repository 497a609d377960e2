/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - what the engine must be asked before a request can be judged, and its answers. */
#include "policy/judge.h"

#include <lauxlib.h>

static void deny_unasked(const struct judge *j, const struct plan_fact *f)
{
    judge_deny(j->plan, j->out, f->refusal, f->code, "the engine could not be asked about it");
}

/* Reads one answer into its slots; false when there is none that can be read. */
static bool read_answer(lua_State *L, const struct plan_fact *f, const struct fact *answer,
                        struct body_report *own)
{
    own->verdict = BODY_VERDICT_NONE;
    if (answer->kind == FACT_ANSWER && answer->status == 200)
        body_read_document(L, f->schema, answer->body, AT_SLOTS, own);
    return own->verdict == BODY_READ;
}

static bool is_absent(const struct fact *answer)
{
    return answer->kind == FACT_ANSWER && answer->status == 404;
}

/* Of the objects that the request names, those that exist, as a list in the fact's slot. */
static bool read_named(lua_State *L, const struct plan_fact *f, const struct fact *answers,
                       size_t n, struct body_report *report)
{
    const int slot = AT_SLOTS + f->slot;
    struct body_report own;
    lua_Integer found = 0;
    lua_newtable(L);
    lua_replace(L, slot);
    for (size_t i = 0; i < n; i++) {
        if (is_absent(&answers[i]))
            continue;
        /* Each is read into the slot, which holds the list: that waits on top meanwhile. */
        lua_pushvalue(L, slot);
        if (!read_answer(L, f, &answers[i], &own) || !body_is_present(&own, f->slot))
            return false;
        lua_pushvalue(L, slot);
        lua_rawseti(L, -2, ++found);
        lua_replace(L, slot);
    }
    if (found)
        body_set_present(report, f->slot);
    return true;
}

static size_t count_names(lua_State *L, const struct plan_fact *f)
{
    return lua_istable(L, AT_SLOTS + f->names) ? lua_rawlen(L, AT_SLOTS + f->names) : 0;
}

/* Of the object that the path names. 404: the request will fail by itself. */
static enum fact_step read_path_fact(lua_State *L, const struct plan_fact *f,
                                     const struct fact *answer, struct body_report *report)
{
    struct body_report own;
    if (is_absent(answer))
        return FACT_STEP_ALLOW;
    if (!read_answer(L, f, answer, &own))
        return FACT_STEP_DENY;
    for (size_t w = 0; w < BODY_SLOTS_MAX / 64; w++)
        report->present[w] |= own.present[w];
    return FACT_STEP_READ;
}

enum fact_step judge_read_facts(lua_State *L, const struct judge *j, struct body_report *report)
{
    size_t at = 0;
    for (size_t i = 0; i < j->plan->n_facts; i++) {
        const struct plan_fact *f = &j->plan->facts[i];
        const size_t n = f->names ? count_names(L, f) : 1;
        enum fact_step step = FACT_STEP_DENY;
        if (n > j->n_facts - at)
            step = FACT_STEP_DENY;
        else if (!f->names)
            step = read_path_fact(L, f, &j->facts[at], report);
        else if (read_named(L, f, &j->facts[at], n, report))
            step = FACT_STEP_READ;
        if (step == FACT_STEP_DENY)
            deny_unasked(j, f);
        if (step != FACT_STEP_READ)
            return step;
        at += n;
    }
    return FACT_STEP_READ;
}

/* The id of the request's path, by the route's pattern: what stands for {id}. */
static struct str path_id(const struct policy_request *r)
{
    const struct str pattern = str_of(r->route->path);
    const char *brace = memchr(pattern.p, '{', pattern.n);
    if (!brace)
        return STR("");
    const size_t before = (size_t)(brace - pattern.p);
    const struct str rest = str_skip(pattern, before + sizeof "{id}" - 1);
    struct str id = str_skip(r->target.normal, before);
    id.n = id.n > rest.n ? id.n - rest.n : 0;
    return id;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

bool judge_expand(struct str path, struct str id, char out[LOOKUP_PATH_MAX])
{
    static const char hex[] = "0123456789ABCDEF";
    const char *brace = memchr(path.p, '{', path.n);
    const size_t before = brace ? (size_t)(brace - path.p) : path.n;
    const struct str rest = str_skip(path, before + sizeof "{id}" - 1);
    if (before + 3 * id.n + rest.n >= LOOKUP_PATH_MAX)
        return false;
    size_t n = before;
    memcpy(out, path.p, before);
    for (size_t i = 0; i < id.n; i++) {
        if (is_unreserved(id.p[i])) {
            out[n++] = id.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[(unsigned char)id.p[i] >> 4];
        out[n++] = hex[id.p[i] & 15];
    }
    memcpy(out + n, rest.p, rest.n);
    out[n + rest.n] = '\0';
    return true;
}

/* False when there is no room for it, or no such path: then nobody can be asked. */
static bool plan_lookup(struct judge *j, const struct plan_fact *f, struct str id)
{
    if (j->n_lookups == ASKED_MAX)
        return false;
    struct lookup *l = &j->lookups[j->n_lookups++];
    l->is_own = false;
    judge_cut(l->name, sizeof l->name, f->name);
    l->named_by_body = f->names != 0;
    return judge_expand(f->path, id, l->path);
}

static bool plan_names(lua_State *L, struct judge *j, const struct plan_fact *f)
{
    const size_t n = count_names(L, f);
    bool fits = true;
    for (size_t i = 0; fits && i < n; i++) {
        struct str name;
        lua_rawgeti(L, AT_SLOTS + f->names, (lua_Integer)i + 1);
        name.p = luaL_checklstring(L, -1, &name.n);
        fits = plan_lookup(j, f, name);
        lua_pop(L, 1);
    }
    return fits;
}

enum fact_step judge_plan_lookups(lua_State *L, struct judge *j)
{
    for (size_t i = 0; i < j->plan->n_facts; i++) {
        const struct plan_fact *f = &j->plan->facts[i];
        if (f->names ? plan_names(L, j, f) : plan_lookup(j, f, path_id(j->request)))
            continue;
        j->n_lookups = 0;
        deny_unasked(j, f);
        return FACT_STEP_DENY;
    }
    return j->n_lookups ? FACT_STEP_DENY : FACT_STEP_READ;
}
