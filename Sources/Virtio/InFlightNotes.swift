import Bits
import GuestMemory
import Synchronization

/// Which requests a back end has taken and not returned, noted in memory that outlives it (vhost-user,
/// "Inflight I/O tracking", split virtqueues). Its successor carries them out again, in their order.
package struct InFlightNotes: Sendable, Equatable {
    private let start: GuestPhysical
    private let queueCount: Int
    private let queueSize: UInt16
    private var counter: UInt64 = 0
    /// By queue: the heads to be taken again, the next one last.
    private var again: [[UInt16]]

    // `QueueRegionSplit`: features, version, how many descriptors, the last one that was returned, the
    // used index as of then; then 16 bytes for each descriptor: whether it is under way, and a counter.
    private static let headBytes: UInt64 = 16
    private static let entryBytes: UInt64 = 16
    private static let version: UInt16 = 1

    package static func byteCount(queueCount: Int, queueSize: UInt16) -> UInt64 {
        UInt64(queueCount) * regionBytes(queueSize)
    }
    private static func regionBytes(_ queueSize: UInt16) -> UInt64 {
        (headBytes + UInt64(queueSize) * entryBytes + 63) & ~63
    }

    package init(at start: GuestPhysical, queueCount: Int, queueSize: UInt16) {
        self.start = start
        self.queueCount = queueCount
        self.queueSize = queueSize
        again = Array(repeating: [], count: queueCount)
    }

    private func region(_ queue: Int) -> GuestPhysical {
        start + UInt64(queue) * Self.regionBytes(queueSize)
    }
    private func entry(_ queue: Int, _ head: UInt16) -> GuestPhysical {
        region(queue) + (Self.headBytes + UInt64(head) * Self.entryBytes)
    }

    // MARK: A successor

    /// Reads what a predecessor left. `used` is the ring's used index; the result is how many requests
    /// are under way, all of which `takeAgain` gives out.
    package mutating func recover(_ queue: Int, used: UInt16, _ memory: GuestMemory) -> UInt16 {
        guard queue < queueCount else { return 0 }
        let region = region(queue)
        guard memory.load16(region + 8) == Self.version else {
            // It is new.
            _ = memory.store16(region + 8, Self.version)
            _ = memory.store16(region + 10, queueSize)
            _ = memory.store16(region + 14, used)
            return 0
        }
        if memory.load16(region + 14) != used {
            // It died between returning a request and striking it out.
            if let head = memory.load16(region + 12), head < queueSize {
                _ = memory.store8(entry(queue, head), 0)
            }
            _ = memory.store16(region + 14, used)
        }
        var found: [(counter: UInt64, head: UInt16)] = []
        for head in 0..<queueSize where memory.load8(entry(queue, head)) == 1 {
            let number = memory.load64(entry(queue, head) + 8) ?? 0
            found.append((number, head))
            counter = max(counter, number &+ 1)
        }
        again[queue] = found.sorted { $0.counter > $1.counter }.map(\.head)
        return UInt16(clamping: found.count)
    }
    mutating func takeAgain(_ queue: Int) -> UInt16? {
        queue < queueCount ? again[queue].popLast() : nil
    }

    // MARK: As requests come and go

    mutating func began(_ queue: Int, _ head: UInt16, _ memory: GuestMemory) {
        guard queue < queueCount, head < queueSize else { return }
        _ = memory.store64(entry(queue, head) + 8, counter)
        counter &+= 1
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        _ = memory.store8(entry(queue, head), 1)
    }
    func willEnd(_ queue: Int, _ head: UInt16, _ memory: GuestMemory) {
        guard queue < queueCount, head < queueSize else { return }
        _ = memory.store16(region(queue) + 12, head)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
    func ended(_ queue: Int, _ head: UInt16, nextUsed: UInt16, _ memory: GuestMemory) {
        guard queue < queueCount, head < queueSize else { return }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        _ = memory.store8(entry(queue, head), 0)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        _ = memory.store16(region(queue) + 14, nextUsed)
    }
}
