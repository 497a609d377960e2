/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/vm.h"

#include "policy/alloc.h"
#include "policy/watchdog.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    REST_CALLS = 8,         /* a young collection at least this often */
    REST_BYTES = 64 * 1024, /* or when this much was allocated */
    COUNT_STRIDE = 1000,    /* instructions between two looks at the budget */
    WHERE_MAX = LUA_IDSIZE + 16,
    WHERE_LEVELS = 10,
    FRAME_HALVINGS = 12,
};

struct vm {
    lua_State *L; /* owned */
    struct vm_limits limits;
    struct alloc memory;
    struct watch watch;
    bool watched;
    uint64_t steps;        /* left of limits.instructions in this call */
    char where[WHERE_MAX]; /* file:line of the error under way, or "" */
    unsigned rests;        /* since the last young collection */
    size_t young;          /* heap after the last collection */
    size_t full;           /* heap after the last full collection */
};

/* The fault of a limit: a light userdata with this address, so raising it allocates
 * nothing, and policy code, which can make no light userdata, cannot forge it. */
static const char limit_fault;

static struct vm *vm_of(lua_State *L)
{
    return *(struct vm **)lua_getextraspace(L);
}

static int raise_limit(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&limit_fault);
    return lua_error(L);
}

int vm_is_limit(lua_State *L, int index)
{
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &limit_fault;
}

static void on_late_hook(lua_State *L, lua_Debug *unused)
{
    (void)unused;
    raise_limit(L);
}

/* In a signal handler, at any instruction of the interpreter. lua_sethook only writes
 * volatile members and walks the chain of frames, which is whole at every moment. The
 * call event is there for loops that stay in C (a sort whose comparison is a C
 * function). */
static void on_late(void *arg)
{
    struct vm *vm = arg;
    lua_sethook(vm->L, on_late_hook, LUA_MASKCOUNT | LUA_MASKCALL, 1);
}

static void on_count_hook(lua_State *L, lua_Debug *event)
{
    struct vm *vm = vm_of(L);
    const uint64_t used = event->event == LUA_HOOKCOUNT ? (uint64_t)lua_gethookcount(L) : 1;
    if (used >= vm->steps)
        raise_limit(L);
    vm->steps -= used;
}

static void limits_arm(struct vm *vm)
{
    const uint64_t steps = vm->limits.instructions;
    if (steps) {
        vm->steps = steps;
        lua_sethook(vm->L, on_count_hook, LUA_MASKCOUNT | LUA_MASKCALL,
                    steps < COUNT_STRIDE ? (int)steps : COUNT_STRIDE);
    }
    if (vm->watched)
        watch_arm(&vm->watch);
}

/* The hook goes last: until the watch is disarmed a signal can set it again. */
static void limits_disarm(struct vm *vm)
{
    if (vm->watched)
        watch_disarm(&vm->watch);
    lua_sethook(vm->L, NULL, 0, 0);
}

/* The message handler: notes where the error was raised, in C memory, and hands the
 * value on as it is. */
static int on_error(lua_State *L)
{
    struct vm *vm = vm_of(L);
    lua_Debug frame;
    for (int level = 1; level <= WHERE_LEVELS && lua_getstack(L, level, &frame); level++) {
        if (!lua_getinfo(L, "Sl", &frame) || frame.currentline <= 0)
            continue;
        (void)snprintf(vm->where, sizeof vm->where, "%s:%d", frame.short_src, frame.currentline);
        break;
    }
    return 1;
}

/* None of the three pushes allocates, so none can raise outside the pcall. */
static int protect(struct vm *vm, lua_CFunction body, void *arg)
{
    lua_State *L = vm->L;
    const int top = lua_gettop(L);
    vm->where[0] = '\0';
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, arg);
    return lua_pcall(L, 1, 0, top + 1);
}

int vm_try(lua_State *L, int n)
{
    const int status = lua_pcall(L, n, LUA_MULTRET, 0);
    if (status == LUA_OK)
        return 1;
    /* The value of a memory error is Lua's own string; lua_error knows it and raises a
     * memory error again. */
    if (status == LUA_ERRMEM || vm_is_limit(L, -1))
        return lua_error(L);
    return 0;
}

static enum vm_result fault_explain(const struct vm *vm, int rc, const char *why,
                                    enum vm_result result, struct err *err)
{
    const bool known = vm->where[0] != '\0';
    (void)err_set(err, rc, "%s%s%s", why, known ? " at " : "", vm->where);
    return result;
}

/* The value of an error is on top of the stack. Only strings are read: anything else
 * would need an allocation to become one. */
