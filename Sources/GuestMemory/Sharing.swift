import Bits

/// A slot that other processes can map.
package struct SharedSlot: Sendable, Equatable {
    package let range: GuestRange
    /// The memfd whose first byte is the first of the range; it stays the memory's own.
    package let descriptor: Int32
}

extension GuestMemory {
    /// What other processes can map.
    package var sharedSlots: [SharedSlot] {
        (0..<slotCount).compactMap { index in
            let slot = unsafe slots[index]
            guard slot.descriptor >= 0 else { return nil }
            return SharedSlot(range: slot.range, descriptor: slot.descriptor)
        }
    }
    /// Another process wrote these bytes: their pages are dirty.
    package func noteWrite(_ range: GuestRange) {
        unsafe _ = writableHost(range.start, count: range.count)
    }
}
