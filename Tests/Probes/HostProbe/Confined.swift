// A thread that gave up what its kind does not need, and what it can still do.
import Bits
import Glibc
import HostIO
import Synchronization

/// Any system call by its number; Glibc's own is variadic, which Swift does not import.
private typealias Call = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int
private typealias Fork = @convention(c) () -> pid_t

// SAFETY: both are functions of the C library with these parameters.
private let systemCall = unsafe unsafeBitCast(dlsym(nil, "syscall"), to: Call.self)
private let fork = unsafe unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)

/// How often a filter refused a call.
private let refusals = Atomic<Int>(0)

/// Refusals are counted instead of ending the process; in `scan` the process ends with 77.
private func countRefusals(endsProcess: Bool) {
    var action = sigaction()
    // SAFETY: neither handler does more than it may at any time.
    if endsProcess {
        unsafe action.__sigaction_handler.sa_handler = { _ in _exit(77) }
    } else {
        unsafe action.__sigaction_handler.sa_handler = { _ in
            refusals.add(1, ordering: .relaxed)
        }
    }
    // SAFETY: the structure is a local that lives through the call.
    unsafe _ = sigaction(SIGSYS, &action, nil)
}

/// Tries what an attacker would, one after the other, and says what came of it.
func attempts(_ kind: ThreadKind) throws {
    let file = "/tmp/hull-probe-\(getpid())"
    let list: [(String, String, [Int])] = [
        ("execve", "execve", [address("/bin/true"), 0, 0]),
        ("execveat", "execveat", [-100, address("/bin/true"), 0, 0, 0]),
        ("open", "openat", [-100, address("/etc/passwd"), 0]),
        ("create", "openat", [-100, address(file), 0o101, 0o600]),
        ("open2", "openat2", [-100, address("/etc/passwd"), zeros(), 24]),
        ("socket", "socket", [2, 1, 0]), ("ptrace", "ptrace", [16, Int(getppid()), 0, 0]),
        ("mount", "mount", [0, address("/tmp"), 0, 0, 0]), ("unshare", "unshare", [0x1000_0000]),
        ("chroot", "chroot", [address("/tmp")]), ("chdir", "chdir", [address("/tmp")]),
        ("kill", "kill", [Int(getppid()), 0]),
        ("signal another", "tgkill", [Int(getppid()), Int(getppid()), 0]),
        ("setuid", "setuid", [12345]), ("capset", "capset", [0, 0]),
        ("bpf", "bpf", [0, 0, 0]), ("ring", "io_uring_setup", [8, 0]),
        ("read another", "process_vm_readv", [Int(getppid()), 0, 0, 0, 0, 0]),
        ("memfd", "memfd_create", [address("x"), 0]), ("key", "keyctl", [0, 0, 0, 0, 0]),
        ("code", "mmap", [0, 4096, 5, 0x22, -1, 0]),
        ("written code", "mmap", [0, 4096, 7, 0x22, -1, 0]),
        ("memory to code", "mprotect", [0, 4096, 5]),
        ("key to code", "pkey_mprotect", [0, 4096, 5, 0]),
        ("process", "clone", [17, 0, 0, 0, 0]), ("new process", "clone3", [0, 0]),
        ("type", "ioctl", [0, 0x5412, address("x")]), ("prctl", "prctl", [4, 0, 0, 0, 0]),
        ("handler", "rt_sigaction", [15, 0, 0, 8]), ("seccomp", "seccomp", [2, 0, 0]),
        ("unlink", "unlinkat", [-100, address(file), 0]), ("userfaultfd", "userfaultfd", [0]),
        ("module", "finit_module", [0, 0, 0]), ("reboot", "reboot", [0, 0, 0, 0]),
    ]
    let numbers = list.map { SystemCall.number($0.1) }
    try Confinement.begin()
    countRefusals(endsProcess: false)
    try Confinement.enter(kind)
    for ((name, _, arguments), number) in zip(list, numbers) {
        guard let number else { continue }
        let before = refusals.load(ordering: .relaxed)
        let a = arguments + [Int](repeating: 0, count: 6 - arguments.count)
        errno = 0
        let result = systemCall(Int(number), a[0], a[1], a[2], a[3], a[4], a[5])
        let isRefused = refusals.load(ordering: .relaxed) > before
        let code = errno
        let outcome =
            isRefused
            ? "refused" : result >= 0 ? "done" : code == EACCES ? "denied" : "errno \(code)"
        write("\(name): \(outcome)\n")
    }
}

/// Tries every number with arguments that are all zero, each in a process of its own.
func scan(_ kind: ThreadKind) {
    for number in 0..<480 {
        let child = fork()
        if child == 0 {
            // A call that waits has reached the kernel.
            var none = sigset_t()
            // SAFETY: the set is a local.
            unsafe sigemptyset(&none)
            unsafe _ = sigprocmask(SIG_SETMASK, &none, nil)
            alarm(2)
            guard (try? Confinement.begin()) != nil else { _exit(99) }
            countRefusals(endsProcess: true)
            guard (try? Confinement.enter(kind)) != nil else { _exit(99) }
            errno = 0
            let result = systemCall(number, 0, 0, 0, 0, 0, 0)
            let code = result < 0 ? errno : 0
            _exit(code == EACCES ? 78 : code == ENOSYS ? 79 : 0)
        }
        var status: Int32 = 0
        // SAFETY: the status is a local.
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
        let outcome =
            switch (status & 0x7f, status >> 8 & 0xff) {
            case (0, 77): "refused"
            case (0, 78): "denied"
            case (0, 79): "absent"
            case (0, 99): "unconfined"
            default: "allowed"
            }
        write("\(number) \(outcome)\n")
    }
}

/// Files alone: what lies below a folder is there, and nothing else is.
func files(_ folder: String) throws {
    var rights = FileRights()
    rights.paths = [folder: [.read, .list]]
    try rights.enter()
    for (path, flags) in [
        (folder + "/inside", O_RDONLY), (folder + "/inside", O_RDWR), (folder + "/new", O_CREAT),
        (folder + "/../outside", O_RDONLY), (folder + "/link", O_RDONLY), ("/etc/passwd", O_RDONLY),
    ] {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, flags, 0o600)
        write(file >= 0 ? "open\n" : errno == EACCES ? "denied\n" : "errno \(errno)\n")
    }
}

/// What a person reads when a filter refuses something.
func refusal(_ kind: ThreadKind) throws {
    try Confinement.begin()
    try Confinement.enter(kind)
    let number = SystemCall.number("execve").map { Int($0) } ?? 0
    _ = systemCall(number, 0, 0, 0, 0, 0, 0)
}

private func write(_ text: String) {
    HostFile.writeAll(1, Array(text.utf8))
}
/// The address of a page of zeros.
private func zeros() -> Int {
    // SAFETY: the page is never freed.
    unsafe Int(bitPattern: calloc(1, 4096))
}
/// The address of a text that lives as long as the process.
private func address(_ text: String) -> Int {
    // SAFETY: the copy is never freed.
    unsafe Int(bitPattern: strdup(text))
}
