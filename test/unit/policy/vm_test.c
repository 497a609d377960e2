/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

/* The watchdog shares two busy cores with whatever else runs: a late look is no fault. */
enum { MIB = 1024 * 1024, CPU_MS = 20, SLACK_MS = 300 };

static const struct vm_limits roomy = {.memory = 8 * MIB, .cpu_ms = 2000, .wall_ms = 20000};
static const struct vm_limits short_cpu = {.memory = 8 * MIB, .cpu_ms = CPU_MS};

static struct vm *open_script_vm(const struct vm_limits *limits)
{
    enum vm_result result;
    struct vm *vm = script_vm(limits, &result);
    assert_non_null(vm);
    return vm;
}

static void assert_serves(struct vm *vm)
{
    const struct answer a = script_run(vm, "local t = { 2, 1 } table.sort(t) return t[1] .. t[2]");
    assert_int_equal(a.result, VM_OK);
    assert_string_equal(a.text, "12");
}

static int64_t cpu_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int body_nothing(lua_State *L)
{
    assert_int_equal(lua_gettop(L), 1);
    *(int *)lua_touserdata(L, 1) += 1;
    lua_pushinteger(L, 5);
    return 1;
}

static void a_body_is_run_with_its_argument_and_leaves_nothing(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    int calls = 0;
    struct err err = {""};
    assert_int_equal(vm_call(vm, body_nothing, &calls, &err), VM_OK);
    assert_int_equal(vm_call(vm, body_nothing, &calls, NULL), VM_OK);
    assert_int_equal(calls, 2);
    vm_free(vm);
    vm_free(NULL);
}

static void an_error_is_a_fault_with_its_words_and_place(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    struct answer a = script_run(vm, "local x\nreturn x.y");
    assert_int_equal(a.result, VM_FAULT);
    assert_string_equal(a.text, "script:2: attempt to index a nil value (local 'x')");
    a = script_run(vm, "error('said by itself', 0)");
    assert_string_equal(a.text, "said by itself");
    a = script_run(vm, "\nerror({})");
    assert_int_equal(a.result, VM_FAULT);
    assert_string_equal(a.text, "an error that is no string was raised at script:2");
    assert_serves(vm);
    vm_free(vm);
}

static void memory_used_up_ends_the_call_and_not_the_vm(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    static const char *const hoards[] = {
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
        "local function f() return 1 + f() end return f()",
        "local t = {} while true do pcall(function() t[#t + 1] = {} end) end",
        "local t = {} local ok repeat ok = pcall(table.insert, t, {}) until not ok return 1",
        "local t = {} while true do xpcall(function() t = { t } end, function() end) end",
    };
    for (size_t i = 0; i < sizeof hoards / sizeof hoards[0]; i++) {
        const struct answer a = script_run(vm, hoards[i]);
        if (a.result != VM_MEMORY)
            fail_msg("%s: %d %s", hoards[i], a.result, a.text);
        const struct vm_usage usage = vm_memory(vm);
        assert_true(usage.maximum <= usage.limit);
        if (usage.current >= usage.limit / 8) /* the string table shrinks slowly */
            fail_msg("%s: %zu bytes stay", hoards[i], usage.current);
        assert_serves(vm);
    }
    vm_free(vm);
}

static void one_block_of_more_than_a_mebibyte_is_refused(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    const char *doubling = "local s = string.rep('x', 32768)\n"
                           "for i = 1, %d do s = s .. s end return #s";
    char script[128];
    (void)snprintf(script, sizeof script, doubling, 4);
    assert_string_equal(script_run(vm, script).text, "524288");
    (void)snprintf(script, sizeof script, doubling, 5);
    assert_int_equal(script_run(vm, script).result, VM_MEMORY);
    vm_free(vm);
}

static void every_memory_ceiling_ends_in_memory_or_in_the_answer(void **unused)
{
    (void)unused;
    size_t closed = 0, refused = 0, answered = 0;
    for (size_t memory = 1024; memory <= 256 * 1024; memory += 64) {
        const struct vm_limits limits = {.memory = memory};
        enum vm_result result;
        struct vm *vm = script_vm(&limits, &result);
        if (!vm) {
            assert_int_equal(result, VM_MEMORY);
            closed++;
            continue;
        }
        const struct answer a =
            script_run(vm, "local t = {}\n"
                           "for i = 1, 300 do t[i] = text.upper('abc' .. i) end\n"
                           "local ok, why = pcall(error, { 1 })\n"
                           "return table.concat(text.split(table.concat(t, ','), ','), '')");
        assert_true(a.result == VM_MEMORY || a.result == VM_OK);
        refused += a.result == VM_MEMORY;
        answered += a.result == VM_OK;
        assert_true(a.result != VM_OK || strncmp(a.text, "ABC1ABC2ABC3", 12) == 0);
        vm_free(vm);
    }
    assert_true(closed > 50 && refused > 50 && answered > 50);
}

