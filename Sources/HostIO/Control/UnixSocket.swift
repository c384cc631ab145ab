import Bits
import CHost
import Glibc

/// Sockets with a path.
///
/// SAFETY: every pointer handed to the host is to a local or an array's storage and lives through the
/// call; lengths are their own.
enum UnixSocket {
    /// The longest path that an address holds (unix(7)).
    static let longestPath = 107

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(HullError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count <= longestPath else {
            throw HullError(
                .host,
                "The socket path \(path) is longer than \(longestPath) bytes; set XDG_RUNTIME_DIR"
                    + " to a shorter one, or choose a shorter name.")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func make() throws(HullError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else {
            throw HullError(.host, "The host gave no socket.", cause: HostCall.reason())
        }
        return descriptor
    }

    /// Listens at a path where nothing is; only this user may connect.
    static func listen(_ path: String) throws(HullError) -> Int32 {
        let descriptor = try make()
        let isBound = unsafe try withAddress(path) { unsafe bind(descriptor, $0, $1) == 0 }
        guard isBound, unsafe chmod(path, 0o600) == 0, Glibc.listen(descriptor, 128) == 0,
            fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0
        else {
            let why = HostCall.reason()
            close(descriptor)
            throw HullError(.host, "Nobody can listen at \(path).", cause: why)
        }
        return descriptor
    }

    /// Connects; nil where nobody listens. Reads and writes give up after so many seconds.
    static func connect(_ path: String, timeoutSeconds: Int) throws(HullError) -> Int32? {
        let descriptor = try make()
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        guard unsafe try withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) == 0 }) else {
            let code = errno
            close(descriptor)
            if code == ECONNREFUSED || code == ENOENT { return nil }
            throw HullError(.host, "\(path) takes no connection.", cause: HostCall.reason(code))
        }
        return descriptor
    }

    /// How many bytes went, 0 for none now, -1 when the other end is gone.
    static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : -1
    }

    /// All of it; false when the other end is gone or takes nothing for too long.
    static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = send(descriptor, rest)
            if count < 0 || count == 0 && errno == EAGAIN { return false }
            rest.removeFirst(count)
        }
        return true
    }
}
