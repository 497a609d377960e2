/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/plan.h"

#include "policy/frozen.h"
#include "policy/request_view.h"

#include <lauxlib.h>
#include <stdlib.h>

/* Registry key of { [surface] = functions, names = the compiled table }. */
static const char anchor;

struct plan *plan_new(void)
{
    struct plan *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    static const enum surface built[] = {SURFACE_CONTAINER_CREATE, SURFACE_CONTAINER_UPDATE,
                                         SURFACE_CONTAINER_TOP,    SURFACE_EXEC_CREATE,
                                         SURFACE_EXEC_START,       SURFACE_IMAGE_PULL};
    for (size_t i = 0; i < sizeof built / sizeof built[0]; i++) {
        struct surface_plan *s = calloc(1, sizeof *s);
        p->surfaces[built[i]] = s;
        if (!s || !(s->schema = schema_new()) || !(s->whole = schema_new()))
            goto fail;
        for (size_t f = 0; f < PLAN_FACTS_MAX; f++)
            if (!(s->facts[f].schema = schema_new()))
                goto fail;
    }
    return p;
fail:
    plan_free(p);
    return NULL;
}

static void surface_plan_free(struct surface_plan *s)
{
    if (!s)
        return;
    schema_free(s->schema);
    schema_free(s->whole);
    for (size_t f = 0; f < PLAN_FACTS_MAX; f++)
        schema_free(s->facts[f].schema);
    free(s);
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < SURFACE_COUNT; i++)
        surface_plan_free(p->surfaces[i]);
    for (size_t i = 0; i < p->n_requests; i++)
        glob_free(p->requests[i].path);
    free(p);
}

/* The string member of the table on top; the table keeps it alive. */
static struct str text_member(lua_State *L, const char *name)
{
    struct str s;
    lua_getfield(L, -1, name);
    s.p = luaL_optlstring(L, -1, "", &s.n);
    lua_pop(L, 1);
    return s;
}

/* The refusal whose reason code is member `name` of the table on top. */
static enum refusal refusal_member(lua_State *L, const char *name, enum refusal absent)
{
    const struct str code = text_member(L, name);
    if (code.n == 0)
        return absent;
    for (int r = 1; r < REFUSAL_COUNT; r++)
        if (str_eq(refusal_info((enum refusal)r)->code, code))
            return (enum refusal)r;
    luaL_error(L, "no refusal has the reason code %s", code.p);
    return absent;
}

static int int_member(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    const lua_Integer i = luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    if (i < 0 || i > INT32_MAX)
        luaL_error(L, "%s is out of range", name);
    return (int)i;
}

/* Pushes the list member of the table on top and returns its length, at most max. */
static size_t push_list(lua_State *L, const char *name, size_t max)
{
    lua_getfield(L, -1, name);
    const size_t n = (size_t)lua_rawlen(L, -1);
    if (n > max)
        luaL_error(L, "too many %s: %d, at most %d", name, (int)n, (int)max);
    return n;
}

static size_t load_sources(lua_State *L, const char *list, const char *name,
                           struct plan_source out[PLAN_SOURCES_MAX])
{
    const size_t n = push_list(L, list, PLAN_SOURCES_MAX);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        out[i].slot = int_member(L, "slot");
        out[i].name = text_member(L, name);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return n;
}

static bool bool_member(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    const bool b = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return b;
}

