/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/settings.h"

#include <lauxlib.h>

static const char *field_string(lua_State *L, int index, const char *name)
{
    if (lua_getfield(L, index, name) != LUA_TSTRING)
        luaL_error(L, "settings: %s is no string", name);
    const char *s = lua_tostring(L, -1);
    lua_pop(L, 1); /* the table keeps it */
    return s;
}

static struct str field_str(lua_State *L, int index, const char *name)
{
    if (lua_getfield(L, index, name) != LUA_TSTRING)
        luaL_error(L, "settings: %s is no string", name);
    struct str s;
    s.p = lua_tolstring(L, -1, &s.n);
    lua_pop(L, 1);
    return s;
}

static int64_t field_int(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    if (!lua_isinteger(L, -1))
        luaL_error(L, "settings: %s is no whole number", name);
    const int64_t value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}

static uint64_t field_count(lua_State *L, int index, const char *name)
{
    const int64_t value = field_int(L, index, name);
    if (value < 0)
        luaL_error(L, "settings: %s is negative", name);
    return (uint64_t)value;
}

static bool field_bool(lua_State *L, int index, const char *name)
{
    if (lua_getfield(L, index, name) != LUA_TBOOLEAN)
        luaL_error(L, "settings: %s is no boolean", name);
    const bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

/* The position in names (which ends in NULL) of a string field. */
static int field_word(lua_State *L, int index, const char *name, const char *const *names)
{
    const struct str word = field_str(L, index, name);
    for (int i = 0; names[i]; i++)
        if (str_eq(word, str_of(names[i])))
            return i;
    return luaL_error(L, "settings: %s is an unknown word", name);
}

static struct listener_settings read_listener(lua_State *L, int index)
{
    return (struct listener_settings){
        .name = field_string(L, index, "name"),
        .socket = field_string(L, index, "socket"),
        .address = field_string(L, index, "address"),
        .host = field_string(L, index, "host"),
        .port = (uint16_t)field_count(L, index, "port"),
        .mode = (unsigned)field_count(L, index, "mode"),
        .uid = field_int(L, index, "uid"),
        .gid = field_int(L, index, "gid"),
    };
}

static void read_listeners(lua_State *L, int index, struct settings *out)
{
    lua_getfield(L, index, "listeners");
    const lua_Unsigned n = lua_rawlen(L, -1);
    if (n > LISTENERS_MAX)
        luaL_error(L, "settings: too many listeners");
    for (lua_Unsigned i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        out->listeners[i] = read_listener(L, lua_gettop(L));
        lua_pop(L, 1);
    }
    out->n_listeners = (size_t)n;
    lua_pop(L, 1);
}

static void read_timeouts(lua_State *L, int index, struct settings *out)
{
    out->timeouts.head = field_count(L, index, "head");
    out->timeouts.body = field_count(L, index, "body");
    out->timeouts.connect = field_count(L, index, "connect");
    out->timeouts.request = field_count(L, index, "request");
    out->timeouts.keep_alive = field_count(L, index, "keep_alive");
    out->timeouts.lookup = field_count(L, index, "lookup");
    out->timeouts.drain = field_count(L, index, "drain");
}

static void read_log(lua_State *L, int index, struct settings *out)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    static const char *const formats[] = {"json", "text", NULL};
    out->log.level = (enum log_level)field_word(L, index, "level", levels);
    out->log.format = (enum log_format)field_word(L, index, "format", formats);
    out->log.output = field_string(L, index, "output");
    out->log.access = field_bool(L, index, "access");
}

static void read_confine(lua_State *L, int index, struct settings *out)
{
    static const char *const modes[] = {"auto", "on", "off", NULL};
    const int64_t uid = field_int(L, index, "confine_uid");
    out->confine.has_user = uid >= 0;
    out->confine.uid = uid >= 0 ? (unsigned)uid : 0;
    out->confine.gid = (unsigned)field_count(L, index, "confine_gid");
    out->confine.landlock = (enum confine_mode)field_word(L, index, "landlock", modes);
    out->confine.seccomp = (enum confine_mode)field_word(L, index, "seccomp", modes);
}

