import Bits
import RISCV

/// `mmu=shadow`: the view that the guest runs in is built from its page tables as a whole, after
/// each write of `satp` and each fence. Hidden faults are left for A and D bits alone.
enum EagerMMU: MMUBackEnd {
    static func switched(_ shadows: inout Shadows) { invalidate(shadows.current, &shadows) }

    /// The one page that a fence may name comes back with a hidden fault.
    static func fenced(_ address: UInt64?, _ shadows: inout Shadows) {
        if let address { return shadows.dropPage(address) }
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

    static func build(
        _ space: Int, _ view: View, _ csr: inout CSRFile, _ shadows: inout Shadows
    ) {
        shadows.counts.rebuilds += 1
        let trapSlot = shadows.roots[Shadows.root(space, view)].trapSlot
        let shadow = shadows.table(space, view)
        shadow.clear(keeping: trapSlot, &shadows.pool)
        shadows.fences.everything = true
        shadows.roots[Shadows.root(space, view)].isBuilt = true
        guard space != Shadows.bareSpace else { return }
        let isUser = view == .user || view == .userMXR
        let context = csr.walkContext(effective: isUser ? .user : .supervisor)
        let isOpen = csr.pmp.isOpen(
            GuestPhysical(GuestRAM.start), count: shadows.ram.count, context.privilege)
        // Where the virtual PMP has a word in it, page by page as they are asked for.
        guard isOpen, let root = shadows.ram.host(context.root, count: 4096) else { return }
        var builder = ShadowBuilder(
            ram: shadows.ram, context: context, pool: shadows.pool, left: limit)
        let level = context.mode.levels &- 1
        if shadow.mode == context.mode {
            builder.fill(shadow.root, from: root, level: level, 0..<512, without: trapSlot)
        } else {
            // One level more: addresses with the sign bit set are in the last slot of its root.
            for (slot, half) in [(0, 0..<256), (511, 256..<512)] where slot != trapSlot {
                guard let page = builder.pool.take() else { break }
                builder.fill(page, from: root, level: level, half)
                HostMemory.store64(
                    shadow.root &+ UInt64(slot) &* 8, ShadowPageTable.pointer(page))
            }
        }
        shadows.pool = builder.pool
    }
}

/// Copies a guest's page tables into shadow tables of the same form, with the host's addresses.
///
/// Entries are read as a walk of theirs reads them (privileged specification §4.3.2), but nothing is
/// updated: where A is not set, or D for a store, a hidden fault does the rest.
private struct ShadowBuilder {
    let ram: GuestRAM
    let context: WalkContext
    var pool: PagePool
    /// What may still be spent.
    var left: Int

    private static let tableCost = 16
    private static let reserve = 64
    private static let largeBytes: UInt64 = 2 << 20

    /// Both tables by their addresses in the host.
    mutating func fill(
        _ shadow: UInt64, from table: UInt64, level: Int, _ slots: Range<Int>,
        without trapSlot: Int = -1
    ) {
        left -= Self.tableCost
        for slot in slots where left > 0 && slot != trapSlot {
            let entry = HostMemory.load64(table &+ UInt64(slot) &* 8)
            guard entry & PTE.valid != 0, PageWalk.isWellFormed(entry, level, context) else {
                continue
            }
            left -= 1
            guard let own = self.entry(for: entry, level: level, slot: slot) else { continue }
            HostMemory.store64(shadow &+ UInt64(slot) &* 8, own)
        }
    }

    private mutating func entry(for entry: UInt64, level: Int, slot: Int) -> UInt64? {
        let address = PTE.pageNumber(entry) &<< 12
        if entry & (PTE.read | PTE.execute) == 0 {
            // Some pages are kept for hidden faults.
            guard level > 0, pool.freeCount > Self.reserve,
                let below = ram.host(GuestPhysical(address), count: 4096), let page = pool.take()
            else { return nil }
            fill(page, from: below, level: level &- 1, 0..<512)
            return ShadowPageTable.pointer(page)
        }
        let permissions = PageWalk.permissions(entry, context)
        guard !permissions.isEmpty else { return nil }
        switch level {
        case 0:
            // One of the sixteen entries of 64 KiB (Svnapot) has its own number in the low bits.
            let isPart = entry & PTE.napot != 0
            let page = isPart ? address & ~0xffff | UInt64(slot & 15) &<< 12 : address
            return leaf(page, count: 4096, permissions)
        case 1: return leaf(address, count: Self.largeBytes, permissions)
        case 2: return blocks(address, permissions)
        default: return nil
        }
    }

    private func leaf(_ address: UInt64, count: UInt64, _ permissions: Permissions) -> UInt64? {
        ram.host(GuestPhysical(address), count: count).map { ShadowPageTable.leaf($0, permissions) }
    }

    /// A gigabyte in blocks of two megabytes, of which RAM may be some.
    private mutating func blocks(_ address: UInt64, _ permissions: Permissions) -> UInt64? {
        guard let table = pool.take() else { return nil }
        for index in 0..<UInt64(512) {
            let block = address &+ index &* Self.largeBytes
            guard let leaf = leaf(block, count: Self.largeBytes, permissions) else { continue }
            left -= 1
            HostMemory.store64(table &+ index &* 8, leaf)
        }
        return ShadowPageTable.pointer(table) | ShadowPageTable.divided
    }
}
