/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

static const struct route *find(enum method m, const char *path)
{
    return route_find(m, str_of(path));
}

/* The path of a pattern: {id} becomes `id`, {sub} becomes `s`. Freed by the caller. */
static char *example_of(const char *pattern, const char *id)
{
    const char *brace = strchr(pattern, '{');
    const size_t before = brace ? (size_t)(brace - pattern) : strlen(pattern);
    const char *rest = brace ? pattern + before + strlen("{id}") : "";
    const char *sub = strstr(rest, "{sub}");
    const size_t middle = sub ? (size_t)(sub - rest) : strlen(rest);
    const size_t n = brace ? strlen(id) : 0;
    char *path = calloc(1, before + n + middle + 2);
    assert_non_null(path);
    memcpy(path, pattern, before);
    memcpy(path + before, id, n);
    memcpy(path + before + n, rest, middle);
    if (sub)
        path[before + n + middle] = 's';
    return path;
}

/* What the clients of the compatibility table call, libraries and the docker CLI included. */
static void every_call_of_real_clients_has_its_route(void **state)
{
    static const struct {
        enum method method;
        const char *pattern;
    } calls[] = {
        {METHOD_GET, "/_ping"},
        {METHOD_HEAD, "/_ping"},
        {METHOD_POST, "/auth"},
        {METHOD_POST, "/build"},
        {METHOD_POST, "/build/prune"},
        {METHOD_POST, "/commit"},
        {METHOD_GET, "/configs"},
        {METHOD_POST, "/configs/create"},
        {METHOD_DELETE, "/configs/{id}"},
        {METHOD_GET, "/configs/{id}"},
        {METHOD_POST, "/configs/{id}/update"},
        {METHOD_POST, "/containers/create"},
        {METHOD_GET, "/containers/json"},
        {METHOD_POST, "/containers/prune"},
        {METHOD_DELETE, "/containers/{id}"},
        {METHOD_GET, "/containers/{id}/archive"},
        {METHOD_HEAD, "/containers/{id}/archive"},
        {METHOD_PUT, "/containers/{id}/archive"},
        {METHOD_POST, "/containers/{id}/attach"},
        {METHOD_GET, "/containers/{id}/attach/ws"},
        {METHOD_GET, "/containers/{id}/changes"},
        {METHOD_GET, "/containers/{id}/checkpoints"},
        {METHOD_POST, "/containers/{id}/checkpoints"},
        {METHOD_DELETE, "/containers/{id}/checkpoints/{sub}"},
        {METHOD_POST, "/containers/{id}/copy"},
        {METHOD_POST, "/containers/{id}/exec"},
        {METHOD_GET, "/containers/{id}/export"},
        {METHOD_GET, "/containers/{id}/json"},
        {METHOD_POST, "/containers/{id}/kill"},
        {METHOD_GET, "/containers/{id}/logs"},
        {METHOD_POST, "/containers/{id}/pause"},
        {METHOD_POST, "/containers/{id}/rename"},
        {METHOD_POST, "/containers/{id}/resize"},
        {METHOD_POST, "/containers/{id}/restart"},
        {METHOD_POST, "/containers/{id}/start"},
        {METHOD_GET, "/containers/{id}/stats"},
        {METHOD_POST, "/containers/{id}/stop"},
        {METHOD_GET, "/containers/{id}/top"},
        {METHOD_POST, "/containers/{id}/unpause"},
        {METHOD_POST, "/containers/{id}/update"},
        {METHOD_POST, "/containers/{id}/wait"},
        {METHOD_GET, "/distribution/{id}/json"},
        {METHOD_GET, "/events"},
        {METHOD_GET, "/exec/{id}/json"},
        {METHOD_POST, "/exec/{id}/resize"},
        {METHOD_POST, "/exec/{id}/start"},
        {METHOD_POST, "/grpc"},
        {METHOD_POST, "/images/create"},
        {METHOD_GET, "/images/get"},
        {METHOD_GET, "/images/json"},
        {METHOD_POST, "/images/load"},
        {METHOD_POST, "/images/prune"},
        {METHOD_GET, "/images/search"},
        {METHOD_GET, "/images/{id}/history"},
        {METHOD_GET, "/images/{id}/json"},
        {METHOD_POST, "/images/{id}/push"},
        {METHOD_DELETE, "/images/{id}"},
        {METHOD_GET, "/images/{id}/get"},
        {METHOD_POST, "/images/{id}/tag"},
        {METHOD_GET, "/info"},
        {METHOD_GET, "/networks"},
        {METHOD_POST, "/networks/create"},
        {METHOD_POST, "/networks/prune"},
        {METHOD_DELETE, "/networks/{id}"},
        {METHOD_GET, "/networks/{id}"},
        {METHOD_POST, "/networks/{id}/connect"},
        {METHOD_POST, "/networks/{id}/disconnect"},
        {METHOD_GET, "/nodes"},
        {METHOD_DELETE, "/nodes/{id}"},
        {METHOD_GET, "/nodes/{id}"},
        {METHOD_POST, "/nodes/{id}/update"},
        {METHOD_GET, "/plugins"},
        {METHOD_POST, "/plugins/create"},
        {METHOD_GET, "/plugins/privileges"},
        {METHOD_POST, "/plugins/pull"},
        {METHOD_DELETE, "/plugins/{id}"},
        {METHOD_POST, "/plugins/{id}/disable"},
        {METHOD_POST, "/plugins/{id}/enable"},
        {METHOD_GET, "/plugins/{id}/json"},
        {METHOD_POST, "/plugins/{id}/push"},
        {METHOD_POST, "/plugins/{id}/set"},
        {METHOD_POST, "/plugins/{id}/upgrade"},
        {METHOD_GET, "/secrets"},
        {METHOD_POST, "/secrets/create"},
        {METHOD_DELETE, "/secrets/{id}"},
        {METHOD_GET, "/secrets/{id}"},
        {METHOD_POST, "/secrets/{id}/update"},
        {METHOD_GET, "/services"},
        {METHOD_POST, "/services/create"},
        {METHOD_DELETE, "/services/{id}"},
        {METHOD_GET, "/services/{id}"},
        {METHOD_GET, "/services/{id}/logs"},
        {METHOD_POST, "/services/{id}/update"},
        {METHOD_POST, "/session"},
        {METHOD_GET, "/swarm"},
        {METHOD_POST, "/swarm/init"},
        {METHOD_POST, "/swarm/join"},
        {METHOD_POST, "/swarm/leave"},
        {METHOD_POST, "/swarm/unlock"},
        {METHOD_GET, "/swarm/unlockkey"},
        {METHOD_POST, "/swarm/update"},
        {METHOD_GET, "/system/df"},
        {METHOD_GET, "/tasks"},
        {METHOD_GET, "/tasks/{id}"},
        {METHOD_GET, "/tasks/{id}/logs"},
        {METHOD_GET, "/version"},
        {METHOD_GET, "/volumes"},
        {METHOD_POST, "/volumes/create"},
        {METHOD_POST, "/volumes/prune"},
        {METHOD_DELETE, "/volumes/{id}"},
        {METHOD_GET, "/volumes/{id}"},
        {METHOD_PUT, "/volumes/{id}"},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(calls); i++) {
        char *path = example_of(calls[i].pattern, "web");
        const struct route *r = find(calls[i].method, path);
        if (strcmp(r->path, calls[i].pattern) != 0 || r->method != calls[i].method)
            fail_msg("%s is routed as %s", path, r->path);
        assert_false(r->many_segments);
        free(path);
    }
}

