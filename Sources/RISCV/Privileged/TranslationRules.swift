import Bits

/// In which mode a memory access is made: not always the hart's own (MPRV, HLV).
@frozen @usableFromInline
package struct AccessMode: Equatable, Sendable {
    @usableFromInline package var privilege: Privilege
    @usableFromInline package var isVirtual: Bool
    /// `hlvx`.
    @usableFromInline package var readsCode = false
    @inlinable package init(_ privilege: Privilege, isVirtual: Bool = false) {
        self.privilege = privilege
        self.isVirtual = isVirtual
    }
}

/// What translation depends on.
extension CSRFile {
    /// The mode whose rules a load or store follows (MPRV); fetches take the current one.
    @inlinable @inline(__always) package func effectiveMode(
        _ access: AccessKind, _ privilege: Privilege
    ) -> AccessMode {
        guard access != .fetch, mstatus & Status.mprv != 0 else {
            return AccessMode(privilege, isVirtual: isVirtual)
        }
        let previous = Privilege(field: mstatus &>> Status.mppShift)
        return AccessMode(
            previous, isVirtual: previous != .machine && mstatus & Status.mpv != 0)
    }
    /// The mode of `hlv` and `hsv`: the guest's before the trap (SPVP).
    @inlinable package var guestAccessMode: AccessMode {
        AccessMode(hstatus & HypervisorStatus.spvp != 0 ? .supervisor : .user, isVirtual: true)
    }

    /// The rules of the walk for accesses in this mode.
    @inlinable @inline(__always) package func stages(_ mode: AccessMode) -> TranslationStages {
        mode.isVirtual
            ? guestStages(mode) : TranslationStages(walkContext(effective: mode.privilege))
    }
    /// Outside of guests.
    @inlinable @inline(__always) package func walkContext(effective privilege: Privilege)
        -> WalkContext
    {
        WalkContext(
            mode: PageTableMode(field: satp &>> 60),
            root: GuestPhysical(satp.bits(43, 0) &<< 12), privilege: privilege,
            sum: mstatus & Status.sum != 0, mxr: mstatus & Status.mxr != 0,
            adue: menvcfg & Environment.adue != 0, pbmte: menvcfg & Environment.pbmte != 0,
            svnapot: isa.has(.svnapot))
    }
    /// The hypervisor's MXR holds for both stages, the guest's for its own (§18.2.13). G-stage entries
    /// are all a user's.
    @usableFromInline func guestStages(_ mode: AccessMode) -> TranslationStages {
        let environment = hypervisorEnvironment
        let mxr = mstatus & Status.mxr != 0
        var first = WalkContext(
            mode: PageTableMode(field: vsatp &>> 60),
            root: GuestPhysical(vsatp.bits(43, 0) &<< 12), privilege: mode.privilege,
            sum: vsstatus & Status.sum != 0, mxr: mxr || vsstatus & Status.mxr != 0,
            adue: environment & Environment.adue != 0,
            pbmte: environment & Environment.pbmte != 0, svnapot: isa.has(.svnapot))
        var guest = WalkContext(
            mode: PageTableMode(field: hgatp &>> 60),
            root: GuestPhysical(hgatp.bits(43, 0) &<< 12), privilege: .user, mxr: mxr,
            adue: menvcfg & Environment.adue != 0, pbmte: menvcfg & Environment.pbmte != 0,
            svnapot: isa.has(.svnapot))
        guest.isGuestStage = true
        first.readsCode = mode.readsCode
        guest.readsCode = mode.readsCode
        return TranslationStages(first, guest: guest)
    }
    /// The guest of `hgatp`.
    @inlinable package var vmid: UInt64 { hgatp.bits(57, 44) }
}
