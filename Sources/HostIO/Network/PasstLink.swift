import Bits
import Effects
import Ethernet
import Glibc

/// Which ports of the host lead to the guest.
package struct PortForward: Sendable, Equatable {
    package enum Transport: String, Sendable { case tcp, udp }
    package var transport: Transport
    /// Where the host listens.
    package var address: String
    package var hostPort: UInt16
    package var guestPort: UInt16
    package init(_ transport: Transport, address: String, hostPort: UInt16, guestPort: UInt16) {
        self.transport = transport
        self.address = address
        self.hostPort = hostPort
        self.guestPort = guestPort
    }

    /// As `passt` takes it.
    fileprivate var option: [String] {
        [transport == .tcp ? "-t" : "-u", "\(address)/\(hostPort):\(guestPort)"]
    }
}

/// Network address translation without any right of the host: `passt`, a program that turns frames
/// into sockets of its own and back. It holds the other end of a socket pair, so that it ends when we
/// do, and no socket has a name. Each frame goes behind its length, four bytes with the highest first.
///
/// SAFETY: one thread uses it; every pointer handed to the host is to an array's storage and lives
/// through the call.
final class PasstLink: FrameLink, @unchecked Sendable {
    private let descriptor: Int32
    /// `passt` cuts what it gets into the host's own segments, so large packets are cheapest.
    let mtu: UInt16? = 65_520
    private let program: BackgroundProcess
    private var finisher = FrameFinisher(accepted: [])
    private var toGuest = FrameHeader()
    private var incoming = LengthStream()
    /// The batch that is being sent, finished, and how many of its bytes are gone.
    private var finished: [UInt8] = []
    private var sent = 0

    static let programName = "passt"

    init(mac: MACAddress, forwards: [PortForward]) throws(HullError) {
        guard ChildProcess.exists(Self.programName) else {
            throw HullError(
                .host,
                "A user network needs passt, which this machine does not have. Install it: "
                    + "sudo apt-get install passt. (https://passt.top; tap and switch need no program.)"
            )
        }
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HullError(.host, "The host gave no socket.", cause: HostCall.reason())
        }
        defer { Glibc.close(ends[1]) }
        do throws(HullError) {
            program = try BackgroundProcess(
                Self.programName,
                ["--foreground", "--quiet", "--fd", "3"] + forwards.flatMap(\.option),
                channel: ends[1])
        } catch {
            Glibc.close(ends[0])
            throw error
        }
        descriptor = ends[0]
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        for option in [SO_SNDBUF, SO_RCVBUF] {
            var count: Int32 = 4 << 20
            unsafe _ = setsockopt(
                descriptor, SOL_SOCKET, option, &count, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Waits until `passt` answers a question that every network has an answer to: whether a certain
    /// address is taken (RFC 5227). What is wrong with its options it says before.
    func waitUntilReady(mac: MACAddress) throws(HullError) {
        let probe =
            MACAddress.broadcast.bytes + mac.bytes + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + mac.bytes
            + [0, 0, 0, 0] + [0, 0, 0, 0, 0, 0] + Self.probedAddress
        var batch = FrameBatch()
        batch.append(probe[...], FrameHeader())
        do throws(LinkEnd) {
            _ = try send(batch, from: 0)
            for _ in 0..<Self.readyMilliseconds / 100 {
                var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&polled, 1, 100) > 0 else { continue }
                if try !receive().isEmpty { return }
            }
            throw LinkEnd(reason: "it did not answer for \(Self.readyMilliseconds / 1000) seconds")
        } catch {
            close()
            throw HullError(.host, "The user network could not start.", cause: error.reason)
        }
    }
    private static let probedAddress: [UInt8] = [169, 254, 1, 1]
    private static let readyMilliseconds = 10_000

    func accept(_ offloads: FrameOffloads) {
        toGuest.flags = offloads.contains(.checksum) ? .checksumIsValid : []
    }

    // MARK: To the network

    func send(_ batch: FrameBatch, from next: Int) throws(LinkEnd) -> Int {
        if finished.isEmpty { prepare(batch) }
        while sent < finished.count {
            let count = unsafe finished.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if count < 0, errno == EAGAIN {
                return next
            } else if count == 0 || errno != EINTR {
                throw LinkEnd(reason: end())
            }
        }
        finished = []
        sent = 0
        return batch.count
    }

    /// Finishes all frames of a batch, and puts their lengths before them.
    private func prepare(_ batch: FrameBatch) {
        var whole = FrameBatch()
        whole.reserve(batch.bytes.count)
        for index in 0..<batch.count { finisher.finish(batch, index, into: &whole) }
        finished.reserveCapacity(whole.bytes.count)
        for index in 0..<whole.count {
            let frame = whole.range(index).dropFirst(FrameHeader.byteCount)
            finished.append(contentsOf: [0, 0, 0, 0])
            finished.putBig(UInt32(truncatingIfNeeded: frame.count), at: finished.count - 4)
            finished.append(contentsOf: whole.bytes[frame])
        }
    }

    // MARK: From the network

    func receive() throws(LinkEnd) -> FrameBatch {
        var batch = FrameBatch()
        while batch.bytes.count < Self.batchBytes {
            let count = unsafe incoming.fill { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            if count < 0, errno == EAGAIN { break }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw LinkEnd(reason: end()) }
            guard incoming.take(into: &batch, behind: toGuest) else {
                throw LinkEnd(reason: "passt sent a frame of impossible length")
            }
        }
        return batch
    }
    private static let batchBytes = 256 << 10

    /// What `passt` said before it ended.
    private func end() -> String {
        program.end()
        let lines = program.said.split(separator: "\n").filter {
            !$0.contains("syslog") && !$0.hasPrefix("Don't run as root")
        }
        return lines.last.map { "passt said: \($0)" } ?? "passt ended"
    }

    func polled(receives: Bool, sends: Bool) -> [pollfd] {
        polled(descriptor, receives: receives, sends: sends)
    }
    func close() {
        Glibc.close(descriptor)
        program.end()
    }
}

/// Cuts a stream of frames, each behind its length, into a batch.
package struct LengthStream {
    private static let capacity = 512 << 10
    private var buffer = [UInt8](repeating: 0, count: capacity)
    private var filled = 0

    package init() {}

    /// Has `body` fill the buffer's rest, and returns what it returns.
    package mutating func fill(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        // SAFETY: the rest of an array's storage, for the time of the call.
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe body(UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
        }
        if count > 0 { filled += count }
        return count
    }

    /// Appends the frames that are complete; false for a length that no frame has.
    package mutating func take(into batch: inout FrameBatch, behind header: FrameHeader) -> Bool {
        var at = 0
        while filled - at >= 4 {
            let count = Int(buffer.big32(at))
            guard count <= FrameBatch.largestFrame - FrameHeader.byteCount else { return false }
            guard filled - at - 4 >= count else { break }
            if count >= FrameBatch.smallestFrame - FrameHeader.byteCount {
                batch.append(buffer[at + 4..<at + 4 + count], header)
            }
            at += 4 + count
        }
        if at > 0 {
            filled -= at
            let rest = filled
            // SAFETY: both places lie in the array, and memmove lets them overlap.
            unsafe buffer.withUnsafeMutableBytes {
                guard let base = $0.baseAddress else { return }
                unsafe _ = memmove(base, base + at, rest)
            }
        }
        return true
    }
}
