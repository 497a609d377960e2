/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/request_view.h"

#include "policy/frozen.h"

#include <lauxlib.h>

/* Registry keys: what is in the slots that rules see, what this request's views have made, the
 * settings, the policy. */
static const char slots_key, made_key, settings_key, policy_key;

static struct policy *policy_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static void push_str(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.p ? s.p : "", s.n);
}

static void set_str(lua_State *L, const char *name, struct str s)
{
    push_str(L, s);
    lua_setfield(L, -2, name);
}

static void push_parts(lua_State *L, const struct policy_request *r)
{
    struct str rest = r->target.normal;
    lua_Integer n = 0;
    lua_newtable(L);
    while (rest.n) {
        rest = str_skip(rest, 1); /* each begins with its slash */
        const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
        const size_t length = slash ? (size_t)(slash - rest.p) : rest.n;
        push_str(L, (struct str){rest.p, length});
        lua_rawseti(L, -2, ++n);
        rest = str_skip(rest, length);
    }
}

static void push_query(lua_State *L, const struct policy_request *r)
{
    struct query q = {.n = 0};
    if (r->target.query.n) {
        char *store = lua_newuserdatauv(L, r->target.query.n, 0);
        if (query_read(r->target.query, store, &q))
            luaL_error(L, "the query cannot be read in one way only");
    }
    lua_createtable(L, 0, (int)q.n);
    for (size_t i = q.n; i > 0; i--) {
        push_str(L, q.pairs[i - 1].key);
        push_str(L, q.pairs[i - 1].value);
        lua_rawset(L, -3);
    }
}

static bool is_secret(const struct field *f)
{
    return f->id == FIELD_REGISTRY_AUTH || f->id == FIELD_REGISTRY_CONFIG ||
           str_eq_nocase(f->name, STR("authorization")) ||
           str_eq_nocase(f->name, STR("proxy-authorization")) ||
           str_eq_nocase(f->name, STR("cookie"));
}

/* The name in lower case; names are tokens, so ASCII. */
static void push_name(lua_State *L, struct str name)
{
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, name.n);
    for (size_t i = 0; i < name.n; i++)
        out[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    luaL_pushresultsize(&b, name.n);
}

static void push_headers(lua_State *L, const struct policy_request *r)
{
    lua_newtable(L);
    const int headers = lua_gettop(L);
    for (size_t i = 0; r->head && i < r->head->n_fields; i++) {
        const struct field *f = &r->head->fields[i];
        push_name(L, f->name);
        lua_pushvalue(L, -1);
        const bool repeated = lua_rawget(L, headers) == LUA_TSTRING;
        if (repeated)
            lua_pushliteral(L, ", ");
        else
            lua_pop(L, 1);
        push_str(L, is_secret(f) ? STR("(hidden)") : f->value);
        if (repeated)
            lua_concat(L, 3);
        lua_rawset(L, headers);
    }
}

static void push_client(lua_State *L, const struct policy_request *r)
{
    lua_newtable(L);
    if (!r->peer)
        return;
    if (!r->peer->local) {
        lua_pushstring(L, r->peer->address);
        lua_setfield(L, -2, "address");
        return;
    }
    lua_pushinteger(L, r->peer->uid);
    lua_setfield(L, -2, "uid");
    lua_pushinteger(L, r->peer->gid);
    lua_setfield(L, -2, "gid");
    lua_pushinteger(L, r->peer->pid);
    lua_setfield(L, -2, "pid");
}

static void push_texts(lua_State *L, const struct policy_request *r)
{
    set_str(L, "method", method_name(r->method));
    set_str(L, "target", r->head ? r->head->target : STR(""));
    set_str(L, "profile", STR(""));
    set_str(L, "path", r->target.normal);
    set_str(L, "version", r->target.version.n ? str_skip(r->target.version, 2) : STR(""));
    set_str(L, "surface", surface_name(r->route->surface));
}

static const struct {
    const char *name;
    void (*push)(lua_State *L, const struct policy_request *r);
} parts[] = {
    {"parts", push_parts},
    {"query", push_query},
    {"headers", push_headers},
    {"client", push_client},
};

/* Pushes the table of what this request's views have made; its texts are there from the start. */
static void push_made(lua_State *L, struct policy *p)
{
    if (p->view_made) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &made_key);
        return;
    }
    lua_newtable(L);
    push_texts(L, p->judging->request);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &made_key);
    p->view_made = true;
}

