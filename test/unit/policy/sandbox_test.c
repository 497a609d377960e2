/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SOURCE(module, text)                                                                       \
    {                                                                                              \
        module, "lua/" module ".lua", text, sizeof text - 1                                        \
    }

/* In place of the modules compiled into the program. */
const struct lua_source lua_sources[] = {
    SOURCE("adds", "return { add = function(a, b) return a + b end }"),
    SOURCE("broken", "return +"),
    SOURCE("bytecode", "\033Lua"),
    SOURCE("config.keys", "return {}"),
    SOURCE("configured", "return { true }"),
    SOURCE("counts", "local counts = { n = 0 }\n"
                     "function counts.up() counts.n = counts.n + 1 return counts.n end\n"
                     "return counts"),
    SOURCE("global", "leak = 1 return {}"),
    SOURCE("itself", "return require 'itself'"),
    SOURCE("nothing", "local x = 1"),
    SOURCE("raises", "\nerror('not today')"),
    SOURCE("uses", "return require('adds').add(1, 2)"),
};
const size_t lua_source_count = sizeof lua_sources / sizeof lua_sources[0];

struct example {
    const char *script;
    const char *answer;
};

static int setup(void **state)
{
    const struct vm_limits limits = {.memory = 8 * 1024 * 1024, .cpu_ms = 2000};
    enum vm_result result;
    *state = script_vm(&limits, &result);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    vm_free(*state);
    return 0;
}

static void assert_answers(void **state, const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct answer a = script_run(*state, examples[i].script);
        if (a.result != VM_OK || strcmp(a.text, examples[i].answer) != 0)
            fail_msg("%s: %d %s, not %s", examples[i].script, a.result, a.text, examples[i].answer);
    }
}

/* Each script fails, in the words that its answer has. */
static void assert_faults(void **state, const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct answer a = script_run(*state, examples[i].script);
        if (a.result != VM_FAULT || !strstr(a.text, examples[i].answer))
            fail_msg("%s: %d %s, not %s", examples[i].script, a.result, a.text, examples[i].answer);
    }
}

#define ASSERT_ANSWERS(state, examples)                                                            \
    assert_answers(state, examples, sizeof examples / sizeof examples[0])
#define ASSERT_FAULTS(state, examples)                                                             \
    assert_faults(state, examples, sizeof examples / sizeof examples[0])

static void what_could_reach_outside_or_run_long_is_not_there(void **state)
{
    static const char *const names[] = {
        "_G",
        "collectgarbage",
        "coroutine",
        "debug",
        "dofile",
        "io",
        "load",
        "loadfile",
        "loadstring",
        "os",
        "package",
        "print",
        "rawequal",
        "rawget",
        "rawlen",
        "rawset",
        "utf8",
        "warn",
        "string.dump",
        "string.pack",
        "string.reverse",
        "string.unpack",
        "table.move",
        "table.pack",
        "math.random",
        "math.randomseed",
        "('x').dump",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char script[64];
        (void)snprintf(script, sizeof script, "return %s == nil", names[i]);
        const struct example example = {script, "true"};
        assert_answers(state, &example, 1);
    }
}

static void what_is_there_works(void **state)
{
    static const struct example examples[] = {
        {"return assert(1, 'x')", "1"},
        {"local n = 0 for i, v in ipairs({ 1, 2 }) do n = n + i * v end return n", "5"},
        {"local n = 0 for _, v in pairs({ a = 1, b = 2 }) do n = n + v end return n", "3"},
        {"return next({}) == nil and select('#', 1, nil) == 2", "true"},
        {"return tonumber('12') + tonumber('ff', 16)", "267"},
        {"return type(nil) .. type(text.trim)", "nilfunction"},
        {"return ('aBc'):upper() .. ('x'):len() .. ('abc'):sub(2) .. ('a'):byte()", "ABC1bc97"},
        {"return string.char(104, 105)", "hi"},
        {"return ('ab'):rep(3, '-')", "ab-ab-ab"},
        {"return ('ab'):rep(0) .. ('ab'):rep(-1) .. (''):rep(1e15 // 1 | 0)", ""},
        {"local t = { 3, 1, 2 } table.sort(t) return table.concat(t, ',')", "1,2,3"},
        {"local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end)\n"
         "return table.concat(t, ',')",
         "3,2,1"},
        {"local t = { 'b', 'a' } table.insert(t, 1, 'c') table.remove(t, 2)\n"
         "return table.concat(t)",
         "ca"},
        {"return select('#', table.unpack({ 1, 2, 3 }))", "3"},
        {"return math.max(1, 5, 3) .. math.type(1) .. math.floor(2.5)", "5integer2"},
        {"return text.trim('  x ')", "x"},
    };
    ASSERT_ANSWERS(state, examples);
}

