import Effects

/// Cuts one large frame of TCP or UDP into segments, as a network card does for its driver.
struct SegmentCutter {
    private let frame: Range<Int>
    private let layout: FrameLayout
    private let isTCP: Bool
    /// Start of the TCP or UDP header, and of the payload.
    private let transport: Int
    private let payload: Int
    private let segmentCount: Int

    private static let tcpHeaderCount = 20
    private static let udpHeaderCount = 8

    /// Nil where the headers are not what the frame's own header says.
    init?(_ bytes: [UInt8], _ frame: Range<Int>, _ header: FrameHeader, _ layout: FrameLayout) {
        self.frame = frame
        self.layout = layout
        isTCP = header.segments != .udp
        segmentCount = Int(header.segmentCount)
        transport = frame.lowerBound + Int(header.checksumStart)
        let least = isTCP ? Self.tcpHeaderCount : Self.udpHeaderCount
        let networkHeader =
            switch layout.network {
            case .ip4: Int(bytes[layout.networkStart] & 15) * 4
            case .ip6: FrameLayout.ip6HeaderCount
            case .other: 0
            }
        let fits =
            switch header.segments {
            case .tcp4: layout.network == .ip4 && header.checksumOffset == 16
            case .tcp6: layout.network == .ip6 && header.checksumOffset == 16
            case .udp: layout.network != .other && header.checksumOffset == 6
            case .none, .udpFragments: false
            }
        guard fits, segmentCount > 0, header.flags.contains(.needsChecksum),
            networkHeader >= FrameLayout.ip4HeaderCount,
            transport >= layout.networkStart + networkHeader,
            transport + least <= frame.upperBound
        else { return nil }
        payload = isTCP ? transport + Int(bytes[transport + 12] >> 4) * 4 : transport + least
        guard payload >= transport + least, payload <= frame.upperBound else { return nil }
    }

    /// The most frames that one becomes: what a sender wants with smaller segments is no traffic.
    private static let segmentLimit = 2_048

    func cut(_ bytes: [UInt8], into finished: inout FrameBatch, isKnownGood: Bool) {
        let count = max(1, (frame.upperBound - payload + segmentCount - 1) / segmentCount)
        guard count <= Self.segmentLimit else { return }
        var header = FrameHeader()
        if isKnownGood { header.flags = .checksumIsValid }
        let prefix = header.bytes
        finished.reserve(
            finished.bytes.count + frame.upperBound - payload
                + count * (prefix.count + payload - frame.lowerBound))
        for index in 0..<count {
            let start = payload + index * segmentCount
            let part = start..<min(start + segmentCount, frame.upperBound)
            finished.append { out in
                let at = out.count + prefix.count
                out.append(contentsOf: prefix)
                out.append(contentsOf: bytes[frame.lowerBound..<payload])
                out.append(contentsOf: bytes[part])
                finish(&out, at, index: index, isLast: index == count - 1, offset: start - payload)
                return true
            }
        }
    }

    /// Puts lengths, numbers and checksums of one segment right. It starts at `at` and is the last.
    private func finish(
        _ out: inout [UInt8], _ at: Int, index: Int, isLast: Bool, offset: Int
    ) {
        let network = at + layout.networkStart - frame.lowerBound
        let transport = at + transport - frame.lowerBound
        if isTCP {
            finishTCP(&out, transport, index: index, isLast: isLast, offset: offset)
        } else {
            out.putBig(UInt16(truncatingIfNeeded: out.count - transport), at: transport + 4)
        }
        let checksumPlace = transport + (isTCP ? 16 : 6)
        out.putBig(UInt16(0), at: checksumPlace)
        var sum = InternetSum()
        sum.add(UInt16(isTCP ? 6 : 17))
        sum.add(UInt32(truncatingIfNeeded: out.count - transport))
        if layout.network == .ip4 {
            finishIP4(&out, network, index: index)
            sum.add(out[network + 12..<network + 20])
        } else {
            let length = out.count - network - FrameLayout.ip6HeaderCount
            out.putBig(UInt16(truncatingIfNeeded: length), at: network + 4)
            sum.add(out[network + 8..<network + 40])
        }
        sum.add(out[transport...])
        let checksum = sum.checksum
        out.putBig(checksum == 0 && !isTCP ? 0xffff : checksum, at: checksumPlace)
    }

    private func finishTCP(
        _ out: inout [UInt8], _ at: Int, index: Int, isLast: Bool, offset: Int
    ) {
        out.putBig(out.big32(at + 4) &+ UInt32(truncatingIfNeeded: offset), at: at + 4)
        // FIN and PSH belong to the last segment, CWR to the first (RFC 3168 §6.1.2).
        if !isLast { out[at + 13] &= ~0x09 }
        if index > 0 { out[at + 13] &= ~0x80 }
    }

    private func finishIP4(_ out: inout [UInt8], _ at: Int, index: Int) {
        out.putBig(UInt16(truncatingIfNeeded: out.count - at), at: at + 2)
        // Each is a datagram of its own, with a number of its own.
        out.putBig(out.big16(at + 4) &+ UInt16(truncatingIfNeeded: index), at: at + 4)
        out.putBig(UInt16(0), at: at + 10)
        var sum = InternetSum()
        sum.add(out[at..<at + Int(out[at] & 15) * 4])
        out.putBig(sum.checksum, at: at + 10)
    }
}
