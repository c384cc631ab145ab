import CSkiff
import FDT
import SkiffABI

/// An Sv39 address space. Everything physical is mapped where it lies, for the kernel alone; the
/// programs' gigabyte is each space's own.
struct AddressSpace {
    let root: UInt64
    let asid: UInt64
    static let sv39: UInt64 = 8 << 60

    var satp: UInt64 { Self.sv39 | asid << 44 | root >> 12 }

    func activate() {
        csr_write_satp(satp)
        // Without ASIDs every switch must forget the space before (10.2.1).
        if asid == 0 { sfence_all() }
    }

    static func index(_ address: UInt64, _ level: UInt64) -> UInt64 {
        (address >> (12 + 9 * level)) & 511
    }

    /// The address of the entry that maps `address` at `level`; tables are made on the way there
    /// when `pages` is given.
    func entry(_ address: UInt64, level: UInt64 = 0, making pages: PageAllocator? = nil) -> UInt64?
    {
        var table = root
        var at: UInt64 = 2
        while true {
            let entry = table + 8 * Self.index(address, at)
            if at == level { return entry }
            let value = load64(entry)
            if value & PTE.valid == 0 {
                guard let page = pages?.allocate() else { return nil }
                store64(entry, PTE.table(page))
            } else if PTE.isLeaf(value) {
                return nil
            }
            table = PTE.physical(load64(entry))
            at -= 1
        }
    }

    @discardableResult
    func map(
        _ address: UInt64, to physical: UInt64, _ bits: UInt64, level: UInt64 = 0,
        _ pages: PageAllocator
    ) -> Bool {
        guard let entry = entry(address, level: level, making: pages) else { return false }
        store64(entry, PTE.leaf(physical, bits))
        return true
    }

    /// Where a program's address lies, when the program may do this with it.
    func translate(_ address: UInt64, _ needed: UInt64) -> UInt64? {
        guard address >= ProgramMemory.base, address < ProgramMemory.end,
            let entry = entry(address)
        else { return nil }
        let value = load64(entry)
        let bits = needed | PTE.valid | PTE.user
        guard value & bits == bits else { return nil }
        return PTE.physical(value) | address & (pageSize - 1)
    }

    /// Calls `body` with the entry's address of each page a program has.
    func forEachPage(_ body: (_ address: UInt64, _ entry: UInt64) -> Void) {
        let top = load64(root + 8 * Self.index(ProgramMemory.base, 2))
        guard top & PTE.valid != 0 else { return }
        for middle in 0..<UInt64(512) {
            let value = load64(PTE.physical(top) + 8 * middle)
            guard value & PTE.valid != 0 else { continue }
            for low in 0..<UInt64(512) {
                let entry = PTE.physical(value) + 8 * low
                guard load64(entry) & PTE.valid != 0 else { continue }
                body(ProgramMemory.base | middle << 21 | low << 12, entry)
            }
        }
    }

    /// Frees what the space owns, the kernel's part excepted.
    func release(to pages: PageAllocator) {
        forEachPage { _, entry in
            let value = load64(entry)
            if value & PTE.shared == 0 { pages.release(PTE.physical(value)) }
        }
        let top = load64(root + 8 * Self.index(ProgramMemory.base, 2))
        if top & PTE.valid != 0 {
            for middle in 0..<UInt64(512) {
                let value = load64(PTE.physical(top) + 8 * middle)
                if value & PTE.valid != 0 { pages.release(PTE.physical(value)) }
            }
            pages.release(PTE.physical(top))
        }
        pages.release(root)
    }
}