static void a_write_to_what_is_shared_is_refused_by_name(void **state)
{
    static const struct example examples[] = {
        {"x = 1", "write to a global: 'x'"},
        {"type = nil", "write to a global: 'type'"},
        {"_ENV.require = nil", "write to a global: 'require'"},
        {"_ENV[{}] = 1", "write to a global: 'table'"},
        {"function string.find() end", "write to the table string: 'find'"},
        {"string.len = nil", "write to the table string: 'len'"},
        {"table.concat = 1", "write to the table table: 'concat'"},
        {"math.pi = 3", "write to the table math: 'pi'"},
        {"text.trim = nil", "write to the table text: 'trim'"},
        {"('x').trim = 1", "attempt to index a string value"},
        {"setmetatable(_ENV, {})", "protected"},
        {"setmetatable(string, nil)", "protected"},
        {"table.insert(text, 1)", "a table with a metatable"},
        {"table.sort(_ENV)", "a table with a metatable"},
        {"return require('global')", "write to a global: 'leak'"},
    };
    ASSERT_FAULTS(state, examples);
    static const struct example hidden[] = {
        {"return getmetatable(_ENV)", "false"},
        {"return getmetatable(string)", "false"},
        {"return getmetatable('')", "nil"},
        {"return getmetatable(text.glob('x'))", "nil"},
        {"return next(_ENV) == nil and next(text) == nil", "true"},
        {"return x == nil and string.dump == nil and text.trim ~= nil", "true"},
    };
    ASSERT_ANSWERS(state, hidden);
}

static void a_metatable_cannot_finalize_close_weaken_or_hide(void **state)
{
    static const struct example refused[] = {
        {"setmetatable({}, { __gc = function() end })", "__gc is not allowed"},
        {"setmetatable({}, { __gc = true })", "__gc is not allowed"},
        {"setmetatable({}, { __close = function() end })", "__close is not allowed"},
        {"setmetatable({}, { __mode = 'k' })", "__mode is not allowed"},
        {"setmetatable({}, { __metatable = 1 })", "__metatable is not allowed"},
        {"setmetatable('', {})", "table expected"},
        {"setmetatable(text.glob('x'), {})", "table expected"},
        {"setmetatable({}, 1)", "nil or table expected"},
        {"local m = {} local t = setmetatable({}, m) m.__close = function() end\n"
         "local x <close> = t",
         "variable 'x' got a non-closable value"},
    };
    ASSERT_FAULTS(state, refused);
    static const struct example allowed[] = {
        {"local m = {} return getmetatable(setmetatable({}, m)) == m", "true"},
        {"local t = setmetatable({}, {}) setmetatable(t, nil) return getmetatable(t)", "nil"},
        {"local t = setmetatable({}, { __index = { a = 1 } })\n"
         "return setmetatable(t, { __index = { a = 2 } }).a",
         "2"},
        {"local C = {} C.__index = C local o = setmetatable({}, C)\n"
         "function C.name() return 'late' end return o.name()",
         "late"},
        {"return getmetatable(setmetatable({}, { __index = _ENV })).__index == _ENV", "true"},
        {"return setmetatable({}, { __add = function() return 'sum' end }) + 1", "sum"},
        {"return setmetatable({}, { __call = function(_, x) return x end })(7)", "7"},
        {"return tostring(setmetatable({}, { __tostring = function() return 'me' end }))", "me"},
    };
    ASSERT_ANSWERS(state, allowed);
}

