/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener.h"

#include "proxy/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    char folder[64], path[96];
    struct proxy_listener settings;
    struct listener l;
    struct err err;
    int accepted[8];
    size_t n_accepted;
    unsigned troubles;
    bool closed;
};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    f = (struct fixture){0};
    assert_int_equal(uv_loop_init(&f.loop), 0);
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/sockguard-test-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof f.path, "%s/s", f.folder);
    f.settings = (struct proxy_listener){.name = "l", .path = f.path, .mode = 0600};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < f.n_accepted; i++)
        close(f.accepted[i]);
    assert_int_equal(uv_run(&f.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    (void)unlink(f.path);
    assert_int_equal(rmdir(f.folder), 0);
    return 0;
}

static void on_accept(struct listener *l, int fd)
{
    (void)l;
    f.accepted[f.n_accepted++] = fd;
}

static void on_trouble(struct listener *l, int error, bool for_good)
{
    (void)l;
    assert_int_equal(error, EMFILE);
    assert_false(for_good);
    f.troubles++;
}

static void on_closed(uv_handle_t *h)
{
    (void)h;
    f.closed = true;
}

static void serve(void)
{
    f.l.on_accept = on_accept;
    f.l.on_trouble = on_trouble;
    f.l.on_closed = on_closed;
    assert_int_equal(listener_serve(&f.l, &f.loop), 0);
}

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    const int error = errno;
    close(fd);
    return -error;
}

/* A socket file whose process has gone. */
static void leave_stale(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    close(fd);
}

static void a_socket_appears_with_its_mode_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0660};
    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        f.settings.mode = modes[i];
        const mode_t before = umask(0);
        assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
        assert_int_equal(umask(before), 0); /* it was put back */
        assert_int_equal(stat(f.path, &st), 0);
        assert_int_equal(st.st_mode & 07777, modes[i]);
        assert_int_equal(f.l.state, LISTENER_BOUND);
        assert_false(listener_close(&f.l));
        assert_int_equal(access(f.path, F_OK), -1);
    }
}

static void the_owner_is_set_when_asked_for(void **state)
{
    (void)state;
    struct stat st;
    f.settings.set_gid = true;
    f.settings.gid = geteuid() == 0 ? 4242 : getegid();
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    assert_int_equal(stat(f.path, &st), 0);
    assert_int_equal(st.st_gid, f.settings.gid);
    assert_int_equal(st.st_uid, geteuid());
    (void)listener_close(&f.l);
}

static void a_stale_socket_is_taken_over(void **state)
{
    (void)state;
    leave_stale(f.path);
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    const int fd = connect_to(f.path);
    assert_true(fd >= 0);
    close(fd);
    (void)listener_close(&f.l);
}

static void a_socket_that_somebody_serves_is_left_alone(void **state)
{
    (void)state;
    struct listener other;
    assert_int_equal(listener_open(&other, &f.settings, &f.err), RC_OK);
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_SYSTEM);
    assert_non_null(strstr(f.err.text, "another process answers"));
    assert_non_null(strstr(f.err.text, f.path));
    const int fd = connect_to(f.path);
    assert_true(fd >= 0);
    close(fd);
    (void)listener_close(&other);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    const int fd = open(f.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_SYSTEM);
    assert_non_null(strstr(f.err.text, "not a socket"));
    assert_int_equal(access(f.path, F_OK), 0);
}

static void a_link_to_a_socket_is_no_socket(void **state)
{
    (void)state;
    char target[128];
    (void)snprintf(target, sizeof target, "%s/t", f.folder);
    leave_stale(target);
    assert_int_equal(symlink(target, f.path), 0);
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_SYSTEM);
    assert_int_equal(access(target, F_OK), 0);
    (void)unlink(target);
}

static void a_path_that_is_too_long_or_has_no_folder_is_a_reason(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[0] = '/';
    text[108] = '\0';
    f.settings.path = text;
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_SYSTEM);
    assert_non_null(strstr(f.err.text, "107 bytes"));
    f.settings.path = "/nonexistent/s";
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_SYSTEM);
    assert_non_null(strstr(f.err.text, "/nonexistent/s"));
}

static void only_our_own_file_is_removed_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    assert_int_equal(unlink(f.path), 0);
    leave_stale(f.path); /* somebody else's now */
    (void)listener_close(&f.l);
    assert_int_equal(access(f.path, F_OK), 0);
}

static void nobody_is_accepted_before_it_serves(void **state)
{
    (void)state;
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    const int a = connect_to(f.path), b = connect_to(f.path);
    assert_true(a >= 0 && b >= 0);
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(f.n_accepted, 0);
    serve();
    for (int i = 0; i < 10; i++)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(f.n_accepted, 2);
    assert_true(fcntl(f.accepted[0], F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(f.accepted[0], F_GETFL) & O_NONBLOCK);
    close(a);
    close(b);
    assert_true(listener_close(&f.l));
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_true(f.closed);
}

static void draining_accepts_the_queue_first(void **state)
{
    (void)state;
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    serve();
    const int a = connect_to(f.path), b = connect_to(f.path), c = connect_to(f.path);
    listener_drain(&f.l);
    assert_int_equal(f.n_accepted, 3);
    assert_int_equal(f.l.state, LISTENER_DRAINING);
    assert_true(listener_close(&f.l));
    assert_int_equal(connect_to(f.path), -ENOENT);
    close(a);
    close(b);
    close(c);
}

static void it_pauses_without_descriptors_and_goes_on_with_them(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(listener_open(&f.l, &f.settings, &f.err), RC_OK);
    serve();
    const int a = connect_to(f.path);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 5; i++)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(f.n_accepted, 0);
    assert_int_equal(f.troubles, 1); /* it does not try again and again */
    assert_int_equal(f.l.state, LISTENER_SERVING);
    listener_resume(&f.l);
    for (int i = 0; i < 5; i++)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(f.n_accepted, 1); /* the client has been waiting and is not lost */
    close(a);
    (void)listener_close(&f.l);
}

static void tcp_binds_the_address_and_tells_the_port(void **state)
{
    (void)state;
    struct proxy_listener tcp = {.name = "t", .host = "127.0.0.1", .port = 0};
    struct listener again;
    assert_int_equal(listener_open(&f.l, &tcp, &f.err), RC_OK);
    assert_int_not_equal(f.l.port, 0);
    tcp.port = f.l.port;
    assert_int_equal(listener_open(&again, &tcp, &f.err), RC_SYSTEM);
    assert_non_null(strstr(f.err.text, "127.0.0.1"));
    (void)listener_close(&f.l);
    tcp.host = "no such host";
    assert_int_equal(listener_open(&f.l, &tcp, &f.err), RC_SYSTEM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_socket_appears_with_its_mode_whatever_the_umask),
        TEST(the_owner_is_set_when_asked_for),
        TEST(a_stale_socket_is_taken_over),
        TEST(a_socket_that_somebody_serves_is_left_alone),
        TEST(a_file_that_is_no_socket_is_left_alone),
        TEST(a_link_to_a_socket_is_no_socket),
        TEST(a_path_that_is_too_long_or_has_no_folder_is_a_reason),
        TEST(only_our_own_file_is_removed_at_the_end),
        TEST(nobody_is_accepted_before_it_serves),
        TEST(draining_accepts_the_queue_first),
        TEST(it_pauses_without_descriptors_and_goes_on_with_them),
        TEST(tcp_binds_the_address_and_tells_the_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
