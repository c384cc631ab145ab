import Bits

/// The virtual address translation process (privileged specification §4.3.2; its steps are numbered
/// below), for every mode and stage. `TwoStageWalk` gives it a memory whose addresses are translated.
@usableFromInline package enum PageWalk {
    /// Another hart may change an entry between its read and the update of A and D; each such loss
    /// means that someone else got on, and after so many a spurious page fault is allowed.
    @usableFromInline static var updateAttempts: Int { 64 }

    @inlinable package static func walk<Memory: PhysicalMemory & ~Copyable>(
        _ virtual: GuestVirtual, _ access: AccessKind, _ context: WalkContext,
        _ memory: inout Memory
    ) throws(Trap) -> Translation {
        if context.isIdentity { return .identity(virtual) }
        let address = virtual.rawValue
        let pageFault = context.fault(access, address)
        guard context.isValid(address) else { throw pageFault }
        var table = context.root.rawValue  // step 1
        var level = context.mode.levels &- 1
        var isGlobal = false
        var attempts = updateAttempts
        while true {
            let shift = UInt64(12 &+ level &* 9)
            let slot = GuestPhysical(table &+ context.index(address, level, shift) &* 8)
            guard let pte = memory.load64(slot) else {  // step 2
                throw Trap(access.accessFault, value: address)
            }
            guard isWellFormed(pte, level, context) else { throw pageFault }  // steps 3 and 5
            isGlobal = isGlobal || pte & PTE.global != 0
            if pte & (PTE.read | PTE.execute) == 0 {  // step 4
                if level == 0 { throw pageFault }
                level &-= 1
                table = PTE.pageNumber(pte) &<< 12
                continue
            }
            let wanted = access == .store ? PTE.accessed | PTE.dirty : PTE.accessed
            guard permissions(pte | wanted, context).allow(access) else {  // steps 6 and 7
                throw pageFault
            }
            if pte & wanted != wanted {  // step 8
                guard context.adue, attempts > 0 else { throw pageFault }
                attempts &-= 1
                guard
                    let done = memory.compareAndSwap64(slot, expected: pte, new: pte | wanted)
                else { throw Trap(access.accessFault, value: address) }
                if !done { continue }
            }
            return result(address, pte | wanted, shift, isGlobal, context)  // step 9
        }
    }

    /// Whether the entry is valid and uses no reserved bit or encoding, for this level.
    @inlinable package static func isWellFormed(
        _ pte: UInt64, _ level: Int, _ context: WalkContext
    ) -> Bool {
        guard pte & PTE.valid != 0, pte & PTE.reserved == 0 else { return false }
        if pte & (PTE.read | PTE.write) == PTE.write { return false }
        if pte & (PTE.read | PTE.execute) == 0 {
            let forLeaves = PTE.user | PTE.accessed | PTE.dirty | PTE.pbmt | PTE.napot
            return pte & forLeaves == 0
        }
        if pte & PTE.pbmt != 0 && (!context.pbmte || pte & PTE.pbmt == PTE.pbmt) { return false }
        let below = (UInt64(1) &<< UInt64(level &* 9)) &- 1
        if PTE.pageNumber(pte) & below != 0 { return false }
        if pte & PTE.napot != 0 {
            // The one defined size is 64 KiB: the low four bits of the page number are 1000.
            return context.svnapot && level == 0 && PTE.pageNumber(pte) & 0xf == 8
        }
        return true
    }

    /// What the context may do with a leaf, A and D included.
    @inlinable package static func permissions(_ pte: UInt64, _ context: WalkContext)
        -> Permissions
    {
        guard pte & PTE.accessed != 0 else { return [] }
        let isUser = pte & PTE.user != 0
        let runsAsUser = context.privilege == .user
        var result: Permissions = []
        if isUser == runsAsUser || (isUser && context.sum) {
            let readable =
                context.readsCode
                ? PTE.execute : context.mxr ? PTE.read | PTE.execute : PTE.read
            if pte & readable != 0 { result.insert(.read) }
            if pte & PTE.write != 0 && pte & PTE.dirty != 0 { result.insert(.write) }
        }
        if isUser == runsAsUser && pte & PTE.execute != 0 { result.insert(.execute) }
        return result
    }

    @inlinable static func result(
        _ address: UInt64, _ pte: UInt64, _ shift: UInt64, _ isGlobal: Bool,
        _ context: WalkContext
    ) -> Translation {
        let isNapot = pte & PTE.napot != 0
        let bits = isNapot ? 16 : shift
        let offset = (UInt64(1) &<< bits) &- 1
        let page = (PTE.pageNumber(pte) &<< 12) & ~offset
        return Translation(
            physical: GuestPhysical(page | (address & offset)), pageBits: Int(bits),
            permissions: permissions(pte, context), isUser: pte & PTE.user != 0,
            isGlobal: isGlobal, memoryType: UInt8(truncatingIfNeeded: pte.bits(62, 61)))
    }
}
