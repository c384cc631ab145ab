import CHost
import Glibc

/// What a thread is for, which says what it may ask of the host.
package enum ThreadKind: String, Sendable, CaseIterable {
    /// Runs a hart's guest code.
    case hart
    /// The board's loop, which starts the harts' threads, or runs harts itself.
    case machine
    /// The same, with a debugger's socket.
    case debugger
    /// Carries out a drive's requests.
    case drive
    /// Reads what is typed.
    case console
    /// Waits for a signal or a time.
    case waiter
    /// Carries frames.
    case network
    /// Serves a folder of the host.
    case share
    /// Talks with a process that serves a device.
    case remote
    /// Serves the machine's control socket.
    case control
    /// Any other back end.
    case service

    package init(threadName name: String) {
        switch name.split(separator: " ").first {
        case "hart": self = .hart
        case "machine": self = .machine
        case "drive": self = .drive
        case "console-input": self = .console
        case "signals", "timeout": self = .waiter
        case "network": self = .network
        case "share": self = .share
        case "control": self = .control
        case "vhost-user": self = .remote
        default: self = .service
        }
    }

    /// The most that a hart's thread may have.
    package static let hartLimit = 30

    package var rules: [SystemCallRule] {
        switch self {
        case .hart: SystemCallRule.base + SystemCallRule.memory + SystemCallRule.hart
        case .machine:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.hart
                + SystemCallRule.threads
        case .debugger:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.hart
                + SystemCallRule.threads + SystemCallRule.debugger
        case .drive: SystemCallRule.base + SystemCallRule.memory + SystemCallRule.drive
        case .console: SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
        case .waiter: SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
        case .network:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
                + SystemCallRule.network
        case .share: SystemCallRule.base + SystemCallRule.memory + SystemCallRule.share
        case .remote:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
                + SystemCallRule.remote
        case .control:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
                + SystemCallRule.control
        case .service:
            SystemCallRule.base + SystemCallRule.memory + SystemCallRule.streams
                + SystemCallRule.drive + SystemCallRule.service
        }
    }
    /// Calls that fail without ending the process.
    package var denied: [String] {
        let names = Set(rules.map(\.name))
        return ["open", "openat", "newfstatat", "stat", "readlink"].filter { !names.contains($0) }
    }
    /// Whether it works on files that are not open yet; which ones is said where it starts.
    package var opensFiles: Bool {
        switch self {
        case .hart, .machine, .debugger, .drive, .console, .waiter, .remote: false
        case .network, .share, .control, .service: true
        }
    }
    package var absent: [String] { ["clone3"] }

    package var filter: FilterProgram {
        FilterProgram(rules, denied: denied, absent: absent)
    }
}

// MARK: The lists

extension SystemCallRule {
    /// What every thread needs to wait, to end and to say why the process crashed.
    fileprivate static let base: [SystemCallRule] = [
        SystemCallRule("futex"),
        SystemCallRule("read"),
        SystemCallRule("write"),
        SystemCallRule("close"),
        SystemCallRule("clock_gettime"),
        SystemCallRule("getpid"),
        SystemCallRule("gettid"),
        SystemCallRule("rt_sigprocmask"),
        SystemCallRule("rt_sigreturn"),
        SystemCallRule("tgkill", ArgumentCondition(0, .isThisProcess, "this process")),
        SystemCallRule("restart_syscall"),
        SystemCallRule("exit"),
        SystemCallRule("exit_group"),
        // A crash restores the terminal, whichever thread it is in.
        SystemCallRule(
            "ioctl",
            ArgumentCondition(
                1, .isOne(of: terminal), "TCGETS, TCSETS, TCSETSW, TIOCGPGRP, TIOCGWINSZ")),
    ]

    /// Memory without code: what the allocator and the run-time of Swift ask for.
    fileprivate static let memory: [SystemCallRule] = [
        SystemCallRule("mmap", notExecutable), SystemCallRule("mprotect", notExecutable),
        SystemCallRule("munmap"), SystemCallRule("mremap"), SystemCallRule("madvise"),
        SystemCallRule("brk"),
    ]

