import Bits

/// Tables of an image, each a cluster long, as far as there is room for them. A changed table stays
/// until it is written.
struct TableCache {
    struct Slot {
        var offset: UInt64
        var bytes: [UInt8]
        /// What differs from the storage.
        var dirty: Range<Int>?
        var lastUse: UInt64
    }
    private let tableBytes: Int
    private let limit: Int
    private(set) var slots: [Slot] = []
    private var index: [UInt64: Int] = [:]
    private var uses: UInt64 = 0
    private(set) var dirtyCount = 0

    /// `budget` is in bytes; a few tables fit always.
    init(tableBytes: Int, budget: Int) {
        self.tableBytes = tableBytes
        limit = min(max(budget / tableBytes, 4), 1024)
    }

    /// Where a table is, if it is there.
    mutating func find(_ offset: UInt64) -> Int? {
        guard let slot = index[offset] else { return nil }
        uses &+= 1
        slots[slot].lastUse = uses
        return slot
    }

    /// Whether a table more can be held without writing one.
    var hasRoom: Bool { slots.count < limit || dirtyCount < slots.count }

    /// Puts a table in; there must be room.
    mutating func insert(_ offset: UInt64, _ bytes: [UInt8]) -> Int {
        uses &+= 1
        let slot = Slot(offset: offset, bytes: bytes, dirty: nil, lastUse: uses)
        if slots.count < limit {
            slots.append(slot)
            index[offset] = slots.count - 1
            return slots.count - 1
        }
        var victim: Int?
        for candidate in slots.indices where slots[candidate].dirty == nil {
            if victim.map({ slots[candidate].lastUse < slots[$0].lastUse }) ?? true {
                victim = candidate
            }
        }
        guard let victim else { preconditionFailure("no table of the cache may leave") }
        index[slots[victim].offset] = nil
        slots[victim] = slot
        index[offset] = victim
        return victim
    }

    /// The table is used no more: what lies there is something else from now on.
    mutating func forget(_ offset: UInt64) {
        guard let slot = index.removeValue(forKey: offset) else { return }
        if slots[slot].dirty != nil { dirtyCount -= 1 }
        slots[slot].dirty = nil
        slots[slot].lastUse = 0
        // No table lies at an odd offset.
        slots[slot].offset = .max
    }

    mutating func forgetAll() {
        slots.removeAll()
        index.removeAll()
        dirtyCount = 0
    }

    func entry(_ slot: Int, _ number: Int) -> UInt64 { slots[slot].bytes.big64(number * 8) }

    mutating func setEntry(_ slot: Int, _ number: Int, _ value: UInt64) {
        slots[slot].bytes.put(number * 8, value)
        touch(slot, number * 8..<number * 8 + 8)
    }

    /// Changes bytes of a table in place.
    mutating func change(_ slot: Int, _ range: Range<Int>, _ body: (inout [UInt8]) -> Void) {
        body(&slots[slot].bytes)
        touch(slot, range)
    }

    private mutating func touch(_ slot: Int, _ range: Range<Int>) {
        if let old = slots[slot].dirty {
            slots[slot].dirty =
                min(old.lowerBound, range.lowerBound)..<max(old.upperBound, range.upperBound)
        } else {
            slots[slot].dirty = range
            dirtyCount += 1
        }
    }

    /// Writes what differs, in whole sectors.
    mutating func writeDirty(to storage: any ImageStorage) throws(HullError) {
        guard dirtyCount > 0 else { return }
        let order = slots.indices.filter { slots[$0].dirty != nil }
            .sorted { slots[$0].offset < slots[$1].offset }
        for slot in order {
            guard let dirty = slots[slot].dirty else { continue }
            let range = dirty.lowerBound & ~511..<min((dirty.upperBound + 511) & ~511, tableBytes)
            try storage.write(
                slots[slot].offset + UInt64(range.lowerBound), slots[slot].bytes, range)
            slots[slot].dirty = nil
            dirtyCount -= 1
        }
    }
}
