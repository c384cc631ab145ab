import Effects
import Ethernet

/// A frame of TCP or UDP with a payload that tells where each byte was, its checksum still to be
/// completed, and the header that says so.
struct Sample {
    var isIPv6 = false
    var isTCP = true
    var tag: UInt16?
    /// Words of options in the IPv4 and the TCP header.
    var networkOptions = 0
    var transportOptions = 3
    var payload: Int
    var segment: Int
    var flags: UInt8 = 0x18

    static let source: [UInt8] = [10, 0, 0, 1]
    static let destination: [UInt8] = [10, 0, 0, 2]

    var networkStart: Int { 14 + (tag == nil ? 0 : 4) }
    var transportStart: Int { networkStart + (isIPv6 ? 40 : 20 + networkOptions * 4) }
    var headerCount: Int { transportStart + (isTCP ? 20 + transportOptions * 4 : 8) }
    var addresses: [UInt8] {
        isIPv6 ? (0..<32).map { UInt8($0 * 7) } : Self.source + Self.destination
    }

    static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    var frame: [UInt8] {
        var frame: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
        if let tag { frame += [0x81, 0x00] + Self.big(Int(tag), 2) }
        frame += isIPv6 ? [0x86, 0xdd] : [0x08, 0x00]
        let transportCount = headerCount - transportStart + payload
        if isIPv6 {
            frame += [0x60, 0, 0, 0] + Self.big(transportCount, 2) + [isTCP ? 6 : 17, 64]
        } else {
            frame += [UInt8(0x45 + networkOptions), 0]
            frame += Self.big(20 + networkOptions * 4 + transportCount, 2)
            frame += [0xff, 0xff, 0x40, 0, 64, isTCP ? 6 : 17, 0, 0]
        }
        frame += addresses
        if !isIPv6 { frame += [UInt8](repeating: 1, count: networkOptions * 4) }
        let partial = Model.fold(
            Model.sum(addresses) + (isTCP ? 6 : 17) + transportCount)
        if isTCP {
            frame += [0x12, 0x34, 0x56, 0x78, 0xff, 0xff, 0xff, 0x00, 0, 0, 0, 1]
            frame += [UInt8((5 + transportOptions) << 4), flags, 1, 0]
            frame += Self.big(partial, 2) + [0, 0]
            frame += [UInt8](repeating: 1, count: transportOptions * 4)
        } else {
            frame += [0x12, 0x34, 0x56, 0x78] + Self.big(transportCount, 2) + Self.big(partial, 2)
        }
        return frame + (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    var header: FrameHeader {
        var header = FrameHeader()
        header.flags = .needsChecksum
        header.checksumStart = UInt16(transportStart)
        header.checksumOffset = isTCP ? 16 : 6
        if segment > 0 {
            header.segments = isTCP ? (isIPv6 ? .tcp6 : .tcp4) : .udp
            header.segmentCount = UInt16(segment)
            header.headersCount = UInt16(headerCount)
        }
        return header
    }

    var batch: FrameBatch {
        var batch = FrameBatch()
        batch.append(frame[...], header)
        return batch
    }
}

/// RFC 1071 as it is written.
enum Model {
    static func sum(_ bytes: [UInt8]) -> Int {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 | (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
        }
        return sum
    }
    static func fold(_ sum: Int) -> Int {
        var sum = sum
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return sum
    }
    /// What a receiver finds where all is right.
    static func isRight(_ parts: [UInt8]...) -> Bool {
        fold(parts.reduce(0) { $0 + sum($1) }) == 0xffff
    }
}
