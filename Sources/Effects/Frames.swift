/// What the two sides of a network device leave to each other, in place of finished frames.
package struct FrameOffloads: OptionSet, Sendable, Equatable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Checksums that the other side completes, or that it knows to be right.
    package static let checksum = Self(rawValue: 1)
    /// TCP frames that the other side cuts into segments.
    package static let tcp4 = Self(rawValue: 2)
    package static let tcp6 = Self(rawValue: 4)
    /// Such frames with the congestion flag of RFC 3168.
    package static let tcpCongestion = Self(rawValue: 8)
    /// UDP frames that the other side cuts into datagrams.
    package static let udp4 = Self(rawValue: 16)
    package static let udp6 = Self(rawValue: 32)
    package static let all = Self(rawValue: 63)
}

/// The header before each frame (virtio 1.2 §5.1.6, struct virtio_net_hdr): what is still to be done
/// to it. Little-endian, 12 bytes.
package struct FrameHeader: Sendable, Equatable {
    package static let byteCount = 12

    package struct Flags: OptionSet, Sendable, Equatable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The checksum is that of the pseudo-header alone.
        package static let needsChecksum = Self(rawValue: 1)
        /// The checksums are known to be right.
        package static let checksumIsValid = Self(rawValue: 2)
    }
    package enum Segments: UInt8, Sendable, Equatable {
        case none = 0
        case tcp4 = 1
        /// UDP in fragments of IP; it is never negotiated here.
        case udpFragments = 3
        case tcp6 = 4
        case udp = 5
    }

    package var flags: Flags = []
    package var segments = Segments.none
    /// The frame carries the congestion flag of RFC 3168.
    package var hasCongestion = false
    /// What the sender thinks is the length of all headers: a hint.
    package var headersCount: UInt16 = 0
    /// Bytes of payload of each segment.
    package var segmentCount: UInt16 = 0
    /// Where the checksum's sum starts, and how far behind it the checksum itself lies.
    package var checksumStart: UInt16 = 0
    package var checksumOffset: UInt16 = 0
    /// In how many buffers the frame lies, on its way to the guest.
    package var bufferCount: UInt16 = 0

    package init() {}

    private static let congestionBit: UInt8 = 0x80

    /// Nil for a kind of segments that does not exist. The collection has 10 bytes at least.
    package init?(_ bytes: ArraySlice<UInt8>) {
        let at = bytes.startIndex
        func half(_ offset: Int) -> UInt16 {
            UInt16(bytes[at + offset]) | UInt16(bytes[at + offset + 1]) << 8
        }
        guard let segments = Segments(rawValue: bytes[at + 1] & ~Self.congestionBit) else {
            return nil
        }
        flags = Flags(rawValue: bytes[at])
        self.segments = segments
        hasCongestion = bytes[at + 1] & Self.congestionBit != 0
        headersCount = half(2)
        segmentCount = half(4)
        checksumStart = half(6)
        checksumOffset = half(8)
    }

    package var bytes: [UInt8] {
        var bytes = [flags.rawValue, segments.rawValue | (hasCongestion ? Self.congestionBit : 0)]
        for half in [headersCount, segmentCount, checksumStart, checksumOffset, bufferCount] {
            bytes.append(UInt8(truncatingIfNeeded: half))
            bytes.append(UInt8(truncatingIfNeeded: half >> 8))
        }
        return bytes
    }

    /// Whether the checksum that is asked for lies in a frame of this length.
    package func fits(frameCount: Int) -> Bool {
        !flags.contains(.needsChecksum)
            || Int(checksumStart) + Int(checksumOffset) + 2 <= frameCount
    }
}

/// Ethernet frames on their way between a device and its back end, each behind its header, in one
/// array: a batch is one allocation and one event.
package struct FrameBatch: Sendable, Equatable {
    /// A header and the largest frame: 64 KiB of IP behind an Ethernet header with two tags.
    package static let largestFrame = FrameHeader.byteCount + 65_535 + 22
    /// A header and the two addresses and the type of Ethernet.
    package static let smallestFrame = FrameHeader.byteCount + 14

    package private(set) var bytes: [UInt8]
    /// Where each frame ends; it begins where the one before it ends.
    package private(set) var ends: [Int]

    package init() {
        bytes = []
        ends = []
    }
    /// Frames that a back end read into one array. The ends ascend, up to the array's own.
    package init(bytes: [UInt8], ends: [Int]) {
        self.bytes = bytes
        self.ends = ends
    }

    package var count: Int { ends.count }
    package var isEmpty: Bool { ends.isEmpty }
    /// Where the header and the frame lie in `bytes`.
    package func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// Appends what `body` appends to the bytes, as one frame; nothing where it says false.
    package mutating func append(_ body: (inout [UInt8]) -> Bool) {
        let before = bytes.count
        if body(&bytes) {
            ends.append(bytes.count)
        } else {
            bytes.removeSubrange(before...)
        }
    }
    package mutating func append(_ frame: ArraySlice<UInt8>, _ header: FrameHeader) {
        bytes.append(contentsOf: header.bytes)
        bytes.append(contentsOf: frame)
        ends.append(bytes.count)
    }
    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }
}
