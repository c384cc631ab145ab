import Bits
import Devices
import Effects

/// RAM for a driver's rings and buffers.
final class TestMemory: PhysicalMemory {
    let base: UInt64 = 0x8000_0000
    var bytes: [UInt8]
    /// How much RAM there is said to be, for buffers that nobody touches.
    var claimedCount: UInt64 = 0x1_0000
    init(count: Int = 0x1_0000) { bytes = [UInt8](repeating: 0, count: count) }

    func contains(_ range: GuestRange) -> Bool { Self.contains(range, base, claimedCount) }
    /// Whether there is such RAM, whatever is said.
    func holds(_ range: GuestRange) -> Bool { Self.contains(range, base, UInt64(bytes.count)) }
    private static func contains(_ range: GuestRange, _ base: UInt64, _ count: UInt64) -> Bool {
        let start = range.start.rawValue &- base
        return range.start.rawValue >= base && start <= count && range.count <= count - start
    }
    private func holds(_ address: GuestPhysical, _ count: Int) -> Bool {
        holds(GuestRange(start: address, count: UInt64(count)))
    }
    func load(_ address: GuestPhysical, _ count: Int) -> UInt64? {
        guard holds(address, count) else { return nil }
        let start = Int(address.rawValue - base)
        return (0..<count).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
    }
    @discardableResult
    func store(_ address: GuestPhysical, _ value: UInt64, _ count: Int) -> Bool {
        guard holds(address, count) else { return false }
        let start = Int(address.rawValue - base)
        for i in 0..<count { bytes[start + i] = UInt8(truncatingIfNeeded: value >> UInt64(i * 8)) }
        return true
    }
    func load16(_ a: GuestPhysical) -> UInt16? { load(a, 2).map(UInt16.init) }
    func load32(_ a: GuestPhysical) -> UInt32? { load(a, 4).map(UInt32.init) }
    func load64(_ a: GuestPhysical) -> UInt64? { load(a, 8) }
    func store16(_ a: GuestPhysical, _ v: UInt16) -> Bool { store(a, UInt64(v), 2) }
    func store32(_ a: GuestPhysical, _ v: UInt32) -> Bool { store(a, UInt64(v), 4) }
    func fence() {}
}

/// A driver that writes its rings by the layout of virtio 1.2 §2.7, and can do so wrongly.
struct Driver {
    static let next: UInt16 = 1
    static let write: UInt16 = 2
    static let indirect: UInt16 = 4

    var memory = TestMemory()
    var queue = Virtqueue(maximumSize: 256)
    var effects = EffectList()
    let table = GuestPhysical(0x8000_0000)
    let available = GuestPhysical(0x8000_2000)
    let used = GuestPhysical(0x8000_3000)
    /// Where buffers may lie.
    let buffers: UInt64 = 0x8000_8000
    var published: UInt16 = 0

    init(size: UInt16 = 8, eventIndex: Bool = false) {
        queue.size = size
        (queue.descriptors, queue.available, queue.used) = (table, available, used)
        queue.indirectIsNegotiated = true
        queue.eventIndexIsNegotiated = eventIndex
    }

    mutating func start() throws { try queue.makeReady(memory) }

    func describe(
        _ index: UInt16, _ address: UInt64, _ count: UInt32, _ flags: UInt16 = 0,
        next: UInt16 = 0, in table: GuestPhysical? = nil
    ) {
        let entry = (table ?? self.table) + UInt64(index) * 16
        memory.store(entry, address, 8)
        memory.store(entry + 8, UInt64(count), 4)
        memory.store(entry + 12, UInt64(flags), 2)
        memory.store(entry + 14, UInt64(next), 2)
    }

    mutating func publish(_ head: UInt16) {
        memory.store(available + (4 + 2 * UInt64(published % queue.size)), UInt64(head), 2)
        published &+= 1
        memory.store(available + 2, UInt64(published), 2)
    }

    mutating func take() throws -> DescriptorChain? { try queue.take(memory) }
    mutating func complete(_ head: UInt16, _ written: UInt32 = 0) throws {
        try queue.complete(head, written: written, memory, &effects)
    }

    var usedIndex: UInt16 { memory.load16(used + 2) ?? 0xdead }
    var usedFlags: UInt16 { memory.load16(used) ?? 0xdead }
    var availableEvent: UInt16 { memory.load16(used + (4 + 8 * UInt64(queue.size))) ?? 0xdead }
    func usedEntry(_ index: UInt16) -> [UInt32] {
        let entry = used + (4 + 8 * UInt64(index))
        return [memory.load32(entry) ?? 0xdead, memory.load32(entry + 4) ?? 0xdead]
    }
    func setAvailableFlags(_ flags: UInt16) { memory.store(available, UInt64(flags), 2) }
    func setUsedEvent(_ event: UInt16) {
        memory.store(available + (4 + 2 * UInt64(queue.size)), UInt64(event), 2)
    }
    /// What the queue says about the chain at descriptor 0.
    mutating func misuse() -> VirtqueueMisuse? {
        publish(0)
        do {
            _ = try queue.take(memory)
            return nil
        } catch {
            return error
        }
    }
}

func range(_ start: UInt64, _ count: UInt64) -> GuestRange {
    GuestRange(start: GuestPhysical(start), count: count)
}
