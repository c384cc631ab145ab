import Bits

/// Traps and returns from them (privileged specification §3.1.6.1, §3.1.7, §3.1.8, §3.3.2).
extension CSRFile {
    /// Whether a trap taken in this mode goes to supervisor mode. `cause` has the interrupt bit.
    @inlinable package func isDelegated(cause: UInt64, privilege: Privilege) -> Bool {
        guard privilege != .machine else { return false }
        let code = cause & ~Interrupts.flag
        guard code < 64 else { return false }
        return (cause & Interrupts.flag != 0 ? mideleg : medeleg).bit(Int(code))
    }

    /// Enters the handler; returns where it starts. `value2` is for `mtval2`, which comes with H.
    package mutating func takeTrap(
        cause: UInt64, value: UInt64, value2: UInt64 = 0, pc: UInt64,
        privilege: inout Privilege
    ) -> UInt64 {
        let vector: UInt64
        if isDelegated(cause: cause, privilege: privilege) {
            scause = cause
            stval = value
            sepc = pc & ~instructionAlignment
            mstatus.set(Status.spie, mstatus & Status.sie != 0)
            mstatus.set(Status.sie, false)
            mstatus.set(Status.spp, privilege == .supervisor)
            privilege = .supervisor
            vector = stvec
        } else {
            mcause = cause
            mtval = value
            mepc = pc & ~instructionAlignment
            mstatus.set(Status.mpie, mstatus & Status.mie != 0)
            mstatus.set(Status.mie, false)
            mstatus = mstatus.replacing(
                Status.mpp, with: UInt64(privilege.rawValue) &<< Status.mppShift)
            privilege = .machine
            vector = mtvec
        }
        let base = vector & ~3
        let isVectored = vector & 3 == 1 && cause & Interrupts.flag != 0
        return isVectored ? base &+ (cause & ~Interrupts.flag) &* 4 : base
    }

    /// `mret`: returns where execution goes on.
    package mutating func mret(privilege: inout Privilege) throws(Trap) -> UInt64 {
        guard privilege == .machine else { throw .illegal }
        privilege = Privilege(field: mstatus &>> Status.mppShift)
        mstatus.set(Status.mie, mstatus & Status.mpie != 0)
        mstatus.set(Status.mpie, true)
        mstatus.set(Status.mpp, false)
        if privilege != .machine { mstatus.set(Status.mprv, false) }
        return mepc & ~instructionAlignment
    }

    /// `sret`, which TSR makes illegal in supervisor mode.
    package mutating func sret(privilege: inout Privilege) throws(Trap) -> UInt64 {
        guard privilege != .user, privilege == .machine || mstatus & Status.tsr == 0 else {
            throw .illegal
        }
        privilege = mstatus & Status.spp != 0 ? .supervisor : .user
        mstatus.set(Status.sie, mstatus & Status.spie != 0)
        mstatus.set(Status.spie, true)
        mstatus.set(Status.spp, false)
        mstatus.set(Status.mprv, false)
        return sepc & ~instructionAlignment
    }

    // MARK: Permissions of privileged instructions

    /// `wfi`: illegal in user mode, and below machine mode under TW (our time limit is zero).
    @inlinable @inline(__always) package func permitWaiting(_ privilege: Privilege) throws(Trap) {
        switch privilege {
        case .machine: return
        case .supervisor where mstatus & Status.tw == 0: return
        default: throw .illegal
        }
    }

    /// `sfence.vma`, `sinval.vma`; TVM makes them illegal in supervisor mode.
    @inlinable @inline(__always) package func permitTranslationFence(_ privilege: Privilege)
        throws(Trap)
    {
        switch privilege {
        case .machine: return
        case .supervisor where mstatus & Status.tvm == 0: return
        default: throw .illegal
        }
    }

    /// `sfence.w.inval` and `sfence.inval.ir`, which TVM leaves alone.
    @inlinable @inline(__always) package func permitInvalidationFence(_ privilege: Privilege)
        throws(Trap)
    {
        if privilege == .user { throw .illegal }
    }

    /// `cbo.clean` and `cbo.flush` (Zicbom).
    @inlinable @inline(__always) package func permitCacheClean(_ privilege: Privilege) throws(Trap)
    {
        try permitCacheBlock(Environment.cbcfe, privilege)
    }
    /// `cbo.zero` (Zicboz).
    @inlinable @inline(__always) package func permitCacheZero(_ privilege: Privilege) throws(Trap) {
        try permitCacheBlock(Environment.cbze, privilege)
    }
    @inlinable @inline(__always) func permitCacheBlock(_ bit: UInt64, _ privilege: Privilege)
        throws(Trap)
    {
        if privilege != .machine && menvcfg & bit == 0 { throw .illegal }
        if privilege == .user && senvcfg & bit == 0 { throw .illegal }
    }

    /// `cbo.inval` (Zicbom): whether it flushes instead, as CBIE may ask for the modes below.
    @inlinable @inline(__always) package func cacheInvalidationFlushes(_ privilege: Privilege)
        throws(Trap) -> Bool
    {
        try permitCacheBlock(Environment.cbie, privilege)
        let flush: UInt64 = 1 &<< 4
        if privilege == .machine { return false }
        if menvcfg & Environment.cbie == flush { return true }
        return privilege == .user && senvcfg & Environment.cbie == flush
    }
}
