/* SPDX-License-Identifier: Apache-2.0 */
#include "http/emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct emit_body no_body = {.framing = FRAMING_NONE};

static void assert_buf(const struct buf *b, const char *want)
{
    if (!str_eq(buf_str(b), str_of(want)))
        fail_msg("got\n%.*s\nwant\n%s", (int)b->len, b->data ? b->data : "", want);
}

/* What a client sent, as it was understood. */
struct request {
    struct head head;
    struct target target;
    char store[4096];
};

static struct request *request_of(const char *bytes)
{
    struct request *r = calloc(1, sizeof *r);
    struct reader reader;
    assert_non_null(r);
    reader_init(&reader, READER_REQUESTS);
    assert_int_equal(head_read(&reader, str_of(bytes), METHOD_NONE, &r->head), REFUSAL_NONE);
    assert_int_equal(target_read(r->head.target, r->store, &r->target), REFUSAL_NONE);
    return r;
}

static struct head *response_of(const char *bytes, enum method request)
{
    struct head *h = calloc(1, sizeof *h);
    struct reader reader;
    assert_non_null(h);
    reader_init(&reader, READER_RESPONSES);
    assert_int_equal(head_read(&reader, str_of(bytes), request, h), REFUSAL_NONE);
    return h;
}

/* Sends `bytes` on and compares the whole head that leaves. */
static void assert_request(const char *bytes, struct emit_body body, const char *want)
{
    struct request *r = request_of(bytes);
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_request(&out, &r->head, &r->target, body,
                                  (struct emit_asks){STR(""), false}, STR("id-1")),
                     RC_OK);
    assert_buf(&out, want);
    buf_release(&out);
    free(r);
}

static void assert_response(const char *bytes, enum method request, struct emit_body body,
                            bool close, const char *want)
{
    struct head *h = response_of(bytes, request);
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_response(&out, h, body, STR("id-1"), close), RC_OK);
    assert_buf(&out, want);
    buf_release(&out);
    free(h);
}

