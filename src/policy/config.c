/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/config.h"

#include "base/buf.h"
#include "policy/config_vm.h"
#include "policy/own_find.h"
#include "policy/rule_files.h"
#include "policy/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where configuration is looked for when nobody says where, and the engine likewise. */
static const char *const usual_files[] = {
    "/etc/sockguard/config.yaml",
    "/etc/sockguard/sockguard.yaml",
};
static const char usual_engine[] = "/var/run/docker.sock";
static const char rootless_engine[] = "docker.sock"; /* under $XDG_RUNTIME_DIR */

/* Index of the only value that stays on the VM's stack: the table of main.lua. */
enum { RESULT = 1 };

struct config {
    lua_State *L; /* owned; every string and array below belongs to it */
    char *path;   /* owned; "" for defaults */
    struct settings settings;
    struct rule_source *rules;
    struct config_leaf *leaves;
    struct redaction_line *redactions;
    const char **warnings;
    struct rule_files *rule_files; /* owned */
    size_t n_rules, n_leaves, n_redactions, n_warnings;
    struct own_found own;
};

/* What the protected calls are given, and what they leave. */
struct load {
    struct config *config;
    const struct config_source *source;
    const char *name; /* of the text, in messages */
    struct str text;  /* text.p is NULL when there is none */
    char engine[PATH_MAX];
    struct rules *rules; /* owned; for the guards' probes */
    enum config_stage stage;
    struct err *err;
};

static const char *variable(const struct config_source *source, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; source->env && source->env[i]; i++)
        if (strncmp(source->env[i], name, n) == 0 && source->env[i][n] == '=')
            return source->env[i] + n + 1;
    return NULL;
}

static void find_engine(struct load *load)
{
    const char *runtime = variable(load->source, "XDG_RUNTIME_DIR");
    snprintf(load->engine, sizeof load->engine, "%s/%s", runtime ? runtime : "", rootless_engine);
    if (!runtime || runtime[0] != '/' || access(usual_engine, F_OK) == 0 ||
        access(load->engine, F_OK) != 0)
        snprintf(load->engine, sizeof load->engine, "%s", usual_engine);
}

static enum method method_of(struct str name)
{
    for (int m = METHOD_NONE + 1; m < METHOD_COUNT; m++)
        if (str_eq(name, method_name((enum method)m)))
            return (enum method)m;
    return METHOD_NONE;
}

static struct str string_arg(lua_State *L, int index)
{
    struct str s;
    s.p = luaL_checklstring(L, index, &s.n);
    return s;
}

/* allows(method, path): the compiled rules' verdict, and which rule gave it (0-based, -1: none).
 * Upvalue: the load. */
static int rules_allow(lua_State *L)
{
    const struct load *load = lua_touserdata(L, lua_upvalueindex(1));
    const enum method method = method_of(string_arg(L, 1));
    const struct rule_verdict v = rules_decide(load->rules, method, string_arg(L, 2));
    lua_pushboolean(L, v.allow);
    lua_pushinteger(L, v.rule);
    return 2;
}

/* compile(rules): compiles them and returns allows. Upvalue: the load. */
static int rules_compile(lua_State *L)
{
    struct load *load = lua_touserdata(L, lua_upvalueindex(1));
    size_t n;
    const struct rule_source *sources = settings_rules(L, 1, &n);
    struct err err = {""};
    if (load->rules || rules_open(&load->rules, sources, n, &err))
        return luaL_error(L, "rules: %s", err.text);
    lua_pushlightuserdata(L, load);
    lua_pushcclosure(L, rules_allow, 1);
    return 1;
}

