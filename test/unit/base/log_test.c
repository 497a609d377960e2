/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, LONG_LINE = 10000 };

/* A folder of its own for each test, with room for one name in it. */
struct place {
    char folder[32];
    char path[48];
    int end; /* the reader's side of a FIFO at path, or -1 */
};

static int place_open(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    memcpy(p->folder, "/tmp/log-test-XXXXXX", sizeof "/tmp/log-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof p->path, "%s/log", p->folder);
    p->end = -1;
    *state = p;
    return 0;
}

static int place_close(void **state)
{
    struct place *p = *state;
    if (p->end >= 0)
        close(p->end);
    (void)unlink(p->path);
    (void)rmdir(p->folder);
    free(p);
    return 0;
}

static void sleep_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct log *opened(const char *destination, size_t ring_bytes)
{
    struct log *l = NULL;
    struct err err = {0};
    if (log_open(&l, destination, ring_bytes, &err) != RC_OK)
        fail_msg("%s", err.text);
    return l;
}

static void read_file(const struct place *p, struct buf *out)
{
    char piece[4096];
    ssize_t n;
    const int fd = open(p->path, O_RDONLY);
    assert_true(fd >= 0);
    buf_init(out, 16 * 1024 * 1024);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        assert_int_equal(buf_append(out, (struct str){piece, (size_t)n}), RC_OK);
    close(fd);
}

static void assert_file(const struct place *p, const char *want)
{
    struct buf got;
    read_file(p, &got);
    if (!str_eq(buf_str(&got), str_of(want)))
        fail_msg("got %.*s", (int)got.len, got.data);
    buf_release(&got);
}

/* Makes a FIFO of one page whose reader is the test. */
static void fifo_open(struct place *p)
{
    assert_int_equal(mkfifo(p->path, 0600), 0);
    p->end = open(p->path, O_RDONLY | O_NONBLOCK);
    assert_true(p->end >= 0);
    assert_true(fcntl(p->end, F_SETPIPE_SZ, 4096) >= 4096);
}

/* Reads from the FIFO until it has given what is wanted, and nothing else. */
static void assert_fifo_gives(const struct place *p, struct str want)
{
    char byte;
    const int64_t until = now_ms() + PATIENCE_MS;
    for (size_t i = 0; i < want.n;) {
        if (read(p->end, &byte, 1) == 1) {
            if (byte != want.p[i])
                fail_msg("byte %zu is %c", i, byte);
            i++;
        } else if (now_ms() > until) {
            fail_msg("only %zu bytes came", i);
        } else {
            sleep_ms(1);
        }
    }
}

static void assert_dropped(struct log *l, uint64_t want)
{
    const int64_t until = now_ms() + PATIENCE_MS;
    while (log_dropped(l) < want && now_ms() < until)
        sleep_ms(1);
    assert_int_equal(log_dropped(l), want);
}

static struct str long_line(char store[static LONG_LINE])
{
    memset(store, 'x', LONG_LINE);
    store[LONG_LINE - 1] = '\n';
    return (struct str){store, LONG_LINE};
}

static void closing_writes_what_waits(void **state)
{
    const struct place *p = *state;
    struct log *l = opened(p->path, LOG_RING_BYTES);
    log_write(l, STR("one\n"), false);
    log_write(l, STR("two\n"), true);
    log_write(l, STR("\n"), false);
    assert_int_equal(log_dropped(l), 0);
    log_close(l);
    assert_file(p, "one\ntwo\n\n");
    log_close(NULL);
}

static void lines_arrive_without_closing(void **state)
{
    struct place *p = *state;
    fifo_open(p);
    struct log *l = opened(p->path, LOG_RING_BYTES);
    log_write(l, STR("first\n"), false);
    assert_fifo_gives(p, STR("first\n"));
    log_write(l, STR("second\n"), false);
    assert_fifo_gives(p, STR("second\n"));
    log_close(l);
}

static void a_file_is_private_and_appended_to(void **state)
{
    const struct place *p = *state;
    struct stat st;
    const mode_t mask = umask(0);
    log_close(opened(p->path, 64));
    umask(mask);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    for (int i = 0; i < 2; i++) {
        struct log *l = opened(p->path, 64);
        log_write(l, STR("again\n"), false);
        log_close(l);
    }
    assert_file(p, "again\nagain\n");
}

static void what_cannot_be_opened_says_why(void **state)
{
    const struct place *p = *state;
    struct log *l = NULL;
    struct err err = {0};
    char missing[64];
    assert_int_equal(log_open(&l, p->folder, 64, &err), RC_SYSTEM);
    assert_non_null(strstr(err.text, p->folder));
    assert_non_null(strstr(err.text, "directory"));
    (void)snprintf(missing, sizeof missing, "%s/no/log", p->folder);
    assert_int_equal(log_open(&l, missing, 64, &err), RC_SYSTEM);
    assert_non_null(strstr(err.text, missing));
    assert_int_equal(log_open(&l, "", 64, NULL), RC_SYSTEM);
    assert_null(l);
}

/* Lines of every length around a ring that is no multiple of any. */
static void a_small_ring_goes_round_and_loses_nothing(void **state)
{
    const struct place *p = *state;
    struct log *l = opened(p->path, 61);
    struct buf want, got;
    buf_init(&want, 1024 * 1024);
    for (size_t i = 0; i < 2000; i++) {
        char line[64];
        const size_t n = 1 + i * 7 % 61;
        memset(line, 'a' + (int)(i % 26), n);
        line[n - 1] = '\n';
        log_write(l, (struct str){line, n}, true);
        assert_int_equal(buf_append(&want, (struct str){line, n}), RC_OK);
    }
    assert_int_equal(log_dropped(l), 0);
    log_close(l);
    read_file(p, &got);
    assert_true(str_eq(buf_str(&got), buf_str(&want)));
    buf_release(&got);
    buf_release(&want);
}

/* Two lines that do not fit together, the first less than half of the ring. */
static void a_line_that_waits_does_not_sit_out_the_batch(void **state)
{
    enum { ROUNDS = 200 };
    const struct place *p = *state;
    struct log *l = opened(p->path, 11);
    const int64_t start = now_ms();
    for (int i = 0; i < ROUNDS; i++) {
        log_write(l, STR("abc\n"), true);
        log_write(l, STR("abcdefghi\n"), true);
    }
    assert_true(now_ms() - start < ROUNDS * LOG_BATCH_MS / 2);
    assert_int_equal(log_dropped(l), 0);
    log_close(l);
}

enum { THREADS = 4, LINES_EACH = 2000 };

struct caller {
    struct log *log;
    char name;
};

static void *write_many(void *arg)
{
    const struct caller *c = arg;
    for (unsigned i = 0; i < LINES_EACH; i++) {
        char line[32];
        const int n = snprintf(line, sizeof line, "%c %u\n", c->name, i);
        log_write(c->log, (struct str){line, (size_t)n}, true);
    }
    return NULL;
}

static void threads_do_not_tear_each_others_lines(void **state)
{
    const struct place *p = *state;
    struct caller callers[THREADS];
    pthread_t threads[THREADS];
    unsigned seen[THREADS] = {0};
    struct log *l = opened(p->path, 512);
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){l, (char)('0' + i)};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(log_dropped(l), 0);
    log_close(l);
    struct buf got;
    read_file(p, &got);
    struct str rest = buf_str(&got);
    while (rest.n) {
        char want[32];
        const int caller = rest.p[0] - '0';
        assert_true(caller >= 0 && caller < THREADS);
        const int n = snprintf(want, sizeof want, "%d %u\n", caller, seen[caller]++);
        assert_true(str_starts(rest, (struct str){want, (size_t)n}));
        rest = str_skip(rest, (size_t)n);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(seen[i], LINES_EACH);
    buf_release(&got);
}

/* Writes until pipe and ring are full, and returns how many lines went in. */
static unsigned fill(struct log *l, struct str line)
{
    unsigned n = 0;
    int quiet = 0;
    uint64_t dropped = log_dropped(l);
    while (quiet < 5) { /* the writer has taken all that it can */
        log_write(l, line, false);
        if (log_dropped(l) == dropped) {
            n++;
            quiet = 0;
        } else {
            quiet++;
            sleep_ms(2 * LOG_BATCH_MS);
        }
        dropped = log_dropped(l);
    }
    return n;
}

static struct str line_of_100(char store[static 100], char with)
{
    memset(store, with, 100);
    store[99] = '\n';
    return (struct str){store, 100};
}

static void a_stuck_destination_costs_one_wait_in_all(void **state)
{
    struct place *p = *state;
    char a[100], b[100];
    const struct str optional = line_of_100(a, 'o'), denial = line_of_100(b, 'd');
    fifo_open(p);
    struct log *l = opened(p->path, 1000);
    const unsigned before = fill(l, optional);
    assert_true(before >= 10);
    const uint64_t dropped = log_dropped(l);
    int64_t start = now_ms();
    for (int i = 0; i < 100; i++)
        log_write(l, optional, false);
    assert_true(now_ms() - start < LOG_WAIT_MS / 2);
    assert_int_equal(log_dropped(l), dropped + 100);
    start = now_ms();
    log_write(l, denial, true);
    const int64_t waited = now_ms() - start;
    assert_true(waited >= LOG_WAIT_MS - 10 && waited < 5 * LOG_WAIT_MS);
    assert_int_equal(log_dropped(l), dropped + 101);
    start = now_ms();
    for (int i = 0; i < 100; i++)
        log_write(l, denial, true);
    assert_true(now_ms() - start < LOG_WAIT_MS / 2);
    assert_int_equal(log_dropped(l), dropped + 201);
    for (unsigned i = 0; i < before; i++)
        assert_fifo_gives(p, optional);
    log_write(l, denial, true);
    assert_fifo_gives(p, denial);
    assert_int_equal(log_dropped(l), dropped + 201);
    (void)fill(l, optional); /* after progress a line may wait again */
    start = now_ms();
    log_write(l, denial, true);
    assert_true(now_ms() - start >= LOG_WAIT_MS - 10);
    log_close(l);
}

struct late_reader {
    const struct place *place;
    struct str line;
    unsigned lines;
};

static void *read_late(void *arg)
{
    const struct late_reader *r = arg;
    sleep_ms(LOG_WAIT_MS / 5);
    for (unsigned i = 0; i < r->lines; i++)
        assert_fifo_gives(r->place, r->line);
    return NULL;
}

static void a_line_that_must_be_written_waits_for_room(void **state)
{
    struct place *p = *state;
    char a[100], b[100];
    const struct str optional = line_of_100(a, 'o'), denial = line_of_100(b, 'd');
    pthread_t thread;
    fifo_open(p);
    struct log *l = opened(p->path, 1000);
    struct late_reader reader = {p, optional, fill(l, optional)};
    const uint64_t dropped = log_dropped(l);
    assert_int_equal(pthread_create(&thread, NULL, read_late, &reader), 0);
    const int64_t start = now_ms();
    log_write(l, denial, true);
    assert_true(now_ms() - start >= LOG_WAIT_MS / 10);
    pthread_join(thread, NULL);
    assert_fifo_gives(p, denial);
    assert_int_equal(log_dropped(l), dropped);
    log_close(l);
}

static void a_line_longer_than_the_ring_is_dropped_at_once(void **state)
{
    const struct place *p = *state;
    struct log *l = opened(p->path, 8);
    const int64_t start = now_ms();
    log_write(l, STR("12345678\n"), true);
    assert_true(now_ms() - start < LOG_WAIT_MS / 2);
    assert_int_equal(log_dropped(l), 1);
    log_write(l, STR("1234567\n"), true);
    log_write(l, STR("abcdefg\n"), true);
    log_close(l);
    assert_file(p, "1234567\nabcdefg\n");
}

static void a_line_that_its_caller_could_not_build_counts_as_lost(void **state)
{
    const struct place *p = *state;
    struct log *l = opened(p->path, 8);
    log_lost(l);
    assert_int_equal(log_dropped(l), 1);
    log_close(l);
}

static void a_reader_that_goes_away_kills_nobody(void **state)
{
    struct place *p = *state;
    (void)signal(SIGPIPE, SIG_DFL);
    fifo_open(p);
    struct log *l = opened(p->path, LOG_RING_BYTES);
    log_write(l, STR("before\n"), false);
    assert_fifo_gives(p, STR("before\n"));
    close(p->end);
    log_write(l, STR("lost\n"), false);
    log_write(l, STR("lost too\n"), true);
    assert_dropped(l, 2);
    p->end = open(p->path, O_RDONLY | O_NONBLOCK);
    log_write(l, STR("after\n"), false);
    assert_fifo_gives(p, STR("after\n"));
    assert_int_equal(log_dropped(l), 2);
    log_close(l);
}

/* A part of a long line went out, then its reader went away: the next line is whole. */
static void a_torn_line_is_closed_before_the_next(void **state)
{
    struct place *p = *state;
    char store[LONG_LINE];
    fifo_open(p);
    struct log *l = opened(p->path, LOG_RING_BYTES);
    log_write(l, long_line(store), false);
    assert_fifo_gives(p, STR("x"));
    close(p->end);
    assert_dropped(l, 1);
    p->end = open(p->path, O_RDONLY | O_NONBLOCK);
    log_write(l, STR("whole\n"), false);
    assert_fifo_gives(p, (struct str){store, PIPE_BUF - 1});
    assert_fifo_gives(p, STR("\nwhole\n"));
    log_write(l, STR("next\n"), false);
    assert_fifo_gives(p, STR("next\n"));
    log_close(l);
}

static void a_full_disk_is_counted_and_survived(void **state)
{
    (void)state;
    struct log *l = opened("/dev/full", 64);
    log_write(l, STR("a\n"), false);
    assert_dropped(l, 1);
    log_write(l, STR("b\n"), true);
    assert_dropped(l, 2);
    log_write(l, STR("c\n"), true);
    log_close(l);
}

static void closing_gives_up_on_a_stuck_reader(void **state)
{
    struct place *p = *state;
    char a[100];
    fifo_open(p);
    struct log *l = opened(p->path, 1000);
    (void)fill(l, line_of_100(a, 'o'));
    const int64_t start = now_ms();
    log_close(l);
    const int64_t took = now_ms() - start;
    assert_true(took >= LOG_WAIT_MS / 2 && took < 5 * LOG_WAIT_MS);
}

static void a_slow_reader_gets_everything_before_closing_ends(void **state)
{
    struct place *p = *state;
    char a[100];
    const struct str line = line_of_100(a, 'o');
    pthread_t thread;
    fifo_open(p);
    struct log *l = opened(p->path, 1000);
    struct late_reader reader = {p, line, fill(l, line)};
    assert_int_equal(pthread_create(&thread, NULL, read_late, &reader), 0);
    log_close(l);
    pthread_join(thread, NULL);
}

struct sipping_reader {
    const struct place *place;
    struct str left;
};

/* A page, the whole pipe, at a time. */
static void *read_in_sips(void *arg)
{
    struct sipping_reader *r = arg;
    while (r->left.n) {
        const size_t n = r->left.n < 4096 ? r->left.n : 4096;
        sleep_ms(LOG_WAIT_MS * 2 / 5);
        assert_fifo_gives(r->place, (struct str){r->left.p, n});
        r->left = str_skip(r->left, n);
    }
    return NULL;
}

/* Patience is per step: what takes a little all the time is not given up. */
static void a_reader_that_goes_on_reading_is_not_given_up(void **state)
{
    enum { LINES = 3 };
    struct place *p = *state;
    char store[LINES * LONG_LINE];
    pthread_t thread;
    fifo_open(p);
    struct log *l = opened(p->path, LOG_RING_BYTES);
    for (size_t i = 0; i < LINES; i++)
        log_write(l, long_line(store + i * LONG_LINE), false);
    struct sipping_reader reader = {p, {store, sizeof store}};
    assert_int_equal(pthread_create(&thread, NULL, read_in_sips, &reader), 0);
    const int64_t start = now_ms();
    log_close(l);
    assert_true(now_ms() - start > LOG_WAIT_MS);
    pthread_join(thread, NULL);
}

/* Puts the FIFO in place of fd, logs to it by name, and puts fd back. */
static void log_to_standard(struct place *p, int fd, const char *name)
{
    const int saved = dup(fd);
    const int writer = open(p->path, O_WRONLY | O_NONBLOCK);
    assert_true(saved >= 0 && writer >= 0);
    fflush(NULL);
    assert_int_equal(dup2(writer, fd), fd);
    struct log *l = NULL;
    const int rc = log_open(&l, name, 64, NULL);
    if (rc == RC_OK)
        log_write(l, STR("here\n"), false);
    log_close(l);
    const bool still_open = fcntl(fd, F_GETFD) >= 0;
    dup2(saved, fd);
    close(saved);
    close(writer);
    assert_int_equal(rc, RC_OK);
    assert_true(still_open);
    assert_fifo_gives(p, STR("here\n"));
}

static void the_standard_streams_are_lent_not_closed(void **state)
{
    struct place *p = *state;
    fifo_open(p);
    log_to_standard(p, STDERR_FILENO, "stderr");
    log_to_standard(p, STDOUT_FILENO, "stdout");
}

/* Nobody made this pipe non-blocking: a write of more than it has room for would hang. */
static void a_full_stream_that_blocks_hangs_nobody(void **state)
{
    (void)state;
    int ends[2];
    char store[LONG_LINE];
    const int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)alarm(PATIENCE_MS / 1000);
    struct log *l = NULL;
    const int rc = log_open(&l, "stderr", LOG_RING_BYTES, NULL);
    if (rc == RC_OK)
        log_write(l, long_line(store), false);
    log_close(l);
    (void)alarm(0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(rc, RC_OK);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(closing_writes_what_waits),
        IN_A_PLACE(lines_arrive_without_closing),
        IN_A_PLACE(a_file_is_private_and_appended_to),
        IN_A_PLACE(what_cannot_be_opened_says_why),
        IN_A_PLACE(a_small_ring_goes_round_and_loses_nothing),
        IN_A_PLACE(a_line_that_waits_does_not_sit_out_the_batch),
        IN_A_PLACE(threads_do_not_tear_each_others_lines),
        IN_A_PLACE(a_stuck_destination_costs_one_wait_in_all),
        IN_A_PLACE(a_line_that_must_be_written_waits_for_room),
        IN_A_PLACE(a_line_longer_than_the_ring_is_dropped_at_once),
        IN_A_PLACE(a_line_that_its_caller_could_not_build_counts_as_lost),
        IN_A_PLACE(a_reader_that_goes_away_kills_nobody),
        IN_A_PLACE(a_torn_line_is_closed_before_the_next),
        IN_A_PLACE(a_full_disk_is_counted_and_survived),
        IN_A_PLACE(closing_gives_up_on_a_stuck_reader),
        IN_A_PLACE(a_slow_reader_gets_everything_before_closing_ends),
        IN_A_PLACE(a_reader_that_goes_on_reading_is_not_given_up),
        IN_A_PLACE(the_standard_streams_are_lent_not_closed),
        cmocka_unit_test(a_full_stream_that_blocks_hangs_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
