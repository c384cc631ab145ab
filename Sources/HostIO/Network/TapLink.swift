import Bits
import CHost
import Effects
import Ethernet
import Glibc

/// A tap interface of the host, with virtio's header before each frame, so that checksums and
/// segments are left to the host's kernel both ways.
///
/// SAFETY: one thread uses it; every pointer handed to the host is to an array's storage and lives
/// through the call.
final class TapLink: FrameLink, @unchecked Sendable {
    private let descriptor: Int32
    let mtu: UInt16? = nil
    /// What the host's kernel finishes for us; the rest is done here.
    private let finisher: FrameFinisher
    private var reader = FrameReader()

    /// The interface is made where it does not exist and the host lets us.
    init(_ name: String) throws(HullError) {
        guard (1..<16).contains(name.utf8.count), !name.contains("/") else {
            throw HullError(
                .usage,
                "A tap interface has a name of 1 to 15 characters, as in tap=tap0; \"\(name)\" is none."
            )
        }
        descriptor = unsafe hull_tap_open(name)
        guard descriptor >= 0 else { throw Self.cannotOpen(name, errno) }
        // Kernels before 6.2 cut no UDP.
        var kernel = FrameOffloads.all
        if hull_tap_set_offloads(descriptor, Self.flags(kernel)) != 0 {
            kernel.subtract([.udp4, .udp6])
        }
        finisher = FrameFinisher(accepted: kernel)
        // Until the guest says what it takes, it gets finished frames.
        accept([])
    }

    private static func cannotOpen(_ name: String, _ code: Int32) -> HullError {
        let reason = HostCall.reason(code)
        switch code {
        case EPERM, EACCES:
            return HullError(
                .host,
                "The tap interface \(name) may not be opened. Have root make it yours: "
                    + "ip tuntap add \(name) mode tap vnet_hdr user $USER; or use user, which needs no"
                    + " permission.", cause: reason)
        case EBUSY:
            return HullError(.host, "The tap interface \(name) is in use by another program.")
        case ENOENT, ENODEV:
            return HullError(
                .host, "This host has no /dev/net/tun; load its module: modprobe tun.",
                cause: reason)
        case EINVAL:
            return HullError(
                .host,
                "\(name) is no tap interface that can be attached to; make one: ip tuntap add "
                    + "\(name) mode tap vnet_hdr.", cause: reason)
        default:
            return HullError(
                .host, "The tap interface \(name) cannot be opened.", cause: reason)
        }
    }

    /// The TUN_F_ bits of TUNSETOFFLOAD.
    private static func flags(_ offloads: FrameOffloads) -> UInt32 {
        let bits: [(FrameOffloads, UInt32)] = [
            (.checksum, 1), (.tcp4, 2), (.tcp6, 4), (.tcpCongestion, 8), (.udp4, 0x20),
            (.udp6, 0x40),
        ]
        return bits.reduce(0) { offloads.contains($1.0) ? $0 | $1.1 : $0 }
    }

    func accept(_ offloads: FrameOffloads) {
        // UDP goes in both versions or in none (tun.c).
        var offloads = offloads
        if !offloads.isSuperset(of: [.udp4, .udp6]) { offloads.subtract([.udp4, .udp6]) }
        if hull_tap_set_offloads(descriptor, Self.flags(offloads)) != 0 {
            _ = hull_tap_set_offloads(
                descriptor, Self.flags(offloads.subtracting([.udp4, .udp6])))
        }
    }

    func send(_ batch: FrameBatch, from next: Int) throws(LinkEnd) -> Int {
        for index in next..<batch.count {
            let range = batch.range(index)
            if let header = FrameHeader(batch.bytes[range]), header.segments == .udp {
                var finished = FrameBatch()
                finisher.finish(batch, index, into: &finished)
                for part in 0..<finished.count {
                    // Datagrams may be lost; half a batch cannot be sent again.
                    _ = try send(finished.bytes, finished.range(part))
                }
            } else if try !send(batch.bytes, range) {
                return index
            }
        }
        return batch.count
    }

    /// False: there is no room now.
    private func send(_ bytes: [UInt8], _ range: Range<Int>) throws(LinkEnd) -> Bool {
        while true {
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe write(
                    descriptor, $0.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
            }
            if sent >= 0 { return true }
            switch errno {
            case EINTR: continue
            case EAGAIN: return false
            case EBADFD, EBADF, ENODEV: throw LinkEnd(reason: "the interface was deleted")
            // An interface that is down, a frame that the kernel does not like: it is lost.
            default: return true
            }
        }
    }

    func receive() throws(LinkEnd) -> FrameBatch {
        while reader.hasRoom {
            let count = unsafe reader.read {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 { continue }
            if count < 0, errno == EINTR { continue }
            // EIO: the interface is down.
            if count < 0, errno == EAGAIN || errno == EIO { break }
            throw LinkEnd(reason: "the interface was deleted")
        }
        return reader.take()
    }

    func polled(receives: Bool, sends: Bool) -> [pollfd] {
        polled(descriptor, receives: receives, sends: sends)
    }
    func close() { Glibc.close(descriptor) }
}
