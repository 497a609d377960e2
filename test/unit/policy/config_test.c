/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/config.h"

#include "base/buf.h"
#include "policy/rules.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { PATH_LENGTH = 256 };

static struct config *open_source(const struct config_source *source)
{
    struct config *c;
    struct err err = {""};
    enum config_stage stage;
    if (config_open(&c, source, &stage, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stage, CONFIG_STAGE_OK);
    assert_string_equal(err.text, "");
    return c;
}

static struct config *open_text(const char *yaml)
{
    return open_source(&(struct config_source){.text = str_of(yaml), .text_name = "c.yaml"});
}

static void assert_refused(const struct config_source *source, enum config_stage stage,
                           const char *why)
{
    struct config *c = (struct config *)&stage; /* overwritten */
    struct err err = {""};
    enum config_stage found = CONFIG_STAGE_OK;
    assert_int_not_equal(config_open(&c, source, &found, &err), RC_OK);
    assert_null(c);
    assert_int_equal(found, stage);
    assert_string_equal(err.text, why);
}

static void assert_text_refused(const char *yaml, enum config_stage stage, const char *why)
{
    const struct config_source source = {
        .text = str_of(yaml), .text_name = "c.yaml", .serving = true};
    assert_refused(&source, stage, why);
}

static const struct config_leaf *leaf(const struct config *c, const char *key)
{
    const struct config_leaf *leaves;
    const size_t n = config_leaves(c, &leaves);
    for (size_t i = 0; i < n; i++)
        if (strcmp(leaves[i].key, key) == 0)
            return &leaves[i];
    fail_msg("no leaf is named %s", key);
    return NULL;
}

static void nothing_at_all_gives_the_defaults(void **state)
{
    (void)state;
    struct config *c = open_text("");
    const struct settings *s = config_settings(c);
    assert_int_equal(s->n_listeners, 1);
    assert_string_equal(s->listeners[0].name, "default");
    assert_string_equal(s->listeners[0].socket, "/run/sockguard/sockguard.sock");
    assert_string_equal(s->listeners[0].address, "");
    assert_int_equal(s->listeners[0].mode, 0600);
    assert_int_equal(s->listeners[0].uid, -1);
    assert_int_equal(s->listeners[0].gid, -1);
    assert_int_equal(s->timeouts.head, 5000);
    assert_int_equal(s->timeouts.body, 30000);
    assert_int_equal(s->timeouts.connect, 5000);
    assert_int_equal(s->timeouts.request, 60000);
    assert_int_equal(s->timeouts.keep_alive, 120000);
    assert_int_equal(s->timeouts.lookup, 5000);
    assert_int_equal(s->timeouts.drain, 30000);
    assert_int_equal(s->log.level, LOG_INFO);
    assert_int_equal(s->log.format, LOG_JSON);
    assert_string_equal(s->log.output, "stderr");
    assert_true(s->log.access);
    assert_false(s->deny_verbose);
    assert_true(s->health_enabled);
    assert_string_equal(s->health_path, "/health");
    assert_false(s->allow_body_blind_writes);
    assert_false(s->allow_read_exfiltration);
    assert_int_equal(s->api_version_min, 1024);
    assert_int_equal(s->lua.memory, 8 * 1024 * 1024);
    assert_int_equal(s->lua.cpu_ms, 50);
    assert_int_equal(s->lua.instructions, 5000000);
    assert_int_equal(s->limits.connections, 4096);
    assert_int_equal(s->limits.body_bytes, 64 * 1024 * 1024);
    assert_int_equal(s->n_host_names, 0);
    assert_string_equal(config_path(c), "");
    config_free(c);
}

static const char everything[] =
    "listeners:\n"
    "  - {name: ci, socket: /ci, socket_mode: \"0660\", socket_uid: 7, socket_gid: 0,\n"
    "     allowed_profiles: [\"*\"]}\n"
    "  - {name: tcp, address: \"127.0.0.1:2375\", allowed_profiles: [\"*\"]}\n"
    "listen: {host_names: [Proxy, docker]}\n"
    "upstream: {socket: /engine, request_timeout: off}\n"
    "timeouts: {head: 1s, body: 2s, connect: 3s, keep_alive: 4s, lookup: 5s, drain: 1us}\n"
    "log: {level: error, format: text, output: /var/log/s, access_log: 0}\n"
    "response: {deny_verbosity: verbose}\n"
    "health: {enabled: false, path: /h}\n"
    "insecure_allow_body_blind_writes: true\n"
    "insecure_allow_read_exfiltration: true\n"
    "api_versions: {min: 1.40}\n"
    "lua: {memory_limit: 1KiB, time_limit: 1s, instruction_limit: 9}\n"
    "limits: {connections: 1, body_bytes: 2048}\n"
    "rules: [{match: {method: \"GET,HEAD\", path: /x}, action: allow, reason: why}]\n";

static void every_setting_reaches_its_member(void **state)
{
    (void)state;
    struct config *c = open_text(everything);
    const struct settings *s = config_settings(c);
    assert_int_equal(s->n_listeners, 2);
    assert_string_equal(s->listeners[0].socket, "/ci");
    assert_int_equal(s->listeners[0].mode, 0660);
    assert_int_equal(s->listeners[0].uid, 7);
    assert_int_equal(s->listeners[0].gid, 0);
    assert_string_equal(s->listeners[1].name, "tcp");
    assert_string_equal(s->listeners[1].address, "127.0.0.1:2375");
    assert_int_equal(s->n_host_names, 2);
    assert_string_equal(s->host_names[0], "proxy");
    assert_string_equal(s->host_names[1], "docker");
    assert_string_equal(s->upstream_socket, "/engine");
    assert_int_equal(s->timeouts.request, 0);
    assert_int_equal(s->timeouts.head, 1000);
    assert_int_equal(s->timeouts.body, 2000);
    assert_int_equal(s->timeouts.connect, 3000);
    assert_int_equal(s->timeouts.keep_alive, 4000);
    assert_int_equal(s->timeouts.lookup, 5000);
    assert_int_equal(s->timeouts.drain, 1);
    assert_int_equal(s->log.level, LOG_ERROR);
    assert_int_equal(s->log.format, LOG_TEXT);
    assert_string_equal(s->log.output, "/var/log/s");
    assert_false(s->log.access);
    assert_true(s->deny_verbose);
    assert_false(s->health_enabled);
    assert_string_equal(s->health_path, "/h");
    assert_true(s->allow_body_blind_writes);
    assert_true(s->allow_read_exfiltration);
    assert_int_equal(s->api_version_min, 1040);
    assert_int_equal(s->lua.memory, 1024);
    assert_int_equal(s->lua.cpu_ms, 1000);
    assert_int_equal(s->lua.instructions, 9);
    assert_int_equal(s->limits.connections, 1);
    assert_int_equal(s->limits.body_bytes, 2048);
    config_free(c);
}

static void rules_come_in_order_and_as_written(void **state)
{
    (void)state;
    struct config *c = open_text(everything);
    const struct rule_source *rules;
    assert_int_equal(config_rules(c, &rules), 1);
    assert_true(str_eq(rules[0].methods, STR("GET,HEAD")));
    assert_true(str_eq(rules[0].path, STR("/x")));
    assert_true(str_eq(rules[0].reason, STR("why")));
    assert_true(rules[0].allow);
    config_free(c);
    c = open_text("rules: []");
    assert_int_equal(config_rules(c, &rules), 5);
    assert_true(str_eq(rules[4].path, STR("/**")));
    assert_false(rules[4].allow);
    config_free(c);
}

static void every_leaf_says_where_it_comes_from(void **state)
{
    (void)state;
    const char *const env[] = {"SOCKGUARD_LOG_FORMAT=text", "HOME=/", NULL};
    const char *const flags[] = {"response.deny_verbosity=verbose", NULL};
    struct config *c = open_source(&(struct config_source){
        .text = STR("log:\n  level: debug\n"), .text_name = "c.yaml", .env = env, .flags = flags});
    assert_string_equal(leaf(c, "log.level")->origin, "c.yaml:2");
    assert_string_equal(leaf(c, "log.level")->value, "\"debug\"");
    assert_string_equal(leaf(c, "log.format")->origin, "environment SOCKGUARD_LOG_FORMAT");
    assert_string_equal(leaf(c, "response.deny_verbosity")->origin, "flag --deny-verbosity");
    assert_string_equal(leaf(c, "log.output")->origin, "default");
    assert_string_equal(leaf(c, "limits.connections")->value, "4096");
    assert_string_equal(leaf(c, "listen.socket_gid")->value, "null");
    config_free(c);
}

static void a_fault_is_told_with_its_stage(void **state)
{
    (void)state;
    assert_text_refused("log:\n  levl: x\n", CONFIG_STAGE_LOAD,
                        "config load failed:\n"
                        "  - c.yaml:2: log.levl: is no known setting; did you mean level?");
    assert_text_refused("log:\n  level: x\n", CONFIG_STAGE_VALIDATE,
                        "config validation failed:\n  - c.yaml:2: log.level: is \"x\"; "
                        "expected debug, info, warn or error");
}

static void the_guards_ask_the_compiled_rules(void **state)
{
    (void)state;
    static const char yaml[] =
        "rules:\n"
        "  - {match: {method: POST, path: /containers/*/exec}, action: deny}\n"
        "  - {match: {method: \"*\", path: \"/containers/**\"}, action: allow}\n";
    assert_text_refused(
        yaml, CONFIG_STAGE_VALIDATE,
        "config validation failed:\n"
        "  - c.yaml:3: insecure_allow_read_exfiltration: is off, and the rules allow "
        "requests whose answers carry data out: "
        "GET /containers/sockguard-test/archive, "
        "GET /containers/sockguard-test/export, "
        "GET /containers/sockguard-test/logs, "
        "GET /containers/sockguard-test/attach/ws, "
        "POST /containers/sockguard-test/copy, "
        "POST /containers/sockguard-test/attach; expected narrower rules, or "
        "insecure_allow_read_exfiltration: true");
    config_free(open_text(yaml)); /* only serving is guarded */
}

static void write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(char *path)
{
    snprintf(path, PATH_LENGTH, "/tmp/config-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static void a_file_is_read_and_named_in_origins(void **state)
{
    (void)state;
    char folder[PATH_LENGTH], path[PATH_LENGTH + 8], want[PATH_LENGTH + 16];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    snprintf(want, sizeof want, "%s:1", path);
    write_file(path, STR("log: {level: warn}"));
    struct config *c = open_source(&(struct config_source){.path = path, .path_required = true});
    assert_string_equal(leaf(c, "log.level")->origin, want);
    assert_string_equal(config_path(c), path);
    config_free(c);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_file_that_cannot_be_read_is_a_fault(void **state)
{
    (void)state;
    char folder[PATH_LENGTH], path[PATH_LENGTH + 8], want[2 * PATH_LENGTH];
    make_folder(folder);
    snprintf(want, sizeof want, "config load failed:\n  - %s: Is a directory", folder);
    assert_refused(&(struct config_source){.path = folder}, CONFIG_STAGE_LOAD, want);
    snprintf(path, sizeof path, "%s/no", folder);
    snprintf(want, sizeof want, "config load failed:\n  - %s: No such file or directory", path);
    const struct config_source missing = {.path = path, .path_required = true};
    assert_refused(&missing, CONFIG_STAGE_LOAD, want);
    const struct config_source blank = {.path = "", .path_required = true};
    assert_refused(&blank, CONFIG_STAGE_LOAD,
                   "config load failed:\n  - --config: is blank; expected the path of a file");
    config_free(open_source(&(struct config_source){.path = path}));
    assert_int_equal(rmdir(folder), 0);
}

static void a_text_of_a_mebibyte_is_read_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    char *text = malloc(CONFIG_TEXT_MAX + 1);
    assert_non_null(text);
    memset(text, '\n', CONFIG_TEXT_MAX + 1);
    struct config_source source = {.text = {text, CONFIG_TEXT_MAX}, .text_name = "c.yaml"};
    config_free(open_source(&source));
    source.text.n++;
    assert_refused(&source, CONFIG_STAGE_LOAD,
                   "config load failed:\n  - c.yaml: is larger than 1 MiB");
    char folder[PATH_LENGTH], path[PATH_LENGTH + 8], want[2 * PATH_LENGTH];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    write_file(path, source.text);
    snprintf(want, sizeof want, "config load failed:\n  - %s: is larger than 1 MiB", path);
    assert_refused(&(struct config_source){.path = path}, CONFIG_STAGE_LOAD, want);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(text);
}

static void the_rootless_engine_is_found_when_it_is_the_only_one(void **state)
{
    (void)state;
    char folder[PATH_LENGTH], path[PATH_LENGTH + 16], variable[PATH_LENGTH + 32];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/docker.sock", folder);
    snprintf(variable, sizeof variable, "XDG_RUNTIME_DIR=%s", folder);
    const char *const env[] = {variable, NULL};
    const struct config_source source = {.text = STR(""), .text_name = "c", .env = env};
    struct config *c = open_source(&source);
    assert_string_equal(config_settings(c)->upstream_socket, "/var/run/docker.sock");
    config_free(c);
    write_file(path, STR(""));
    c = open_source(&source);
    const bool usual = access("/var/run/docker.sock", F_OK) == 0;
    assert_string_equal(config_settings(c)->upstream_socket, usual ? "/var/run/docker.sock" : path);
    config_free(c);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int read_pushed(lua_State *L)
{
    config_push(lua_touserdata(L, 1), L);
    lua_getfield(L, -1, "request_body");
    lua_getfield(L, -1, "exec");
    lua_getfield(L, -1, "allowed_commands");
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -1, 2);
    return 1;
}

static void the_nested_settings_go_to_another_state(void **state)
{
    (void)state;
    struct config *c = open_text("request_body: {exec: {allowed_commands: [[ls, \"-l\"]]}}");
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, read_pushed);
    lua_pushlightuserdata(L, c);
    assert_int_equal(lua_pcall(L, 1, 1, 0), LUA_OK);
    assert_string_equal(lua_tostring(L, -1), "-l");
    lua_close(L);
    config_free(c);
}

/* An allocator that gives no more than *left bytes in all. */
static void *bounded(void *left, void *old, size_t before, size_t after)
{
    size_t *n = left;
    if (after == 0) {
        free(old);
        return NULL;
    }
    const size_t more = old && after > before ? after - before : old ? 0 : after;
    if (more > *n)
        return NULL;
    *n -= more;
    return realloc(old, after);
}

static void a_push_that_runs_out_of_memory_can_be_done_again(void **state)
{
    (void)state;
    struct config *c = open_text("request_body: {exec: {allowed_commands: [[ls, \"-l\"]]}}");
    size_t failed = 0;
    int rc = LUA_ERRMEM;
    for (size_t room = 8 * 1024; rc != LUA_OK && room < 1024 * 1024; room += 4 * 1024) {
        size_t left = room;
        lua_State *L = lua_newstate(bounded, &left);
        if (!L)
            continue;
        lua_pushcfunction(L, read_pushed);
        lua_pushlightuserdata(L, c);
        rc = lua_pcall(L, 1, 1, 0);
        assert_true(rc == LUA_OK || rc == LUA_ERRMEM);
        failed += rc == LUA_ERRMEM;
        lua_close(L);
    }
    assert_int_equal(rc, LUA_OK);
    assert_true(failed > 0);
    config_free(c);
}

static void a_text_cut_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    struct str text = STR("log: {level: debug}\nrules:\n- match: {method: GET, path: &p \"/x\"}\n"
                          "  action: allow\nlisten: {socket: *p}\n");
    for (const size_t whole = text.n; text.n > 0 && text.n <= whole; text.n -= 3) {
        struct config *c;
        struct err err = {""};
        const struct config_source source = {.text = text, .text_name = "c"};
        const int rc = config_open(&c, &source, NULL, &err);
        assert_true(rc == RC_OK || err.text[0] != '\0');
        config_free(c);
        if (text.n < 3)
            break;
    }
}

static void warnings_are_counted_and_told(void **state)
{
    (void)state;
    struct config *c = open_text("rules: [{match: {method: GET, path: x}, action: allow}]");
    assert_int_equal(config_warning_count(c), 1);
    assert_string_equal(config_warning(c, 0),
                        "c.yaml:1: rule 1: x is no path as a request has it (no slash in front, "
                        "or one at the end), so this rule matches nothing");
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all_gives_the_defaults),
        cmocka_unit_test(every_setting_reaches_its_member),
        cmocka_unit_test(rules_come_in_order_and_as_written),
        cmocka_unit_test(every_leaf_says_where_it_comes_from),
        cmocka_unit_test(a_fault_is_told_with_its_stage),
        cmocka_unit_test(the_guards_ask_the_compiled_rules),
        cmocka_unit_test(a_file_is_read_and_named_in_origins),
        cmocka_unit_test(a_file_that_cannot_be_read_is_a_fault),
        cmocka_unit_test(a_text_of_a_mebibyte_is_read_and_one_byte_more_is_refused),
        cmocka_unit_test(the_rootless_engine_is_found_when_it_is_the_only_one),
        cmocka_unit_test(the_nested_settings_go_to_another_state),
        cmocka_unit_test(a_push_that_runs_out_of_memory_can_be_done_again),
        cmocka_unit_test(a_text_cut_anywhere_is_read_or_refused),
        cmocka_unit_test(warnings_are_counted_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
