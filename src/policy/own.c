/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/own.h"

#include "policy/config.h"
#include "policy/judge.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Registry keys: core.own's read, and what checks read as "own". */
static const char read_key, own_key;

static struct str bare(struct str name)
{
    return name.n && name.p[0] == '/' ? str_skip(name, 1) : name;
}

/* Back to what is known without the engine. */
static void forget(struct own *own)
{
    const struct str given = str_of(own->given);
    const bool is_id = own_is_hex(given) && given.n >= OWN_SHORT_LENGTH && given.n <= OWN_ID_LENGTH;
    judge_cut(own->id, sizeof own->id, is_id ? given : STR(""));
    own->name[0] = '\0';
}

void own_open(struct own *own, const struct config *config, bool exact)
{
    const struct own_found *found = config_own(config);
    *own = (struct own){.is_found = found != NULL};
    if (found)
        own->found = *found;
    judge_cut(own->given, sizeof own->given, bare(str_of(config_settings(config)->self_container)));
    own->is_asked_about = own->given[0] && !exact;
    forget(own);
}

static bool is_protected(const struct own *own)
{
    return own->given[0] && !(own->is_absent && own->is_found);
}

bool own_is(const struct own *own, struct str ref)
{
    const struct str id = str_of(own->id);
    ref = bare(ref);
    if (ref.n == 0 || !is_protected(own))
        return false;
    return memchr(ref.p, '/', ref.n) || str_eq(ref, str_of(own->name)) ||
           str_eq(ref, str_of(own->given)) ||
           (id.n && (str_starts(id, ref) || (id.n < OWN_ID_LENGTH && str_starts(ref, id))));
}

/* Pushes { given, id } until the engine has told more; nil when it has no such container. */
static void push_untold(lua_State *L, const struct own *own)
{
    if (!is_protected(own)) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, 0, 2);
    lua_pushstring(L, own->given);
    lua_setfield(L, -2, "given");
    if (own->id[0]) {
        lua_pushstring(L, own->id);
        lua_setfield(L, -2, "id");
    }
}

void own_load(lua_State *L, const struct own *own, int require)
{
    lua_pushvalue(L, require);
    lua_pushliteral(L, "core.own");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "read");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &read_key);
    lua_pop(L, 1);
    push_untold(L, own);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &own_key);
}

void own_push(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &own_key);
}

/* what a request names */

static struct str first_segment(struct str s)
{
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (slash)
        s.n = (size_t)(slash - s.p);
    return s;
}

static struct str last_segment(struct str s)
{
    const char *slash = s.n ? memrchr(s.p, '/', s.n) : NULL;
    return slash ? str_skip(s, (size_t)(slash - s.p)) : s;
}

/* Whether a route below a container, by what stands behind the id, only looks at it. */
static bool only_looks(enum method m, struct str tail)
{
    static const struct str looks[] = {{"/json", 5},  {"/logs", 5},    {"/stats", 6},
                                       {"/top", 4},   {"/changes", 8}, {"/checkpoints", 12},
                                       {"/exists", 7}};
    if (m == METHOD_POST)
        return str_eq(tail, STR("/wait"));
    if (m != METHOD_GET && m != METHOD_HEAD)
        return false;
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (str_eq(tail, looks[i]))
            return true;
    return false;
}

/* The container that the path names, if more is done to it than looked at; else empty. A route
 * that is not in the table counts as more, and its id as one segment. */
static struct str named_by_path(const struct policy_request *r)
{
    static const struct str docker = {"/containers/", 12}, podman = {"/libpod/containers/", 19};
    static const struct str pattern = {"/containers/{id}", 16};
    const struct str path = r->target.normal, route = str_of(r->route->path);
    if (str_starts(path, podman))
        return only_looks(r->method, last_segment(path)) ? STR("")
                                                         : first_segment(str_skip(path, podman.n));
    if (!str_starts(path, docker))
        return STR("");
    struct str id = str_skip(path, docker.n);
    if (r->route->method == METHOD_NONE)
        return first_segment(id);
    const struct str tail = str_skip(route, pattern.n);
    if (!str_starts(route, pattern) || only_looks(r->method, tail))
        return STR("");
    if (tail.n && memchr(tail.p, '{', tail.n))
        return first_segment(id);
    id.n = id.n > tail.n ? id.n - tail.n : 0;
    return id;
}

/* The key of the query that names a container, "" where none does. */
static struct str naming_key(const struct policy_request *r)
{
    const struct str path = r->target.normal;
    if (str_eq(path, STR("/commit")) || str_eq(path, STR("/libpod/commit")))
        return STR("container");
    return str_eq(path, STR("/build")) ? STR("networkmode") : STR("");
}

/* The reference in a value of that key: all of it, or what is behind "container:". */
static struct str named_by_value(struct str key, struct str value)
{
    enum { PREFIX = sizeof "container:" - 1 };
    if (str_eq(key, STR("container")))
        return value;
    value = str_trim(value);
    const bool joins =
        value.n > PREFIX && str_eq_nocase((struct str){value.p, PREFIX}, STR("container:"));
    return joins ? str_trim(str_skip(value, PREFIX)) : STR("");
}

/* A query that cannot be read may name anything. */
static bool query_names_own(const struct own *own, const struct policy_request *r)
{
    const struct str key = naming_key(r), raw = r->target.query;
    if (key.n == 0 || raw.n == 0)
        return false;
    struct query q;
    char *store = malloc(raw.n);
    bool names = !store || query_read(raw, store, &q) != RC_OK;
    for (size_t i = 0; !names && i < q.n; i++)
        names = str_eq(q.pairs[i].key, key) && own_is(own, named_by_value(key, q.pairs[i].value));
    free(store);
    return names;
}

