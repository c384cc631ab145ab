import Bits

extension CSRFile {
    /// One CSR instruction: checks, reads, writes. `writes` is false for `csrrs` and its kin with `x0`
    /// or a zero immediate. Where anything is refused nothing has changed.
    package mutating func access(
        _ number: Int, _ operation: CSROperation, _ operand: UInt64, writes: Bool = true,
        privilege: Privilege, context: CSRContext
    ) throws(Trap) -> (value: UInt64, effects: CSREffects) {
        try permit(number, writes: writes, privilege: privilege)
        let number = reached(number)
        let old = current(number, context)
        guard writes else { return (old, []) }
        // Bits of `mip` that a line holds up take no part in what is written back.
        let base =
            switch number {
            case CSR.mip: mip | hvip
            case CSR.sip: mip & mideleg
            default: old
            }
        return (old, store(number, operation.result(base, operand), context))
    }

    /// The same for the registers that trap handlers use, which need no more than their privilege; nil
    /// for all others.
    package mutating func accessQuickly(
        _ number: Int, _ operation: CSROperation, _ operand: UInt64, writes: Bool,
        privilege: Privilege
    ) -> (value: UInt64, effects: CSREffects)? {
        guard Int(privilege.rawValue) >= (number &>> 8) & 3 else { return nil }
        let value: UInt64
        switch reached(number) {
        case CSR.sscratch: value = Self.exchange(&sscratch, operation, operand, writes)
        case CSR.scause: value = Self.exchange(&scause, operation, operand, writes)
        case CSR.stval: value = Self.exchange(&stval, operation, operand, writes)
        case CSR.vsscratch where isVirtual:
            value = Self.exchange(&vsscratch, operation, operand, writes)
        case CSR.vscause where isVirtual:
            value = Self.exchange(&vscause, operation, operand, writes)
        case CSR.vstval where isVirtual:
            value = Self.exchange(&vstval, operation, operand, writes)
        case CSR.vsepc where isVirtual:
            value = Self.exchange(&vsepc, operation, operand, writes, ~instructionAlignment)
        case CSR.mscratch: value = Self.exchange(&mscratch, operation, operand, writes)
        case CSR.mcause: value = Self.exchange(&mcause, operation, operand, writes)
        case CSR.mtval: value = Self.exchange(&mtval, operation, operand, writes)
        case CSR.sepc:
            value = Self.exchange(&sepc, operation, operand, writes, ~instructionAlignment)
        case CSR.mepc:
            value = Self.exchange(&mepc, operation, operand, writes, ~instructionAlignment)
        case CSR.sstatus:
            value = fullStatus & Status.supervisorReadable
            guard writes else { break }
            let new = operation.result(value, operand)
            let changed = (new ^ mstatus) & Status.supervisorWritable
            // What handlers and critical sections change has no rules beside.
            guard changed & ~(Status.sie | Status.spie | Status.spp) == 0 else {
                return (value, storeStatus(new, Status.supervisorWritable))
            }
            mstatus ^= changed
            return (value, changed & Status.sie != 0 ? .interrupts : [])
        case CSR.sie:
            value = mie & mideleg & ~Interrupts.virtual
            guard writes else { break }
            mie = mie.replacing(
                mideleg & ~Interrupts.virtual, with: operation.result(value, operand))
            return (value, .interrupts)
        case CSR.vsstatus where isVirtual:
            value = fullGuestStatus
            guard writes else { break }
            return (value, storeGuestStatus(operation.result(value, operand)))
        default: return nil
        }
        return (value, [])
    }
    /// Of an exception's pc bit 1 is kept where it reads as zero, bit 0 is not (§3.1.14).
    @inline(__always)
    private static func exchange(
        _ register: inout UInt64, _ operation: CSROperation, _ operand: UInt64, _ writes: Bool,
        _ readable: UInt64 = ~0
    ) -> UInt64 {
        let old = register & readable
        if writes { register = operation.result(old, operand) & (readable | 2) }
        return old
    }

    /// A plain write (`csrrw`).
    package mutating func write(
        _ number: Int, _ value: UInt64, privilege: Privilege, context: CSRContext
    ) throws(Trap) -> CSREffects {
        try permit(number, writes: true, privilege: privilege)
        return store(reached(number), value, context)
    }

    /// Legalises and stores, without the checks of an access: also for debuggers and firmware.
    @discardableResult
    package mutating func store(_ number: Int, _ value: UInt64, _ context: CSRContext)
        -> CSREffects
    {
        switch (number &>> 8) & 3 {
        case 0: storeUser(number, value)
        case 1: storeSupervisor(number, value)
        case 2: storeHypervisor(number, value)
        default: storeMachine(number, value, context)
        }
    }

