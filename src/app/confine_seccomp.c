/* SPDX-License-Identifier: Apache-2.0 */
/* confine_seccomp.c - the system calls that serving needs, and no others. */
#include "app/confine.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* clang-format off */
#define ALLOWED(X)                                                                                 \
    /* streams, files and the log */                                                               \
    X(read) X(readv) X(pread64) X(write) X(writev) X(pwrite64) X(close) X(close_range) X(lseek)    \
    X(openat) X(open) X(newfstatat) X(fstat) X(fstat64) X(fstatat64) X(lstat) X(stat) X(statx)     \
    X(access) X(faccessat) X(faccessat2) X(readlink) X(readlinkat) X(getdents64) X(getcwd)         \
    X(unlink) X(unlinkat) X(umask) X(lchown) X(fchownat) X(ftruncate) X(fsync) X(fdatasync)        \
    X(fcntl) X(fcntl64) X(dup) X(dup2) X(dup3) X(pipe2) X(eventfd2)                                \
    /* sockets (families below) */                                                                 \
    X(bind) X(listen) X(accept) X(accept4) X(connect) X(shutdown) X(getsockname) X(getpeername)    \
    X(getsockopt) X(setsockopt) X(sendto) X(sendmsg) X(sendmmsg) X(recvfrom) X(recvmsg)            \
    X(recvmmsg)                                                                                    \
    /* waiting */                                                                                  \
    X(epoll_create1) X(epoll_ctl) X(epoll_wait) X(epoll_pwait) X(epoll_pwait2) X(poll) X(ppoll)    \
    X(select) X(pselect6) X(futex) X(futex_waitv) X(nanosleep) X(clock_nanosleep)                  \
    X(restart_syscall) X(sched_yield)                                                              \
    /* time, signals, the watchdog */                                                              \
    X(clock_gettime) X(clock_getres) X(gettimeofday) X(time) X(timerfd_create)                     \
    X(timerfd_settime) X(timer_create) X(timer_settime) X(timer_delete) X(rt_sigaction)            \
    X(rt_sigprocmask) X(rt_sigreturn) X(rt_sigtimedwait) X(sigaltstack) X(tgkill)                  \
    /* memory (mapped without PROT_EXEC, below) and threads (clone, below) */                      \
    X(brk) X(munmap) X(mremap) X(madvise) X(set_robust_list) X(rseq) X(set_tid_address)            \
    X(gettid) X(getpid) X(getppid) X(exit) X(exit_group) X(membarrier) X(sched_getaffinity)        \
    X(arch_prctl)                                                                                  \
    /* who we are, and what there is */                                                            \
    X(getuid) X(geteuid) X(getgid) X(getegid) X(getgroups) X(getresuid) X(getresgid)               \
    X(prlimit64) X(getrlimit) X(getrusage) X(sysinfo) X(uname) X(getrandom) X(times)
/* clang-format on */

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK /* getaddrinfo */};

static const unsigned long requests[] = {FIONBIO, FIOCLEX, FIONCLEX, FIONREAD, TCGETS};

static int fault(struct err *err, const char *what, int rc)
{
    return err_set(err, RC_SYSTEM, "seccomp: %s: %s", what, strerror(rc < 0 ? -rc : errno));
}

/* Calls of which only some arguments are allowed. */
static int add_bounded(scmp_filter_ctx f)
{
    int rc = 0;
    for (size_t i = 0; i < sizeof families / sizeof families[0] && !rc; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
    if (!rc)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                              SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    if (!rc)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!rc)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    for (size_t i = 0; i < sizeof requests / sizeof requests[0] && !rc; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, requests[i], 0));
    /* A new thread, and no new process. What clone3 is asked is out of a filter's sight: the C
     * library falls back to clone when it is not there. */
    if (!rc)
        rc = seccomp_rule_add(
            f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEWUSER, CLONE_THREAD));
    return rc ? rc : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int add_all(scmp_filter_ctx f)
{
#define X(name) SCMP_SYS(name),
    static const int calls[] = {ALLOWED(X)};
#undef X
    int rc = 0;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && !rc; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
    return rc ? rc : add_bounded(f);
}

int confine_seccomp(bool *done, struct err *err)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!f)
        return fault(err, "no filter can be made", -ENOMEM);
    int rc = add_all(f);
    if (rc == 0) /* a tree of comparisons; older libraries have no choice */
        (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    rc = rc ? fault(err, "a rule is refused", rc) : RC_OK;
    if (!rc) {
        const int loaded = seccomp_load(f);
        rc = loaded ? fault(err, "the kernel refuses it", loaded) : RC_OK;
    }
    seccomp_release(f);
    *done = rc == RC_OK;
    return rc;
}
