/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process cannot do any more, tried by a child that is confined. */
#include "app/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sockguard-confine-XXXXXX";
static char socket_path[64], log_path[64], other_path[64];

static struct settings settings_of(enum confine_mode landlock, enum confine_mode seccomp)
{
    struct settings s = {.n_listeners = 1, .upstream_socket = "/nowhere"};
    s.listeners[0].socket = socket_path;
    s.listeners[0].gid = -1;
    s.log.output = log_path;
    s.confine.landlock = landlock;
    s.confine.seccomp = seccomp;
    return s;
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(socket_path, sizeof socket_path, "%s/run/x.sock", folder);
    (void)snprintf(log_path, sizeof log_path, "%s/log/out", folder);
    (void)snprintf(other_path, sizeof other_path, "%s/other", folder);
    char path[64];
    (void)snprintf(path, sizeof path, "%s/run", folder);
    int rc = mkdir(path, 0755);
    (void)snprintf(path, sizeof path, "%s/log", folder);
    rc |= mkdir(path, 0755);
    const int fd = open(other_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    return rc || fd < 0 || close(fd) ? -1 : 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"/log/out", "/other", "/log", "/run", ""};
    char path[64];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", folder, names[i]);
        (void)remove(path);
    }
    return 0;
}

/* Runs body in a confined child; what it says went wrong is the test's failure. */
static void in_child(const struct settings *s, const char *(*body)(void))
{
    int said[2];
    char text[256];
    assert_int_equal(pipe(said), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct confined confined;
        struct err err = {""};
        const char *why = confine(s, &confined, &err) ? err.text : body();
        if (why && write(said[1], why, strlen(why)) < 0)
            _exit(3);
        _exit(why ? 1 : 0);
    }
    close(said[1]);
    const ssize_t n = read(said[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(said[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s (status %d)", text, status);
}

struct call {
    const char *name;
    long number;
    long args[4];
    int expected;
};

#define NO(name, ...)                                                                              \
    {                                                                                              \
#name, SYS_##name, {__VA_ARGS__ }, EPERM                                                   \
    }

/* Bad addresses and numbers, so that none of them does anything if it is let through. */
static const char *try_forbidden(void)
{
    static const struct call calls[] = {
        NO(execve, 0),
        NO(execveat, -1),
        NO(ptrace, 0),
        NO(process_vm_readv, 1),
        NO(process_vm_writev, 1),
        NO(mount, 0),
        NO(umount2, 0),
        NO(pivot_root, 0),
        NO(chroot, 0),
        NO(unshare, 0),
        NO(setns, -1),
        NO(bpf, -1),
        NO(perf_event_open, 0),
        NO(userfaultfd, 0),
        NO(io_uring_setup, 0),
        NO(keyctl, -1),
        NO(add_key, 0),
        NO(request_key, 0),
        NO(personality, 0xffffffff),
        NO(init_module, 0),
        NO(finit_module, -1),
        NO(delete_module, 0),
        NO(kexec_load, -1),
        NO(reboot, 0),
        NO(swapon, 0),
        NO(sethostname, 0, -1),
        NO(settimeofday, 0),
        NO(clock_settime, -1),
        NO(quotactl, -1),
        NO(open_by_handle_at, -1),
        NO(name_to_handle_at, -1),
        NO(memfd_create, 0, 1 << 30),
        NO(kcmp, 1, 1),
        NO(kill, 0x7fffffff, 0),
        NO(tkill, 0x7fffffff, 0),
        NO(setuid, 65532),
        NO(setresuid, -1, -1, -1),
        NO(setgroups, 0),
        NO(capset, 0),
        NO(prctl, PR_GET_DUMPABLE),
        NO(seccomp, -1),
        NO(mkdirat, -1),
        NO(mknodat, -1),
        NO(symlinkat, 0, -1),
        NO(linkat, -1, 0, -1),
        NO(renameat2, -1, 0, -1),
        NO(fchmod, -1),
        NO(fchmodat, -1),
        NO(setxattr, 0),
        NO(truncate, 0),
        NO(shmget, 0),
        NO(msgget, 0, 0),
        NO(semget, 0),
        NO(inotify_init1, -1),
        NO(fanotify_init, -1),
        NO(acct, 0),
        NO(syslog, -1),
        NO(setsid, 0),
        {"clone of a process", SYS_clone, {SIGCHLD}, EPERM},
        {"clone3", SYS_clone3, {0}, ENOSYS},
        {"a packet socket", SYS_socket, {AF_PACKET, SOCK_RAW}, EPERM},
        {"a kernel crypto socket", SYS_socket, {AF_ALG, SOCK_SEQPACKET}, EPERM},
        {"a virtual machine's socket", SYS_socket, {AF_VSOCK, SOCK_STREAM}, EPERM},
        {"memory that can be executed", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, EPERM},
        {"a terminal's input", SYS_ioctl, {0, 0x5412 /* TIOCSTI */}, EPERM},
    };
    static char why[128];
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct call *c = &calls[i];
        errno = 0;
        const long rc = syscall(c->number, c->args[0], c->args[1], c->args[2], c->args[3]);
        if (rc == -1 && errno == c->expected)
            continue;
        (void)snprintf(why, sizeof why, "%s: %ld, %s", c->name, rc, strerror(errno));
        return why;
    }
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return "memory to execute was mapped";
    return NULL;
}

static void every_forbidden_call_is_refused(void **state)
{
    (void)state;
    const struct settings s = settings_of(CONFINE_OFF, CONFINE_ON);
    in_child(&s, try_forbidden);
}

static void *touch(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

static const char *try_what_serving_needs(void)
{
    pthread_t thread;
    int touched = 0;
    if (pthread_create(&thread, NULL, touch, &touched) || pthread_join(thread, NULL) || !touched)
        return "no thread";
    const int family[] = {AF_UNIX, AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof family / sizeof family[0]; i++) {
        const int fd = socket(family[i], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 && errno != EAFNOSUPPORT)
            return "no socket";
        if (fd >= 0)
            close(fd);
    }
    void *const much = malloc(8 * 1024 * 1024);
    if (!much)
        return "no memory";
    free(much);
    return NULL;
}

static void what_serving_needs_is_there(void **state)
{
    (void)state;
    const struct settings s = settings_of(CONFINE_ON, CONFINE_ON);
    in_child(&s, try_what_serving_needs);
}

static const char *try_files(void)
{
    char path[96];
    if (open(other_path, O_WRONLY | O_CLOEXEC) >= 0)
        return "another file can be written";
    if (unlink(other_path) == 0)
        return "another file can be removed";
    (void)snprintf(path, sizeof path, "%s/new", folder);
    if (open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) >= 0)
        return "a file can be made";
    (void)snprintf(path, sizeof path, "%s/run/new", folder);
    if (open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) >= 0)
        return "a file can be made beside the socket";
    (void)execl("/bin/true", "true", (char *)NULL);
    if (errno != EACCES && errno != EPERM)
        return "a program can be run";
    if (open(log_path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644) < 0)
        return "the log cannot be written";
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? "nothing can be read" : NULL;
}

static void files_are_written_where_the_log_is_only(void **state)
{
    (void)state;
    const struct settings s = settings_of(CONFINE_ON, CONFINE_OFF);
    in_child(&s, try_files);
}

static const char *try_privileges(void)
{
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return "new privileges could be had";
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? NULL : "it can be dumped";
}

static void new_privileges_and_dumps_are_gone_in_any_case(void **state)
{
    (void)state;
    const struct settings s = settings_of(CONFINE_OFF, CONFINE_OFF);
    in_child(&s, try_privileges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_forbidden_call_is_refused),
        cmocka_unit_test(what_serving_needs_is_there),
        cmocka_unit_test(files_are_written_where_the_log_is_only),
        cmocka_unit_test(new_privileges_and_dumps_are_gone_in_any_case),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
