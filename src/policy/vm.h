/* vm.h - a Lua state that cannot exceed its memory or its time.
 *
 * vm_call is the only lua_pcall in this program. Inside a body (the C function it
 * runs) nothing owned by C is alive across a Lua call: no malloc, no file, no
 * lock. Output goes to a struct that the caller owns, written last.
 *
 * Memory: an allocator with size classes counts every byte; over the ceiling, or
 * for one block over VM_BLOCK_MAX, allocation fails and the call ends in
 * VM_MEMORY. Time: 50 ms of the calling thread's CPU clock and 2 s of wall clock
 * by default; a watchdog thread, parked while nothing runs, signals a late thread
 * every tick until its call has ended, and the handler arms a hook that raises a
 * fault no pcall of ours swallows. Each limit ends the call; none ends the process.
 *
 * A VM belongs to one thread at a time. After VM_MEMORY or VM_TIME it is still
 * sound (tests prove it), so it goes on serving.
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
    uint64_t instructions; /* per call; only for check and test; 0 = none */
};

enum { VM_BLOCK_MAX = 1024 * 1024 };

enum vm_result {
    VM_FAULT, /* an error was raised; the reason is in err */
    VM_MEMORY,
    VM_TIME, /* CPU, wall clock or instructions */
    VM_OK,
};

/* Our memory: vm_free. The state has no library open; sandbox.h fills it. */
int vm_open(struct vm **out, const struct vm_limits *limits, struct err *err);
void vm_free(struct vm *vm); /* NULL is fine */

/* Runs body(L) protected and bounded, with arg as its only argument (a light
 * userdata on the stack). The stack is as before afterwards. Garbage is not
 * collected during the call; see vm_rest. */
enum vm_result vm_call(struct vm *vm, lua_CFunction body, void *arg, struct err *err);

/* Called after a reply has been sent: steps the collector on every eighth call, or
 * when the heap grew by 64 KiB. */
void vm_rest(struct vm *vm);

struct vm_usage {
    size_t limit;
    size_t current;
    size_t maximum;
};
struct vm_usage vm_memory(const struct vm *vm);

/* The limits' fault for our own pcall to recognise and hand on: true when the
 * value at index is it. */
int vm_is_limit(lua_State *L, int index);

#endif
