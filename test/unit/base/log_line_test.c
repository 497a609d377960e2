/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* 2026-11-26T02:44:10 UTC */
static const struct timespec moment = {.tv_sec = 1795661050, .tv_nsec = 123456789};

static void assert_buf(const struct buf *b, const char *want)
{
    if (!str_eq(buf_str(b), str_of(want)))
        fail_msg("got  %.*s\nwant %s", (int)b->len, b->data, want);
}

static struct buf in_format(enum log_format format)
{
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 4096);
    log_line_start(&line, &out, format, LOG_WARN, STR("request_denied"), moment);
    log_line_text(&line, STR("method"), STR("POST"));
    log_line_text(&line, STR("path"), STR("/containers/a b"));
    log_line_number(&line, STR("status"), 403);
    log_line_number(&line, STR("rule"), -1);
    log_line_decimal(&line, STR("latency_ms"), 12045, 3);
    log_line_bool(&line, STR("trace_sampled"), false);
    assert_int_equal(log_line_end(&line), RC_OK);
    return out;
}

static void the_same_calls_give_json(void **state)
{
    (void)state;
    struct buf out = in_format(LOG_JSON);
    assert_buf(&out, "{\"time\":\"2026-11-26T02:44:10.123456Z\",\"level\":\"WARN\","
                     "\"msg\":\"request_denied\",\"method\":\"POST\",\"path\":\"/containers/a b\","
                     "\"status\":403,\"rule\":-1,\"latency_ms\":12.045,\"trace_sampled\":false}\n");
    buf_release(&out);
}

static void the_same_calls_give_text(void **state)
{
    (void)state;
    struct buf out = in_format(LOG_TEXT);
    assert_buf(&out, "2026-11-26T02:44:10Z WARN request_denied method=POST "
                     "path=\"/containers/a b\" status=403 rule=-1 latency_ms=12.045 "
                     "trace_sampled=false\n");
    buf_release(&out);
}

static void every_level_has_its_word(void **state)
{
    (void)state;
    static const struct {
        enum log_level level;
        const char *want;
    } rows[] = {
        {LOG_DEBUG, "2026-11-26T02:44:10Z DEBUG started\n"},
        {LOG_INFO, "2026-11-26T02:44:10Z INFO started\n"},
        {LOG_WARN, "2026-11-26T02:44:10Z WARN started\n"},
        {LOG_ERROR, "2026-11-26T02:44:10Z ERROR started\n"},
    };
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&out);
        log_line_start(&line, &out, LOG_TEXT, rows[i].level, STR("started"), moment);
        assert_int_equal(log_line_end(&line), RC_OK);
        assert_buf(&out, rows[i].want);
    }
    buf_release(&out);
}

/* One value, in text. */
static void assert_text(struct str value, const char *want)
{
    struct log_line line = {0};
    struct buf out;
    char whole[256];
    buf_init(&out, 4096);
    log_line_start(&line, &out, LOG_TEXT, LOG_INFO, STR("m"), moment);
    log_line_text(&line, STR("v"), value);
    assert_int_equal(log_line_end(&line), RC_OK);
    (void)snprintf(whole, sizeof whole, "2026-11-26T02:44:10Z INFO m v=%s\n", want);
    assert_buf(&out, whole);
    buf_release(&out);
}

static void text_quotes_what_could_be_misread(void **state)
{
    (void)state;
    assert_text(STR("/v1.41/containers/json"), "/v1.41/containers/json");
    assert_text(STR("!#$%&'()*+,-./:;<>?@[]^_`{|}~"), "!#$%&'()*+,-./:;<>?@[]^_`{|}~");
    assert_text(STR(""), "\"\"");
    assert_text(STR("a b"), "\"a b\"");
    assert_text(STR("a=b"), "\"a=b\"");
    assert_text(STR("a\"b"), "\"a\\\"b\"");
    assert_text(STR("a\\b"), "\"a\\\\b\"");
    assert_text(STR("\x7f"), "\"\\u007f\"");
    assert_text(STR("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
    assert_text(STR("\xFF"), "\"\\ufffd\"");
    assert_text(STR("\xC2\x85\xC2\x9B\xE2\x80\xA8"), "\"\\u0085\\u009b\\u2028\"");
}

/* No byte of a value, and no pair of bytes, may end a field or a line. */
static void assert_contained(enum log_format format, struct str value)
{
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 4096);
    log_line_start(&line, &out, format, LOG_INFO, value, moment);
    log_line_text(&line, STR("v"), value);
    assert_int_equal(log_line_end(&line), RC_OK);
    size_t quotes = 0;
    for (size_t i = 0; i < out.len - 1; i++) {
        const unsigned char c = (unsigned char)out.data[i];
        assert_true(c >= 0x20 && c != 0x7F);
        if (c == '\\')
            i++;
        else if (c == '"')
            quotes++;
    }
    assert_int_equal(quotes % 2, 0);
    if (format == LOG_JSON)
        assert_int_equal(quotes, 16);
    else
        assert_true(quotes <= 4);
    assert_int_equal(out.data[out.len - 1], '\n');
    buf_release(&out);
}

static void no_value_ends_its_field_or_line(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            const char bytes[] = {(char)a, (char)b};
            assert_contained(LOG_JSON, (struct str){bytes, 2});
            assert_contained(LOG_TEXT, (struct str){bytes, 2});
        }
    assert_contained(LOG_TEXT, STR("x\n2026-11-26T02:44:10Z INFO request decision=allow"));
    assert_contained(LOG_JSON, STR("x\"}\n{\"time\":\"\",\"decision\":\"allow"));
}

