import Bits
import Effects

/// The device's side of a split virtqueue (virtio 1.2 §2.7). Its stored state is its snapshot; the
/// rings themselves lie in guest memory, which each step is handed. A driver's mistake is thrown as
/// a `VirtqueueMisuse`, and then the queue is used no more until it is reset.
package struct Virtqueue: Sendable, Equatable {
    /// The most that the device offers: a power of two, at most 32768.
    package let maximumSize: UInt16

    // What the transport's registers set before `makeReady`, and not after it.
    package var size: UInt16
    package var descriptors = GuestPhysical(0)
    package var available = GuestPhysical(0)
    package var used = GuestPhysical(0)
    package private(set) var isReady = false

    // What feature negotiation settled: VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX.
    package var indirectIsNegotiated = false
    package var eventIndexIsNegotiated = false

    /// The next available entry to take, and the next used entry to fill.
    package private(set) var nextAvailable: UInt16 = 0
    package private(set) var nextUsed: UInt16 = 0
    /// `nextUsed` as of the last `needsInterrupt`.
    private var signalledUsed: UInt16 = 0
    /// The driver is asked not to notify.
    private var notificationsAreOff = false

    package init(maximumSize: UInt16) {
        self.maximumSize = maximumSize
        size = maximumSize
    }

    /// As after construction: what a device reset does.
    package mutating func reset() { self = Virtqueue(maximumSize: maximumSize) }

    /// Checks what the driver set up and starts the queue at index 0. A queue that is ready stays
    /// as it is.
    package mutating func makeReady<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) {
        guard !isReady else { return }
        guard size > 0, size <= maximumSize, size & (size &- 1) == 0 else { throw .badSize }
        guard descriptors.rawValue & 15 == 0, available.rawValue & 1 == 0, used.rawValue & 3 == 0
        else { throw .misalignedRing }
        let count = UInt64(size)
        // The event words at the ends of the rings belong to them (§2.7).
        guard memory.contains(GuestRange(start: descriptors, count: 16 &* count)),
            memory.contains(GuestRange(start: available, count: 6 &+ 2 &* count)),
            memory.contains(usedRing)
        else { throw .ringOutOfRange }
        (nextAvailable, nextUsed, signalledUsed) = (0, 0, 0)
        notificationsAreOff = false
        isReady = true
    }

    /// Goes on with a queue that another device served before.
    package mutating func resume(nextAvailable: UInt16, nextUsed: UInt16) {
        self.nextAvailable = nextAvailable
        self.nextUsed = nextUsed
        signalledUsed = nextUsed
    }

    /// The request that begins with this descriptor, which was taken before.
    package func chain<Memory: PhysicalMemory & ~Copyable>(
        at head: UInt16, _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) -> DescriptorChain { try parse(head: head, memory) }

    /// The driver takes the queue back.
    package mutating func stop() { isReady = false }

    package var usedRing: GuestRange {
        GuestRange(start: used, count: 6 &+ 8 &* UInt64(size))
    }

    // MARK: Taking requests

    /// The next request, or nil if there is none.
    package mutating func take<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) -> DescriptorChain? {
        guard isReady, try pending(memory) > 0 else { return nil }
        guard let head = memory.load16(availableEntry(nextAvailable)) else {
            throw .ringOutOfRange
        }
        let chain = try parse(head: head, memory)
        nextAvailable &+= 1
        return chain
    }

    /// Puts back the chain that the last `take` returned: the device cannot serve it yet.
    package mutating func untake() { nextAvailable &-= 1 }

    /// How many requests wait.
    package func pending<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) -> UInt16 {
        guard let index = memory.load16(available + 2) else { throw .ringOutOfRange }
        // The entries that the index covers are read after the index.
        memory.fence()
        let count = index &- nextAvailable
        guard count <= size else { throw .availableIndexJumped }
        return count
    }

    // MARK: Returning them

    /// Returns a request to the driver. `written` is how many bytes the device wrote into its
    /// writable buffers, from the first one on without a gap (§2.7.8.2).
    package mutating func complete<Memory: PhysicalMemory & ~Copyable>(
        _ head: UInt16, written: UInt32, _ memory: borrowing Memory, _ effects: inout EffectList
    ) throws(VirtqueueMisuse) {
        try fill(head, written: written, memory)
        try publish(memory, &effects)
    }

    /// The same, but the driver sees it only after `publish`, with others at the same time.
    package mutating func fill<Memory: PhysicalMemory & ~Copyable>(
        _ head: UInt16, written: UInt32, _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) {
        // A completion that was under way while the driver reset the queue goes nowhere.
        guard isReady else { return }
        let entry = usedEntry(nextUsed)
        guard memory.store32(entry, UInt32(head)), memory.store32(entry + 4, written) else {
            throw .ringOutOfRange
        }
        nextUsed &+= 1
    }

    /// Shows the driver what was filled.
    package func publish<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory, _ effects: inout EffectList
    ) throws(VirtqueueMisuse) {
        guard isReady else { return }
        // The entries, and the data before them, must be seen before the index that covers them.
        memory.fence()
        guard memory.store16(used + 2, nextUsed) else { throw .ringOutOfRange }
        effects.append(.wrote(usedRing))
    }

    /// Whether the requests completed since the last call are to be announced by an interrupt
    /// (§2.7.7.1, §2.7.10).
    package mutating func needsInterrupt<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory
    ) throws(VirtqueueMisuse) -> Bool {
        let before = signalledUsed
        guard isReady, nextUsed != before else { return false }
        signalledUsed = nextUsed
        // The used index must be seen before the driver's wish is read.
        memory.fence()
        if eventIndexIsNegotiated {
            guard let event = memory.load16(usedEvent) else {
                throw .ringOutOfRange
            }
            // "used_event" lies among the entries that were just filled.
            return nextUsed &- event &- 1 < nextUsed &- before
        }
        guard let flags = memory.load16(available) else { throw .ringOutOfRange }
        return flags & 1 == 0
    }

    // MARK: The driver's notifications

    /// Asks the driver not to notify: the device looks by itself. With event indices nothing is
    /// written; an index that stays behind has the same meaning (§2.7.10).
    package mutating func disableNotifications<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory, _ effects: inout EffectList
    ) throws(VirtqueueMisuse) {
        notificationsAreOff = true
        guard isReady, !eventIndexIsNegotiated else { return }
        try storeUsedFlags(1, memory, &effects)
    }

    /// Asks the driver to notify of the next request. Returns true if one is there already, which
    /// then has to be taken: its notification may not come. A device that takes requests only when
    /// notified calls it after each drain.
    package mutating func enableNotifications<Memory: PhysicalMemory & ~Copyable>(
        _ memory: borrowing Memory, _ effects: inout EffectList
    ) throws(VirtqueueMisuse) -> Bool {
        guard isReady else { return false }
        if eventIndexIsNegotiated {
            guard memory.store16(availableEvent, nextAvailable) else { throw .ringOutOfRange }
            effects.append(.wrote(GuestRange(start: availableEvent, count: 2)))
        } else if notificationsAreOff {
            try storeUsedFlags(0, memory, &effects)
        }
        notificationsAreOff = false
        memory.fence()
        return try pending(memory) > 0
    }

    private func storeUsedFlags<Memory: PhysicalMemory & ~Copyable>(
        _ flags: UInt16, _ memory: borrowing Memory, _ effects: inout EffectList
    ) throws(VirtqueueMisuse) {
        guard memory.store16(used, flags) else { throw .ringOutOfRange }
        effects.append(.wrote(GuestRange(start: used, count: 2)))
    }

    // MARK: Where the rings' parts lie (§2.7.6, §2.7.8)

    private func availableEntry(_ index: UInt16) -> GuestPhysical {
        available + (4 &+ 2 &* UInt64(index & (size &- 1)))
    }
    private func usedEntry(_ index: UInt16) -> GuestPhysical {
        used + (4 &+ 8 &* UInt64(index & (size &- 1)))
    }
    /// Written by the driver, behind the available ring.
    private var usedEvent: GuestPhysical { available + (4 &+ 2 &* UInt64(size)) }
    /// Written by the device, behind the used ring.
    private var availableEvent: GuestPhysical { used + (4 &+ 8 &* UInt64(size)) }
}
