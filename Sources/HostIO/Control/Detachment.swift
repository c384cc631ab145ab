import Bits
import Glibc

/// This process in its place in the host.
package enum HostProcess {
    package static var identifier: Int { Int(getpid()) }

    /// This process becomes another program, with the same terminal. It only returns by an error.
    package static func become(_ program: String, _ arguments: [String]) throws(HullError) {
        // SAFETY: the array and its strings live through the call.
        unsafe withCStrings([program] + arguments) { unsafe _ = execvp(program, $0) }
        let why = errno == ENOENT ? "it is not installed" : HostCall.reason()
        let package =
            ["ssh", "scp"].contains(program) ? "; Debian's package is openssh-client" : ""
        throw HullError(.host, "\(program) cannot be run: \(why)\(package).")
    }
}

/// How a command leaves a machine running: it starts itself again in a session of its own, shows what
/// that process says until the machine runs, and ends.
///
/// SAFETY: pointers handed to the host are to locals and strings that live through each call.
package enum Detachment {
    /// Names the descriptor on which the second process says that its machine runs.
    private static let variable = "HULL_DETACHED"

    /// Whether this is the second process.
    package static var isUnderWay: Bool { descriptor != nil }

    private static var descriptor: Int32? {
        // SAFETY: the value is copied at once.
        unsafe getenv(variable).flatMap { unsafe Int32(String(cString: $0)) }
    }

    /// In the first process: runs the same command again; returns the exit code of the first when the
    /// second is ready or has failed.
    package static func launch() throws(HullError) -> UInt8 {
        var ready: [Int32] = [0, 0]
        var errors: [Int32] = [0, 0]
        guard unsafe pipe(&ready) == 0, unsafe pipe(&errors) == 0 else {
            throw HullError(.host, "The host gave no pipes.", cause: HostCall.reason())
        }
        for descriptor in ready + errors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let empty = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        var child = ChildProcess(
            try HostFolder.absolute("/proc/self/exe"), Array(CommandLine.arguments.dropFirst()),
            environment: [variable: "3"])
        child.startsSession = true
        let identifier = try child.spawn([empty, empty, errors[1], ready[1]])
        for descriptor in [ready[1], errors[1], empty] { close(descriptor) }
        defer { for descriptor in [ready[0], errors[0]] { close(descriptor) } }
        let name = listen(ready[0], errors[0])
        guard !name.isEmpty else {
            return UInt8(truncatingIfNeeded: ChildProcess.reap(identifier, tick: {}))
        }
        HostFile.writeAll(1, name)
        if Terminal.isOne(1) {
            let text = String(decoding: name.dropLast(), as: UTF8.self)
            let hint = "[hull console \(text) is its console; hull stop \(text) ends it]\n"
            HostFile.writeAll(2, Array(hint.utf8))
        }
        return 0
    }

    /// Shows what arrives on `errors` until `ready` says a line or ends; returns that line.
    private static func listen(_ ready: Int32, _ errors: Int32) -> [UInt8] {
        var wanted = [
            pollfd(fd: ready, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        ]
        var name: [UInt8] = []
        // What it said before it was ready is shown first; a process that fails is read to its end.
        while wanted[1].fd >= 0 || wanted[0].fd >= 0 {
            if name.last == UInt8(ascii: "\n") { return name }
            guard unsafe poll(&wanted, 2, -1) > 0 else { continue }
            if wanted[1].revents != 0 {
                switch HostFile.readSome(errors, 4096) {
                case .bytes(let bytes): HostFile.writeAll(2, bytes)
                case .tryAgain: break
                case .end, .failed: wanted[1].fd = -1
                }
            } else if wanted[0].revents != 0 {
                switch HostFile.readSome(ready, 4096) {
                case .bytes(let bytes): name += bytes
                case .tryAgain: break
                case .end, .failed: wanted[0].fd = -1
                }
            }
        }
        return name
    }

    /// In the second process: the machine runs under this name. Its errors go to its log from now on.
    package static func sayReady(_ name: String) {
        guard let descriptor else { return }
        HostFile.writeAll(descriptor, Array((name + "\n").utf8))
        close(descriptor)
        // SAFETY: a constant name.
        unsafe _ = unsetenv(variable)
    }
}