/* A member that all rules see alike. Upvalues: the policy, the rule's own members. */
static int view_request(lua_State *L)
{
    struct policy *p = policy_upvalue(L);
    luaL_argcheck(L, lua_type(L, 2) == LUA_TSTRING, 2, "a request has no such member");
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
        if (!lua_isinteger(L, -1))
            return 1;
        lua_rawgetp(L, LUA_REGISTRYINDEX, &slots_key); /* the whole body */
        lua_rawgeti(L, -1, lua_tointeger(L, -2));
        frozen_push(L);
        return 1;
    }
    if (!p->judging)
        return luaL_error(L, "a request is read outside of a judgement");
    push_made(L, p);
    const int made = lua_gettop(L);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, made) != LUA_TNIL)
        return 1;
    const struct str name = str_of(lua_tostring(L, 2));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!str_eq(name, str_of(parts[i].name)))
            continue;
        parts[i].push(L, p->judging->request);
        frozen_push(L);
        lua_pushvalue(L, 2);
        lua_pushvalue(L, -2);
        lua_rawset(L, made);
        return 1;
    }
    return luaL_error(L, "a request has no member '%s'", name.p);
}

/* Inside of the value on top, which is replaced: the members that path names, or nil. */
static void follow(lua_State *L, struct str path)
{
    while (path.n && lua_istable(L, -1)) {
        const char *dot = memchr(path.p, '.', path.n);
        const size_t n = dot ? (size_t)(dot - path.p) : path.n;
        lua_pushlstring(L, path.p, n);
        lua_rawget(L, -2);
        lua_remove(L, -2);
        path = str_skip(path, dot ? n + 1 : n);
    }
    if (path.n) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* What a leaf of a tree, on top, stands for: a slot's number, or "number.Name.Name". */
static void push_leaf(lua_State *L)
{
    struct str rest = STR("");
    lua_Integer slot = lua_tointeger(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING) {
        rest.p = lua_tolstring(L, -1, &rest.n);
        for (slot = 0; rest.n && *rest.p != '.'; rest = str_skip(rest, 1))
            slot = slot * 10 + (*rest.p - '0');
        rest = str_skip(rest, 1);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &slots_key);
    lua_rawgeti(L, -1, slot);
    follow(L, rest);
    frozen_push(L);
}

/* The key at 2 in a message: never an address. */
static const char *name_of(lua_State *L)
{
    return lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
}

/* A member of a record that the rule names something of. Upvalue 1: its tree. */
static int view_record(lua_State *L)
{
    lua_pushvalue(L, 2);
    const int type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TNIL)
        return luaL_error(L, "'%s' is not in the rule's `reads`", name_of(L));
    if (type != LUA_TTABLE)
        push_leaf(L);
    return 1;
}

static int view_write(lua_State *L)
{
    return luaL_error(L, "write to '%s': a request is read-only", name_of(L));
}

static int view_walk(lua_State *L)
{
    return luaL_error(L, "a request's own tables cannot be walked through; name the members");
}

/* An empty table whose members come from the closure on top, which it replaces. */
static void push_view(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 5);
    lua_rotate(L, -3, -1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, view_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, view_walk);
    lua_setfield(L, -2, "__pairs");
    lua_pushcfunction(L, view_walk);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* Replaces the tree on top by a view of it. Leaves stay. */
static void view_tree(lua_State *L)
{
    if (!lua_istable(L, -1))
        return;
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        view_tree(L);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
    lua_pushcclosure(L, view_record, 1);
    push_view(L);
}

void request_view_push(lua_State *L, int index)
{
    static const char *const names[] = {"body", "readings", "facts"};
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &policy_key);
    lua_createtable(L, 0, 4);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        lua_getfield(L, index, names[i]);
        view_tree(L);
        lua_setfield(L, -2, names[i]);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &settings_key);
    frozen_push(L);
    lua_setfield(L, -2, "settings");
    lua_pushcclosure(L, view_request, 2);
    push_view(L);
}

void request_view_open(lua_State *L, struct policy *p, int settings)
{
    lua_pushvalue(L, settings);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &settings_key);
    lua_pushlightuserdata(L, p);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &policy_key);
    lua_createtable(L, BODY_SLOTS_MAX, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &slots_key);
}

/* What another surface's request has left; slots is on top. */
static void forget(lua_State *L, struct policy *p, const struct surface_plan *s)
{
    for (int slot = 1; slot <= BODY_SLOTS_MAX && p->shown_plan != s; slot++) {
        if (!p->shown[slot])
            continue;
        lua_pushnil(L);
        lua_rawseti(L, -2, slot);
        p->shown[slot] = false;
    }
    p->shown_plan = s;
}

/* Most slots are empty, and were before. */
void request_view_show(lua_State *L, const struct judge *j)
{
    const struct surface_plan *s = j->plan;
    bool *shown = j->policy->shown;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &slots_key);
    forget(L, j->policy, s);
    for (size_t i = 0; s && i < s->n_seen; i++) {
        const int slot = s->seen[i];
        const bool empty = lua_isnil(L, AT_SLOTS + slot);
        if (empty && !shown[slot])
            continue;
        shown[slot] = !empty;
        lua_pushvalue(L, AT_SLOTS + slot);
        lua_rawseti(L, -2, slot);
    }
    lua_pop(L, 1);
}
