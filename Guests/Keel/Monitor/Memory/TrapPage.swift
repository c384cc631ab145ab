import Bits
import RISCV

/// The trap page: the first and the last instructions of every VMExit, and behind it a page for
/// each vCPU's frame. It is the only part of the monitor that the real hart can reach while a guest
/// runs, and not from U-mode.
///
/// A root of mode n holds it in one of its 512 slots, as the only thing there; the monitor's own
/// table of that mode holds it in all slots of the upper half. So it can move to another slot when
/// the guest maps something in its own, and the change of `satp` happens inside one page.
package struct TrapPage: Sendable {
    /// By number of levels: the table that a root of so many levels points to.
    private var tables = InlineArray<6, UInt64>(repeating: 0)

    /// Outside the canonical range of a guest whose mode is narrower: neither slot 0 nor 511.
    package static let usualSlot = 256
    /// Those that it can be in: the lower half of the monitor's own root maps its memory.
    package static let slots = 256...511

    /// `frames` are host addresses. Fails when the pool is empty.
    package init?(code: UInt64, frames: [UInt64], _ pool: inout PagePool) {
        guard var table = pool.take() else { return nil }
        HostMemory.store64(table, Self.entry(code, PTE.read | PTE.execute))
        for (index, frame) in frames.enumerated() {
            HostMemory.store64(
                table &+ UInt64(index &+ 1) &* 8, Self.entry(frame, PTE.read | PTE.write))
        }
        for levels in 2...5 {
            tables[levels] = table
            guard levels < 5 else { break }
            guard let above = pool.take() else { return nil }
            HostMemory.store64(above, (table &>> 12) &<< 10 | PTE.valid)
            table = above
        }
    }

    private static func entry(_ host: UInt64, _ access: UInt64) -> UInt64 {
        (host &>> 12) &<< 10 | access | PTE.valid | PTE.accessed | PTE.dirty
    }

    /// What the root's slot holds.
    package func entry(_ mode: PageTableMode) -> UInt64 {
        (tables[mode.levels] &>> 12) &<< 10 | PTE.valid
    }
    /// Where the code lies when it is in this slot.
    package static func address(slot: Int, _ mode: PageTableMode) -> UInt64 {
        (UInt64(slot) &<< UInt64(3 &+ mode.levels &* 9)).signExtended(from: mode.virtualBits)
    }
    /// Which slot of a root an address lies in.
    package static func slot(_ address: UInt64, _ mode: PageTableMode) -> Int {
        Int((address &>> UInt64(3 &+ mode.levels &* 9)) & 0x1ff)
    }
}

/// The monitor's own tables, one root for each mode that a shadow may have: memory where it lies,
/// and the trap page wherever it may be.
package struct MonitorRoots: Sendable {
    private var tables = InlineArray<6, UInt64>(repeating: 0)

    /// Fails when the pool is empty.
    package init?(_ trapPage: TrapPage, _ pool: inout PagePool) {
        guard let gigapages = pool.take() else { return nil }
        let access = PTE.read | PTE.write | PTE.execute | PTE.accessed | PTE.dirty | PTE.valid
        for index in 0..<UInt64(512) {
            HostMemory.store64(gigapages &+ index &* 8, index &<< 28 | access)
        }
        var below = gigapages
        for mode in [PageTableMode.sv39, .sv48, .sv57] {
            guard let root = pool.take() else { return nil }
            if mode == .sv39 {
                HostMemory.copy(to: root, from: gigapages, count: 2048)
            } else {
                HostMemory.store64(root, (below &>> 12) &<< 10 | PTE.valid)
                below = root
            }
            for slot in TrapPage.slots {
                HostMemory.store64(root &+ UInt64(slot) &* 8, trapPage.entry(mode))
            }
            tables[mode.levels] = root
        }
    }

    /// What the real `satp` holds while the monitor runs.
    package func satp(_ mode: PageTableMode) -> UInt64 {
        UInt64(mode.rawValue) &<< 60 | tables[mode.levels] &>> 12
    }
}
