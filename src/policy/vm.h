/* vm.h - a Lua state that cannot exceed its memory or its time.
 *
 * vm.c alone calls lua_pcall in this program. Inside a body (the C function that
 * vm_call runs) nothing owned by C is alive across a Lua call: no malloc, no file,
 * no lock. Output goes to a struct that the caller owns, written last.
 *
 * Memory: alloc.h counts every byte; over the ceiling, or for one block over
 * VM_BLOCK_MAX, allocation fails and the call ends in VM_MEMORY. Time: a limit on the
 * calling thread's CPU clock and one on the wall clock; the watchdog (watchdog.h)
 * signals a late thread every tick until its call has ended, and the handler arms a
 * hook that raises a fault no pcall of ours swallows. Each limit ends the call; none
 * ends the process. A C function is not interrupted: those that policy code can reach
 * are short, whatever their arguments (sandbox.h, lib.h).
 *
 * A VM belongs to one thread at a time, and a thread is in one vm_call at a time.
 * After VM_MEMORY or VM_TIME it is still sound, so it goes on serving. No coroutines:
 * the hook is armed on the one state there is.
 */
#ifndef SOCKGUARD_POLICY_VM_H
#define SOCKGUARD_POLICY_VM_H

#include "base/err.h"

#include <lua.h>

#include <stddef.h>
#include <stdint.h>

struct vm;

struct vm_limits {
    size_t memory;         /* bytes for the whole state; default 8 MiB */
    unsigned cpu_ms;       /* per call, of the thread's CPU clock; 0 = none */
    unsigned wall_ms;      /* per call; 0 = none */
    uint64_t instructions; /* per call, calls of C functions counted too; repeats exactly;
                              costs a quarter of the speed; 0 = none */
};

enum { VM_BLOCK_MAX = 1024 * 1024 };

enum vm_result {
    VM_FAULT, /* an error was raised; the reason is in err */
    VM_MEMORY,
    VM_TIME, /* CPU, wall clock or instructions */
    VM_OK,
};

/* Our memory: vm_free. The state has no library open; sandbox.h fills it. RC_OK,
 * RC_NOMEM (the system's memory, or limits->memory holds no Lua state), RC_TOOBIG or
 * RC_SYSTEM (the watchdog's). */
int vm_open(struct vm **out, const struct vm_limits *limits, struct err *err);
void vm_free(struct vm *vm); /* NULL is fine */

/* New limits on time for the calls from now on; the one on memory stays. RC_OK, or as
 * vm_open for the watchdog's reasons: then no call has a limit any more, so free it. */
int vm_set_limits(struct vm *vm, const struct vm_limits *limits, struct err *err);

/* Runs body(L) protected and bounded, with arg as its only argument (a light
 * userdata on the stack). The stack is as before afterwards. Garbage is not
 * collected during the call (save at the ceiling); see vm_rest. When the result is
 * not VM_OK err says why and, where that helps, at which file and line. */
enum vm_result vm_call(struct vm *vm, lua_CFunction body, void *arg, struct err *err);

/* Called after a reply has been sent: steps the collector on every eighth call, or
 * when the heap grew by 64 KiB; collects fully when the heap has doubled. */
void vm_rest(struct vm *vm);

struct vm_usage {
    size_t limit;
    size_t current;
    size_t maximum;
};
struct vm_usage vm_memory(const struct vm *vm);

/* Inside a body: true when the value at index is the limits' fault. */
int vm_is_limit(lua_State *L, int index);

/* Inside a body: lua_pcall for policy code. Calls the function under its n arguments
 * on the stack; returns 1 with its results, or 0 with one error value, in their
 * place. The limits' fault and memory errors are not caught: they go on up. */
int vm_try(lua_State *L, int n);

#endif
