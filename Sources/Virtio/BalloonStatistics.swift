import Devices
import GuestMemory

/// What a guest last said of its memory (virtio 1.2 §5.5.6.4).
package struct BalloonStatistics: Sendable, Equatable {
    package enum Tag: UInt16, Sendable, CaseIterable {
        case swappedIn = 0
        case swappedOut = 1
        case majorFaults = 2
        case minorFaults = 3
        case freeBytes = 4
        case totalBytes = 5
        case availableBytes = 6
        case diskCacheBytes = 7
        case hugePageAllocations = 8
        case hugePageFailures = 9
    }
    private static let entryBytes: UInt64 = 10
    /// A driver sends each tag once; a few more than there are now may follow.
    private static let entryLimit: UInt64 = 64

    private var values = [UInt64?](repeating: nil, count: Tag.allCases.count)

    init() {}

    init(_ chain: DescriptorChain, _ memory: GuestMemory) {
        let count = min(chain.readableCount / Self.entryBytes, Self.entryLimit)
        guard
            let bytes = BufferList(ranges: chain.readable).gather(
                memory, skipping: 0, count: count * Self.entryBytes)
        else { return }
        for start in stride(from: 0, to: bytes.count, by: Int(Self.entryBytes)) {
            let tag = UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
            // Unknown ones are of a later version.
            guard let tag = Tag(rawValue: tag) else { continue }
            values[Int(tag.rawValue)] = bytes.little64(start + 2)
        }
    }

    /// Nil: the guest did not say.
    package subscript(tag: Tag) -> UInt64? { values[Int(tag.rawValue)] }
}

/// What a balloon holds, for whoever asked it for memory.
package struct BalloonState: Sendable, Equatable {
    /// Bytes that the guest was asked to give up, and has given up.
    package var wantedBytes: UInt64
    package var heldBytes: UInt64
    /// Bytes that went back to the host in all, free pages that the guest reported included.
    package var releasedBytes: UInt64
    /// As of the last `Event.memoryStatistics` that the guest answered.
    package var statistics: BalloonStatistics
}

extension VirtioDevice {
    /// What the balloon in this slot holds; nil where there is another device.
    package var balloon: BalloonState? { (model as? VirtioBalloon)?.state }
}

extension VirtioBalloon {
    fileprivate var state: BalloonState {
        BalloonState(
            wantedBytes: UInt64(wantedPages) * Self.pageBytes,
            heldBytes: UInt64(heldPages) * Self.pageBytes, releasedBytes: releasedBytes,
            statistics: statistics)
    }
}