static void judged_writes_have_their_surface_and_body(void **state)
{
    static const struct {
        enum method method;
        const char *path;
        enum surface surface;
        enum body_kind body;
    } rows[] = {
        {METHOD_POST, "/containers/create", SURFACE_CONTAINER_CREATE, BODY_JSON},
        {METHOD_POST, "/containers/web/update", SURFACE_CONTAINER_UPDATE, BODY_JSON},
        {METHOD_PUT, "/containers/web/archive", SURFACE_CONTAINER_ARCHIVE, BODY_ARCHIVE},
        {METHOD_POST, "/containers/web/exec", SURFACE_EXEC_CREATE, BODY_JSON},
        {METHOD_POST, "/exec/e1/start", SURFACE_EXEC_START, BODY_JSON},
        {METHOD_POST, "/images/create", SURFACE_IMAGE_PULL, BODY_IMPORT},
        {METHOD_POST, "/images/load", SURFACE_IMAGE_LOAD, BODY_ARCHIVE},
        {METHOD_POST, "/build", SURFACE_BUILD, BODY_ARCHIVE},
        {METHOD_POST, "/volumes/create", SURFACE_VOLUME, BODY_JSON},
        {METHOD_POST, "/networks/create", SURFACE_NETWORK, BODY_JSON},
        {METHOD_POST, "/networks/n/connect", SURFACE_NETWORK, BODY_JSON},
        {METHOD_POST, "/networks/n/disconnect", SURFACE_NETWORK, BODY_JSON},
        {METHOD_POST, "/secrets/create", SURFACE_SECRET, BODY_JSON},
        {METHOD_POST, "/configs/create", SURFACE_CONFIG, BODY_JSON},
        {METHOD_POST, "/services/create", SURFACE_SERVICE, BODY_JSON},
        {METHOD_POST, "/services/s/update", SURFACE_SERVICE, BODY_JSON},
        {METHOD_POST, "/swarm/init", SURFACE_SWARM, BODY_JSON},
        {METHOD_POST, "/swarm/join", SURFACE_SWARM, BODY_JSON},
        {METHOD_POST, "/swarm/update", SURFACE_SWARM, BODY_JSON},
        {METHOD_POST, "/swarm/unlock", SURFACE_SWARM, BODY_JSON},
        {METHOD_POST, "/nodes/n/update", SURFACE_NODE, BODY_JSON},
        {METHOD_POST, "/plugins/pull", SURFACE_PLUGIN, BODY_JSON},
        {METHOD_POST, "/plugins/create", SURFACE_PLUGIN, BODY_ARCHIVE},
        {METHOD_POST, "/plugins/p/upgrade", SURFACE_PLUGIN, BODY_JSON},
        {METHOD_POST, "/plugins/p/set", SURFACE_PLUGIN, BODY_JSON},
        {METHOD_POST, "/session", SURFACE_BUILDKIT, BODY_NONE},
        {METHOD_POST, "/grpc", SURFACE_BUILDKIT, BODY_NONE},
        {METHOD_POST, "/moby.buildkit.v1.Control/Solve", SURFACE_BUILDKIT, BODY_ANY},
        {METHOD_POST, "/libpod/containers/create", SURFACE_LIBPOD, BODY_ANY},
        {METHOD_POST, "/libpod/containers/web/exec", SURFACE_LIBPOD, BODY_ANY},
        {METHOD_POST, "/libpod", SURFACE_LIBPOD, BODY_ANY},
        {METHOD_PUT, "/libpod/manifests/m", SURFACE_LIBPOD, BODY_ANY},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct route *r = find(rows[i].method, rows[i].path);
        if (r->surface != rows[i].surface || r->body != rows[i].body || r->many_segments)
            fail_msg("%s is %s", rows[i].path, surface_name(r->surface).p);
    }
}