static const char *const endless[] = {
    "while true do end",
    "repeat until false",
    "for i = 1, math.huge do end",
    "for i = 1, 2 do i = 1 for j = 1, math.maxinteger do end end",
    "for _ in function() return 1 end do end",
    "for i = 1, 1e18 do pairs({}) end",
    "::again:: goto again",
    "local function f() return f() end return f()",
    "local function f(n) return f(n + 1) end return pcall(f, 1)",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error) end",
    "while true do pcall(pcall, error) end",
    "local f = function() while true do end end\n"
    "for i = 1, 20 do local g = f f = function() while true do pcall(g) end end end f()",
    "local function f() pcall(f) return f() end f()",
    "while true do xpcall(function() while true do end end, function() end) end",
    "xpcall(error, function() while true do end end)",
    "while true do xpcall(error, function() pcall(error) end) end",
    "local t = setmetatable({}, { __index = function(t, k) return t[k .. ''] end })\n"
    "while true do pcall(function() return t.x end) end",
    "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
    "local t = setmetatable({}, { __eq = function() while true do end end })\n"
    "return t == setmetatable({}, { __eq = function() end })",
    "local t = setmetatable({}, { __len = function() while true do end end }) return #t",
    "local t = setmetatable({}, { __call = function(t) return t() end }) return t()",
    "local t = setmetatable({}, { __tostring = function() while true do end end })\n"
    "return string.format('%s', t)",
    "local t = setmetatable({}, { __pairs = function() while true do end end })\n"
    "for _ in pairs(t) do end",
    "local t = {} for i = 1, 1000 do t[i] = i end\n"
    "table.sort(t, function() while true do end end)",
    "local t = {} for i = 1, 5000 do t[i] = i end\n"
    "while true do pcall(table.sort, t, function() return true end) end",
    /* Comparisons that stay in C, each as long as the strings are. */
    "local s = string.rep('x', 65536) s = s .. s .. s .. s\n"
    "local t = {} for i = 1, 20 do t[i] = s .. i end\n"
    "for i = 21, 30000 do t[i] = t[i % 20 + 1] end table.sort(t)",
    "local s = string.rep('x', 65536) s = s .. s .. s .. s\n"
    "local t = {} for i = 1, 20 do t[i] = s .. i end\n"
    "for i = 21, 30000 do t[i] = t[i % 20 + 1] end table.sort(t, text.same)",
    "local s = string.rep('a ', 32768) while true do text.fields(s) text.upper(s) end",
    "local s = string.rep('a', 65536) while true do text.find_last(s, 'ab') end",
    "while true do string.rep('x', 65536) end",
    "local t = {} for i = 1, 60000 do t[i] = 'x' end while true do table.concat(t) end",
    "local t = {} for i = 1, 60000 do t[i] = i end\n"
    "while true do table.insert(t, 1, 0) table.remove(t, 1) end",
    "while true do pcall(require, 'nothing.of.this.name') end",
    "for _ in ipairs(setmetatable({}, { __index = function() return 1 end })) do end",
};

static void every_shape_of_endless_loop_is_stopped(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&short_cpu);
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        const int64_t before = cpu_ms();
        const struct answer a = script_run(vm, endless[i]);
        const int64_t took = cpu_ms() - before;
        if (a.result != VM_TIME)
            fail_msg("%s: %d %s", endless[i], a.result, a.text);
        if (took > 2 * CPU_MS + SLACK_MS)
            fail_msg("%s: %lld ms", endless[i], (long long)took);
        assert_serves(vm);
    }
    vm_free(vm);
}

static void a_time_limit_says_where_it_struck(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&short_cpu);
    assert_string_equal(script_run(vm, "local x\nwhile true do end").text,
                        "the policy ran out of time at script:2");
    vm_free(vm);
}

static void the_wall_clock_stops_what_the_cpu_clock_does_not(void **unused)
{
    (void)unused;
    const struct vm_limits limits = {.memory = 8 * MIB, .wall_ms = CPU_MS};
    struct vm *vm = open_script_vm(&limits);
    assert_int_equal(script_run(vm, "while true do end").result, VM_TIME);
    assert_serves(vm);
    vm_free(vm);
}

