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
        readMemory(tree, image)
        guard memory.size > 0 else { return nil }
        if let node = tree.nodes(compatibleWith: "ns16550a").first, let range = node.reg.first {
            uart = (range.address, node.property("interrupts")?.cells.first ?? 0)
        }
        if let node = tree.nodes(compatibleWith: "sifive,plic-1.0.0").first {
            plic = node.reg.first?.address
            plicContext = Self.context(of: node, hart, in: tree)
        }
        clock = tree.nodes(compatibleWith: "google,goldfish-rtc").first?.reg.first?.address
    }

    package mutating func reserve(_ address: UInt64, _ count: UInt64) {
        reserved.append(FDTRange(address: address, size: count))
    }

    private mutating func readHart(_ tree: FDTReader, _ hart: UInt64) {
        guard let list = tree.node(at: "/cpus") else { return }
        if let frequency = list.property("timebase-frequency")?.u32 { ticksPerSecond = frequency }
        harts = [hart]
        for node in list.children {
            guard node.property("device_type")?.string?.equals("cpu") == true,
                let number = node.reg.first?.address
            else { continue }
            if number == hart {
                if let text = node.property("riscv,isa")?.string { isa = Array(text.bytes) }
            } else if node.property("status")?.string?.equals("disabled") != true {
                harts.append(number)
            }
        }
    }

    private mutating func readMemory(_ tree: FDTReader, _ image: UInt64) {
        for node in tree.root.children {
            guard node.property("device_type")?.string?.equals("memory") == true else { continue }
            for range in node.reg where image >= range.address {
                if image - range.address < range.size { memory = range }
            }
        }
        reserved = tree.reservations
        if let node = tree.node(at: "/reserved-memory") {
            for child in node.children { reserved += child.reg }
        }
        guard let chosen = tree.node(at: "/chosen") else { return }
        if let text = chosen.property("bootargs")?.string { arguments = Array(text.bytes) }
        if let start = Self.number(chosen.property("linux,initrd-start")),
            let end = Self.number(chosen.property("linux,initrd-end")), end > start
        {
            let range = FDTRange(address: start, size: end - start)
            initrd = range
            reserved.append(range)
        }
    }

    /// Loaders write the initrd's bounds in one cell or two.
    private static func number(_ property: FDTProperty?) -> UInt64? {
        property?.u64 ?? property?.u32.map { UInt64($0) }
    }

    /// The PLIC lists pairs of a hart's interrupt controller and the interrupt it raises there.
    private static func context(of plic: FDTNode, _ hart: UInt64, in tree: FDTReader) -> UInt64 {
        let cells = plic.property("interrupts-extended")?.cells ?? []
        for context in 0..<cells.count / 2 where cells[2 * context + 1] == 9 {
            let owner = tree.node(FDTPhandle(cells[2 * context]))?.parent
            if owner?.reg.first?.address == hart { return UInt64(context) }
        }
        return 0
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