/* Its handler reads a form: JSON is all that may stand there. */
static void writes_without_a_body_say_so(void **state)
{
    static const char *const paths[] = {
        "/containers/web/stop",   "/containers/web/restart",
        "/containers/web/kill",   "/containers/web/rename",
        "/containers/web/resize", "/containers/web/wait",
        "/containers/web/pause",  "/containers/web/attach",
        "/containers/prune",      "/images/web/tag",
        "/images/a/b/tag",        "/images/prune",
        "/volumes/prune",         "/networks/prune",
        "/build/prune",           "/build/cancel",
        "/swarm/leave",           "/plugins/p/enable",
        "/exec/e/resize",
    };
    /* obeyed before API 1.24 */
    static const char *const starts[] = {"/containers/web/start", "/containers/a/b/start"};
    (void)state;
    for (size_t i = 0; i < SIZE(paths); i++)
        if (find(METHOD_POST, paths[i])->body != BODY_UNREAD)
            fail_msg("%s takes a body", paths[i]);
    for (size_t i = 0; i < SIZE(starts); i++)
        if (find(METHOD_POST, starts[i])->body != BODY_NONE)
            fail_msg("%s takes a body", starts[i]);
}

static void an_id_of_many_segments_is_marked_where_it_is_judged(void **state)
{
    static const struct {
        enum method method;
        const char *path, *pattern;
        bool many;
    } rows[] = {
        {METHOD_POST, "/containers/a/b/exec", "/containers/{id}/exec", true},
        {METHOD_POST, "/containers/a/b/update", "/containers/{id}/update", true},
        {METHOD_PUT, "/containers/a/b/archive", "/containers/{id}/archive", true},
        {METHOD_POST, "/containers/a/b/attach", "/containers/{id}/attach", true},
        {METHOD_GET, "/containers/a/b/attach/ws", "/containers/{id}/attach/ws", true},
        {METHOD_POST, "/exec/a/b/start", "/exec/{id}/start", true},
        {METHOD_POST, "/services/a/b/update", "/services/{id}/update", true},
        {METHOD_POST, "/nodes/a/b/update", "/nodes/{id}/update", true},
        {METHOD_POST, "/networks/a/b/connect", "/networks/{id}/connect", true},
        {METHOD_POST, "/containers/a/b/start", "/containers/{id}/start", false},
        {METHOD_GET, "/containers/a/b/json", "/containers/{id}/json", false},
        {METHOD_GET, "/images/reg.io/team/app/json", "/images/{id}/json", false},
        {METHOD_DELETE, "/images/team/app", "/images/{id}", false},
        {METHOD_GET, "/services/a/b", "other", false},
        {METHOD_DELETE, "/containers/a/b/checkpoints/c", "/containers/{id}", false},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct route *r = find(rows[i].method, rows[i].path);
        if (strcmp(r->path, rows[i].pattern) != 0 || r->many_segments != rows[i].many)
            fail_msg("%s is routed as %s", rows[i].path, r->path);
    }
}

