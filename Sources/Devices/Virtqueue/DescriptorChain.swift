import Bits

/// A request as a value: what the driver wrote, and where the device may write.
package struct DescriptorChain: Sendable, Equatable {
    /// The index of its first descriptor, which names it in the used ring.
    package let head: UInt16
    /// Buffers that the device reads, in order. Empty buffers are left out.
    package fileprivate(set) var readable: [GuestRange] = []
    /// Buffers that the device writes, in order.
    package fileprivate(set) var writable: [GuestRange] = []
    package fileprivate(set) var readableCount: UInt64 = 0
    package fileprivate(set) var writableCount: UInt64 = 0

    /// A writable descriptor, even an empty one, was seen.
    fileprivate var hasWritable = false

    fileprivate init(head: UInt16) { self.head = head }
}

/// One entry of a descriptor table (virtio 1.2 §2.7.5).
private struct Descriptor {
    static let byteCount: UInt64 = 16

    let buffer: GuestRange
    private let flags: UInt16
    let next: UInt16

    var hasNext: Bool { flags & 1 != 0 }
    var isWritable: Bool { flags & 2 != 0 }
    var isIndirect: Bool { flags & 4 != 0 }

    init<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory, table: GuestPhysical, index: UInt16
    ) throws(VirtqueueMisuse) {
        let address = table + UInt64(index) &* Self.byteCount
        guard let start = memory.load64(address), let count = memory.load32(address + 8),
            let flags = memory.load16(address + 12), let next = memory.load16(address + 14)
        else { throw .ringOutOfRange }
        buffer = GuestRange(start: GuestPhysical(start), count: UInt64(count))
        self.flags = flags
        self.next = next
    }
}

extension Virtqueue {
    /// Reads the chain that starts at `head`. Takes at most as many steps as the queue is long.
    func parse<Memory: PhysicalMemory & ~Copyable>(
        head: UInt16, _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) -> DescriptorChain {
        var chain = DescriptorChain(head: head)
        var table = descriptors
        var tableCount = UInt32(size)
        var index = head
        var isInIndirect = false
        /// Descriptors seen in this table; one more than it has means a loop.
        var seen: UInt32 = 0
        /// Buffers seen in all; a reference to a table is none.
        var buffers: UInt32 = 0
        while true {
            guard UInt32(index) < tableCount else { throw .noSuchDescriptor }
            seen &+= 1
            guard seen <= tableCount else { throw .loop }
            let descriptor = try Descriptor(memory, table: table, index: index)
            if descriptor.isIndirect {
                guard indirectIsNegotiated else { throw .indirectNotNegotiated }
                guard !isInIndirect else { throw .indirectInIndirect }
                guard !descriptor.hasNext else { throw .indirectWithNext }
                let bytes = descriptor.buffer.count
                guard bytes > 0, bytes % Descriptor.byteCount == 0 else {
                    throw .badIndirectLength
                }
                guard memory.contains(descriptor.buffer) else { throw .ringOutOfRange }
                isInIndirect = true
                table = descriptor.buffer.start
                // A `next` field reaches no further than 65536 descriptors.
                tableCount = UInt32(min(bytes / Descriptor.byteCount, 1 << 16))
                index = 0
                seen = 0
                continue
            }
            buffers &+= 1
            guard buffers <= UInt32(size) else { throw .overlong }
            try chain.append(descriptor, memory)
            guard descriptor.hasNext else { return chain }
            index = descriptor.next
        }
    }
}

extension DescriptorChain {
    fileprivate mutating func append<Memory: PhysicalMemory & ~Copyable>(
        _ descriptor: Descriptor, _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) {
        let buffer = descriptor.buffer
        guard buffer.count == 0 || memory.contains(buffer) else { throw .bufferOutOfRange }
        if descriptor.isWritable {
            writableCount &+= buffer.count
            hasWritable = true
            if buffer.count > 0 { writable.append(buffer) }
        } else {
            guard !hasWritable else { throw .readableAfterWritable }
            readableCount &+= buffer.count
            if buffer.count > 0 { readable.append(buffer) }
        }
        // Sums of at most 65536 lengths below 2³² cannot wrap.
        guard readableCount &+ writableCount < 1 << 32 else { throw .overlong }
    }
}
