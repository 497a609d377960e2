/* script.h - for tests: runs a piece of Lua text in the sandbox of a VM. */
#ifndef SOCKGUARD_TEST_SCRIPT_H
#define SOCKGUARD_TEST_SCRIPT_H

#include "policy/sandbox.h"
#include "policy/vm.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* What a script answered: what its first result is as a string, or why it failed. */
struct answer {
    enum vm_result result;
    char text[256];
};

struct script {
    const char *text;
    struct answer *answer;
};

static const char script_environment;

static int body_environment(lua_State *L)
{
    sandbox_push(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &script_environment);
    return 0;
}

static int body_script(lua_State *L)
{
    struct script *s = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, s->text, strlen(s->text), "=script", "t"))
        return lua_error(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &script_environment);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    const char *text = luaL_tolstring(L, -1, NULL);
    (void)snprintf(s->answer->text, sizeof s->answer->text, "%s", text);
    return 0;
}

static inline struct answer script_run(struct vm *vm, const char *text)
{
    struct answer a = {VM_FAULT, ""};
    struct err err = {""};
    struct script s = {text, &a};
    a.result = vm_call(vm, body_script, &s, &err);
    if (a.result != VM_OK)
        (void)snprintf(a.text, sizeof a.text, "%.255s", err.text);
    return a;
}

/* A VM with the sandbox in it, or NULL: then *result says how far it got. */
static inline struct vm *script_vm(const struct vm_limits *limits, enum vm_result *result)
{
    struct vm *vm = NULL;
    struct err err = {""};
    *result = VM_MEMORY;
    if (vm_open(&vm, limits, &err))
        return NULL;
    *result = vm_call(vm, body_environment, NULL, &err);
    if (*result == VM_OK)
        return vm;
    vm_free(vm);
    return NULL;
}

#endif
