#define _GNU_SOURCE
#include "host_terminal.h"
#include "host_confinement.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct termios cooked, raw;
/// The terminal that is to be raw, or -1; `cooked` and `raw` are complete before it is set.
static _Atomic int raw_terminal = -1;
static _Atomic int wake_descriptor = -1;
static _Atomic uint64_t noted;
static _Atomic int64_t first_end_nanoseconds;

/// Our process group, which does not change.
static pid_t group;

/// tcsetattr from a background process group stops the process; the terminal is not ours then.
static bool in_foreground(int terminal) {
    pid_t owner = tcgetpgrp(terminal);
    return owner < 0 || owner == group;
}

int hull_terminal_make_raw(int terminal) {
    static bool registered = false;
    if (atomic_load(&raw_terminal) >= 0) return 0;
    if (tcgetattr(terminal, &cooked) != 0) return errno;
    group = getpgrp();
    raw = cooked;
    cfmakeraw(&raw);
    // A bare-metal guest that prints "\n" alone still gets lines.
    raw.c_oflag |= OPOST | ONLCR;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (!registered) {
        registered = true;
        atexit(hull_terminal_restore);
    }
    atomic_store(&raw_terminal, terminal);
    if (tcsetattr(terminal, TCSADRAIN, &raw) != 0) {
        int why = errno;
        atomic_store(&raw_terminal, -1);
        return why;
    }
    return 0;
}

void hull_terminal_restore(void) {
    int before = errno;
    int terminal = atomic_exchange(&raw_terminal, -1);
    // TCSANOW: output that is held by Ctrl-S must not hold the restoration.
    if (terminal >= 0 && in_foreground(terminal)) tcsetattr(terminal, TCSANOW, &cooked);
    errno = before;
}

bool hull_terminal_size(int terminal, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return true;
}

static void note(int signal) {
    int before = errno;
    uint64_t one = 1;
    atomic_fetch_or(&noted, UINT64_C(1) << signal);
    ssize_t written = write(atomic_load(&wake_descriptor), &one, sizeof one);
    (void)written; // A full counter wakes as well.
    errno = before;
}

static void on_end(int signal) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t then = 0, this = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    // A window that closes sends several at once; a person who asks again means it.
    if (!atomic_compare_exchange_strong(&first_end_nanoseconds, &then, this)
        && this - then > 500000000) {
        hull_terminal_restore();
        _exit(128 + signal);
    }
    note(signal);
}

static void on_stop(int signal) {
    (void)signal;
    int before = errno;
    int terminal = atomic_load(&raw_terminal);
    if (terminal >= 0 && in_foreground(terminal)) tcsetattr(terminal, TCSANOW, &cooked);
    raise(SIGSTOP);
    errno = before; // SIGCONT's handler makes it raw again.
}

static void on_continue(int signal) {
    int before = errno;
    int terminal = atomic_load(&raw_terminal);
    if (terminal >= 0 && in_foreground(terminal)) tcsetattr(terminal, TCSANOW, &raw);
    note(signal);
    note(SIGWINCH); // The window may have changed meanwhile.
    errno = before;
}

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
enum { crash_count = sizeof crashes / sizeof crashes[0] };
static struct sigaction crash_before[crash_count];

static void on_crash(int signal, siginfo_t *why, void *context) {
    (void)context;
    hull_terminal_restore();
    // The handler is gone by now (SA_RESETHAND); who was there before may say more, where it can.
    for (int i = 0; i < crash_count; i++)
        if (crashes[i] == signal && !hull_thread_is_confined())
            sigaction(signal, &crash_before[i], NULL);
    // A fault happens again on return; a signal that was sent must be sent again.
    if (why->si_code <= 0) raise(signal);
}

static void install(int signal, void (*action)(int)) {
    struct sigaction before, now = {.sa_handler = action, .sa_flags = SA_RESTART};
    sigemptyset(&now.sa_mask);
    // What nohup and shells without job control ignore stays ignored.
    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(signal, &now, NULL);
}

int hull_signals_install(int wake) {
    // A stack overflow leaves no stack for its handler.
    static char spare[64 << 10] __attribute__((aligned(16)));
    stack_t stack = {.ss_sp = spare, .ss_size = sizeof spare}, current;
    if (sigaltstack(NULL, &current) == 0 && (current.ss_flags & SS_DISABLE)
        && sigaltstack(&stack, NULL) != 0)
        return errno;
    if (atomic_exchange(&wake_descriptor, wake) >= 0) return 0;
    const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) install(ends[i], on_end);
    install(SIGTSTP, on_stop);
    install(SIGCONT, on_continue);
    install(SIGWINCH, note);
    for (int i = 0; i < crash_count; i++) {
        struct sigaction now = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
        sigemptyset(&now.sa_mask);
        if (sigaction(crashes[i], &now, &crash_before[i]) != 0) return errno;
    }
    hull_refusals_install();
    hull_signals_ignore_broken_pipes();
    // Who started us may have had them blocked, and that is inherited.
    sigset_t ours;
    sigemptyset(&ours);
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) sigaddset(&ours, ends[i]);
    for (int i = 0; i < crash_count; i++) sigaddset(&ours, crashes[i]);
    sigaddset(&ours, SIGSYS);
    sigaddset(&ours, SIGTSTP);
    sigaddset(&ours, SIGCONT);
    sigaddset(&ours, SIGWINCH);
    return pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

uint64_t hull_signals_take(void) { return atomic_exchange(&noted, 0); }

void hull_signals_ignore_broken_pipes(void) {
    struct sigaction before;
    if (sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}