static enum vm_result result_of(struct vm *vm, int status, struct err *err)
{
    lua_State *L = vm->L;
    if (status == LUA_OK)
        return VM_OK;
    if (vm_is_limit(L, -1))
        return fault_explain(vm, RC_TOOBIG, "the policy ran out of time", VM_TIME, err);
    if (status == LUA_ERRMEM)
        return fault_explain(vm, RC_NOMEM, "the policy ran out of memory", VM_MEMORY, err);
    if (lua_type(L, -1) == LUA_TSTRING) {
        (void)err_set(err, RC_INVALID, "%s", lua_tostring(L, -1));
        return VM_FAULT;
    }
    return fault_explain(vm, RC_INVALID, "an error that is no string was raised", VM_FAULT, err);
}

static int body_collect(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT);
    return 0;
}

static int body_step(lua_State *L)
{
    lua_gc(L, LUA_GCSTEP, 0);
    return 0;
}

/* Protected although no collection of ours raises: finalizers run in it. */
static void collect(struct vm *vm, lua_CFunction how)
{
    const int top = lua_gettop(vm->L);
    (void)protect(vm, how, NULL);
    lua_settop(vm->L, top);
    vm->rests = 0;
    vm->young = vm->memory.used;
    if (how == body_collect)
        vm->full = vm->young;
}

/* Lua keeps the frames of the deepest recursion it has seen, and frees half of those not
 * in use each time that a call fails. */
static void frames_release(struct vm *vm)
{
    const int top = lua_gettop(vm->L);
    for (int i = 0; i < FRAME_HALVINGS; i++) {
        (void)protect(vm, raise_limit, NULL);
        lua_settop(vm->L, top);
    }
}

enum vm_result vm_call(struct vm *vm, lua_CFunction body, void *arg, struct err *err)
{
    const int top = lua_gettop(vm->L);
    limits_arm(vm);
    const int status = protect(vm, body, arg);
    limits_disarm(vm);
    const enum vm_result result = result_of(vm, status, err);
    lua_settop(vm->L, top);
    if (result == VM_MEMORY) {
        frames_release(vm);
        collect(vm, body_collect);
    }
    return result;
}

/* A step of the generational collector is a young collection and never becomes a major
 * one by itself, so what grew old and died is ours to notice. */
void vm_rest(struct vm *vm)
{
    if (++vm->rests < REST_CALLS && vm->memory.used < vm->young + REST_BYTES)
        return;
    collect(vm, body_step);
    if (vm->memory.used > 2 * vm->full + REST_BYTES)
        collect(vm, body_collect);
}

struct vm_usage vm_memory(const struct vm *vm)
{
    return (struct vm_usage){
        .limit = vm->memory.limit, .current = vm->memory.used, .maximum = vm->memory.peak};
}

static int join_watchdog(struct vm *vm, struct err *err)
{
    const struct vm_limits *l = &vm->limits;
    if (!l->cpu_ms && !l->wall_ms)
        return RC_OK;
    vm->watch.cpu_ms = l->cpu_ms;
    vm->watch.wall_ms = l->wall_ms;
    vm->watch.on_late = on_late;
    vm->watch.arg = vm;
    const int rc = watch_join(&vm->watch, err);
    vm->watched = rc == RC_OK;
    return rc;
}

int vm_set_limits(struct vm *vm, const struct vm_limits *limits, struct err *err)
{
    if (vm->watched)
        watch_leave(&vm->watch);
    vm->watched = false;
    vm->limits = *limits;
    return join_watchdog(vm, err);
}

int vm_open(struct vm **out, const struct vm_limits *limits, struct err *err)
{
    struct vm *vm = calloc(1, sizeof *vm);
    if (!vm)
        return err_set(err, RC_NOMEM, "out of memory");
    vm->limits = *limits;
    alloc_init(&vm->memory, limits->memory, VM_BLOCK_MAX);
    vm->L = lua_newstate(alloc_realloc, &vm->memory);
    int rc = RC_OK;
    if (!vm->L)
        rc = err_set(err, RC_NOMEM, "%zu bytes hold no Lua state", limits->memory);
    if (!rc)
        rc = join_watchdog(vm, err);
    if (rc) {
        vm_free(vm);
        return rc;
    }
    *(struct vm **)lua_getextraspace(vm->L) = vm;
    lua_gc(vm->L, LUA_GCGEN, 0, 0);
    lua_gc(vm->L, LUA_GCSTOP);
    vm->young = vm->full = vm->memory.used;
    *out = vm;
    return RC_OK;
}

void vm_free(struct vm *vm)
{
    if (!vm)
        return;
    if (vm->watched)
        watch_leave(&vm->watch);
    if (vm->L)
        lua_close(vm->L);
    alloc_release(&vm->memory);
    free(vm);
}
