import Bits
import RISCV

/// One tree of page tables that the real hart walks while a guest runs: guest-virtual addresses to
/// the host's. All back-ends build theirs with these few operations.
package struct ShadowPageTable {
    /// Host address of the root.
    package let root: UInt64
    package let mode: PageTableMode

    package init(root: UInt64, mode: PageTableMode) {
        self.root = root
        self.mode = mode
    }

    /// What a leaf holds beside its address: it is the guest's (U), and A and D are set, since the
    /// guest's own bits are kept in the guest's tables.
    package static func leaf(_ host: UInt64, _ permissions: Permissions) -> UInt64 {
        let access = UInt64(permissions.rawValue) &<< 1
        return (host &>> 12) &<< 10 | access | PTE.valid | PTE.user | PTE.accessed | PTE.dirty
    }
    static func pointer(_ table: UInt64) -> UInt64 { (table &>> 12) &<< 10 | PTE.valid }
    /// Of a pointer, in a bit that is software's: what is below is pieces of one page of the guest's.
    static let divided: UInt64 = 1 << 8
    package static func target(_ entry: UInt64) -> UInt64 { PTE.pageNumber(entry) &<< 12 }
    @inline(__always) static func isTable(_ entry: UInt64) -> Bool {
        entry & (PTE.valid | PTE.read | PTE.write | PTE.execute) == PTE.valid
    }

    @inline(__always) private func slot(_ table: UInt64, _ address: UInt64, _ level: Int) -> UInt64
    {
        table &+ ((address &>> UInt64(12 &+ level &* 9)) & 0x1ff) &* 8
    }

    /// Maps one page, or 2 MiB at level 1; `guestLevel` is that of the guest's page which it is a piece
    /// of. False when the pool is empty.
    package func map(
        _ address: UInt64, _ entry: UInt64, level: Int = 0, guestLevel: Int = 0,
        _ pool: inout PagePool
    ) -> Bool {
        var table = root
        var at = mode.levels &- 1
        while at > level {
            let place = slot(table, address, at)
            let old = HostMemory.load64(place)
            if Self.isTable(old) {
                table = Self.target(old)
            } else {
                guard let page = pool.take() else { return false }
                HostMemory.store64(place, Self.pointer(page))
                table = page
            }
            if at <= guestLevel {
                HostMemory.store64(place, HostMemory.load64(place) | Self.divided)
            }
            at &-= 1
        }
        let place = slot(table, address, level)
        let old = HostMemory.load64(place)
        if Self.isTable(old), level > 0 { Self.release(Self.target(old), level &- 1, &pool) }
        HostMemory.store64(place, entry)
        return true
    }

    /// Where the page's leaf lies; nil where nothing is mapped.
    package func leaf(_ address: UInt64) -> UInt64? {
        var table = root
        var level = mode.levels &- 1
        while true {
            let place = slot(table, address, level)
            let entry = HostMemory.load64(place)
            guard entry & PTE.valid != 0 else { return nil }
            if level == 0 || !Self.isTable(entry) { return place }
            table = Self.target(entry)
            level &-= 1
        }
    }

    /// Forgets what one entry of a guest's table at `level` stood for: a page, or all below it; and all
    /// pieces of the page that `address` is in. True where that may be more than one.
    @discardableResult
    package func unmap(_ address: UInt64, level: Int, _ pool: inout PagePool) -> Bool {
        var table = root
        var at = mode.levels &- 1
        while true {
            let place = slot(table, address, at)
            let entry = HostMemory.load64(place)
            guard entry & PTE.valid != 0 else { return false }
            if at == level || !Self.isTable(entry) || entry & Self.divided != 0 {
                if Self.isTable(entry) { Self.release(Self.target(entry), at &- 1, &pool) }
                HostMemory.store64(place, 0)
                return at > 0
            }
            table = Self.target(entry)
            at &-= 1
        }
    }

    /// Forgets everything but what the trap page's slot of the root leads to.
    package func clear(keeping trapSlot: Int, _ pool: inout PagePool) {
        for index in 0..<512 where index != trapSlot {
            let place = root &+ UInt64(index) &* 8
            let entry = HostMemory.load64(place)
            guard entry != 0 else { continue }
            if Self.isTable(entry) { Self.release(Self.target(entry), mode.levels &- 2, &pool) }
            HostMemory.store64(place, 0)
        }
    }

    /// Gives a table and all below it back to the pool.
    private static func release(_ table: UInt64, _ level: Int, _ pool: inout PagePool) {
        if level > 0 {
            for index in 0..<UInt64(512) {
                let entry = HostMemory.load64(table &+ index &* 8)
                if isTable(entry) { release(target(entry), level &- 1, &pool) }
            }
        }
        pool.give(table)
    }
}
