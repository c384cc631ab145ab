import Bits
import CHost
import Glibc

/// Sockets at a path, and what else a server of devices asks of the host.
package enum DeviceSocket {
    /// Listens at a path; a socket that nobody listens at any longer makes room.
    package static func listen(_ path: String) throws(HullError) -> Int32 {
        // SAFETY: the path lives through the calls.
        var socket = unsafe hull_unix_listen(path)
        if socket < 0, errno == EADDRINUSE {
            let other = unsafe hull_unix_connect(path)
            if other >= 0 {
                close(other)
                throw HullError(
                    .usage, "Somebody serves at \(path) already; choose another path.")
            }
            if errno == ECONNREFUSED, unsafe unlink(path) == 0 {
                socket = unsafe hull_unix_listen(path)
            }
        }
        guard socket >= 0 else {
            throw HullError(
                .host,
                "No socket can be made at \(path); choose a short path in a folder of yours.",
                cause: HostCall.reason())
        }
        return socket
    }

    /// The next connection, or -1 with errno set.
    package static func accept(_ listener: Int32) -> Int32 {
        Glibc.accept(listener, nil, nil)
    }

    /// Rings a doorbell that somebody else made.
    package static func ring(_ bell: Int32) {
        guard bell >= 0 else { return }
        var one: UInt64 = 1
        // SAFETY: eight bytes of a local are written.
        unsafe _ = write(bell, &one, 8)
    }
    package static func silence(_ bell: Int32) {
        var count: UInt64 = 0
        var polled = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        // SAFETY: the calls fill locals. It may be one that blocks, so it is asked first.
        if unsafe poll(&polled, 1, 0) > 0 { unsafe _ = read(bell, &count, 8) }
    }

    package static func fileSize(_ file: Int32) -> UInt64? {
        var status = stat()
        // SAFETY: the call fills a local.
        return unsafe fstat(file, &status) == 0 ? UInt64(max(0, status.st_size)) : nil
    }
}
