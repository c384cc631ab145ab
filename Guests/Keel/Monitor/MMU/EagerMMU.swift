import Bits
import RISCV

/// `mmu=shadow`: the view that the guest runs in is built from its page tables as a whole, after
/// each write of `satp` and each fence. Hidden faults are left for A and D bits alone.
enum EagerMMU: MMUBackEnd {
    static func switched(_ shadows: inout Shadows) { invalidate(shadows.current, &shadows) }

    static func fenced(_ shadows: inout Shadows) {
        for space in 0..<Shadows.spaceCount { invalidate(space, &shadows) }
        shadows.mustChoose = true
    }

    private static func invalidate(_ space: Int, _ shadows: inout Shadows) {
        guard space != Shadows.bareSpace else { return }
        for view in View.allCases { shadows.roots[Shadows.root(space, view)].isBuilt = false }
    }

    static func tableWritten(_ frame: Int, _ access: AccessKind, _ shadows: inout Shadows) -> Fill {
        .mapped
    }
    static func willStore(
        _ address: GuestPhysical, _ width: AccessWidth, _ shadows: inout Shadows
    ) {}

    // MARK: Building

    /// What one build may cost: entries of the shadow, and for each table as much as a few of them. A
    /// guest's tables may lead back to themselves, and then have no end, while the other guests wait;
    /// what is left out comes by hidden faults.
    private static let limit = 1 << 16
    private static let tableCost = 16

    static func build(
        _ space: Int, _ view: View, _ csr: inout CSRFile, _ shadows: inout Shadows
    ) {
        shadows.counts.rebuilds += 1
        shadows.table(space, view).clear(
            keeping: shadows.roots[Shadows.root(space, view)].trapSlot, &shadows.pool)
        shadows.fences.everything = true
        shadows.roots[Shadows.root(space, view)].isBuilt = true
        guard space != Shadows.bareSpace else { return }
        let isUser = view == .user || view == .userMXR
        var context = csr.walkContext(effective: isUser ? .user : .supervisor)
        context.adue = false
        let isOpen = csr.pmp.isOpen(
            GuestPhysical(GuestRAM.start), count: shadows.ram.count, context.privilege)
        // Where the virtual PMP has a word in it, page by page as they are asked for.
        guard isOpen else { return }
        var left = limit
        build(
            context.root.rawValue, level: context.mode.levels &- 1, base: 0, context, space, view,
            &csr, &shadows, &left)
    }

    private static func build(
        _ table: UInt64, level: Int, base: UInt64, _ context: WalkContext, _ space: Int,
        _ view: View, _ csr: inout CSRFile, _ shadows: inout Shadows, _ left: inout Int
    ) {
        guard let host = shadows.ram.host(GuestPhysical(table), count: 4096) else { return }
        left -= tableCost
        for index in 0..<UInt64(512) where left > 0 {
            let entry = HostMemory.load64(host &+ index &* 8)
            guard entry & PTE.valid != 0 else { continue }
            let inside = base &+ index &<< UInt64(12 &+ level &* 9)
            if entry & (PTE.read | PTE.execute) != 0 {
                enter(inside, context, space, view, &csr, &shadows, &left)
            } else if level > 0 {
                build(
                    PTE.pageNumber(entry) &<< 12, level: level &- 1, base: inside, context, space,
                    view, &csr, &shadows, &left)
            }
        }
    }

    /// A leaf, where it is RAM and can be used without more to do: 2 MiB at once where it is
    /// larger.
    private static func enter(
        _ inside: UInt64, _ context: WalkContext, _ space: Int, _ view: View,
        _ csr: inout CSRFile, _ shadows: inout Shadows, _ left: inout Int
    ) {
        left -= 1
        let address = inside.signExtended(from: context.mode.virtualBits)
        let mode = shadows.shadowMode(context.mode)
        let trapSlot = shadows.roots[Shadows.root(space, view)].trapSlot
        guard TrapPage.slot(address, mode) != trapSlot,
            let page = translate(GuestVirtual(address), context, &csr, shadows), page.pageBits <= 30
        else { return }
        let isLarge = page.pageBits >= 21
        let step: UInt64 = isLarge ? 2 << 20 : 4096
        // One entry of 64 KiB (Svnapot) is written sixteen times in the guest's table.
        let count: UInt64 = isLarge ? 1 &<< UInt64(page.pageBits) : step
        for offset in stride(from: UInt64(0), to: count, by: Int(step)) {
            let physical = GuestPhysical(page.physical.rawValue &+ offset)
            guard let host = shadows.ram.host(physical, count: step) else { continue }
            left -= 1
            let leaf = ShadowPageTable.leaf(host, page.permissions)
            let isMapped = shadows.table(space, view).map(
                address &+ offset, leaf, level: isLarge ? 1 : 0, &shadows.pool)
            if !isMapped { return }
        }
    }

    /// The walk of a load or a fetch that updates nothing: a page that was not accessed yet is left
    /// to a hidden fault.
    private static func translate(
        _ address: GuestVirtual, _ context: WalkContext, _ csr: inout CSRFile,
        _ shadows: borrowing Shadows
    ) -> Translation? {
        var tables = GuestTables(shadows.ram, &csr)
        return (try? PageWalk.walk(address, .load, context, &tables))
            ?? (try? PageWalk.walk(address, .fetch, context, &tables))
    }
}