static void an_error_is_caught_and_what_is_a_limit_is_not(void **state)
{
    static const struct example examples[] = {
        {"return select('#', pcall(error))", "2"},
        {"local ok, why = pcall(error, 'x', 0) return tostring(ok) .. why", "falsex"},
        {"local ok, a, b = pcall(function(...) return ... end, 1, 2)\n"
         "return tostring(ok) .. a .. b",
         "true12"},
        {"local ok, why = pcall(nil) return tostring(ok) .. why",
         "falseattempt to call a nil value"},
        {"local ok, why = xpcall(error, function(e) return e .. '!' end, 'x', 0)\n"
         "return tostring(ok) .. why",
         "falsex!"},
        {"local ok, a, b = xpcall(function(...) return ... end, error, 1, 2)\n"
         "return tostring(ok) .. a .. b",
         "true12"},
        {"return select('#', xpcall(error, function() return 1, 2, 3 end))", "4"},
        {"local e = {} local _, got = pcall(error, e) return got == e", "true"},
        {"local bottom\n"
         "local function deep()\n"
         "  local ok, why = pcall(deep)\n"
         "  if not ok then bottom = bottom or why end\n"
         "end\n"
         "deep() return bottom",
         "C stack overflow"},
    };
    ASSERT_ANSWERS(state, examples);
    static const struct example faults[] = {
        {"return xpcall(error, function() error('again', 0) end)", "again"},
        {"return xpcall(error)", "function expected"},
        {"return pcall()", "value expected"},
    };
    ASSERT_FAULTS(state, faults);
}

static void results_are_bounded_before_they_are_made(void **state)
{
    static const struct example examples[] = {
        {"return ('x'):rep(65537)", "longer than 65536 bytes"},
        {"return ('x'):rep(math.maxinteger)", "longer than 65536 bytes"},
        {"return ('x'):rep(2, ('y'):rep(65536))", "longer than 65536 bytes"},
        {"return (''):rep(math.maxinteger, 'x')", "longer than 65536 bytes"},
        {"local s = ('x'):rep(65536) return ('%s%s'):format(s, 'y')", "longer than 65536 bytes"},
        {"return table.concat(setmetatable({}, { __len = function() return 1e9 end }))",
         "a table with a metatable"},
        {"return table.unpack(setmetatable({}, { __index = function() return 1 end }), 1, 1e6)",
         "a table with a metatable"},
        {"return table.unpack({}, 1, 1e7)", "too many results to unpack"},
        {"return table.unpack({}, 1, math.maxinteger)", "too many results to unpack"},
        {"return table.concat({}, 'x', 1, math.maxinteger)", "invalid value (nil) at index 1"},
        {"return table.unpack('x')", "table expected"},
    };
    ASSERT_FAULTS(state, examples);
}

static void values_are_formatted_as_lua_does_but_without_addresses(void **state)
{
    static const struct example examples[] = {
        {"return ('%d|%5d|%-5d|%05d|%+d'):format(1, 2, 3, 4, 5)", "1|    2|3    |00004|+5"},
        {"return ('%x %X %o %c %i'):format(255, 255, 8, 65, -1)", "ff FF 10 A -1"},
        {"return ('%s|%5s|%-5s|%.2s'):format('a', 'b', 'c', 'def')", "a|    b|c    |de"},
        {"return ('%.3f %g %e'):format(1.5, 0.25, 10)", "1.500 0.25 1.000000e+01"},
        {"return ('100%%')", "100%%"},
        {"return ('100%% %s'):format('x')", "100% x"},
        {"return ('%s %s %s'):format({}, print, nil)", "table nil nil"},
        {"return tostring({}) .. tostring(type) .. tostring(text.glob('x'))",
         "tablefunctionuserdata"},
        {"return tostring(1) .. tostring(1.5) .. tostring(true) .. tostring(nil)", "11.5truenil"},
        {"return #('%99.99f'):format(1e308)", "409"},
        {"return #('%s'):format('a\\0b')", "3"},
        {"return ('%s'):format(setmetatable({}, { __tostring = function() return 'me' end }))",
         "me"},
    };
    ASSERT_ANSWERS(state, examples);
    static const struct example faults[] = {
        {"return ('%p'):format({})", "invalid conversion"},
        {"return ('%'):format(1)", "invalid conversion"},
        {"return ('%y'):format(1)", "invalid conversion"},
        {"return ('%123d'):format(1)", "invalid conversion"},
        {"return ('%.123f'):format(1)", "invalid conversion"},
        {"return ('%s'):format()", "no value"},
        {"return ('%s %d'):format('x')", "no value"},
        {"return ('%d'):format('x')", "number expected"},
        {"return ('%d'):format(1.5)", "number has no integer representation"},
        {"return tostring(setmetatable({}, { __tostring = function() return {} end }))",
         "__tostring must return a string"},
    };
    ASSERT_FAULTS(state, faults);
}