static int body_sleep(lua_State *L)
{
    (void)L;
    const struct timespec pause = {.tv_nsec = 150 * 1000 * 1000};
    struct timespec rest = pause;
    while (nanosleep(&rest, &rest))
        continue;
    return 0;
}

static void time_spent_waiting_is_not_cpu_time(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&short_cpu);
    assert_int_equal(vm_call(vm, body_sleep, NULL, NULL), VM_OK);
    vm_free(vm);
}

static void a_parked_watchdog_wakes_for_the_next_call(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&short_cpu);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(script_run(vm, "while true do end").result, VM_TIME);
        const struct timespec pause = {.tv_sec = 1, .tv_nsec = 200 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(script_run(vm, "while true do end").result, VM_TIME);
    vm_free(vm);
}

static void ten_thousand_short_calls_meet_no_limit(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&short_cpu);
    for (int i = 0; i < 10000; i++) {
        const struct answer a = script_run(vm, "local n = 0\n"
                                               "for i = 1, 100 do n = n + i end return n");
        assert_int_equal(a.result, VM_OK);
        assert_string_equal(a.text, "5050");
        vm_rest(vm);
    }
    vm_free(vm);
}

/* One write can make a table grow, which is quadratic in keys that collide. */
static void no_table_of_colliding_keys_is_so_large_that_growing_it_takes_long(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    const int64_t before = cpu_ms();
    const struct answer a =
        script_run(vm, "local t = {} for i = 1, 40000 do t[i * 32767] = true end return 'grown'");
    assert_int_equal(a.result, VM_MEMORY);
    assert_true(cpu_ms() - before < 200);
    assert_serves(vm);
    vm_free(vm);
}

/* Signals meet the interpreter at moments of all kinds. */
static void three_hundred_late_calls_leave_the_vm_sound(void **unused)
{
    (void)unused;
    const struct vm_limits limits = {.memory = 4 * MIB, .cpu_ms = 1};
    enum vm_result result = VM_TIME;
    struct vm *vm = NULL;
    for (int i = 0; i < 50 && !vm; i++) /* opening itself may be late */
        vm = script_vm(&limits, &result);
    assert_non_null(vm);
    size_t late = 0;
    for (int i = 0; i < 300; i++) {
        const struct answer a = script_run(
            vm, "local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end\n"
                "while true do\n"
                "  local t = {}\n"
                "  for i = 1, 50 do t[i] = string.format('%d-%s', i, {}) end\n"
                "  table.sort(t, function(a, b) return a < b end)\n"
                "  pcall(deep, 100)\n"
                "  pcall(deep)\n"
                "  xpcall(deep, function() return deep(50) end)\n"
                "  text.split(table.concat(t, ','), ',')\n"
                "end");
        assert_true(a.result == VM_TIME || a.result == VM_MEMORY);
        late += a.result == VM_TIME;
        vm_rest(vm);
    }
    assert_true(late > 100);
    assert_serves(vm);
    vm_free(vm);
}

static void *serve_in_thread(void *arg)
{
    struct vm *vm = arg;
    size_t *wrong = calloc(1, sizeof *wrong);
    for (int i = 0; i < 200; i++) {
        const bool loops = i % 20 == 19;
        const struct answer a = script_run(vm, loops ? "while true do end" : "return ('x'):rep(3)");
        *wrong += a.result != (loops ? VM_TIME : VM_OK);
        *wrong += !loops && strcmp(a.text, "xxx") != 0;
        vm_rest(vm);
    }
    return wrong;
}

static void two_threads_with_a_vm_each_are_limited_apart(void **unused)
{
    (void)unused;
    struct vm *vm[2];
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        vm[i] = open_script_vm(&short_cpu);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, serve_in_thread, vm[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(thread[i], &wrong), 0);
        assert_int_equal(*(size_t *)wrong, 0);
        free(wrong);
    }
    /* A VM may go from one thread to another between calls. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(script_run(vm[i], "while true do end").result, VM_TIME);
        vm_free(vm[i]);
    }
}

/* The longest loop that an instruction limit lets through. */
static int longest_loop(uint64_t instructions)
{
    const struct vm_limits limits = {.memory = 8 * MIB, .instructions = instructions};
    struct vm *vm = open_script_vm(&limits);
    int low = 0, high = 1 << 20;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        char script[96];
        (void)snprintf(script, sizeof script, "for i = 1, %d do text.trim('x') end", middle);
        if (script_run(vm, script).result == VM_OK)
            low = middle;
        else
            high = middle - 1;
    }
    vm_free(vm);
    return low;
}

