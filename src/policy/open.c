/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - a policy, from a configuration and the operators' rule files. */
#include "policy/config.h"
#include "policy/internal.h"
#include "policy/request_view.h"
#include "policy/rule_load.h"
#include "policy/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>

/* Loading sees no request, so it may take longer than a decision: a start on a machine that is
 * busy, or under a tool that slows it down, is no reason to fail. A rule file has four times as
 * long as a decision. */
enum { OPEN_CPU_MS = 5000, OPEN_WALL_MS = 60000, RULE_TIMES = 4 };

/* The registry's key of the policy's `require`. */
static const char require_key;

struct open_args {
    struct policy *policy;
    const struct config *config;
};

static int body_open(lua_State *L)
{
    struct open_args *a = lua_touserdata(L, 1);
    luaL_checkstack(L, 16, NULL);
    sandbox_push(L);
    lua_getfield(L, -1, "require");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &require_key);
    const int require = lua_gettop(L);
    rule_load_open(L, a->policy);
    own_load(L, &a->policy->own, require);
    return 0;
}

/* lua/core/compile.lua over the settings and the rules, then the plan. */
static int body_compile(lua_State *L)
{
    struct open_args *a = lua_touserdata(L, 1);
    luaL_checkstack(L, 16, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &require_key);
    lua_pushliteral(L, "core.compile");
    lua_call(L, 1, 1);
    config_push(a->config, L);
    request_view_open(L, a->policy, lua_gettop(L));
    rule_load_push(L);
    lua_call(L, 2, 1);
    plan_load(L, a->policy->plan, -1);
    return 0;
}

static struct vm_limits limits_of(const struct settings *s, bool exact)
{
    if (exact)
        return (struct vm_limits){.memory = s->lua.memory, .instructions = s->lua.instructions};
    return (struct vm_limits){
        .memory = s->lua.memory, .cpu_ms = (unsigned)s->lua.cpu_ms, .wall_ms = 2000};
}

/* One step of the opening. what: whose time it is, in a message. */
static int run(struct policy *p, lua_CFunction body, void *arg, const char *what, unsigned cpu_ms,
               struct err *err)
{
    const size_t memory = vm_memory(p->vm).limit;
    const struct vm_limits limits = {.memory = memory, .cpu_ms = cpu_ms, .wall_ms = OPEN_WALL_MS};
    const int rc = vm_set_limits(p->vm, &limits, err);
    if (rc)
        return rc;
    switch (vm_call(p->vm, body, arg, err)) {
    case VM_OK:
        return RC_OK;
    case VM_MEMORY:
        return err_set(err, RC_NOMEM, "%s: does not fit into the %zu bytes of lua.memory_limit",
                       what, memory);
    case VM_TIME:
        return err_set(err, RC_INVALID, "%s: loading took more than %u ms of CPU time", what,
                       cpu_ms);
    default:
        return RC_INVALID;
    }
}

static int load_rules(struct policy *p, const struct config *config, struct err *err)
{
    const struct rule_files *files = config_rule_files(config);
    const unsigned cpu_ms = RULE_TIMES * (unsigned)config_settings(config)->lua.cpu_ms;
    for (size_t i = 0; i < files->n; i++) {
        struct rule_load_args args = {&files->files[i]};
        const int rc = run(p, rule_load_file, &args, args.file->path, cpu_ms, err);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static int open_vm(struct policy *p, const struct config *config, bool exact, struct err *err)
{
    const struct vm_limits limits = limits_of(config_settings(config), exact);
    const struct vm_limits none = {.memory = limits.memory};
    struct open_args args = {p, config};
    int rc = vm_open(&p->vm, &none, err);
    if (!rc && !(p->plan = plan_new()))
        rc = err_set(err, RC_NOMEM, "out of memory");
    if (!rc)
        rc = run(p, body_open, &args, "the policy", OPEN_CPU_MS, err);
    if (!rc)
        rc = load_rules(p, config, err);
    if (!rc)
        rc = run(p, body_compile, &args, "the policy", OPEN_CPU_MS, err);
    if (!rc && !(p->counts = calloc(p->plan->n_infos + 1, sizeof *p->counts)))
        rc = err_set(err, RC_NOMEM, "out of memory");
    return rc ? rc : vm_set_limits(p->vm, &limits, err);
}

static int open_redaction(struct policy *p, const struct config *config, struct err *err)
{
    const struct settings *s = config_settings(config);
    const struct redaction_line *lines;
    const size_t n = config_redactions(config, &lines);
    return redaction_open(&p->redaction, lines, n, s->redact_env_names, s->n_redact_env_names, err);
}

int policy_open(struct policy **out, const struct config *config, bool exact, struct err *err)
{
    const struct settings *s = config_settings(config);
    struct policy *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, RC_NOMEM, "out of memory");
    p->mutant = -1;
    own_open(&p->own, config, exact);
    p->api_version_min = s->api_version_min;
    p->deny_verbose = s->deny_verbose;
    p->allow_attestation_statements = s->allow_attestation_statements;
    p->allow_body_blind_writes = s->allow_body_blind_writes;
    p->accept_buildkit_tunnels = s->accept_buildkit_tunnels;

    const struct rule_source *sources;
    const size_t n = config_rules(config, &sources);
    int rc = rules_open(&p->rules, sources, n, err);
    if (!rc)
        rc = open_redaction(p, config, err);
    if (!rc)
        rc = open_vm(p, config, exact, err);
    if (rc) {
        policy_free(p);
        return rc;
    }
    *out = p;
    return RC_OK;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    rules_free(p->rules);
    redaction_free(p->redaction);
    plan_free(p->plan);
    vm_free(p->vm);
    free(p->counts);
    free(p);
}
