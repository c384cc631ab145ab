import Bits
import Glibc

/// A program of the host that works for us until we end.
///
/// SAFETY: pointers are to locals and arrays that outlive the calls they are given to.
package final class BackgroundProcess: Sendable {
    private let identifier: pid_t
    /// Where its standard error arrives.
    private let errors: Int32
    private let program: String

    /// Starts it with `channel` as its descriptor 3, and nothing to read or to print to.
    package init(_ program: String, _ arguments: [String], channel: Int32) throws(HullError) {
        self.program = program
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HullError(.host, "cannot open a channel to \(program): \(systemMessage(errno))")
        }
        // SAFETY: a constant path.
        let empty = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(empty)
            close(ends[1])
        }
        do throws(HullError) {
            identifier = try ChildProcess(program, arguments).spawn([
                empty, empty, ends[1], channel,
            ])
        } catch {
            close(ends[0])
            throw error
        }
        errors = ends[0]
    }

    /// What it said on standard error so far, as far as there is room for it in a sentence.
    package var said: String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count < 16 << 10 {
            let count = unsafe recv(errors, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Ends it, if it does not end by itself by now, and waits for that.
    package func end() {
        var status: Int32 = 0
        for _ in 0..<50 {
            let result = unsafe waitpid(identifier, &status, WNOHANG)
            if result == identifier || result < 0 && errno == ECHILD { return }
            usleep(2_000)
        }
        // A thread that gave up signals leaves it to its closed connection.
        guard !Confinement.isEntered else { return }
        kill(identifier, SIGKILL)
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    }

    deinit { close(errors) }
}