static bool is_guarded(const struct policy_request *r)
{
    const enum surface s = r->route->surface;
    return s == SURFACE_CONTAINER_CREATE || s == SURFACE_EXEC_START || naming_key(r).n ||
           named_by_path(r).n;
}

static void deny(struct decision *d, const char *what, const char *why)
{
    d->verdict = VERDICT_DENY;
    d->refusal = REFUSAL_SELF_PROTECTED;
    d->n_findings = 0;
    judge_cut(d->reason, sizeof d->reason, str_of(what));
    const size_t n = strlen(d->reason);
    judge_clean(d->reason + n, sizeof d->reason - n, str_of(why));
}

bool own_refuses(const struct policy *p, const struct policy_request *r, struct decision *d)
{
    const struct own *own = &p->own;
    if (!is_protected(own) || (!own_is(own, named_by_path(r)) && !query_names_own(own, r)))
        return false;
    deny(d,
         "this may be sockguard's own container, which is administered at the engine's own socket",
         "");
    return true;
}

/* what the engine says */

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool own_is_due(const struct policy *p, const struct policy_request *r)
{
    return p->own.is_asked_about && is_guarded(r) && now_ms() >= p->own.fresh_until;
}

void own_plan(const struct policy *p, struct lookup *out)
{
    const struct own *own = &p->own;
    *out = (struct lookup){.name = "own", .is_own = true};
    (void)judge_expand(STR("/containers/{id}/json"), str_of(own->id[0] ? own->id : own->given),
                       out->path);
}

struct told {
    const struct own *own;
    struct str json;
    bool is_ours;
    char id[OWN_ID_LENGTH + 1];
    char name[OWN_NAME_MAX];
};

static void push_found(lua_State *L, const struct own *own)
{
    if (!own->is_found) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, own->found.hostname);
    lua_setfield(L, -2, "hostname");
    lua_pushstring(L, own->found.upper);
    lua_setfield(L, -2, "upper");
    lua_pushboolean(L, own->found.by_cgroup);
    lua_setfield(L, -2, "by_cgroup");
}

static void take_member(lua_State *L, const char *name, char *out, size_t room)
{
    struct str s;
    lua_getfield(L, -1, name);
    s.p = luaL_checklstring(L, -1, &s.n);
    judge_cut(out, room, s);
    lua_pop(L, 1);
}

static int body_told(lua_State *L)
{
    struct told *t = lua_touserdata(L, 1);
    luaL_checkstack(L, 16, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &read_key);
    lua_pushlstring(L, t->json.p, t->json.n);
    lua_pushstring(L, t->own->given);
    push_found(L, t->own);
    lua_call(L, 3, 1);
    if (!lua_istable(L, -1))
        return 0;
    take_member(L, "id", t->id, sizeof t->id);
    take_member(L, "name", t->name, sizeof t->name);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &own_key);
    t->is_ours = true;
    return 0;
}

static int body_untold(lua_State *L)
{
    luaL_checkstack(L, 4, NULL);
    push_untold(L, lua_touserdata(L, 1));
    lua_rawsetp(L, LUA_REGISTRYINDEX, &own_key);
    return 0;
}

/* There is no container of ours. One whose id was known has gone, and whoever is called so now is
 * asked for at once. */
static int lose(struct policy *p, struct err *err)
{
    struct own *own = &p->own;
    const bool has_gone = own->name[0] && !own->is_found;
    own->is_absent = true;
    own->fresh_until = has_gone ? 0 : now_ms() + OWN_FRESH_MS;
    forget(own);
    if (vm_call(p->vm, body_untold, own, err) != VM_OK)
        return RC_SYSTEM;
    return err_set(err, has_gone ? RC_SYSTEM : RC_INVALID, "the engine has no container %s",
                   own->given);
}

static int keep(struct own *own, const struct told *t)
{
    judge_cut(own->id, sizeof own->id, str_of(t->id));
    judge_cut(own->name, sizeof own->name, str_of(t->name));
    own->is_absent = false;
    own->fresh_until = now_ms() + OWN_FRESH_MS;
    return RC_OK;
}

int policy_own_told(struct policy *p, const struct fact *answer, struct err *err)
{
    struct told t = {.own = &p->own, .json = answer->body};
    if (answer->kind == FACT_ANSWER && answer->status == 404)
        return lose(p, err);
    if (answer->kind != FACT_ANSWER || answer->status != 200)
        return err_set(err, RC_SYSTEM, "the engine does not answer about the container %s",
                       p->own.given);
    if (vm_call(p->vm, body_told, &t, err) != VM_OK)
        return RC_SYSTEM;
    if (!t.is_ours)
        return err_set(err, RC_SYSTEM,
                       "sockguard does not run in the container %s, though it looks so; "
                       "self_container names the right one",
                       p->own.given);
    return keep(&p->own, &t);
}

bool policy_own_lookup(const struct policy *p, struct lookup *out)
{
    if (p->own.is_asked_about)
        own_plan(p, out);
    return p->own.is_asked_about;
}

bool own_take(struct policy *p, const struct fact *answer, struct decision *d)
{
    struct err why = {""};
    if (policy_own_told(p, answer, &why) != RC_SYSTEM)
        return true;
    deny(d, "sockguard's own container is not known: ", why.text);
    return false;
}
