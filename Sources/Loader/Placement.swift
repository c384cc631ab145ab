import Bits

extension LoadPlan {
    /// Throws unless each segment lies in one of the machine's memory slots.
    package func check(against memslots: [GuestRange]) throws(HullError) {
        for segment in segments where segment.count > 0 {
            guard !memslots.contains(where: { $0.holds(segment.range) }) else { continue }
            let memory = memslots.map { describe($0) }.joined(separator: " and ")
            throw HullError(
                .usage,
                "\(name): its segment for \(describe(segment.range)) does not fit into the machine's"
                    + " memory, which is \(memory.isEmpty ? "empty" : memory)."
                    + (memslots.contains { segment.address >= $0.start }
                        ? " Give the machine more with --memory" : ""))
        }
        guard memslots.contains(where: { entry.rawValue &- $0.start.rawValue < $0.count }) else {
            throw HullError(
                .usage,
                "\(name): its entry point \(hex(entry.rawValue)) lies outside the machine's memory")
        }
    }

    /// Throws when two images want the same memory, as a firmware and its payload may.
    package func check(against other: LoadPlan) throws(HullError) {
        for (mine, its) in segments.flatMap({ mine in other.segments.map { (mine, $0) } })
        where mine.range.overlaps(its.range) {
            throw HullError(
                .usage,
                "\(name) wants \(describe(mine.range)), and \(other.name) wants \(describe(its.range));"
                    + " they cannot both be loaded")
        }
    }
}

private func describe(_ range: GuestRange) -> String {
    "\(hex(range.start.rawValue))…\(hex(range.start.rawValue &+ range.count)) (\(readableSize(range.count)))"
}

extension GuestRange {
    fileprivate func holds(_ other: GuestRange) -> Bool {
        let into = other.start.rawValue &- start.rawValue
        return into <= count && count &- into >= other.count
    }
    fileprivate func overlaps(_ other: GuestRange) -> Bool {
        count > 0 && other.count > 0
            && (other.start.rawValue &- start.rawValue < count
                || start.rawValue &- other.start.rawValue < other.count)
    }
}

/// Where the initial RAM disk and the device tree go: at the top of RAM, the device tree last, so
/// that the kernel finds one free piece of memory between itself and them.
package struct BootPlacement: Sendable, Equatable {
    package var initialRAMDisk: GuestRange?
    package var deviceTree: GuestRange

    /// Room that a firmware needs behind the tree when it adds nodes.
    private static let deviceTreeSlack: UInt64 = 64 << 10
    private static let largePage: UInt64 = 2 << 20

    /// `occupied` are the images' plans.
    package init(
        ram: GuestRange, occupied: [LoadPlan], initialRAMDiskCount: UInt64?, deviceTreeCount: UInt64
    ) throws(HullError) {
        let images = occupied.reduce(ram.start) { max($0, $1.end) }
        let needed = HullError(
            .usage,
            "the machine's \(readableSize(ram.count)) of memory cannot hold the kernel up to"
                + " \(hex(images.rawValue)), \(readableSize(initialRAMDiskCount ?? 0)) of initial RAM disk"
                + " and the device tree. Give it more with --memory")
        func below(_ top: UInt64, _ count: UInt64, alignment: UInt64) throws(HullError)
            -> GuestRange
        {
            guard top >= count, (top - count) & ~(alignment - 1) >= images.rawValue else {
                throw needed
            }
            return GuestRange(start: GuestPhysical((top - count) & ~(alignment - 1)), count: count)
        }
        let top = ram.start.rawValue &+ ram.count
        guard deviceTreeCount <= Self.largePage, top >= ram.start.rawValue else { throw needed }
        deviceTree = try below(top, deviceTreeCount + Self.deviceTreeSlack, alignment: 4096)
        deviceTree.count = deviceTreeCount
        if let count = initialRAMDiskCount {
            initialRAMDisk = try below(deviceTree.start.rawValue, count, alignment: 4096)
        }
    }
}
