import FDT

/// What the monitor needs to know of the machine it runs on, from its device tree.
package struct HostBoard {
    package var memory = FDTRange(address: 0, size: 0)
    /// Memory that firmware keeps or a boot loader filled.
    package var reserved: [FDTRange] = []
    package var isa: [UInt8] = []
    /// The harts that can be used, by their numbers; the one that reads this is the first.
    package private(set) var harts: [UInt64] = []
    package var ticksPerSecond: UInt32 = 10_000_000
    package var arguments: [UInt8] = []
    package var initrd: FDTRange?
    package var uart: (address: UInt64, interrupt: UInt32)?
    package var plic: UInt64?
    /// Which of the PLIC's contexts interrupts this hart in supervisor mode.
    package var plicContext: UInt64 = 0
    package var clock: UInt64?

    /// `image` is an address of the monitor's own, which tells its memory.
    package init?(_ blob: [UInt8], hart: UInt64, image: UInt64) {
        guard let tree = try? FDTReader(blob) else { return nil }
        readHart(tree, hart)
        guard let memory = tree.memory(with: image) else { return nil }
        self.memory = memory
        reserved = tree.reservedMemory
        arguments = tree.bootArguments
        initrd = tree.initrd
        if let node = tree.nodes(compatibleWith: "ns16550a").first, let range = node.reg.first {
            uart = (range.address, node.property("interrupts")?.cells.first ?? 0)
        }
        if let node = tree.nodes(compatibleWith: "sifive,plic-1.0.0").first {
            plic = node.reg.first?.address
            plicContext = tree.interruptContext(of: node, hart: hart, interrupt: 9)
        }
        clock = tree.nodes(compatibleWith: "google,goldfish-rtc").first?.reg.first?.address
    }

    package mutating func reserve(_ address: UInt64, _ count: UInt64) {
        reserved.append(FDTRange(address: address, size: count))
    }

    private mutating func readHart(_ tree: FDTReader, _ hart: UInt64) {
        if let frequency = tree.node(at: "/cpus")?.property("timebase-frequency")?.u32 {
            ticksPerSecond = frequency
        }
        harts = [hart]
        for node in tree.harts {
            guard let number = node.reg.first?.address else { continue }
            if number == hart {
                if let text = node.property("riscv,isa")?.string { isa = Array(text.bytes) }
            } else if node.isEnabled {
                harts.append(number)
            }
        }
    }
}

/// Memory that is nobody's yet: what the board has, less what is reserved.
package struct FreeMemory {
    private var ranges: [(start: UInt64, end: UInt64)] = []

    package init(_ memory: FDTRange, without reserved: [FDTRange]) {
        ranges = [(memory.address, memory.address &+ memory.size)]
        for range in reserved where range.size > 0 {
            var rest: [(start: UInt64, end: UInt64)] = []
            let end = range.address &+ range.size
            for (start, stop) in ranges {
                if end <= start || range.address >= stop {
                    rest.append((start, stop))
                    continue
                }
                if start < range.address { rest.append((start, range.address)) }
                if end < stop { rest.append((end, stop)) }
            }
            ranges = rest
        }
    }

    /// A block from the first range that has room; `alignment` is a power of two.
    package mutating func take(_ count: UInt64, alignment: UInt64 = 4096) -> UInt64? {
        for index in ranges.indices {
            let start = (ranges[index].start &+ alignment &- 1) & ~(alignment &- 1)
            guard start <= ranges[index].end, ranges[index].end - start >= count else { continue }
            if start > ranges[index].start { ranges.append((ranges[index].start, start)) }
            ranges[index].start = start &+ count
            return start
        }
        return nil
    }
}