/* One number, in text. */
static void assert_decimal(uint64_t value, unsigned places, const char *want)
{
    struct log_line line = {0};
    struct buf out;
    char whole[256];
    buf_init(&out, 4096);
    log_line_start(&line, &out, LOG_TEXT, LOG_INFO, STR("m"), moment);
    log_line_decimal(&line, STR("v"), value, places);
    assert_int_equal(log_line_end(&line), RC_OK);
    (void)snprintf(whole, sizeof whole, "2026-11-26T02:44:10Z INFO m v=%s\n", want);
    assert_buf(&out, whole);
    buf_release(&out);
}

static void decimals_keep_their_zeros(void **state)
{
    (void)state;
    assert_decimal(0, 3, "0.000");
    assert_decimal(7, 3, "0.007");
    assert_decimal(1000, 3, "1.000");
    assert_decimal(1234567, 3, "1234.567");
    assert_decimal(5, 0, "5");
    assert_decimal(1, LOG_PLACES_MAX, "0.000000001");
    assert_decimal(UINT64_MAX, 0, "18446744073709551615");
    assert_decimal(UINT64_MAX, LOG_PLACES_MAX, "18446744073.709551615");
}

static void numbers_reach_both_ends(void **state)
{
    (void)state;
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 4096);
    log_line_start(&line, &out, LOG_TEXT, LOG_INFO, STR("m"), moment);
    log_line_number(&line, STR("a"), INT64_MIN);
    log_line_number(&line, STR("b"), INT64_MAX);
    log_line_number(&line, STR("c"), 0);
    log_line_bool(&line, STR("d"), true);
    assert_int_equal(log_line_end(&line), RC_OK);
    assert_buf(&out, "2026-11-26T02:44:10Z INFO m a=-9223372036854775808 b=9223372036854775807 "
                     "c=0 d=true\n");
    buf_release(&out);
}

/* The same struct log_line line after line: its date follows the clock both ways. */
static void a_kept_date_is_never_stale(void **state)
{
    (void)state;
    static const struct {
        time_t second;
        long nanoseconds;
        const char *want;
    } rows[] = {
        {0, 0, "1970-01-01T00:00:00.000000Z"},
        {0, 999999999, "1970-01-01T00:00:00.999999Z"},
        {1, 1000, "1970-01-01T00:00:01.000001Z"},
        {951782399, 0, "2000-02-28T23:59:59.000000Z"},
        {951782400, 0, "2000-02-29T00:00:00.000000Z"},
        {951782399, 0, "2000-02-28T23:59:59.000000Z"},
        {4102444800, 500000, "2100-01-01T00:00:00.000500Z"},
        {0, 0, "1970-01-01T00:00:00.000000Z"},
    };
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[128];
        const struct timespec at = {.tv_sec = rows[i].second, .tv_nsec = rows[i].nanoseconds};
        buf_clear(&out);
        log_line_start(&line, &out, LOG_JSON, LOG_INFO, STR("m"), at);
        assert_int_equal(log_line_end(&line), RC_OK);
        (void)snprintf(want, sizeof want, "{\"time\":\"%s\",\"level\":\"INFO\",\"msg\":\"m\"}\n",
                       rows[i].want);
        assert_buf(&out, want);
    }
    buf_release(&out);
}

