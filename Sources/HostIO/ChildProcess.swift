import Bits
import CHost
import Glibc

/// Runs another program of the host to its end.
package struct ChildProcess: Sendable {
    /// Looked up in `PATH`.
    package var program: String
    package var arguments: [String]
    /// Variables that are set on top of this process's own.
    package var environment: [String: String]
    /// The child is ended when it writes more than this to its standard output.
    package var outputLimit: Int
    /// The child has no terminal and outlives this process's.
    package var startsSession = false

    package struct Outcome: Sendable {
        /// The exit code, or 128 plus the signal that ended the process.
        package var status: Int32
        package var output: [UInt8]
        /// The end of what it wrote to standard error.
        package var errors: String
        package var exceededLimit: Bool
        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        outputLimit: Int = 256 << 20
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.outputLimit = outputLimit
    }

    /// Where the child's standard error goes.
    package enum Errors: Sendable {
        /// Into the outcome.
        case collected
        /// To this process's own.
        case shown
    }

    /// Feeds `input` to the child and collects what it writes. `tick` is called at least ten times a
    /// second while it runs.
    package func run(
        input: ArraySlice<UInt8> = [], errors disposition: Errors = .collected,
        tick: () -> Void = {}
    ) throws(HullError) -> Outcome {
        let toChild = try Channel()
        let output = try Channel()
        let errors = try Channel()
        let identifier = try spawn([
            toChild.theirs, output.theirs, disposition == .shown ? 2 : errors.theirs,
        ])
        for channel in [toChild, output, errors] { channel.closeTheirs() }
        var pump = Pump(input: input, channels: [toChild, output, errors], limit: outputLimit)
        while pump.isOpen {
            pump.step()
            if pump.exceededLimit { kill(identifier, SIGKILL) }
            tick()
        }
        pump.close()
        return Outcome(
            status: Self.reap(identifier, tick: tick), output: pump.output,
            errors: String(decoding: pump.errors, as: UTF8.self), exceededLimit: pump.exceededLimit)
    }

    /// Lets the child write to this process's own output and errors, with an empty input; returns
    /// its status. `tick` is called a few hundred times a second while it runs.
    package func runAttached(tick: () -> Void = {}) throws(HullError) -> Int32 {
        // SAFETY: a constant path.
        let empty = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(empty) }
        return Self.reap(try spawn([empty, 1, 2]), tick: tick)
    }

    /// Starts the child with nothing to read, nowhere to write, and `descriptor` as its fourth one.
    /// Whoever starts it waits for it.
    package func start(passing descriptor: Int32) throws(HullError) -> Int32 {
        // SAFETY: a constant path.
        let empty = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(empty) }
        return try spawn([empty, empty, empty, descriptor])
    }

    /// Whether such a program is there.
    package static func exists(_ program: String) -> Bool {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains {
            // SAFETY: the string lives for the call.
            unsafe access("\($0)/\(program)", X_OK) == 0
        }
    }

    /// The output children may still hold open does not keep us: waits for the child itself.
    static func reap(_ identifier: pid_t, tick: () -> Void) -> Int32 {
        var status: Int32 = 0
        while true {
            // SAFETY: the pointer is to a local that outlives the call; so below.
            let result = unsafe waitpid(identifier, &status, WNOHANG)
            if result == 0 {
                usleep(5000)
                tick()
            } else if result > 0 || errno != EINTR {
                break
            }
        }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    /// Starts the child with these descriptors as its first ones.
    func spawn(_ descriptors: [Int32]) throws(HullError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var signals = sigset_t()
        var identifier: pid_t = 0
        // SAFETY: initialised before use, destroyed after it, and only borrowed in between.
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in descriptors.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        if startsSession {
            // Whoever waits for the end of a descriptor that we inherited must not wait for the child.
            unsafe hull_spawn_close_from(&actions, Int32(descriptors.count))
        }
        // The child starts with no signal blocked or ignored, whatever this process does.
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe sigaddset(&signals, SIGINT)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        // POSIX_SPAWN_SETSID, which Glibc's module map hides.
        let session: Int32 = startsSession ? 0x80 : 0
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session))
        let result = unsafe withCStrings([program] + arguments) { arguments in
            unsafe withCStrings(variables) { variables in
                unsafe posix_spawnp(
                    &identifier, program, &actions, &attributes, arguments, variables)
            }
        }
        guard result == 0 else {
            let why = result == ENOENT ? "it is not installed" : systemMessage(result)
            throw HullError(.host, "cannot run \(program): \(why)")
        }
        return identifier
    }

    private var variables: [String] {
        var result: [String] = []
        var next = unsafe environ
        // SAFETY: the environment is an array of C strings that ends with a null pointer.
        while let variable = unsafe next.pointee {
            let text = unsafe String(cString: variable)
            if !environment.keys.contains(where: { text.hasPrefix("\($0)=") }) {
                result.append(text)
            }
            unsafe next += 1
        }
        return result + environment.map { "\($0)=\($1)" }.sorted()
    }
}