static void load_reads(lua_State *L, const char *list, struct plan_step *step)
{
    step->n_reads = (uint8_t)push_list(L, list, PLAN_READS_MAX);
    for (int i = 0; i < step->n_reads; i++) {
        lua_rawgeti(L, -1, i + 1);
        const int slot = (int)luaL_checkinteger(L, -1);
        if (slot < 1 || slot > BODY_SLOTS_MAX)
            luaL_error(L, "more than %d values are read", BODY_SLOTS_MAX);
        step->reads[i] = (uint8_t)slot;
        step->mask[(slot - 1) / 64] |= UINT64_C(1) << (slot - 1) % 64;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Appends member `name` of the table on top, member `settings` of it (NULL: none), and a view made
 * of its member `view`, to the list of functions at index functions. */
static void keep_function(lua_State *L, int functions, const char *name, const char *settings)
{
    const lua_Integer at = 3 * luaL_checkinteger(L, functions + 1);
    lua_getfield(L, -1, name);
    luaL_checktype(L, -1, LUA_TFUNCTION);
    lua_rawseti(L, functions, at + 1);
    lua_pushboolean(L, 0); /* keeps the list without holes */
    if (settings) {
        lua_pop(L, 1);
        lua_getfield(L, -1, settings);
    }
    lua_getfield(L, -2, "view");
    const bool rules = lua_istable(L, -1);
    lua_pop(L, 1);
    if (rules)
        frozen_keep(L); /* its value */
    lua_rawseti(L, functions, at + 2);
    lua_getfield(L, -1, "view");
    if (rules) {
        request_view_push(L, -1);
        lua_remove(L, -2);
    } else {
        lua_pop(L, 1);
        lua_pushboolean(L, 0);
    }
    lua_rawseti(L, functions, at + 3);
    lua_pushinteger(L, at / 3 + 1);
    lua_replace(L, functions + 1);
}

static void load_steps(lua_State *L, struct surface_plan *s, struct check_info *infos,
                       int functions)
{
    s->n_readings = push_list(L, "readings", PLAN_READINGS_MAX);
    for (size_t i = 0; i < s->n_readings; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        s->readings[i].slot = int_member(L, "slot");
        s->readings[i].asks = bool_member(L, "asks");
        load_reads(L, "from", &s->readings[i]);
        keep_function(L, functions, "read", NULL);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    s->n_checks = push_list(L, "checks", PLAN_CHECKS_MAX);
    for (size_t i = 0; i < s->n_checks; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        s->checks[i].info = int_member(L, "index") - 1;
        infos[s->checks[i].info].active = true;
        s->checks[i].always = bool_member(L, "always");
        s->checks[i].asks = bool_member(L, "asks");
        s->checks[i].rule = bool_member(L, "rule");
        load_reads(L, "reads", &s->checks[i]);
        keep_function(L, functions, "check", "knobs");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void load_facts(lua_State *L, struct surface_plan *s)
{
    s->n_facts = push_list(L, "facts", PLAN_FACTS_MAX);
    for (size_t i = 0; i < s->n_facts; i++) {
        struct plan_fact *f = &s->facts[i];
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        f->name = text_member(L, "name");
        f->path = text_member(L, "path");
        f->code = text_member(L, "code");
        f->refusal = refusal_member(L, "refusal", REFUSAL_BODY_INSPECTION);
        f->names = int_member(L, "names");
        f->slot = int_member(L, "slot");
        lua_getfield(L, -1, "schema");
        lua_getfield(L, -2, "slots");
        schema_load(L, f->schema, lua_gettop(L) - 1, lua_gettop(L));
        lua_pop(L, 3);
    }
    lua_pop(L, 1);
}

static enum unknown_fields unknown_of(struct str word)
{
    if (str_eq(word, STR("allow")))
        return UNKNOWN_ALLOW;
    return str_eq(word, STR("deny")) ? UNKNOWN_DENY : UNKNOWN_WARN;
}

/* The schema, loaded; NULL, and freed, where there is no document or nothing reads it so. */
static struct schema *load_schema(lua_State *L, struct schema *s, int document, int slots)
{
    if (lua_istable(L, document) && lua_istable(L, slots)) {
        schema_load(L, s, document, slots);
        return s;
    }
    schema_free(s);
    return NULL;
}

static void load_seen(lua_State *L, struct surface_plan *s)
{
    s->n_seen = push_list(L, "seen", BODY_SLOTS_MAX);
    for (size_t i = 0; i < s->n_seen; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        s->seen[i] = (uint8_t)lua_tointeger(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Begins a list of functions below the table on top: the list and, above it, how many there are.
 * Returns its index. */
static int begin_functions(lua_State *L)
{
    lua_newtable(L);
    lua_insert(L, -2);
    lua_pushinteger(L, 0);
    lua_insert(L, -2);
    return lua_gettop(L) - 2;
}

/* Anchors the list and takes it from the stack again. */
static void end_functions(lua_State *L, int functions, int anchored, int list)
{
    lua_pushvalue(L, functions);
    lua_rawseti(L, anchored, list);
    lua_remove(L, functions + 1);
    lua_remove(L, functions);
}

/* The surface's table is on top. */
static void load_surface(lua_State *L, struct surface_plan *s, struct check_info *infos,
                         int anchored, enum surface surface)
{
    s->subject = text_member(L, "subject");
    s->prefix = text_member(L, "prefix");
    s->body_max = (size_t)int_member(L, "body_max");
    s->unknown = unknown_of(text_member(L, "unknown_fields"));
    s->unknown_slot = int_member(L, "unknown_slot");
    s->own_slot = int_member(L, "own_slot");
    s->judges_empty = bool_member(L, "judges_empty");
    s->n_slots = (int)push_list(L, "slots", BODY_SLOTS_MAX);
    lua_getfield(L, -2, "document");
    s->schema = load_schema(L, s->schema, lua_gettop(L), lua_gettop(L) - 1);
    lua_getfield(L, -3, "whole");
    s->whole = load_schema(L, s->whole, lua_gettop(L) - 1, lua_gettop(L));
    lua_pop(L, 3);
    load_seen(L, s);
    s->n_queries = load_sources(L, "queries", "key", s->queries);
    s->n_headers = load_sources(L, "headers", "name", s->headers);
    load_facts(L, s);

    const int functions = begin_functions(L);
    load_steps(L, s, infos, functions);
    end_functions(L, functions, anchored, (int)surface);
}

static enum surface surface_of(struct str name)
{
    for (int i = 0; i < SURFACE_COUNT; i++)
        if (str_eq(surface_name((enum surface)i), name))
            return (enum surface)i;
    return SURFACE_COUNT;
}

/* The list of method names in the member `methods` of the table on top, as bits; none: all. */
static uint16_t methods_member(lua_State *L)
{
    uint16_t bits = 0;
    const size_t n = push_list(L, "methods", METHOD_COUNT);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        const struct str name = str_of(luaL_checkstring(L, -1));
        for (int m = METHOD_NONE + 1; m < METHOD_COUNT; m++)
            if (str_eq(name, method_name((enum method)m)))
                bits |= (uint16_t)(1u << m);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return n ? bits : UINT16_MAX;
}

static void load_requests(lua_State *L, struct plan *p, int anchored)
{
    const size_t n = push_list(L, "requests", PLAN_REQUESTS_MAX);
    const int functions = begin_functions(L);
    for (size_t i = 0; i < n; i++) {
        struct plan_request *r = &p->requests[p->n_requests];
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        const struct str path = text_member(L, "path");
        *r = (struct plan_request){.info = int_member(L, "index") - 1,
                                   .surface = surface_of(text_member(L, "surface")),
                                   .methods = methods_member(L)};
        if (path.n && glob_open(&r->path, path, GLOB_PATH))
            luaL_error(L, "%s: the path is too long", p->infos[r->info].id);
        p->infos[r->info].active = true;
        p->n_requests++;
        keep_function(L, functions, "check", "knobs");
        lua_pop(L, 1);
    }
    end_functions(L, functions, anchored, PLAN_LIST_REQUESTS);
    lua_pop(L, 1);
}

static void load_waivers(lua_State *L, struct plan *p, int anchored)
{
    p->n_waivers = push_list(L, "waivers", PLAN_WAIVERS_MAX);
    const int functions = begin_functions(L);
    for (size_t i = 0; i < p->n_waivers; i++) {
        struct plan_waiver *w = &p->waivers[i];
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        w->about.id = text_member(L, "id").p;
        w->about.reason = text_member(L, "reason").p;
        w->about.approved_by = text_member(L, "approved_by").p;
        w->about.expires = text_member(L, "expires").p;
        w->surface = surface_of(text_member(L, "surface"));
        lua_getfield(L, -1, "ends");
        w->ends = luaL_checkinteger(L, -1);
        lua_pop(L, 1);
        for (size_t n = push_list(L, "covers", PLAN_INFOS_MAX); n > 0; n--) {
            lua_rawgeti(L, -1, (lua_Integer)n);
            const lua_Integer info = luaL_checkinteger(L, -1) - 1;
            w->covers[info / 64] |= UINT64_C(1) << info % 64;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        keep_function(L, functions, "when", NULL);
        lua_pop(L, 1);
    }
    end_functions(L, functions, anchored, PLAN_LIST_WAIVERS);
    lua_pop(L, 1);
}

static void load_controls(lua_State *L, struct check_info *info)
{
    const size_t max = sizeof info->controls / sizeof info->controls[0];
    info->n_controls = push_list(L, "controls", max);
    for (size_t i = 0; i < info->n_controls; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        info->controls[i].cis = text_member(L, "cis").p;
        info->controls[i].bench = text_member(L, "bench").p;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void load_knobs(lua_State *L, struct check_info *info)
{
    info->n_knobs = push_list(L, "knobs", CHECK_KNOBS_MAX);
    for (size_t i = 0; i < info->n_knobs; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        info->knobs[i] = luaL_checkstring(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void load_infos(lua_State *L, struct plan *p)
{
    p->n_infos = push_list(L, "checks", PLAN_INFOS_MAX);
    for (size_t i = 0; i < p->n_infos; i++) {
        struct check_info *info = &p->infos[i];
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        info->id = text_member(L, "id").p;
        info->code = text_member(L, "code").p;
        info->knob = text_member(L, "knob").p;
        info->title = text_member(L, "title").p;
        info->fix = text_member(L, "fix").p;
        info->examples = text_member(L, "examples").p;
        info->refusal = refusal_member(L, "refusal", REFUSAL_BODY_POLICY);
        load_controls(L, info);
        load_knobs(L, info);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

void plan_load(lua_State *L, struct plan *p, int index)
{
    const int compiled = lua_absindex(L, index);
    luaL_checkstack(L, 48, "compiling the policy");
    lua_newtable(L);
    const int anchored = lua_gettop(L);
    lua_pushvalue(L, compiled);
    lua_setfield(L, anchored, "names");
    lua_pushvalue(L, anchored);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &anchor);

    lua_pushvalue(L, compiled);
    load_infos(L, p);
    load_requests(L, p, anchored);
    load_waivers(L, p, anchored);
    p->waives = bool_member(L, "waives");
    lua_getfield(L, -1, "surfaces");
    for (int s = 0; s < SURFACE_COUNT; s++) {
        if (!p->surfaces[s])
            continue;
        lua_getfield(L, -1, surface_name((enum surface)s).p);
        luaL_checktype(L, -1, LUA_TTABLE);
        load_surface(L, p->surfaces[s], p->infos, anchored, (enum surface)s);
        lua_pop(L, 1);
    }
    lua_settop(L, anchored - 1);
}

void plan_push_functions(lua_State *L, int list)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &anchor);
    lua_rawgeti(L, -1, list);
    lua_remove(L, -2);
}