static void push_list(lua_State *L, const char *const *list)
{
    lua_newtable(L);
    for (lua_Integer i = 0; list && list[i]; i++) {
        lua_pushstring(L, list[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

/* The argument of lua/config/main.lua. */
static void push_source(lua_State *L, struct load *load)
{
    lua_newtable(L);
    if (load->text.p) {
        lua_pushlstring(L, load->text.p, load->text.n);
        lua_setfield(L, -2, "text");
    }
    lua_pushstring(L, load->name);
    lua_setfield(L, -2, "name");
    push_list(L, load->source->env);
    lua_setfield(L, -2, "env");
    push_list(L, load->source->flags);
    lua_setfield(L, -2, "flags");
    lua_pushboolean(L, load->source->serving);
    lua_setfield(L, -2, "serving");
    lua_pushstring(L, load->engine);
    lua_setfield(L, -2, "upstream");
    if (load->source->own) {
        lua_pushstring(L, load->source->own->id);
        lua_setfield(L, -2, "own");
    }
    lua_pushlightuserdata(L, load);
    lua_pushcclosure(L, rules_compile, 1);
    lua_setfield(L, -2, "compile");
}

/* True when main.lua refused; why is then in err. */
static bool read_refusal(lua_State *L, struct load *load)
{
    if (lua_getfield(L, RESULT, "error") != LUA_TSTRING) {
        lua_pop(L, 1);
        return false;
    }
    lua_getfield(L, RESULT, "stage");
    const struct str stage = string_arg(L, -1);
    load->stage = str_eq(stage, STR("load")) ? CONFIG_STAGE_LOAD : CONFIG_STAGE_VALIDATE;
    (void)err_set(load->err, RC_INVALID, "%s", lua_tostring(L, -2));
    return true;
}

/* Reads one member of the result with `read`, and anchors the array under its own address. */
#define TAKE(L, c, name, read)                                                                     \
    do {                                                                                           \
        lua_getfield(L, RESULT, #name);                                                            \
        (c)->name = read(L, -1, &(c)->n_##name);                                                   \
        lua_rawsetp(L, LUA_REGISTRYINDEX, (c)->name);                                              \
        lua_pop(L, 1);                                                                             \
    } while (0)

static void take_result(lua_State *L, struct config *c)
{
    TAKE(L, c, rules, settings_rules);
    TAKE(L, c, leaves, settings_leaves);
    TAKE(L, c, redactions, settings_redactions);
    TAKE(L, c, warnings, settings_strings);
    lua_getfield(L, RESULT, "c");
    settings_read(L, -1, &c->settings);
    lua_rawsetp(L, LUA_REGISTRYINDEX, c->settings.host_names);
    lua_rawsetp(L, LUA_REGISTRYINDEX, c->settings.redact_env_names);
    lua_rawsetp(L, LUA_REGISTRYINDEX, c->settings.lua.rules);
    lua_settop(L, RESULT);
}

#undef TAKE

/* Under lua_pcall: everything that Lua does. Leaves the result, or raises. */
static int body_load(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    luaL_checkstack(L, 32, NULL);
    config_vm_open(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "config.main");
    lua_call(L, 1, 1);
    push_source(L, load);
    lua_call(L, 1, 1);
    lua_replace(L, RESULT);
    lua_settop(L, RESULT);
    if (read_refusal(L, load))
        return 0;
    take_result(L, load->config);
    config_vm_strip(L);
    load->stage = CONFIG_STAGE_OK;
    return 1;
}

static int run(struct load *load)
{
    lua_State *L = load->config->L = luaL_newstate();
    if (!L)
        return err_set(load->err, RC_NOMEM, "out of memory");
    lua_pushcfunction(L, body_load);
    lua_pushlightuserdata(L, load);
    const int rc = lua_pcall(L, 1, 1, 0);
    rules_free(load->rules);
    if (rc == LUA_ERRMEM)
        return err_set(load->err, RC_NOMEM, "out of memory");
    if (rc)
        return err_set(load->err, RC_INVALID, "configuration: %s",
                       lua_isstring(L, -1) ? lua_tostring(L, -1) : "an error without words");
    if (load->stage != CONFIG_STAGE_OK)
        return RC_INVALID;
    lua_gc(L, LUA_GCCOLLECT);
    struct config *c = load->config;
    c->rule_files = calloc(1, sizeof *c->rule_files);
    if (!c->rule_files)
        return err_set(load->err, RC_NOMEM, "out of memory");
    const int read = rule_files_read(c->rule_files, c->path, c->settings.lua.rules,
                                     c->settings.lua.n_rules, load->err);
    if (read)
        load->stage = CONFIG_STAGE_VALIDATE;
    return read;
}

static int refuse_file(struct load *load, const char *path, const char *why)
{
    return err_set(load->err, RC_SYSTEM, "config load failed:\n  - %s: %s", path, why);
}

static int read_all(int fd, struct buf *out)
{
    char piece[8192];
    for (;;) {
        const ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return RC_SYSTEM;
        if (n == 0)
            return RC_OK;
        const int rc = buf_append(out, (struct str){piece, (size_t)n});
        if (rc)
            return rc;
    }
}

/* RC_OK also when the file is not there and need not be; load->text tells. */
static int read_file(struct load *load, const char *path, bool required, struct buf *out)
{
    if (!*path)
        return refuse_file(load, "--config", "is blank; expected the path of a file");
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !required)
        return RC_OK;
    if (fd < 0)
        return refuse_file(load, path, strerror(errno));
    const int rc = read_all(fd, out);
    const int why = errno;
    (void)close(fd);
    if (rc == RC_TOOBIG)
        return refuse_file(load, path, "is larger than 1 MiB");
    if (rc)
        return refuse_file(load, path, rc == RC_NOMEM ? "out of memory" : strerror(why));
    load->name = path;
    load->text = buf_str(out);
    return RC_OK;
}

static int read_source(struct load *load, struct buf *out)
{
    const struct config_source *source = load->source;
    if (source->text.p) {
        load->text = source->text;
        load->name = source->text_name ? source->text_name : "config";
        return source->text.n <= CONFIG_TEXT_MAX
                   ? RC_OK
                   : refuse_file(load, load->name, "is larger than 1 MiB");
    }
    if (source->path)
        return read_file(load, source->path, source->path_required, out);
    int rc = RC_OK;
    for (size_t i = 0; !rc && !load->text.p && i < sizeof usual_files / sizeof *usual_files; i++)
        rc = read_file(load, usual_files[i], false, out);
    return rc;
}

int config_open(struct config **out, const struct config_source *source, enum config_stage *stage,
                struct err *err)
{
    struct load load = {.source = source, .name = "", .err = err};
    struct buf text;
    buf_init(&text, CONFIG_TEXT_MAX);
    *out = NULL;
    load.config = calloc(1, sizeof *load.config);
    int rc = load.config ? read_source(&load, &text) : err_set(err, RC_NOMEM, "out of memory");
    if (!rc) {
        find_engine(&load);
        if (source->own)
            load.config->own = *source->own;
        load.config->path = strdup(source->text.p ? "" : load.name);
        rc = load.config->path ? run(&load) : err_set(err, RC_NOMEM, "out of memory");
    }
    buf_release(&text);
    if (stage)
        *stage = load.stage;
    if (rc)
        config_free(load.config);
    else
        *out = load.config;
    return rc;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    if (c->L)
        lua_close(c->L);
    if (c->rule_files)
        rule_files_free(c->rule_files);
    free(c->rule_files);
    free(c->path);
    free(c);
}

const struct settings *config_settings(const struct config *c)
{
    return &c->settings;
}

const char *config_path(const struct config *c)
{
    return c->path;
}

size_t config_warning_count(const struct config *c)
{
    return c->n_warnings;
}

const char *config_warning(const struct config *c, size_t i)
{
    return c->warnings[i];
}

size_t config_rules(const struct config *c, const struct rule_source **out)
{
    *out = c->rules;
    return c->n_rules;
}

size_t config_redactions(const struct config *c, const struct redaction_line **out)
{
    *out = c->redactions;
    return c->n_redactions;
}

const struct own_found *config_own(const struct config *c)
{
    return c->settings.self_found ? &c->own : NULL;
}

const struct rule_files *config_rule_files(const struct config *c)
{
    return c->rule_files;
}

size_t config_leaves(const struct config *c, const struct config_leaf **out)
{
    *out = c->leaves;
    return c->n_leaves;
}

void config_push(const struct config *c, struct lua_State *to)
{
    lua_settop(c->L, RESULT); /* an earlier copy may have raised half-way */
    lua_getfield(c->L, RESULT, "nested");
    settings_copy(c->L, -1, to);
    lua_settop(c->L, RESULT);
}
