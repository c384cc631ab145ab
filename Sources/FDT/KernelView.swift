/// What a kernel looks for first in the tree that it was started with (Devicetree Specification 0.4,
/// chapter 3).
extension FDTReader {
    /// The memory that holds an address: the kernel's own tells which is its.
    package func memory(with address: UInt64) -> FDTRange? {
        for node in root.children {
            guard node.property("device_type")?.string?.equals("memory") == true else { continue }
            for range in node.reg where address >= range.address {
                if address - range.address < range.size { return range }
            }
        }
        return nil
    }

    /// Memory that firmware keeps, or that a boot loader filled.
    package var reservedMemory: [FDTRange] {
        var ranges = reservations
        if let node = node(at: "/reserved-memory") {
            for child in node.children { ranges += child.reg }
        }
        if let initrd { ranges.append(initrd) }
        return ranges
    }

    /// Empty where there is none.
    package var bootArguments: [UInt8] {
        node(at: "/chosen")?.property("bootargs")?.string.map { Array($0.bytes) } ?? []
    }

    /// Loaders write its bounds in one cell or two.
    package var initrd: FDTRange? {
        func number(_ property: FDTProperty?) -> UInt64? {
            property?.u64 ?? property?.u32.map { UInt64($0) }
        }
        guard let chosen = node(at: "/chosen"),
            let start = number(chosen.property("linux,initrd-start")),
            let end = number(chosen.property("linux,initrd-end")), end > start
        else { return nil }
        return FDTRange(address: start, size: end - start)
    }

    /// The harts, in the tree's order.
    package var harts: [FDTNode] {
        guard let list = node(at: "/cpus") else { return [] }
        return list.children.filter { $0.property("device_type")?.string?.equals("cpu") == true }
    }

    /// Which of an interrupt controller's contexts a hart hears as this interrupt: it lists pairs of a
    /// hart's own controller and the interrupt that it raises there. 0 where none is found.
    package func interruptContext(of controller: FDTNode, hart: UInt64, interrupt: UInt32)
        -> UInt64
    {
        let cells = controller.property("interrupts-extended")?.cells ?? []
        for context in 0..<cells.count / 2 where cells[2 * context + 1] == interrupt {
            let owner = node(FDTPhandle(cells[2 * context]))?.parent
            if owner?.reg.first?.address == hart { return UInt64(context) }
        }
        return 0
    }
}