static void a_version_that_only_the_engine_would_strip_is_marked(void **state)
{
    static const struct {
        const char *path;
        bool odd;
    } rows[] = {
        {"/v1.41.0.0/containers/create", true},
        {"/v1./containers/create", true},
        {"/v1..41/x", true},
        {"/v.1/x", true},
        {"/v1.41-rc1/libpod/x", true},
        {"/v1.46/containers/json", false},
        {"/v1.41.0.0", false},

        {"/v/x", false},
        {"/V1.41.0.0/x", false},
        {"/vx/y", false},
        {"/v1_41/x", false},
        {"/volumes/x", false},
        {"/version", false},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        if (find(METHOD_POST, rows[i].path)->many_segments != rows[i].odd)
            fail_msg("%s", rows[i].path);
}

static void what_the_engine_does_not_route_is_unknown(void **state)
{
    static const struct {
        enum method method;
        const char *path;
    } rows[] = {
        {METHOD_GET, "/"},
        {METHOD_GET, "/nothing"},
        {METHOD_GET, "/containers"},
        {METHOD_GET, "/containers/create"},
        {METHOD_PUT, "/containers/create"},
        {METHOD_POST, "/containers/create/extra"},
        {METHOD_POST, "/containers/json"},
        {METHOD_POST, "/Containers/create"},
        {METHOD_POST, "/containers/exec"},
        {METHOD_POST, "/containersx/create"},
        {METHOD_POST, "/container"},
        {METHOD_POST, "/containers%2Fcreate"},
        {METHOD_HEAD, "/containers/json"},
        {METHOD_PATCH, "/containers/create"},
        {METHOD_POST, "/moby.buildkit.v1.Control2/Solve"},
        {METHOD_GET, "/images/a"},
        {METHOD_NONE, "/_ping"},
        {METHOD_CONNECT, "/_ping"},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct route *r = find(rows[i].method, rows[i].path);
        if (strcmp(r->path, "other") != 0)
            fail_msg("%s is routed as %s", rows[i].path, r->path);
        assert_int_equal(r->surface, SURFACE_NONE);
        assert_int_equal(r->body, BODY_ANY);
        assert_false(r->hijack || r->judges_query || r->many_segments);
    }
    assert_string_equal(route_find(METHOD_GET, (struct str){"", 0})->path, "other");
    assert_string_equal(route_find(METHOD_GET, (struct str){"/_ping\0", 7})->path, "other");
    assert_string_equal(find(METHOD_OPTIONS, "/containers/create")->path, "/{any}");
}

static void a_path_cut_at_any_byte_never_becomes_a_judged_one(void **state)
{
    static const char *const wholes[] = {
        "/containers/create", "/containers/a/checkpoints/b", "/exec/e/start",
        "/services/s/update", "/libpod/containers/a/attach", "/v1.2.3.4/x",
    };
    (void)state;
    for (size_t w = 0; w < SIZE(wholes); w++) {
        const size_t whole = strlen(wholes[w]);
        for (size_t n = 0; n < whole; n++) {
            char *cut = malloc(n ? n : 1);
            assert_non_null(cut);
            memcpy(cut, wholes[w], n);
            const struct route *r = route_find(METHOD_POST, (struct str){cut, n});
            if (r->surface != SURFACE_NONE)
                assert_int_equal(r->surface, SURFACE_LIBPOD);
            free(cut);
        }
    }
}

static void streams_and_slow_work_have_no_deadline(void **state)
{
    static const struct {
        enum method method;
        const char *path;
        enum deadline deadline;
    } rows[] = {
        {METHOD_GET, "/events", DEADLINE_NONE},
        {METHOD_GET, "/containers/web/logs", DEADLINE_NONE},
        {METHOD_GET, "/services/s/logs", DEADLINE_NONE},
        {METHOD_GET, "/images/get", DEADLINE_NONE},
        {METHOD_POST, "/images/create", DEADLINE_NONE},
        {METHOD_POST, "/build", DEADLINE_NONE},
        {METHOD_POST, "/commit", DEADLINE_NONE},
        {METHOD_POST, "/containers/prune", DEADLINE_NONE},
        {METHOD_POST, "/containers/web/wait", DEADLINE_NONE},
        {METHOD_DELETE, "/containers/web", DEADLINE_NONE},
        {METHOD_GET, "/system/df", DEADLINE_NONE},
        {METHOD_POST, "/containers/web/stop", DEADLINE_PLUS_T},
        {METHOD_POST, "/containers/web/restart", DEADLINE_PLUS_T},
        {METHOD_POST, "/containers/web/kill", DEADLINE_REQUEST},
        {METHOD_POST, "/containers/create", DEADLINE_REQUEST},
        {METHOD_GET, "/containers/json", DEADLINE_REQUEST},
        {METHOD_GET, "/nothing", DEADLINE_REQUEST},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        if (find(rows[i].method, rows[i].path)->deadline != rows[i].deadline)
            fail_msg("%s", rows[i].path);
}

static void only_upgrade_endpoints_may_be_hijacked(void **state)
{
    static const struct {
        enum method method;
        const char *path;
        const char *upgrade;
    } rows[] = {
        {METHOD_POST, "/containers/web/attach", "tcp"},
        {METHOD_GET, "/containers/web/attach/ws", "websocket"},
        {METHOD_POST, "/exec/e/start", "tcp"},
        {METHOD_POST, "/libpod/containers/web/attach", "tcp"},
        {METHOD_POST, "/libpod/exec/e/start", "tcp"},
        {METHOD_POST, "/session", "h2c"},
        {METHOD_POST, "/grpc", "h2c"},
        {METHOD_GET, "/containers/web/attach", ""},
        {METHOD_GET, "/session", ""},
        {METHOD_POST, "/containers/attach", ""},
        {METHOD_POST, "/containers/web/start", ""},
        {METHOD_POST, "/exec/e/resize", ""},
    };
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct route *r = find(rows[i].method, rows[i].path);
        if (strcmp(r->upgrade, rows[i].upgrade) != 0 || r->hijack != (rows[i].upgrade[0] != '\0'))
            fail_msg("%s", rows[i].path);
    }
}

static void query_keys_are_known_by_their_whole_name(void **state)
{
    const struct route *r = find(METHOD_POST, "/images/create");
    (void)state;
    assert_true(r->judges_query);
    assert_true(route_knows_query(r, STR("fromImage")));
    assert_true(route_knows_query(r, STR("platform")));
    assert_false(route_knows_query(r, STR("fromimage")));
    assert_false(route_knows_query(r, STR("from")));
    assert_false(route_knows_query(r, STR("fromImage fromSrc")));
    assert_false(route_knows_query(r, STR("")));
    assert_false(route_knows_query(find(METHOD_GET, "/info"), STR("")));
    assert_false(route_knows_query(find(METHOD_GET, "/nothing"), STR("a")));
    assert_true(route_knows_query(find(METHOD_POST, "/containers/web/stop"), STR("t")));
}

static void every_surface_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < SURFACE_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_false(str_eq(surface_name((enum surface)a), surface_name((enum surface)b)));
    assert_true(str_eq(surface_name(SURFACE_CONTAINER_CREATE), STR("container_create")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_real_clients_has_its_route),
        cmocka_unit_test(judged_writes_have_their_surface_and_body),
        cmocka_unit_test(writes_without_a_body_say_so),
        cmocka_unit_test(an_id_of_many_segments_is_marked_where_it_is_judged),
        cmocka_unit_test(a_version_that_only_the_engine_would_strip_is_marked),
        cmocka_unit_test(what_the_engine_does_not_route_is_unknown),
        cmocka_unit_test(a_path_cut_at_any_byte_never_becomes_a_judged_one),
        cmocka_unit_test(streams_and_slow_work_have_no_deadline),
        cmocka_unit_test(only_upgrade_endpoints_may_be_hijacked),
        cmocka_unit_test(query_keys_are_known_by_their_whole_name),
        cmocka_unit_test(every_surface_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
