#define _GNU_SOURCE
#include "host_confinement.h"
#include "host_terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Names and numbers: those that thread kinds use, and those that people know by name when one is
// refused.
#define CALL(name) {#name, __NR_##name},
static const struct {
    const char *name;
    int number;
} calls[] = {
    CALL(read) CALL(write) CALL(close) CALL(fstat) CALL(lseek) CALL(mmap) CALL(mprotect)
    CALL(munmap) CALL(brk) CALL(rt_sigaction) CALL(rt_sigprocmask) CALL(rt_sigreturn) CALL(ioctl)
    CALL(pread64) CALL(pwrite64) CALL(readv) CALL(writev) CALL(sched_yield) CALL(mremap)
    CALL(msync) CALL(mincore) CALL(madvise) CALL(shmget) CALL(shmat) CALL(dup) CALL(nanosleep)
    CALL(getitimer) CALL(setitimer) CALL(getpid) CALL(sendfile) CALL(socket) CALL(connect)
    CALL(accept) CALL(sendto) CALL(recvfrom) CALL(sendmsg) CALL(recvmsg) CALL(shutdown) CALL(bind)
    CALL(listen) CALL(getsockname) CALL(getpeername) CALL(socketpair) CALL(setsockopt)
    CALL(getsockopt) CALL(clone) CALL(execve) CALL(exit) CALL(wait4) CALL(kill) CALL(uname)
    CALL(fcntl) CALL(flock) CALL(fsync) CALL(fdatasync) CALL(truncate) CALL(ftruncate) CALL(getcwd)
    CALL(chdir) CALL(fchdir) CALL(fchmod) CALL(fchown) CALL(umask) CALL(gettimeofday)
    CALL(getrlimit) CALL(getrusage) CALL(sysinfo) CALL(times) CALL(ptrace) CALL(getuid)
    CALL(syslog) CALL(getgid) CALL(setuid) CALL(setgid) CALL(geteuid) CALL(getegid) CALL(setpgid)
    CALL(getppid) CALL(setsid) CALL(setreuid) CALL(setregid) CALL(getgroups) CALL(setgroups)
    CALL(setresuid) CALL(setresgid) CALL(getpgid) CALL(setfsuid) CALL(setfsgid) CALL(getsid)
    CALL(capget) CALL(capset) CALL(sigaltstack) CALL(personality) CALL(statfs) CALL(fstatfs)
    CALL(sched_setscheduler) CALL(mlock) CALL(munlock) CALL(mlockall) CALL(munlockall)
    CALL(pivot_root) CALL(prctl) CALL(setrlimit) CALL(chroot) CALL(sync) CALL(acct)
    CALL(settimeofday) CALL(mount) CALL(umount2) CALL(swapon) CALL(swapoff) CALL(reboot)
    CALL(sethostname) CALL(init_module) CALL(delete_module) CALL(gettid) CALL(readahead)
    CALL(setxattr) CALL(fsetxattr) CALL(getxattr) CALL(fgetxattr) CALL(listxattr) CALL(flistxattr)
    CALL(removexattr) CALL(fremovexattr) CALL(tkill) CALL(futex) CALL(sched_setaffinity)
    CALL(sched_getaffinity) CALL(io_setup) CALL(io_submit) CALL(getdents64) CALL(set_tid_address)
    CALL(restart_syscall) CALL(fadvise64) CALL(timer_create) CALL(clock_settime)
    CALL(clock_gettime) CALL(clock_getres) CALL(clock_nanosleep) CALL(exit_group) CALL(epoll_ctl)
    CALL(tgkill) CALL(waitid) CALL(add_key) CALL(request_key) CALL(keyctl) CALL(inotify_init1)
    CALL(openat) CALL(mkdirat) CALL(mknodat) CALL(fchownat) CALL(newfstatat) CALL(unlinkat)
    CALL(renameat) CALL(linkat) CALL(symlinkat) CALL(readlinkat) CALL(fchmodat) CALL(faccessat)
    CALL(pselect6) CALL(ppoll) CALL(unshare) CALL(set_robust_list) CALL(get_robust_list)
    CALL(splice) CALL(tee) CALL(sync_file_range) CALL(vmsplice) CALL(utimensat) CALL(epoll_pwait)
    CALL(signalfd4) CALL(timerfd_create) CALL(fallocate) CALL(timerfd_settime)
    CALL(timerfd_gettime) CALL(accept4) CALL(eventfd2) CALL(epoll_create1) CALL(dup3) CALL(pipe2)
    CALL(preadv) CALL(pwritev) CALL(rt_tgsigqueueinfo) CALL(perf_event_open) CALL(recvmmsg)
    CALL(fanotify_init) CALL(prlimit64) CALL(open_by_handle_at) CALL(syncfs) CALL(sendmmsg)
    CALL(setns) CALL(getcpu) CALL(process_vm_readv) CALL(process_vm_writev) CALL(kcmp)
    CALL(finit_module) CALL(sched_setattr) CALL(sched_getattr) CALL(renameat2) CALL(seccomp)
    CALL(getrandom) CALL(memfd_create) CALL(kexec_file_load) CALL(bpf) CALL(execveat)
    CALL(userfaultfd) CALL(membarrier) CALL(copy_file_range) CALL(preadv2) CALL(pwritev2)
    CALL(pkey_mprotect) CALL(statx) CALL(rseq) CALL(pidfd_send_signal) CALL(io_uring_setup)
    CALL(io_uring_enter) CALL(io_uring_register) CALL(open_tree) CALL(move_mount) CALL(fsopen)
    CALL(pidfd_open) CALL(clone3) CALL(close_range) CALL(openat2) CALL(pidfd_getfd)
    CALL(faccessat2) CALL(process_madvise) CALL(epoll_pwait2) CALL(landlock_create_ruleset)
    CALL(landlock_add_rule) CALL(landlock_restrict_self) CALL(memfd_secret)
    // Younger than some kernels' headers.
    {"fchmodat2", 452},
#if defined(__x86_64__)
    CALL(open) CALL(stat) CALL(lstat) CALL(poll) CALL(access) CALL(pipe) CALL(select) CALL(dup2)
    CALL(pause) CALL(alarm) CALL(fork) CALL(vfork) CALL(getdents) CALL(rename) CALL(mkdir)
    CALL(rmdir) CALL(creat) CALL(link) CALL(unlink) CALL(symlink) CALL(readlink) CALL(chmod)
    CALL(chown) CALL(lchown) CALL(getpgrp) CALL(mknod) CALL(arch_prctl) CALL(epoll_create)
    CALL(epoll_wait) CALL(utimes)
#else
    // What the C library asks for here in its place.
    {"poll", __NR_ppoll},
#endif
};
#undef CALL
enum { call_count = sizeof calls / sizeof calls[0] };

