import Bits
import Effects
import Glibc
import Journal
import Testing

/// A file that is gone when the test is over.
final class TemporaryFile {
    let path: String
    init(_ bytes: [UInt8]) throws {
        var template = Array("/tmp/hull-test-XXXXXX".utf8CString)
        let file = unsafe mkstemp(&template)
        try #require(file >= 0)
        let name = template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        path = String(decoding: name, as: UTF8.self)
        let written = unsafe write(file, bytes, bytes.count)
        try #require(written == bytes.count)
        close(file)
    }
    deinit { unsafe _ = unlink(path) }

    var bytes: [UInt8] {
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        var all = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
        let got = unsafe pread(file, &all, all.count, 0)
        return got == all.count ? all : []
    }
}

/// Two ends of a pipe.
struct Pipe {
    let reader: Int32
    let writer: Int32
    init() throws {
        var ends: [Int32] = [0, 0]
        let outcome = unsafe pipe(&ends)
        try #require(outcome == 0)
        reader = ends[0]
        writer = ends[1]
    }
}

/// A terminal and the end that plays the person in front of it.
struct PseudoTerminal {
    let person: Int32
    let path: String
    let terminal: Int32
    init() throws {
        person = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // TIOCSPTLCK and TIOCGPTN; Glibc's own calls for them hide behind _GNU_SOURCE.
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        let unlocked = unsafe ioctl(person, 0x4004_5431, &isLocked)
        let numbered = unsafe ioctl(person, 0x8004_5430, &number)
        try #require(unlocked == 0 && numbered == 0)
        path = "/dev/pts/\(number)"
        terminal = unsafe open(path, O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
    }
    func closeBoth() {
        close(person)
        close(terminal)
    }
    var attributes: termios {
        var now = termios()
        unsafe _ = tcgetattr(terminal, &now)
        return now
    }
    var isRaw: Bool { attributes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0 }
}

func send(_ descriptor: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    let count = unsafe write(descriptor, bytes, bytes.count)
    #expect(count == bytes.count)
}

/// Reads until `enough` says so or the other end closes.
func receive(_ descriptor: Int32, until enough: ([UInt8]) -> Bool) -> [UInt8] {
    var all: [UInt8] = []
    var some = [UInt8](repeating: 0, count: 65536)
    while !enough(all) {
        let count = unsafe read(descriptor, &some, some.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        all.append(contentsOf: some.prefix(count))
    }
    return all
}
func receive(_ descriptor: Int32, untilText text: String) -> String {
    let wanted = Array(text.utf8)
    let bytes = receive(descriptor) { all in
        all.count >= wanted.count
            && (0...(all.count - wanted.count)).contains {
                Array(all[$0..<($0 + wanted.count)]) == wanted
            }
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension EventInbox {
    /// The events up to and with the first one that `isLast`.
    func collect(until isLast: (Event) -> Bool) -> [Event] {
        var all: [Event] = []
        while true {
            guard wait(timeoutNanoseconds: 20_000_000_000) else { return all }
            for event in drain() {
                all.append(event)
                if isLast(event) { return all }
            }
        }
    }
}

/// The program beside this test that is started for what must end.
struct Probe {
    let process: pid_t
    let output: Int32

    /// With a terminal, the probe is a session of its own on it; else it talks over a pipe.
    init(_ arguments: [String], terminal: PseudoTerminal? = nil) throws {
        var link = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &link, link.count)
        try #require(length > 0)
        let own = String(decoding: link.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/HostProbe"
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        let pipe = try Pipe()
        if let terminal {
            for descriptor: Int32 in 0...2 {
                unsafe posix_spawn_file_actions_addopen(
                    &actions, descriptor, terminal.path, O_RDWR, 0)
            }
            output = terminal.person
        } else {
            unsafe posix_spawn_file_actions_adddup2(&actions, pipe.writer, 1)
            output = pipe.reader
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        // POSIX_SPAWN_SETSID: the terminal becomes its controlling one.
        unsafe posix_spawnattr_setflags(&attributes, 0x80)
        var process = pid_t()
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [
            strdup("SWIFT_BACKTRACE=enable=no"), nil,
        ]
        let outcome = unsafe posix_spawn(
            &process, path, &actions, &attributes, &words, &environment)
        try #require(outcome == 0, "\(path) was not started")
        close(pipe.writer)
        self.process = process
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// The exit code, or minus the signal that ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    }
}