    private mutating func storeUser(_ number: Int, _ value: UInt64) -> CSREffects {
        switch number {
        case CSR.fflags: fflags = value & 0x1f
        case CSR.frm: frm = value & 7
        case CSR.fcsr:
            fflags = value & 0x1f
            frm = value.bits(7, 5)
        default: return []
        }
        markFloatDirty()
        return .floatState
    }

    private mutating func storeSupervisor(_ number: Int, _ value: UInt64) -> CSREffects {
        switch number {
        case CSR.sstatus: return storeStatus(value, Status.supervisorWritable)
        case CSR.sie:
            mie = mie.replacing(mideleg & ~Interrupts.virtual, with: value)
            return .interrupts
        case CSR.sip:
            let writable = Interrupts.supervisorSoftware | counterOverflowBit
            mip = mip.replacing(writable & mideleg, with: value)
            return .interrupts
        case CSR.stvec: Self.storeVector(&stvec, value)
        case CSR.scounteren: scounteren = value & 0xffff_ffff
        case CSR.senvcfg:
            senvcfg = legalEnvironment(value, old: senvcfg, mask: environmentMask)
            return .environment
        case CSR.sscratch: sscratch = value
        case CSR.sepc: sepc = value & ~1
        case CSR.scause: scause = value
        case CSR.stval: stval = value
        case CSR.stimecmp:
            stimecmp = value
            return [.timer, .interrupts]
        case CSR.satp: return storeSatp(value)
        default: break
        }
        return []
    }

    private mutating func storeMachine(_ number: Int, _ value: UInt64, _ context: CSRContext)
        -> CSREffects
    {
        switch number {
        case CSR.mstatus:
            let virtual = isa.has(.h) ? Status.mpv | Status.gva : 0
            return storeStatus(value, Status.writable | virtual)
        case CSR.medeleg: medeleg = value & delegableExceptions
        case CSR.mideleg:
            mideleg = value & (Interrupts.supervisor | counterOverflowBit) | guestInterrupts
            return .interrupts
        case CSR.mie:
            let own = Interrupts.supervisor | Interrupts.machine | counterOverflowBit
            mie = value & (own | guestInterrupts)
            return .interrupts
        case CSR.mip: return storePending(value)
        case CSR.mtvec: Self.storeVector(&mtvec, value)
        case CSR.mcounteren: mcounteren = value & 0xffff_ffff
        case CSR.menvcfg: return storeMachineEnvironment(value)
        case CSR.mstateen0...CSR.mstateen3:
            let mask = StateEnable.supervisor | (number == CSR.mstateen0 ? StateEnable.envcfg : 0)
            mstateen[number & 3] = value & mask
        case CSR.mcountinhibit: return storeInhibit(value, context)
        case CSR.mscratch: mscratch = value
        case CSR.mepc: mepc = value & ~1
        case CSR.mcause: mcause = value
        case CSR.mtval: mtval = value
        case CSR.mtinst: mtinst = value
        case CSR.mtval2: mtval2 = value
        case CSR.pmpcfg0, CSR.pmpcfg2:
            pmp.setConfiguration(upper: number == CSR.pmpcfg2, value)
            return .translation
        case CSR.pmpaddr0...0x3bf:
            pmp.setAddress(number & 15, value)
            return .translation
        case CSR.mseccfg: mseccfg = value & (Security.sseed | Security.useed)
        case CSR.mcycle:
            mcycle = storedCounter(value, context.cycle &+ 1, 0)
            return .counters
        case CSR.minstret:
            minstret = storedCounter(value, context.instret &+ 1, 2)
            return .counters
        case CSR.mhpmcounter3: mhpmcounter3 = storedEventCounter(value, context)
        case CSR.mhpmevent3:
            let count = eventCounter(context)
            mhpmevent3 = value & 1
            mhpmcounter3 = storedEventCounter(count, context)
        default: break
        }
        return []
    }
}

/// WARL fields, each legalised as the specification's text of its register says.
extension CSRFile {
    mutating func storeStatus(_ value: UInt64, _ mask: UInt64) -> CSREffects {
        var mask = mask
        if value & Status.mpp == 2 &<< Status.mppShift { mask &= ~Status.mpp }
        if !isa.has(.f) { mask &= ~Status.fs }
        let old = mstatus
        mstatus = old.replacing(mask, with: value)
        let changed = old ^ mstatus
        var effects: CSREffects = []
        if changed & (Status.sie | Status.mie) != 0 { effects.insert(.interrupts) }
        if changed & Status.fs != 0 { effects.insert(.floatState) }
        let underMPRV = (old | mstatus) & Status.mprv != 0 ? Status.mpp | Status.mpv : 0
        if changed & (Status.mprv | Status.sum | Status.mxr | underMPRV) != 0 {
            effects.insert(.translation)
        }
        return effects
    }