int hull_system_call_number(const char *name) {
    for (int i = 0; i < call_count; i++)
        if (strcmp(calls[i].name, name) == 0) return calls[i].number;
    return -1;
}

const char *hull_system_call_name(int number) {
    for (int i = 0; i < call_count; i++)
        if (calls[i].number == number) return calls[i].name;
    return NULL;
}

uint32_t hull_system_call_architecture(void) {
#if defined(__x86_64__)
    return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    return AUDIT_ARCH_AARCH64;
#else
    return 0;
#endif
}

int hull_give_up_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int hull_give_up_capabilities(void) {
    // A kernel without ambient capabilities has none to clear.
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    return syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

int hull_filter_install(const uint64_t *instructions, uint16_t count) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

bool hull_filter_is_available(void) {
    uint32_t actions[] = {SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS};
    for (int i = 0; i < 2; i++)
        if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]) != 0) return false;
    return hull_system_call_architecture() != 0;
}

// Landlock's structures as of version 6; older kernels take their beginning (landlock(7)).
struct ruleset {
    uint64_t files, network, scopes;
};
struct below {
    uint64_t access;
    int32_t parent;
} __attribute__((packed));
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

int hull_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    return version > 0 ? (int)version : 0;
}

int hull_landlock_enter(uint64_t files, uint64_t network, uint64_t scopes,
                        const hull_landlock_right *rights, size_t count) {
    struct ruleset wanted = {files, network, scopes};
    size_t size = scopes ? 24 : network ? 16 : 8;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
    if (rules < 0) return errno;
    int outcome = 0;
    for (size_t i = 0; i < count && outcome == 0; i++) {
        struct below rule = {rights[i].access & files, open(rights[i].path, O_PATH | O_CLOEXEC)};
        // What does not exist cannot be reached either.
        if (rule.parent < 0) continue;
        if (syscall(SYS_landlock_add_rule, rules, 1, &rule, 0) != 0) outcome = errno;
        close(rule.parent);
    }
    if (outcome == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0) outcome = errno;
    close(rules);
    return outcome;
}

static atomic_bool begun;
static _Thread_local const char *thread_kind;

void hull_confinement_begin(void) {
    // The allocator's own limit, for which it would ask how many processors there are once more
    // threads allocate than it has looked at (malloc/arena.c).
    mallopt(M_ARENA_MAX, 8 * (int)sysconf(_SC_NPROCESSORS_ONLN));
    atomic_store(&begun, true);
}
bool hull_confinement_has_begun(void) { return atomic_load(&begun); }
void hull_thread_set_kind(const char *kind) { thread_kind = kind; }
bool hull_thread_is_confined(void) { return thread_kind != NULL; }

static char *append(char *at, const char *text) {
    while (*text) *at++ = *text++;
    return at;
}

/// Only what a signal handler may call.
static void say_refusal(int number) {
    char text[512], digits[12], *at = text, *digit = digits + sizeof digits - 1;
    const char *name = hull_system_call_name(number);
    *digit = 0;
    for (unsigned rest = (unsigned)number; digit > digits; rest /= 10) {
        *--digit = (char)('0' + rest % 10);
        if (rest < 10) break;
    }
    at = append(at, "hull: the thread \"");
    at = append(at, thread_kind ? thread_kind : "main");
    at = append(at, "\" asked the host for system call ");
    at = append(at, digit);
    if (name) {
        at = append(at, " (");
        at = append(at, name);
        at = append(at, ")");
    }
    at = append(at, ", which it gave up before the guest started. Either somebody attacks the program"
                    " or this is a bug; --no-confinement runs without this protection.\n");
    ssize_t written = write(2, text, (size_t)(at - text));
    (void)written;
}

static void on_refusal(int signal, siginfo_t *why, void *context) {
    (void)context;
    hull_terminal_restore();
    if (why->si_code == 1 /* SYS_SECCOMP */) say_refusal(why->si_syscall);
    // The handler is gone by now (SA_RESETHAND).
    raise(signal);
}

void hull_refusals_install(void) {
    struct sigaction now = {.sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO | SA_RESETHAND};
    sigemptyset(&now.sa_mask);
    sigaction(SIGSYS, &now, NULL);
}