static void now_is_the_wall_clock(void **state)
{
    (void)state;
    const time_t before = time(NULL);
    const struct timespec now = log_now();
    assert_true(now.tv_sec >= before && now.tv_sec <= before + 60);
    assert_true(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
}

/* At every ceiling up to enough: the whole line, or nothing of it. */
static void assert_whole_or_nothing(enum log_format format)
{
    int rc = RC_TOOBIG;
    for (size_t max = 0; rc; max++) {
        struct log_line line = {0};
        struct buf out;
        buf_init(&out, max);
        const bool kept = buf_append(&out, STR("kept\n")) == RC_OK;
        log_line_start(&line, &out, format, LOG_INFO, STR("m"), moment);
        log_line_text(&line, STR("v"), STR("a \"value\"\n"));
        log_line_number(&line, STR("n"), 7);
        rc = log_line_end(&line);
        if (rc) {
            assert_int_equal(rc, RC_TOOBIG);
            assert_buf(&out, kept ? "kept\n" : "");
        } else {
            assert_int_equal(out.len, max);
            assert_int_equal(out.data[max - 1], '\n');
        }
        buf_release(&out);
        assert_true(max < 256);
    }
}

static void a_line_without_room_leaves_nothing(void **state)
{
    (void)state;
    assert_whole_or_nothing(LOG_JSON);
    assert_whole_or_nothing(LOG_TEXT);
}

static void a_failed_line_does_not_spoil_the_next(void **state)
{
    (void)state;
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 64);
    char big[100];
    memset(big, 'x', sizeof big);
    log_line_start(&line, &out, LOG_TEXT, LOG_INFO, STR("m"), moment);
    log_line_text(&line, STR("v"), (struct str){big, sizeof big});
    assert_int_equal(log_line_end(&line), RC_TOOBIG);
    log_line_start(&line, &out, LOG_TEXT, LOG_INFO, STR("m"), moment);
    assert_int_equal(log_line_end(&line), RC_OK);
    assert_buf(&out, "2026-11-26T02:44:10Z INFO m\n");
    buf_release(&out);
}

/* One value of n bytes, each of which JSON escapes with six. */
static size_t length_with(enum log_format format, const char *bytes, size_t n, bool cut)
{
    struct log_line line = {0};
    struct buf out;
    buf_init(&out, 100000);
    size_t length = 0;
    for (int i = 0; i < 2; i++) { /* the second line is not cut for the first one's sake */
        buf_clear(&out);
        log_line_start(&line, &out, format, LOG_INFO, STR("m"), moment);
        log_line_text(&line, STR("v"), (struct str){bytes, i ? 1 : n});
        assert_int_equal(log_line_end(&line), RC_OK);
        length = i ? length : out.len;
        const struct str mark = format == LOG_JSON ? STR(",\"cut\":true}\n") : STR(" cut=true\n");
        const struct str got = buf_str(&out);
        const bool marked =
            got.n > mark.n && str_eq((struct str){got.p + got.n - mark.n, mark.n}, mark);
        assert_true(marked == (cut && i == 0));
    }
    buf_release(&out);
    return length;
}

static void an_endless_value_is_cut_and_the_line_says_so(void **state)
{
    (void)state;
    static char bytes[2 * LOG_VALUE_MAX];
    memset(bytes, '\x01', sizeof bytes);
    for (enum log_format f = LOG_JSON; f <= LOG_TEXT; f++) {
        const size_t whole = length_with(f, bytes, LOG_VALUE_MAX, false);
        const size_t mark = f == LOG_JSON ? sizeof ",\"cut\":true" - 1 : sizeof " cut=true" - 1;
        assert_true(whole > (size_t)6 * LOG_VALUE_MAX);
        assert_int_equal(length_with(f, bytes, LOG_VALUE_MAX + 1, true), whole + mark);
        assert_int_equal(length_with(f, bytes, sizeof bytes, true), whole + mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_calls_give_json),
        cmocka_unit_test(the_same_calls_give_text),
        cmocka_unit_test(every_level_has_its_word),
        cmocka_unit_test(text_quotes_what_could_be_misread),
        cmocka_unit_test(no_value_ends_its_field_or_line),
        cmocka_unit_test(decimals_keep_their_zeros),
        cmocka_unit_test(numbers_reach_both_ends),
        cmocka_unit_test(a_kept_date_is_never_stale),
        cmocka_unit_test(now_is_the_wall_clock),
        cmocka_unit_test(a_line_without_room_leaves_nothing),
        cmocka_unit_test(an_endless_value_is_cut_and_the_line_says_so),
        cmocka_unit_test(a_failed_line_does_not_spoil_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