static void the_instruction_limit_repeats_exactly(void **unused)
{
    (void)unused;
    const int loops = longest_loop(50000);
    assert_in_range(loops, 5000, 20000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(longest_loop(50000), loops);
    const struct vm_limits limits = {.memory = 8 * MIB, .instructions = 50000};
    struct vm *vm = open_script_vm(&limits);
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++)
        if (strncmp(endless[i], "local s", 7) != 0) /* long strings, few steps */
            assert_int_equal(script_run(vm, endless[i]).result, VM_TIME);
    assert_serves(vm);
    vm_free(vm);
}

/* Keeps a new table and lets go of the one before, so that each grows old and dies. */
static int body_replace(lua_State *L)
{
    static const char key;
    lua_createtable(L, 500, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    return 0;
}

static void rest_keeps_the_heap_small_whatever_dies_young_or_old(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(vm_call(vm, body_replace, NULL, NULL), VM_OK);
        assert_int_equal(script_run(vm, "return { {}, {}, {} }").result, VM_OK);
        vm_rest(vm);
    }
    assert_true(vm_memory(vm).maximum < MIB);
    vm_free(vm);
}

static void the_sixty_fifth_watched_vm_is_refused_with_a_reason(void **unused)
{
    (void)unused;
    const struct vm_limits limits = {.memory = MIB, .cpu_ms = 1};
    struct vm *vm[64], *extra = NULL;
    struct err err = {""};
    for (int i = 0; i < 64; i++)
        assert_int_equal(vm_open(&vm[i], &limits, NULL), RC_OK);
    assert_int_equal(vm_open(&extra, &limits, &err), RC_TOOBIG);
    assert_null(extra);
    assert_string_equal(err.text, "more than 64 policy VMs in one process");
    vm_free(vm[5]);
    assert_int_equal(vm_open(&vm[5], &limits, NULL), RC_OK);
    for (int i = 0; i < 64; i++)
        vm_free(vm[i]);
}

static void new_limits_hold_from_the_next_call_on(void **unused)
{
    (void)unused;
    struct vm *vm = open_script_vm(&roomy);
    struct err err = {""};
    assert_int_equal(vm_set_limits(vm, &short_cpu, &err), RC_OK);
    int64_t from = cpu_ms();
    assert_int_equal(script_run(vm, "while true do end").result, VM_TIME);
    assert_true(cpu_ms() - from < roomy.cpu_ms);
    const struct vm_limits counted = {.instructions = 5000};
    assert_int_equal(vm_set_limits(vm, &counted, &err), RC_OK);
    assert_int_equal(script_run(vm, "while true do end").result, VM_TIME);
    assert_int_equal(vm_memory(vm).limit, roomy.memory);
    const struct vm_limits none = {.memory = 0};
    assert_int_equal(vm_set_limits(vm, &none, &err), RC_OK);
    assert_int_equal(script_run(vm, "for i = 1, 100000 do end").result, VM_OK);
    assert_serves(vm);
    vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_limits_hold_from_the_next_call_on),
        cmocka_unit_test(a_body_is_run_with_its_argument_and_leaves_nothing),
        cmocka_unit_test(an_error_is_a_fault_with_its_words_and_place),
        cmocka_unit_test(memory_used_up_ends_the_call_and_not_the_vm),
        cmocka_unit_test(one_block_of_more_than_a_mebibyte_is_refused),
        cmocka_unit_test(every_memory_ceiling_ends_in_memory_or_in_the_answer),
        cmocka_unit_test(every_shape_of_endless_loop_is_stopped),
        cmocka_unit_test(a_time_limit_says_where_it_struck),
        cmocka_unit_test(the_wall_clock_stops_what_the_cpu_clock_does_not),
        cmocka_unit_test(time_spent_waiting_is_not_cpu_time),
        cmocka_unit_test(a_parked_watchdog_wakes_for_the_next_call),
        cmocka_unit_test(ten_thousand_short_calls_meet_no_limit),
        cmocka_unit_test(no_table_of_colliding_keys_is_so_large_that_growing_it_takes_long),
        cmocka_unit_test(three_hundred_late_calls_leave_the_vm_sound),
        cmocka_unit_test(two_threads_with_a_vm_each_are_limited_apart),
        cmocka_unit_test(the_instruction_limit_repeats_exactly),
        cmocka_unit_test(rest_keeps_the_heap_small_whatever_dies_young_or_old),
        cmocka_unit_test(the_sixty_fifth_watched_vm_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
