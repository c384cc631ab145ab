import Bits
import Glibc

/// Where a debugger connects: a port of this machine's loopback, or a Unix socket.
package enum DebugEndpoint: Equatable, Sendable {
    case port(UInt16)
    case unix(String)

    /// `1234`, `:1234`, `localhost:1234` or `unix:PATH`.
    package init(parsing text: String) throws(HullError) {
        if text.hasPrefix("unix:"), text.utf8.count > 5 {
            self = .unix(String(text.dropFirst(5)))
            return
        }
        let digits = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        guard let port = UInt16(digits), port > 0 else {
            throw HullError(
                .usage,
                "A debugger connects to a port or a socket, as in 1234 or unix:/tmp/gdb; "
                    + "\"\(text)\" is neither.")
        }
        self = .port(port)
    }

    /// What to type in GDB.
    package var gdbCommand: String {
        switch self {
        case .port(let port): "target remote :\(port)"
        case .unix(let path): "target remote \(path)"
        }
    }
}

/// A listening socket that serves one debugger at a time.
///
/// SAFETY: every pointer handed to the host is to a local or an array's storage and lives through the
/// call; lengths are their own.
package final class DebugSocket {
    private let listener: Int32
    private var connection: Int32 = -1
    private let path: String?

    package init(_ endpoint: DebugEndpoint) throws(HullError) {
        // A debugger that hangs up must not end the machine.
        signal(SIGPIPE, SIG_IGN)
        switch endpoint {
        case .port(let port):
            path = nil
            listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var on: Int32 = 1
            unsafe setsockopt(
                listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try Self.bindAndListen(listener, &address, "port \(port)")
        case .unix(let path):
            self.path = path
            listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let room = MemoryLayout.size(ofValue: address.sun_path)
            guard path.utf8.count < room else {
                close(listener)
                throw HullError(
                    .usage,
                    "The socket path \(path) is longer than \(room - 1) bytes; use a shorter one.")
            }
            unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                unsafe $0.copyBytes(from: path.utf8)
            }
            unsafe unlink(path)
            try Self.bindAndListen(listener, &address, path)
        }
    }

    private static func bindAndListen<Address>(
        _ descriptor: Int32, _ address: inout Address, _ name: String
    ) throws(HullError) {
        let size = socklen_t(MemoryLayout<Address>.size)
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size)
            }
        }
        guard bound == 0, listen(descriptor, 1) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            close(descriptor)
            throw HullError(
                .host, "The debugger's socket cannot listen on \(name): \(reason). Choose another.")
        }
    }

    deinit {
        hangUp()
        close(listener)
        if let path { unsafe unlink(path) }
    }

    package var isConnected: Bool { connection >= 0 }

    /// Takes a debugger that waits; true once one is there.
    package func accept(timeoutMilliseconds: Int32) -> Bool {
        if isConnected { return true }
        guard Self.isReadable(listener, timeoutMilliseconds) else { return false }
        connection = Glibc.accept(listener, nil, nil)
        guard isConnected else { return false }
        var on: Int32 = 1
        unsafe setsockopt(
            connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return true
    }

    package func hangUp() {
        if isConnected { close(connection) }
        connection = -1
    }

    /// What has arrived within the time; nil: the debugger is gone.
    package func receive(timeoutMilliseconds: Int32) -> [UInt8]? {
        guard isConnected else { return nil }
        guard Self.isReadable(connection, timeoutMilliseconds) else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(connection, &bytes, bytes.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { return [] }
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// Sends all of it; false: the debugger is gone.
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe write(connection, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func isReadable(_ descriptor: Int32, _ timeoutMilliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wanted, 1, timeoutMilliseconds) > 0
    }
}