/// What the host says about an error number.
package func systemMessage(_ number: Int32) -> String {
    // SAFETY: strerror returns a C string that lives until the next call on this thread.
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
}

/// Calls `body` with a null-terminated array of C strings.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    // SAFETY: the copies live until `body` returns; strdup's results are freed once each.
    let copies = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe copies.withUnsafeBufferPointer { buffer in
        // An array with at least one element has a base address.
        guard let base = buffer.baseAddress else { preconditionFailure("an empty buffer") }
        return unsafe body(base)
    }
}

/// A connection to a child: our end and its end. A socket rather than a pipe: writing to a child
/// that has stopped reading then fails instead of raising SIGPIPE here.
private struct Channel {
    let ours: Int32
    let theirs: Int32

    init() throws(HullError) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        // SAFETY: writes two descriptors into the array of two.
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HullError(.host, "cannot open a channel to a program: \(systemMessage(errno))")
        }
        (ours, theirs) = (ends[0], ends[1])
        _ = fcntl(ours, F_SETFL, O_NONBLOCK)
    }
    func closeTheirs() { close(theirs) }
}

/// Moves bytes to and from a child without waiting for either side alone.
private struct Pump {
    private var input: ArraySlice<UInt8>
    /// Standard input, output and error; -1 once closed.
    private var descriptors: [Int32]
    private let limit: Int
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private(set) var exceededLimit = false
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)

    /// How much of standard error is kept.
    private static let errorLimit = 16 << 10

    init(input: ArraySlice<UInt8>, channels: [Channel], limit: Int) {
        self.input = input
        self.limit = limit
        descriptors = channels.map(\.ours)
        if input.isEmpty { end(0) }
    }

    var isOpen: Bool { !exceededLimit && (descriptors[1] >= 0 || descriptors[2] >= 0) }

    private mutating func end(_ index: Int) {
        if descriptors[index] >= 0 { Glibc.close(descriptors[index]) }
        descriptors[index] = -1
    }
    mutating func close() { for index in 0..<3 { end(index) } }

    mutating func step() {
        var polled = descriptors.enumerated().map { index, descriptor in
            pollfd(fd: descriptor, events: Int16(index == 0 ? POLLOUT : POLLIN), revents: 0)
        }
        // SAFETY: an array of three entries and its count.
        guard unsafe poll(&polled, 3, 100) > 0 else { return }
        if polled[0].revents != 0 { feed() }
        for index in 1...2 where polled[index].revents != 0 { collect(index) }
    }

    private mutating func feed() {
        let sent = unsafe input.withUnsafeBytes { bytes in
            // SAFETY: the pointer and the count are those of the slice.
            unsafe send(descriptors[0], bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
        if sent > 0 { input = input.dropFirst(sent) }
        let failed = sent < 0 && errno != EAGAIN && errno != EINTR
        if failed || input.isEmpty { end(0) }
    }

    private mutating func collect(_ index: Int) {
        // SAFETY: reads at most as many bytes as the array has.
        let count = unsafe read(descriptors[index], &buffer, buffer.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        guard count > 0 else { return end(index) }
        if index == 2 {
            errors += buffer[..<count]
            if errors.count > Self.errorLimit { errors.removeFirst(errors.count - Self.errorLimit) }
        } else if count > limit - output.count {
            exceededLimit = true
        } else {
            output += buffer[..<count]
        }
    }
}