void settings_read(lua_State *L, int index, struct settings *out)
{
    index = lua_absindex(L, index);
    read_listeners(L, index, out);
    read_timeouts(L, index, out);
    read_log(L, index, out);
    read_confine(L, index, out);
    out->upstream_socket = field_string(L, index, "upstream_socket");
    out->deny_verbose = field_bool(L, index, "deny_verbose");
    out->health_enabled = field_bool(L, index, "health_enabled");
    out->health_path = field_string(L, index, "health_path");
    out->allow_body_blind_writes = field_bool(L, index, "allow_body_blind_writes");
    out->accept_buildkit_tunnels = field_bool(L, index, "accept_buildkit_tunnels");
    out->allow_read_exfiltration = field_bool(L, index, "allow_read_exfiltration");
    out->api_version_min = (unsigned)field_count(L, index, "api_version_min");
    out->lua.memory = field_count(L, index, "memory");
    out->lua.cpu_ms = field_count(L, index, "cpu_ms");
    out->lua.instructions = field_count(L, index, "instructions");
    out->lua.allow_waivers = field_bool(L, index, "allow_waivers");
    out->self_container = field_string(L, index, "self_container");
    out->self_found = field_bool(L, index, "self_found");
    out->self_required = field_bool(L, index, "self_required");
    out->workers = (size_t)field_count(L, index, "workers");
    out->limits.connections = field_count(L, index, "connections");
    out->limits.tunnels = field_count(L, index, "tunnels");
    out->limits.body_bytes = field_count(L, index, "body_bytes");
    lua_getfield(L, index, "lua_rules");
    out->lua.rules = settings_strings(L, -1, &out->lua.n_rules);
    lua_remove(L, -2);
    out->allow_attestation_statements = field_bool(L, index, "allow_attestation_statements");
    lua_getfield(L, index, "redact_env_names");
    out->redact_env_names = settings_strings(L, -1, &out->n_redact_env_names);
    lua_remove(L, -2);
    lua_getfield(L, index, "host_names");
    out->host_names = settings_strings(L, -1, &out->n_host_names);
    lua_remove(L, -2);
}

/* A userdata for n elements, at least one, so that it is never of size 0. */
static void *push_array(lua_State *L, size_t n, size_t size)
{
    return lua_newuserdatauv(L, (n ? n : 1) * size, 0);
}

struct rule_source *settings_rules(lua_State *L, int index, size_t *n)
{
    index = lua_absindex(L, index);
    const size_t count = (size_t)lua_rawlen(L, index);
    struct rule_source *rules = push_array(L, count, sizeof *rules);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        const int at = lua_gettop(L);
        rules[i] = (struct rule_source){
            .methods = field_str(L, at, "methods"),
            .path = field_str(L, at, "path"),
            .allow = field_bool(L, at, "allow"),
            .reason = field_str(L, at, "reason"),
        };
        lua_pop(L, 1);
    }
    *n = count;
    return rules;
}

struct redaction_line *settings_redactions(lua_State *L, int index, size_t *n)
{
    index = lua_absindex(L, index);
    const size_t count = (size_t)lua_rawlen(L, index);
    struct redaction_line *lines = push_array(L, count, sizeof *lines);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        const int at = lua_gettop(L);
        lines[i] = (struct redaction_line){
            .method = field_str(L, at, "method"),
            .route = field_str(L, at, "route"),
            .path = field_str(L, at, "path"),
            .edit = field_str(L, at, "edit"),
        };
        lua_pop(L, 1);
    }
    *n = count;
    return lines;
}

struct config_leaf *settings_leaves(lua_State *L, int index, size_t *n)
{
    index = lua_absindex(L, index);
    const size_t count = (size_t)lua_rawlen(L, index);
    struct config_leaf *leaves = push_array(L, count, sizeof *leaves);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        const int at = lua_gettop(L);
        leaves[i] = (struct config_leaf){
            .key = field_string(L, at, "key"),
            .value = field_string(L, at, "value"),
            .origin = field_string(L, at, "origin"),
        };
        lua_pop(L, 1);
    }
    *n = count;
    return leaves;
}

const char **settings_strings(lua_State *L, int index, size_t *n)
{
    index = lua_absindex(L, index);
    const size_t count = (size_t)lua_rawlen(L, index);
    const char **strings = push_array(L, count, sizeof *strings);
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "settings: entry %d is no string", (int)i + 1);
        strings[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    *n = count;
    return strings;
}

static void copy_value(lua_State *from, int index, lua_State *to, int depth);

static void copy_table(lua_State *from, int index, lua_State *to, int depth)
{
    if (depth == 0 || !lua_checkstack(from, 4))
        luaL_error(to, "settings: nested too deeply");
    luaL_checkstack(to, 4, NULL);
    lua_newtable(to);
    lua_pushnil(from);
    while (lua_next(from, index)) {
        const int value = lua_gettop(from);
        copy_value(from, value - 1, to, 0);
        copy_value(from, value, to, depth - 1);
        lua_rawset(to, -3);
        lua_pop(from, 1);
    }
}

static void copy_value(lua_State *from, int index, lua_State *to, int depth)
{
    size_t n;
    const char *s;
    switch (lua_type(from, index)) {
    case LUA_TSTRING:
        s = lua_tolstring(from, index, &n);
        lua_pushlstring(to, s, n);
        return;
    case LUA_TBOOLEAN:
        lua_pushboolean(to, lua_toboolean(from, index));
        return;
    case LUA_TNUMBER:
        if (lua_isinteger(from, index))
            lua_pushinteger(to, lua_tointeger(from, index));
        else
            lua_pushnumber(to, lua_tonumber(from, index));
        return;
    case LUA_TTABLE:
        copy_table(from, index, to, depth);
        return;
    default:
        luaL_error(to, "settings: holds a %s", lua_typename(from, lua_type(from, index)));
    }
}

void settings_copy(lua_State *from, int index, lua_State *to)
{
    copy_value(from, lua_absindex(from, index), to, NESTED_MAX);
}