    /// Modes 2 and 3 are reserved: such a write changes nothing.
    static func storeVector(_ register: inout UInt64, _ value: UInt64) {
        if value & 3 < 2 { register = value }
    }

    /// A write with an unsupported mode has no effect (§4.1.11).
    private mutating func storeSatp(_ value: UInt64) -> CSREffects {
        guard accepts(mode: value &>> 60), satp != value else { return [] }
        satp = value
        return .translation
    }
    func accepts(mode: UInt64) -> Bool {
        PageTableMode(rawValue: UInt8(truncatingIfNeeded: mode)).map { $0 <= largestMode } ?? false
    }

    private mutating func storePending(_ value: UInt64) -> CSREffects {
        var writable = Interrupts.supervisor | counterOverflowBit
        if isSupervisorTimerDriven { writable &= ~Interrupts.supervisorTimer }
        mip = mip.replacing(writable, with: value)
        if isa.has(.h) { hvip = hvip.replacing(Interrupts.virtualSoftware, with: value) }
        return .interrupts
    }

    var guestInterrupts: UInt64 { isa.has(.h) ? Interrupts.virtual : 0 }
    private var counterOverflowBit: UInt64 {
        isa.has(.sscofpmf) ? Interrupts.counterOverflow : 0
    }

    /// Exceptions that can happen below machine mode. Instruction addresses are never misaligned with
    /// compressed instructions; `ecall` from M (11) is never delegated.
    private var delegableExceptions: UInt64 {
        let always: UInt64 = 0b1011_0011_1111_1110
        // A guest's `ecall`, guest-page faults, virtual instructions.
        let ofGuests: UInt64 = isa.has(.h) ? 1 &<< 10 | 0xf &<< 20 : 0
        return always | ofGuests | (isa.has(.c) ? 0 : 1)
    }
    /// The same below HS-mode: a supervisor's `ecall` comes from VS-mode, and stays with HS-mode, as
    /// what only a hypervisor can deal with (§18.2.2).
    var guestDelegableExceptions: UInt64 { 0b1011_0001_1111_1110 | (isa.has(.c) ? 0 : 1) }

    /// Fields that `menvcfg` and `senvcfg` share.
    var environmentMask: UInt64 {
        var mask = Environment.fiom
        if isa.has(.zicbom) { mask |= Environment.cbie | Environment.cbcfe }
        if isa.has(.zicboz) { mask |= Environment.cbze }
        return mask
    }

    /// CBIE = 2 is reserved: the field keeps its value.
    func legalEnvironment(_ value: UInt64, old: UInt64, mask: UInt64) -> UInt64 {
        let isReserved = value & Environment.cbie == 2 &<< 4
        return old.replacing(isReserved ? mask & ~Environment.cbie : mask, with: value)
    }

    private mutating func storeMachineEnvironment(_ value: UInt64) -> CSREffects {
        var mask = environmentMask
        if isa.has(.svadu) { mask |= Environment.adue }
        if isa.has(.svpbmt) { mask |= Environment.pbmte }
        if isa.has(.sstc) { mask |= Environment.stce }
        let old = menvcfg
        menvcfg = legalEnvironment(value, old: old, mask: mask)
        let changed = old ^ menvcfg
        var effects: CSREffects = .environment
        if changed & (Environment.adue | Environment.pbmte) != 0 { effects.insert(.translation) }
        if changed & Environment.stce != 0 {
            // STIP changes hands: neither side's old level stays behind.
            mip.set(Interrupts.supervisorTimer, false)
            lines.set(Interrupts.supervisorTimer | Interrupts.virtualTimer, false)
            effects.insert([.timer, .interrupts])
        }
        return effects
    }

    /// What to store so that the counter reads `value` when the hart's count is `count`.
    private func storedCounter(_ value: UInt64, _ count: UInt64, _ inhibitBit: Int) -> UInt64 {
        mcountinhibit.bit(inhibitBit) ? value : value &- count
    }

    /// A counter that stops keeps its value; one that starts goes on from it.
    private mutating func storeInhibit(_ value: UInt64, _ context: CSRContext) -> CSREffects {
        let cycles = counter(mcycle, context.cycle, 0)
        let retired = counter(minstret, context.instret, 2)
        let events = eventCounter(context)
        mcountinhibit = value & 0b1101
        mhpmcounter3 = storedEventCounter(events, context)
        mcycle = storedCounter(cycles, context.cycle, 0)
        minstret = storedCounter(retired, context.instret, 2)
        return .counters
    }
}
