import Bits

/// What a trap tells a hypervisor beside its cause and value (§18.6.3).
package struct TrapDetails: Equatable, Sendable {
    /// Two bits less of a guest-physical address; else 0.
    package var value2: UInt64
    /// The trapping instruction with its address taken out, a pseudoinstruction, or 0.
    package var instruction: UInt64
    /// The trap's value is an address of the guest.
    package var isGuestAddress: Bool
    package init(value2: UInt64 = 0, instruction: UInt64 = 0, isGuestAddress: Bool = false) {
        self.value2 = value2
        self.instruction = instruction
        self.isGuestAddress = isGuestAddress
    }
}

/// Traps and returns from them (privileged specification §3.1.6.1, §3.1.7, §3.1.8, §3.3.2, §18.6).
extension CSRFile {
    /// Whether a trap taken in this mode leaves machine mode out. `cause` has the interrupt bit.
    @inlinable package func isDelegated(cause: UInt64, privilege: Privilege) -> Bool {
        privilege != .machine && Self.names(cause, interrupts: mideleg, exceptions: medeleg)
    }
    /// Whether it then goes on to the guest that runs (§18.2.2).
    @inlinable package func isDelegatedToGuest(cause: UInt64) -> Bool {
        isVirtual && Self.names(cause, interrupts: hideleg, exceptions: hedeleg)
    }
    @inlinable static func names(_ cause: UInt64, interrupts: UInt64, exceptions: UInt64) -> Bool {
        let code = cause & ~Interrupts.flag
        guard code < 64 else { return false }
        return (cause & Interrupts.flag != 0 ? interrupts : exceptions).bit(Int(code))
    }

    /// Enters the handler; returns where it starts. `details` holds what only a hypervisor hears of.
    package mutating func takeTrap(
        cause: UInt64, value: UInt64, details: TrapDetails = TrapDetails(), pc: UInt64,
        privilege: inout Privilege
    ) -> UInt64 {
        let pc = pc & ~instructionAlignment
        guard isDelegated(cause: cause, privilege: privilege) else {
            enterMachine(cause, value, details, pc, privilege)
            privilege = .machine
            return Self.start(mtvec, cause)
        }
        if isDelegatedToGuest(cause: cause) {
            // To the guest its interrupts look like a supervisor's (§18.2.3).
            let own = cause & Interrupts.flag != 0 ? cause &- 1 : cause
            vscause = own
            vstval = value
            vsepc = pc
            Self.stackSupervisor(&vsstatus, privilege)
            privilege = .supervisor
            return Self.start(vstvec, own)
        }
        scause = cause
        stval = value
        sepc = pc
        Self.stackSupervisor(&mstatus, privilege)
        if isa.has(.h) { enterHypervisor(details, privilege) }
        privilege = .supervisor
        return Self.start(stvec, cause)
    }

    @inline(__always)
    private static func start(_ vector: UInt64, _ cause: UInt64) -> UInt64 {
        let base = vector & ~3
        let isVectored = vector & 3 == 1 && cause & Interrupts.flag != 0
        return isVectored ? base &+ (cause & ~Interrupts.flag) &* 4 : base
    }
    @inline(__always)
    private static func stackSupervisor(_ status: inout UInt64, _ privilege: Privilege) {
        status.set(Status.spie, status & Status.sie != 0)
        status.set(Status.sie, false)
        status.set(Status.spp, privilege == .supervisor)
    }
    private mutating func enterMachine(
        _ cause: UInt64, _ value: UInt64, _ details: TrapDetails, _ pc: UInt64,
        _ privilege: Privilege
    ) {
        mcause = cause
        mtval = value
        mepc = pc
        mstatus.set(Status.mpie, mstatus & Status.mie != 0)
        mstatus.set(Status.mie, false)
        mstatus = mstatus.replacing(
            Status.mpp, with: UInt64(privilege.rawValue) &<< Status.mppShift)
        guard isa.has(.h) else { return }
        mstatus.set(Status.mpv, isVirtual)
        mstatus.set(Status.gva, details.isGuestAddress)
        mtval2 = details.value2
        mtinst = details.instruction
        isVirtual = false
    }
    private mutating func enterHypervisor(_ details: TrapDetails, _ privilege: Privilege) {
        hstatus.set(HypervisorStatus.spv, isVirtual)
        if isVirtual { hstatus.set(HypervisorStatus.spvp, privilege == .supervisor) }
        hstatus.set(HypervisorStatus.gva, details.isGuestAddress)
        htval = details.value2
        htinst = details.instruction
        isVirtual = false
    }