static void a_request_is_written_anew(void **state)
{
    (void)state;
    assert_request("GET /v1.41/containers/json?all=1&x= HTTP/1.1\r\nHost: example\r\n"
                   "User-Agent:  Docker-Client/20.10  \r\nAccept: */*\r\n\r\n",
                   no_body,
                   "GET /v1.41/containers/json?all=1&x= HTTP/1.1\r\nHost: docker\r\n"
                   "User-Agent: Docker-Client/20.10\r\nAccept: */*\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
}

static void the_body_is_framed_as_it_is_sent(void **state)
{
    (void)state;
    const char *chunked = "POST /containers/create HTTP/1.1\r\nHost: x\r\n"
                          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_request(chunked, (struct emit_body){FRAMING_LENGTH, UINT64_MAX},
                   "POST /containers/create HTTP/1.1\r\nHost: docker\r\n"
                   "Content-Type: application/json\r\nContent-Length: 18446744073709551615\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
    assert_request(chunked, (struct emit_body){.framing = FRAMING_CHUNKED},
                   "POST /containers/create HTTP/1.1\r\nHost: docker\r\n"
                   "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
    assert_request("POST /containers/a/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                   (struct emit_body){FRAMING_LENGTH, 0},
                   "POST /containers/a/start HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
}

static void nothing_hop_by_hop_reaches_the_engine(void **state)
{
    (void)state;
    assert_request(
        "GET /info HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Secret\r\n"
        "X-Secret: 1\r\nX-Kept: 2\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\n"
        "Proxy-Authorization: Basic x\r\nProxy-Authenticate: Basic\r\nTE: gzip\r\n"
        "Trailer: X\r\nUpgrade: tcp\r\nExpect: 100-continue\r\nForwarded: for=1.2.3.4\r\n"
        "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-host: evil\r\nX-FORWARDED-PROTO: https\r\n"
        "x-request-id: forged\r\n\r\n",
        no_body, "GET /info HTTP/1.1\r\nHost: docker\r\nX-Kept: 2\r\nX-Request-Id: id-1\r\n\r\n");
}

static void fields_the_engine_needs_go_through_as_spelt(void **state)
{
    (void)state;
    assert_request("POST /images/create?fromImage=a HTTP/1.1\r\nHost: x\r\n"
                   "x-registry-auth: e30=\r\nX-Registry-Config: e30=\r\ncontent-TYPE: a/b\r\n"
                   "Content-Encoding: gzip\r\nAccept-Encoding: gzip\r\nX-Empty:\r\n\r\n",
                   no_body,
                   "POST /images/create?fromImage=a HTTP/1.1\r\nHost: docker\r\n"
                   "x-registry-auth: e30=\r\nX-Registry-Config: e30=\r\ncontent-TYPE: a/b\r\n"
                   "Content-Encoding: gzip\r\nAccept-Encoding: gzip\r\nX-Empty: \r\n"
                   "X-Request-Id: id-1\r\n\r\n");
}

static void every_method_keeps_its_name(void **state)
{
    (void)state;
    for (enum method m = METHOD_GET; m < METHOD_COUNT; m++) {
        struct head h = {.method = m};
        struct target t = {.path = STR("/x")};
        struct buf out;
        char want[128];
        const struct str name = method_name(m);
        assert_true(name.n > 0);
        buf_init(&out, 16384);
        assert_int_equal(
            emit_request(&out, &h, &t, no_body, (struct emit_asks){STR(""), false}, STR("i")),
            RC_OK);
        (void)snprintf(want, sizeof want,
                       "%.*s /x HTTP/1.1\r\nHost: docker\r\nX-Request-Id: i\r\n\r\n", (int)name.n,
                       name.p);
        assert_buf(&out, want);
        buf_release(&out);
    }
}

/* The line's path for a decoded path. */
static void assert_path(struct str path, const char *want)
{
    struct head h = {.method = METHOD_GET};
    struct target t = {.path = path};
    struct buf out;
    char whole[256];
    buf_init(&out, 16384);
    assert_int_equal(
        emit_request(&out, &h, &t, no_body, (struct emit_asks){STR(""), false}, STR("i")), RC_OK);
    (void)snprintf(whole, sizeof whole,
                   "GET %s HTTP/1.1\r\nHost: docker\r\nX-Request-Id: i\r\n\r\n", want);
    assert_buf(&out, whole);
    buf_release(&out);
}

static void a_path_is_encoded_again(void **state)
{
    (void)state;
    assert_path(STR("/"), "/");
    assert_path(STR("/images/a.b/c_d-e~f:1@sha256:0/json"), "/images/a.b/c_d-e~f:1@sha256:0/json");
    assert_path(STR("/!$&'()*+,="), "/!$&'()*+,=");
    assert_path(STR("/%2F"), "/%252F");
    assert_path(STR("/a?b#c;d e"), "/a%3Fb%23c%3Bd%20e");
    assert_path(STR("/x HTTP/1.1\r\nHost: y\r\n\r\n"), "/x%20HTTP/1.1%0D%0AHost:%20y%0D%0A%0D%0A");
    assert_path(STR("/\0\x01\x7F\xC3\xA9\xFF"), "/%00%01%7F%C3%A9%FF");
    assert_path(STR("/\"<>[\\]^`{|}"), "/%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D");
}

/* Reading what was written gives the path that was judged, whatever bytes it holds. */
static void every_byte_of_a_path_reads_back(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        const char path[] = {'/', 'a', (char)c, 'b'};
        struct head h = {.method = METHOD_GET};
        struct target t = {.path = {path, sizeof path}};
        struct buf out;
        if (c == '/')
            continue;
        buf_init(&out, 16384);
        assert_int_equal(
            emit_request(&out, &h, &t, no_body, (struct emit_asks){STR(""), false}, STR("i")),
            RC_OK);
        assert_int_equal(buf_append_char(&out, '\0'), RC_OK);
        struct request *r = request_of(out.data);
        assert_true(str_eq(r->target.path, t.path));
        assert_false(r->target.has_query);
        free(r);
        buf_release(&out);
    }
}

static void the_query_is_kept_as_it_came(void **state)
{
    (void)state;
    assert_request("GET /events?filters=%7B%22a%22%3A1%7d&x=%20+? HTTP/1.1\r\nHost: x\r\n\r\n",
                   no_body,
                   "GET /events?filters=%7B%22a%22%3A1%7d&x=%20+? HTTP/1.1\r\nHost: docker\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
    assert_request("GET /events? HTTP/1.1\r\nHost: x\r\n\r\n", no_body,
                   "GET /events? HTTP/1.1\r\nHost: docker\r\nX-Request-Id: id-1\r\n\r\n");
}

static void the_cleaned_path_is_what_is_sent(void **state)
{
    (void)state;
    assert_request("GET //v1.41/./a/../containers//%6ason/ HTTP/1.1\r\nHost: x\r\n\r\n", no_body,
                   "GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n"
                   "X-Request-Id: id-1\r\n\r\n");
}

static void a_response_keeps_the_engines_words(void **state)
{
    (void)state;
    assert_response("HTTP/1.1 201 Created\r\nApi-Version: 1.41\r\nDate: Thu, 26 Nov 2026\r\n"
                    "Server: Docker/20.10\r\nContent-Type: application/json\r\n"
                    "Content-Length: 90\r\n\r\n",
                    METHOD_POST, (struct emit_body){FRAMING_LENGTH, 90}, false,
                    "HTTP/1.1 201 Created\r\nApi-Version: 1.41\r\nDate: Thu, 26 Nov 2026\r\n"
                    "Server: Docker/20.10\r\nContent-Type: application/json\r\n"
                    "X-Request-Id: id-1\r\nContent-Length: 90\r\n\r\n");
    assert_response("HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n", METHOD_GET,
                    (struct emit_body){FRAMING_LENGTH, 0}, false,
                    "HTTP/1.1 299 \r\nX-Request-Id: id-1\r\nContent-Length: 0\r\n\r\n");
}

static void nothing_hop_by_hop_reaches_the_client(void **state)
{
    (void)state;
    assert_response("HTTP/1.1 200 OK\r\nConnection: close, X-Gone\r\nX-Gone: 1\r\n"
                    "Keep-Alive: timeout=5\r\nX-Request-Id: engine\r\n"
                    "Transfer-Encoding: chunked\r\nOstype: linux\r\n\r\n",
                    METHOD_GET, (struct emit_body){.framing = FRAMING_CHUNKED}, false,
                    "HTTP/1.1 200 OK\r\nOstype: linux\r\nX-Request-Id: id-1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
}

static void a_closing_response_says_so(void **state)
{
    (void)state;
    assert_response("HTTP/1.0 200 OK\r\n\r\n", METHOD_GET,
                    (struct emit_body){.framing = FRAMING_TO_CLOSE}, true,
                    "HTTP/1.1 200 OK\r\nX-Request-Id: id-1\r\nConnection: close\r\n\r\n");
}

static void a_response_without_body_keeps_its_length_as_information(void **state)
{
    (void)state;
    assert_response("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n", METHOD_HEAD,
                    (struct emit_body){FRAMING_LENGTH, 4711}, false,
                    "HTTP/1.1 200 OK\r\nX-Request-Id: id-1\r\nContent-Length: 4711\r\n\r\n");
    assert_response("HTTP/1.1 204 No Content\r\n\r\n", METHOD_POST, no_body, false,
                    "HTTP/1.1 204 No Content\r\nX-Request-Id: id-1\r\n\r\n");
}

static void an_upgrade_is_asked_for_only_when_it_is_given(void **state)
{
    (void)state;
    struct request *r = request_of("POST /containers/x/attach HTTP/1.1\r\nHost: x\r\n"
                                   "Connection: Upgrade, X-Own\r\nX-Own: 1\r\nUpgrade: tcp\r\n"
                                   "X-Kept: 2\r\n\r\n");
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_request(&out, &r->head, &r->target, no_body,
                                  (struct emit_asks){STR("tcp"), false}, STR("i")),
                     RC_OK);
    assert_buf(&out, "POST /containers/x/attach HTTP/1.1\r\nHost: docker\r\nX-Kept: 2\r\n"
                     "Connection: Upgrade\r\nUpgrade: tcp\r\nX-Request-Id: i\r\n\r\n");
    buf_clear(&out);
    assert_int_equal(emit_request(&out, &r->head, &r->target, no_body,
                                  (struct emit_asks){STR(""), false}, STR("i")),
                     RC_OK);
    assert_buf(&out, "POST /containers/x/attach HTTP/1.1\r\nHost: docker\r\nX-Kept: 2\r\n"
                     "X-Request-Id: i\r\n\r\n");
    buf_release(&out);
    free(r);
}

static void a_switch_is_passed_on_with_nothing_added(void **state)
{
    (void)state;
    const char *const text = "HTTP/1.1 101 UPGRADED\r\n"
                             "Content-Type: application/vnd.docker.raw-stream\r\n"
                             "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    struct head *h = response_of(text, METHOD_POST);
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_switch(&out, h), RC_OK);
    assert_buf(&out, text);
    buf_release(&out);
    free(h);
}

static void a_question_of_ours_says_no_more_than_it_must(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_lookup(&out, STR("/exec/x/json"), STR("i")), RC_OK);
    assert_buf(&out, "GET /exec/x/json HTTP/1.1\r\nHost: docker\r\nX-Request-Id: i\r\n\r\n");
    buf_release(&out);
}

static void an_answer_of_ours_is_complete(void **state)
{
    (void)state;
    const struct str json = STR("{\"message\":\"no\"}");
    struct buf out;
    buf_init(&out, 16384);
    assert_int_equal(emit_answer(&out, 403, json, STR("id-1"), false, false), RC_OK);
    assert_buf(&out, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                     "X-Content-Type-Options: nosniff\r\nX-Request-Id: id-1\r\n"
                     "Content-Length: 16\r\n\r\n{\"message\":\"no\"}");
    buf_clear(&out);
    assert_int_equal(emit_answer(&out, 431, json, STR("id-1"), true, true), RC_OK);
    assert_buf(&out, "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                     "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"
                     "X-Request-Id: id-1\r\nContent-Length: 16\r\nConnection: close\r\n\r\n");
    buf_clear(&out);
    assert_int_equal(emit_answer(&out, 200, STR(""), STR("i"), false, false), RC_OK);
    assert_buf(&out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "X-Content-Type-Options: nosniff\r\nX-Request-Id: i\r\n"
                     "Content-Length: 0\r\n\r\n");
    buf_release(&out);
}

static void every_refusal_has_a_reason_phrase(void **state)
{
    (void)state;
    for (enum refusal r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++)
        if (status_reason(refusal_info(r)->status).n == 0)
            fail_msg("%u", refusal_info(r)->status);
    assert_int_equal(status_reason(299).n, 0);
    assert_int_equal(status_reason(0).n, 0);
}

enum which { WHICH_REQUEST, WHICH_RESPONSE, WHICH_ANSWER, WHICH_COUNT };

static int emit_one(enum which which, struct buf *out, const struct request *r,
                    const struct head *h)
{
    const struct emit_body body = {FRAMING_LENGTH, UINT64_MAX};
    switch (which) {
    case WHICH_REQUEST:
        return emit_request(out, &r->head, &r->target, body, (struct emit_asks){STR(""), false},
                            STR("id-1"));
    case WHICH_RESPONSE:
        return emit_response(out, h, body, STR("id-1"), true);
    default:
        return emit_answer(out, 403, STR("{}"), STR("id-1"), true, false);
    }
}

/* At every ceiling: the whole head behind what was there, or nothing. */
static void a_head_without_room_leaves_nothing(void **state)
{
    (void)state;
    struct request *r = request_of("GET /a%20%20%20b HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n");
    struct head *h =
        response_of("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n", METHOD_GET);
    for (enum which w = 0; w < WHICH_COUNT; w++) {
        int rc = RC_TOOBIG;
        for (size_t max = 4; rc; max++) {
            struct buf out;
            buf_init(&out, max);
            assert_int_equal(buf_append(&out, STR("kept")), RC_OK);
            rc = emit_one(w, &out, r, h);
            assert_true(rc == RC_OK || rc == RC_TOOBIG);
            assert_true(rc == RC_OK ? out.len > 60 : out.len == 4);
            assert_memory_equal(out.data, "kept", 4);
            buf_release(&out);
            assert_true(max < 1024);
        }
    }
    free(h);
    free(r);
}

/* The room that is measured is enough when everything is as long as it can be; with
 * AddressSanitizer a byte too many is seen, because the ceiling is what was asked for. */
static void the_longest_heads_fit_in_what_was_measured(void **state)
{
    (void)state;
    static char bytes[2048];
    memset(bytes, '\x80', sizeof bytes);
    struct request *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->head = (struct head){.method = METHOD_OPTIONS, .status = UINT16_MAX};
    r->head.reason = (struct str){bytes, 500};
    r->head.n_fields = HEAD_FIELDS_MAX;
    for (size_t i = 0; i < HEAD_FIELDS_MAX; i++)
        r->head.fields[i] = (struct field){.name = {bytes, 1 + i}, .value = {bytes, i % 3}};
    r->target = (struct target){.path = {bytes, sizeof bytes}, .query = {bytes, 900}};
    r->target.has_query = true;
    for (enum which w = 0; w < WHICH_COUNT; w++) {
        int rc = RC_TOOBIG;
        for (size_t max = 512; rc; max++) {
            struct buf out;
            buf_init(&out, max); /* the second growth is to the ceiling exactly */
            assert_int_equal(buf_append(&out, (struct str){bytes, 512}), RC_OK);
            rc = emit_one(w, &out, r, &r->head);
            if (rc == RC_OK)
                assert_true(out.len <= out.cap);
            buf_release(&out);
            assert_true(max < 65536);
        }
    }
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_written_anew),
        cmocka_unit_test(the_body_is_framed_as_it_is_sent),
        cmocka_unit_test(nothing_hop_by_hop_reaches_the_engine),
        cmocka_unit_test(fields_the_engine_needs_go_through_as_spelt),
        cmocka_unit_test(every_method_keeps_its_name),
        cmocka_unit_test(a_path_is_encoded_again),
        cmocka_unit_test(every_byte_of_a_path_reads_back),
        cmocka_unit_test(the_query_is_kept_as_it_came),
        cmocka_unit_test(the_cleaned_path_is_what_is_sent),
        cmocka_unit_test(a_response_keeps_the_engines_words),
        cmocka_unit_test(nothing_hop_by_hop_reaches_the_client),
        cmocka_unit_test(a_closing_response_says_so),
        cmocka_unit_test(a_response_without_body_keeps_its_length_as_information),
        cmocka_unit_test(an_upgrade_is_asked_for_only_when_it_is_given),
        cmocka_unit_test(a_switch_is_passed_on_with_nothing_added),
        cmocka_unit_test(a_question_of_ours_says_no_more_than_it_must),
        cmocka_unit_test(an_answer_of_ours_is_complete),
        cmocka_unit_test(every_refusal_has_a_reason_phrase),
        cmocka_unit_test(a_head_without_room_leaves_nothing),
        cmocka_unit_test(the_longest_heads_fit_in_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