static void json_goes_in_and_out_within_bounds(void **state)
{
    static const struct example examples[] = {
        {"return text.json_encode(text.json_decode('{\"b\":[1,2.5,\"x\\\\n\"],\"a\":{}, "
         "\"n\":null}'))",
         "{\"a\":{},\"b\":[1,2.5,\"x\\u000a\"],\"n\":null}"},
        {"return text.json_decode('9223372036854775807') == math.maxinteger", "true"},
        {"return text.json_decode('null') == text.null", "true"},
        {"return text.json_decode('[]')[1] == nil", "true"},
        {"return select(2, text.json_decode('{\"a\":1,\"a\":2}'))", "a member is there twice"},
        {"return text.json_decode('[1] 2')", "nil"},
        {"return text.json_decode('')", "nil"},
        {"return text.json_decode(('['):rep(65) .. (']'):rep(65))", "nil"},
        {"return select(2, text.json_decode('[' .. ('1,'):rep(20000) .. '1]'))", "too many values"},
        {"return text.json_encode({})", "{}"},
        {"return text.json_encode('\\\"\\\\')", "\"\\\"\\\\\""},
        {"return text.sha256('abc')",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    ASSERT_ANSWERS(state, examples);
    static const struct example faults[] = {
        {"local t = {} t.t = t return text.json_encode(t)", "nested too deep"},
        {"return text.json_encode({ 1, x = 2 })", "neither a list"},
        {"return text.json_encode(print or next)", "a function has no JSON"},
        {"return text.json_encode(0/0)", "not finite"},
        {"return text.json_encode('\\xff')", "no UTF-8"},
        {"return text.json_encode(setmetatable({}, {}))", "a table has a metatable"},
        {"local t = {} for i = 1, 2000 do t[i] = ('x'):rep(60) end return text.json_encode(t)",
         "longer than 65536 bytes"},
        {"return text.json_decode(1)", "string expected"},
    };
    ASSERT_FAULTS(state, faults);
}

static void a_module_is_found_by_its_name_and_runs_once(void **state)
{
    static const struct example examples[] = {
        {"return require('adds').add(2, 3)", "5"},
        {"return require 'uses'", "3"},
        {"return require('configured')[1]", "true"},
        {"require('counts').up() return require('counts').up()", "2"},
        {"return require('counts').up()", "3"},
        {"return require('adds') == require('adds')", "true"},
    };
    ASSERT_ANSWERS(state, examples);
    static const struct example faults[] = {
        {"require 'none'", "no module is named 'none'"},
        {"require '../../../etc/passwd'", "no module is named"},
        {"require '/etc/passwd'", "no module is named"},
        {"require 'adds\\0x'", "no module is named"},
        {"require ''", "no module is named"},
        {"require 'config.keys'", "no module is named 'config.keys'"},
        {"require(1)", "string expected"},
        {"require 'broken'", "lua/broken.lua:1:"},
        {"require 'bytecode'", "attempt to load a binary chunk"},
        {"require 'itself'", "requires itself"},
        {"require 'nothing'", "returns nothing"},
        {"require 'raises'", "lua/raises.lua:2: not today"},
    };
    ASSERT_FAULTS(state, faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_reach_outside_or_run_long_is_not_there),
        cmocka_unit_test(what_is_there_works),
        cmocka_unit_test(a_write_to_what_is_shared_is_refused_by_name),
        cmocka_unit_test(a_metatable_cannot_finalize_close_weaken_or_hide),
        cmocka_unit_test(an_error_is_caught_and_what_is_a_limit_is_not),
        cmocka_unit_test(results_are_bounded_before_they_are_made),
        cmocka_unit_test(values_are_formatted_as_lua_does_but_without_addresses),
        cmocka_unit_test(json_goes_in_and_out_within_bounds),
        cmocka_unit_test(a_module_is_found_by_its_name_and_runs_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