    /// `mret`: returns where execution goes on.
    package mutating func mret(privilege: inout Privilege) throws(Trap) -> UInt64 {
        guard privilege == .machine else { throw .illegal }
        privilege = Privilege(field: mstatus &>> Status.mppShift)
        isVirtual = privilege != .machine && mstatus & Status.mpv != 0
        mstatus.set(Status.mie, mstatus & Status.mpie != 0)
        mstatus.set(Status.mpie, true)
        mstatus.set(Status.mpp | Status.mpv, false)
        if privilege != .machine { mstatus.set(Status.mprv, false) }
        return mepc & ~instructionAlignment
    }

    /// `sret`, which TSR makes illegal in supervisor mode, and VTSR the hypervisor's in a guest.
    package mutating func sret(privilege: inout Privilege) throws(Trap) -> UInt64 {
        if isVirtual { return try guestReturn(&privilege) }
        guard privilege != .user, privilege == .machine || mstatus & Status.tsr == 0 else {
            throw .illegal
        }
        Self.unstackSupervisor(&mstatus, &privilege)
        mstatus.set(Status.mprv, false)
        isVirtual = hstatus & HypervisorStatus.spv != 0
        hstatus.set(HypervisorStatus.spv, false)
        return sepc & ~instructionAlignment
    }
    private mutating func guestReturn(_ privilege: inout Privilege) throws(Trap) -> UInt64 {
        if privilege == .user || hstatus & HypervisorStatus.vtsr != 0 { throw .virtual }
        Self.unstackSupervisor(&vsstatus, &privilege)
        return vsepc & ~instructionAlignment
    }
    @inline(__always)
    private static func unstackSupervisor(_ status: inout UInt64, _ privilege: inout Privilege) {
        privilege = status & Status.spp != 0 ? .supervisor : .user
        status.set(Status.sie, status & Status.spie != 0)
        status.set(Status.spie, true)
        status.set(Status.spp, false)
    }

    // MARK: Permissions of privileged instructions

    /// `wfi`: illegal in user mode, and below machine mode under TW (our time limit is zero). In a guest
    /// VTW, and user mode, leave it to the hypervisor.
    @inlinable @inline(__always) package func permitWaiting(_ privilege: Privilege) throws(Trap) {
        if privilege == .machine { return }
        if mstatus & Status.tw != 0 { throw .illegal }
        if isVirtual && (privilege == .user || hstatus & HypervisorStatus.vtw != 0) {
            throw .virtual
        }
        if privilege == .user { throw .illegal }
    }

    /// `sfence.vma`, `sinval.vma`; TVM makes them illegal in supervisor mode, VTVM the hypervisor's in
    /// a guest.
    @inlinable @inline(__always) package func permitTranslationFence(_ privilege: Privilege)
        throws(Trap)
    {
        if isVirtual {
            if privilege == .user || hstatus & HypervisorStatus.vtvm != 0 { throw .virtual }
            return
        }
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
        if privilege == .user { throw isVirtual ? .virtual : .illegal }
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
        if privilege == .machine { return }
        if menvcfg & bit == 0 { throw .illegal }
        if isVirtual {
            let isUser = privilege == .user
            if henvcfg & bit == 0 || (isUser && senvcfg & bit == 0) { throw .virtual }
        } else if privilege == .user && senvcfg & bit == 0 {
            throw .illegal
        }
    }

    /// `cbo.inval` (Zicbom): whether it flushes instead, as CBIE may ask for the modes below.
    @inlinable @inline(__always) package func cacheInvalidationFlushes(_ privilege: Privilege)
        throws(Trap) -> Bool
    {
        try permitCacheBlock(Environment.cbie, privilege)
        let flush: UInt64 = 1 &<< 4
        if privilege == .machine { return false }
        if menvcfg & Environment.cbie == flush { return true }
        if isVirtual && henvcfg & Environment.cbie == flush { return true }
        return privilege == .user && senvcfg & Environment.cbie == flush
    }
}
