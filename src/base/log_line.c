/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_line.h"

#include <assert.h>

enum { MICROSECONDS = 6 };

struct timespec log_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

/* v in decimal, filled up with zeros to n digits; digits beyond n are cut off. */
static void put_digits(char *out, unsigned n, uint64_t v)
{
    while (n--) {
        out[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

static void date_set(struct log_line *line, time_t second)
{
    struct tm tm = {.tm_mday = 1};
    if (line->dated && line->second == second)
        return;
    (void)gmtime_r(&second, &tm);
    memcpy(line->date, "0000-00-00T00:00:00", LOG_DATE_LENGTH);
    put_digits(line->date, 4, (uint64_t)(tm.tm_year + 1900));
    put_digits(line->date + 5, 2, (uint64_t)(tm.tm_mon + 1));
    put_digits(line->date + 8, 2, (uint64_t)tm.tm_mday);
    put_digits(line->date + 11, 2, (uint64_t)tm.tm_hour);
    put_digits(line->date + 14, 2, (uint64_t)tm.tm_min);
    put_digits(line->date + 17, 2, (uint64_t)tm.tm_sec);
    line->second = second;
    line->dated = true;
}

static void put(struct log_line *line, struct str s)
{
    if (!line->writer.rc)
        line->writer.rc = buf_append(line->writer.out, s);
}

static bool text_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '=')
            return false;
    return s.n > 0;
}

static void put_text_value(struct log_line *line, struct str value)
{
    if (text_plain(value)) {
        put(line, value);
        return;
    }
    put(line, STR("\""));
    if (!line->writer.rc)
        line->writer.rc = buf_append_json(line->writer.out, value);
    put(line, STR("\""));
}

static void put_text_name(struct log_line *line, struct str name)
{
    put(line, STR(" "));
    put(line, name);
    put(line, STR("="));
}

static void start_json(struct log_line *line, struct str level, struct str msg, long nanoseconds)
{
    char stamp[LOG_DATE_LENGTH + sizeof ".123456Z" - 1];
    memcpy(stamp, line->date, LOG_DATE_LENGTH);
    stamp[LOG_DATE_LENGTH] = '.';
    put_digits(stamp + LOG_DATE_LENGTH + 1, MICROSECONDS, (uint64_t)nanoseconds / 1000);
    stamp[sizeof stamp - 1] = 'Z';
    writer_open(&line->writer, STR(""), '{');
    writer_text(&line->writer, STR("time"), (struct str){stamp, sizeof stamp});
    writer_text(&line->writer, STR("level"), level);
    writer_text(&line->writer, STR("msg"), msg);
}

static void start_text(struct log_line *line, struct str level, struct str msg)
{
    put(line, (struct str){line->date, LOG_DATE_LENGTH});
    put(line, STR("Z "));
    put(line, level);
    put(line, STR(" "));
    put_text_value(line, msg);
}

void log_line_start(struct log_line *line, struct buf *out, enum log_format format,
                    enum log_level level, struct str msg, struct timespec at)
{
    static const struct str levels[] = {
        [LOG_DEBUG] = STR("DEBUG"),
        [LOG_INFO] = STR("INFO"),
        [LOG_WARN] = STR("WARN"),
        [LOG_ERROR] = STR("ERROR"),
    };
    line->format = format;
    line->writer = writer_start(out);
    line->before = out->len;
    line->cut = false;
    date_set(line, at.tv_sec);
    if (format == LOG_JSON)
        start_json(line, levels[level], msg, at.tv_nsec);
    else
        start_text(line, levels[level], msg);
}

/* A value that is the same in both formats. */
static void put_raw(struct log_line *line, struct str name, struct str value)
{
    if (line->format == LOG_JSON) {
        writer_raw(&line->writer, name, value);
        return;
    }
    put_text_name(line, name);
    put(line, value);
}

void log_line_text(struct log_line *line, struct str name, struct str value)
{
    if (value.n > LOG_VALUE_MAX) {
        value.n = LOG_VALUE_MAX;
        line->cut = true;
    }
    if (line->format == LOG_JSON) {
        writer_text(&line->writer, name, value);
        return;
    }
    put_text_name(line, name);
    put_text_value(line, value);
}

void log_line_number(struct log_line *line, struct str name, int64_t value)
{
    char text[1 + DECIMAL_MAX] = "-";
    const size_t sign = value < 0;
    const uint64_t size = sign ? 0 - (uint64_t)value : (uint64_t)value;
    put_raw(line, name, (struct str){text, sign + decimal_format(size, text + sign)});
}

void log_line_bool(struct log_line *line, struct str name, bool value)
{
    put_raw(line, name, value ? STR("true") : STR("false"));
}

void log_line_decimal(struct log_line *line, struct str name, uint64_t value, unsigned places)
{
    char text[DECIMAL_MAX + 1 + LOG_PLACES_MAX];
    uint64_t unit = 1;
    assert(places <= LOG_PLACES_MAX);
    for (unsigned i = 0; i < places; i++)
        unit *= 10;
    size_t n = decimal_format(value / unit, text);
    if (places) {
        text[n++] = '.';
        put_digits(text + n, places, value % unit);
        n += places;
    }
    put_raw(line, name, (struct str){text, n});
}

int log_line_end(struct log_line *line)
{
    if (line->cut)
        log_line_bool(line, STR("cut"), true);
    if (line->format == LOG_JSON)
        writer_close(&line->writer, '}');
    put(line, STR("\n"));
    if (line->writer.rc)
        line->writer.out->len = line->before;
    return line->writer.rc;
}
