import Bits
import Effects
import Glibc

/// Where the members of a switch have their sockets, and the calls on those.
///
/// SAFETY: every pointer handed to the host is to a local or an array's storage and lives through the
/// call; lengths are their own.
enum SwitchFolder {
    /// The folder of this user's switch of that name, beside the sockets of machines. It is made where it
    /// is missing.
    static func path(_ name: String) throws(HullError) -> String {
        let path = try RuntimeFolder().path + "/switch-\(name)"
        try make(path)
        return path
    }

    private static func make(_ path: String) throws(HullError) {
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw HostFile.cannot("created", path)
        }
    }

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func socket() -> Int32 {
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = Glibc.socket(AF_UNIX, Int32(kind), 0)
        for option in [SO_SNDBUF, SO_RCVBUF] {
            var count: Int32 = 4 << 20
            unsafe _ = setsockopt(
                descriptor, SOL_SOCKET, option, &count, socklen_t(MemoryLayout<Int32>.size))
        }
        return descriptor
    }

    /// A socket by that name, to receive with.
    static func bind(_ folder: String, _ name: String) throws(HullError) -> Int32 {
        let path = "\(folder)/\(name)"
        let descriptor = socket()
        guard descriptor >= 0 else {
            throw HullError(.host, "The host gave no socket.", cause: HostCall.reason())
        }
        // The last member that left may have removed the folder in the meantime.
        for _ in 0..<10 {
            let outcome = unsafe withAddress(path) { unsafe Glibc.bind(descriptor, $0, $1) }
            if outcome == 0 { return descriptor }
            guard outcome != nil, errno == ENOENT else { break }
            try make(folder)
        }
        let reason = HostCall.reason()
        close(descriptor)
        throw HullError(
            .host, "The switch's folder \(folder) takes no socket.", cause: reason)
    }

    /// A socket that sends to a member; nil where there is none any more, whose socket is removed.
    static func connect(_ folder: String, _ name: String) -> Int32? {
        let path = "\(folder)/\(name)"
        let descriptor = socket()
        guard descriptor >= 0 else { return nil }
        if unsafe withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 {
            return descriptor
        }
        if errno == ECONNREFUSED { unsafe _ = unlink(path) }
        close(descriptor)
        return nil
    }

    enum Outcome { case sent, full, gone, refused }

    /// Sends the sender's number and a part of an array as one datagram.
    static func send(
        _ descriptor: Int32, _ number: UInt64, _ bytes: [UInt8], _ range: Range<Int>
    ) -> Outcome {
        var number = number.littleEndian
        while true {
            let sent = unsafe withUnsafeMutableBytes(of: &number) { number in
                unsafe bytes.withUnsafeBytes { bytes in
                    let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
                    // The host only reads through these.
                    return unsafe withMessage(
                        number, UnsafeMutableRawBufferPointer(mutating: frame)
                    ) {
                        unsafe sendmsg(
                            descriptor, $0, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                    }
                }
            }
            if sent >= 0 { return .sent }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS: return .full
            case ECONNREFUSED, ENOTCONN, ECONNRESET, EPIPE: return .gone
            default: return .refused
            }
        }
    }

    /// Receives a datagram: the sender's number, and how many bytes of a frame there are in `buffer`;
    /// negative where there is no datagram.
    static func receive(
        _ descriptor: Int32, _ number: inout UInt64, _ buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        var little: UInt64 = 0
        let count = unsafe withUnsafeMutableBytes(of: &little) { little in
            unsafe withMessage(little, buffer) {
                unsafe recvmsg(descriptor, $0, Int32(MSG_DONTWAIT))
            }
        }
        number = UInt64(littleEndian: little)
        return count < 0 ? count : max(0, count - 8)
    }

    private static func withMessage(
        _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeMutablePointer<msghdr>) -> Int
    ) -> Int {
        var parts = unsafe [
            iovec(iov_base: first.baseAddress, iov_len: first.count),
            iovec(iov_base: second.baseAddress, iov_len: second.count),
        ]
        return unsafe parts.withUnsafeMutableBufferPointer { parts in
            var message = unsafe msghdr()
            unsafe message.msg_iov = parts.baseAddress
            unsafe message.msg_iovlen = parts.count
            return unsafe withUnsafeMutablePointer(to: &message) { unsafe body($0) }
        }
    }

    /// Takes the member's socket away, and the folder with the last of them.
    static func leave(_ folder: String, _ name: String) {
        unsafe _ = unlink("\(folder)/\(name)")
        unsafe _ = rmdir(folder)
    }
}