    fileprivate static let hart: [SystemCallRule] =
        [
            SystemCallRule("poll"),
            SystemCallRule("getrandom"),
            // One that spins lets the one it waits for have its processor.
            SystemCallRule("sched_yield"),
            // What the host's page cache has of a drive, and the tables that say where it is. A reset
            // reads kernel and initial RAM disk again.
            SystemCallRule("preadv2"), SystemCallRule("pread64"),
        ]
        // The base of GS, where the host has no instruction for it.
        + (hull_sets_gs_by_instruction()
            ? []
            : [
                SystemCallRule(
                    "arch_prctl", ArgumentCondition(0, .isOne(of: [0x1001]), "ARCH_SET_GS"))
            ])

    /// Threads of this process, and no process. `clone3`, whose flags a filter cannot see, is not there.
    fileprivate static let threads: [SystemCallRule] = [
        SystemCallRule(
            "clone", ArgumentCondition(0, .isOne(of: [thread]), "the flags of a thread")),
        SystemCallRule("set_robust_list"), SystemCallRule("rseq"),
        // The thread's name, and its own, smaller list.
        SystemCallRule("prctl", ArgumentCondition(0, .isOne(of: [15]), "PR_SET_NAME")),
        SystemCallRule(
            "seccomp", ArgumentCondition(0, .isOne(of: [1]), "SECCOMP_SET_MODE_FILTER")),
    ]

    fileprivate static let debugger: [SystemCallRule] = [
        SystemCallRule("accept"),
        SystemCallRule(
            "setsockopt", ArgumentCondition(1, .isOne(of: [UInt32(IPPROTO_TCP)]), "IPPROTO_TCP"),
            ArgumentCondition(2, .isOne(of: [UInt32(TCP_NODELAY)]), "TCP_NODELAY")),
        SystemCallRule("unlink"),
    ]

    fileprivate static let streams: [SystemCallRule] = [SystemCallRule("poll")]

    fileprivate static let drive: [SystemCallRule] = [
        SystemCallRule("pread64"), SystemCallRule("pwrite64"), SystemCallRule("preadv"),
        SystemCallRule("pwritev"), SystemCallRule("fsync"), SystemCallRule("fdatasync"),
        SystemCallRule("ftruncate"), SystemCallRule("fallocate"), SystemCallRule("lseek"),
    ]

    fileprivate static let network: [SystemCallRule] = [
        SystemCallRule("sendto"), SystemCallRule("recvfrom"), SystemCallRule("sendmsg"),
        SystemCallRule("recvmsg"), SystemCallRule("readv"), SystemCallRule("writev"),
        // The members of a switch: datagrams on this host, and no other network.
        SystemCallRule(
            "socket", ArgumentCondition(0, .isOne(of: [UInt32(AF_UNIX)]), "AF_UNIX"),
            ArgumentCondition(
                1, .isOne(of: [0x8_0802]), "SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK")),
        SystemCallRule("connect"),
        SystemCallRule(
            "setsockopt", ArgumentCondition(1, .isOne(of: [UInt32(SOL_SOCKET)]), "SOL_SOCKET"),
            ArgumentCondition(
                2, .isOne(of: [UInt32(SO_SNDBUF), UInt32(SO_RCVBUF)]), "SO_SNDBUF, SO_RCVBUF")),
        // What a tap interface hands over unfinished, as the guest's driver says.
        SystemCallRule("ioctl", ArgumentCondition(1, .isOne(of: [0x4004_54d0]), "TUNSETOFFLOAD")),
        // Waiting for the program at the other end to go.
        SystemCallRule("unlink"), SystemCallRule("rmdir"), SystemCallRule("wait4"),
        SystemCallRule("clock_nanosleep"),
    ]

    /// All of them work on names below an open folder.
    fileprivate static let share: [SystemCallRule] =
        [
            "openat", "openat2", "newfstatat", "fstat", "fstatfs", "getdents64", "readlinkat",
            "mkdirat", "mknodat", "linkat", "symlinkat", "renameat", "renameat2", "unlinkat",
            "utimensat", "fchownat", "fchown", "fchmod", "fchmodat", "fchmodat2", "chmod",
            "fgetxattr", "fsetxattr",
            "flistxattr", "fremovexattr", "pread64", "pwrite64", "preadv", "pwritev", "fsync",
            "fdatasync", "ftruncate", "fallocate", "lseek",
        ].map { SystemCallRule($0) } + [
            SystemCallRule(
                "fcntl",
                ArgumentCondition(
                    1, .isOne(of: [1, 2, 3, 4, 36, 37, 1030]),
                    "F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_OFD_GETLK, F_OFD_SETLK, F_DUPFD_CLOEXEC")
            )
        ]

    /// Connects again where the other process is back, and waits for the end of one of ours.
    fileprivate static let remote: [SystemCallRule] = [
        SystemCallRule("sendmsg"), SystemCallRule("recvmsg"), SystemCallRule("connect"),
        SystemCallRule(
            "socket", ArgumentCondition(0, .isOne(of: [UInt32(AF_UNIX)]), "AF_UNIX")),
        SystemCallRule(
            "socketpair", ArgumentCondition(0, .isOne(of: [UInt32(AF_UNIX)]), "AF_UNIX")),
        SystemCallRule(
            "fcntl", ArgumentCondition(1, .isOne(of: [3, 4]), "F_GETFL, F_SETFL")),
        SystemCallRule("wait4"), SystemCallRule("clock_nanosleep"),
    ]

    fileprivate static let control: [SystemCallRule] = [
        SystemCallRule("accept4"), SystemCallRule("sendto"), SystemCallRule("recvfrom"),
        SystemCallRule("shutdown"), SystemCallRule("pread64"),
        // How much of the guest's memory is in use.
        SystemCallRule("mincore"),
        SystemCallRule(
            "getsockopt", ArgumentCondition(1, .isOne(of: [UInt32(SOL_SOCKET)]), "SOL_SOCKET"),
            ArgumentCondition(2, .isOne(of: [UInt32(SO_PEERCRED)]), "SO_PEERCRED")),
        SystemCallRule(
            "fcntl", ArgumentCondition(1, .isOne(of: [3, 4]), "F_GETFL, F_SETFL")),
        SystemCallRule("unlink"),
    ]

    fileprivate static let service: [SystemCallRule] = [
        SystemCallRule("readv"), SystemCallRule("writev"), SystemCallRule("sendto"),
        SystemCallRule("recvfrom"), SystemCallRule("sendmsg"), SystemCallRule("recvmsg"),
        SystemCallRule("sendmmsg"), SystemCallRule("recvmmsg"), SystemCallRule("accept"),
        SystemCallRule("accept4"), SystemCallRule("shutdown"), SystemCallRule("getsockopt"),
        SystemCallRule("epoll_ctl"), SystemCallRule("epoll_wait"), SystemCallRule("epoll_pwait"),
        SystemCallRule("eventfd2"), SystemCallRule("timerfd_settime"), SystemCallRule("ppoll"),
        SystemCallRule("clock_nanosleep"), SystemCallRule("getrandom"),
        SystemCallRule(
            "fcntl",
            ArgumentCondition(
                1, .isOne(of: [1, 2, 3, 4, 1030]),
                "F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC")),
    ]

    private static let notExecutable = ArgumentCondition(
        2, .lacks(UInt32(PROT_EXEC)), "without PROT_EXEC")
    private static let terminal: [UInt32] = [0x5401, 0x5402, 0x5403, 0x540f, 0x5413]
    /// What pthread_create passes: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID and
    /// CHILD_CLEARTID.
    private static let thread: UInt32 = 0x3d_0f00
}
