import Bits

/// The registers of the hypervisor extension (privileged specification, chapter 18, version 1.0):
/// `h*`, and `vs*`, which a guest reaches by the supervisor's numbers.
extension CSRFile {
    /// The register that a number leads to: in a guest the supervisor's own have a second copy.
    @inlinable @inline(__always) func reached(_ number: Int) -> Int {
        guard isVirtual else { return number }
        switch number {
        case CSR.sstatus, CSR.sie, CSR.stvec, CSR.sscratch...CSR.sip, CSR.stimecmp, CSR.satp:
            return number &+ 0x100
        default: return number
        }
    }

    /// What `henvcfg` grants: never more than `menvcfg` does.
    @inlinable package var hypervisorEnvironment: UInt64 {
        let fromAbove = Environment.stce | Environment.pbmte | Environment.adue
        return henvcfg & (menvcfg | ~fromAbove)
    }
    func hypervisorStateEnable(_ index: Int) -> UInt64 { hstateen[index] & mstateen[index] }

    var fullGuestStatus: UInt64 {
        let isDirty = vsstatus & Status.fs == Status.fs
        return vsstatus | Status.uxl64 | (isDirty ? Status.sd : 0)
    }

    mutating func hypervisorValue(_ number: Int, _ context: CSRContext) -> UInt64 {
        switch number {
        case CSR.hstatus: hstatus | HypervisorStatus.vsxl64
        case CSR.hedeleg: hedeleg
        case CSR.hideleg: hideleg
        case CSR.hie: mie & Interrupts.virtual
        case CSR.hip: pendingValue(context) & Interrupts.virtual
        case CSR.hvip: hvip
        case CSR.htimedelta: htimedelta
        case CSR.hcounteren: hcounteren
        case CSR.henvcfg: hypervisorEnvironment
        case CSR.hstateen0...CSR.hstateen3: hypervisorStateEnable(number & 3)
        case CSR.htval: htval
        case CSR.htinst: htinst
        case CSR.hgatp: hgatp
        case CSR.vsstatus: fullGuestStatus
        case CSR.vsie: (mie & hideleg) &>> 1
        case CSR.vsip: (pendingValue(context) & hideleg) &>> 1
        case CSR.vstvec: vstvec
        case CSR.vsscratch: vsscratch
        case CSR.vsepc: vsepc & ~instructionAlignment
        case CSR.vscause: vscause
        case CSR.vstval: vstval
        case CSR.vstimecmp: vstimecmp
        case CSR.vsatp: vsatp
        default: 0  // hgeie, hgeip: no guest external interrupts.
        }
    }

    mutating func storeHypervisor(_ number: Int, _ value: UInt64) -> CSREffects {
        switch number {
        case CSR.hstatus: hstatus = value & HypervisorStatus.writable
        case CSR.hedeleg: hedeleg = value & guestDelegableExceptions
        case CSR.hideleg:
            hideleg = value & Interrupts.virtual
            return .interrupts
        case CSR.hie:
            mie = mie.replacing(Interrupts.virtual, with: value)
            return .interrupts
        case CSR.hip:
            hvip = hvip.replacing(Interrupts.virtualSoftware, with: value)
            return .interrupts
        case CSR.hvip:
            hvip = value & Interrupts.virtual
            return .interrupts
        case CSR.htimedelta:
            htimedelta = value
            return [.timer, .interrupts]
        case CSR.hcounteren: hcounteren = value & 0xffff_ffff
        case CSR.henvcfg: return storeHypervisorEnvironment(value)
        case CSR.hstateen0...CSR.hstateen3:
            let mask = StateEnable.supervisor | (number == CSR.hstateen0 ? StateEnable.envcfg : 0)
            hstateen[number & 3] = value & mask
        case CSR.htval: htval = value
        case CSR.htinst: htinst = value
        case CSR.hgatp: return storeGuestTranslation(value)
        default: return storeGuest(number, value)
        }
        return []
    }

    /// The registers of VS-mode.
    private mutating func storeGuest(_ number: Int, _ value: UInt64) -> CSREffects {
        switch number {
        case CSR.vsstatus: return storeGuestStatus(value)
        case CSR.vsie:
            mie = mie.replacing(hideleg, with: value &<< 1)
            return .interrupts
        case CSR.vsip:
            hvip = hvip.replacing(Interrupts.virtualSoftware & hideleg, with: value &<< 1)
            return .interrupts
        case CSR.vstvec: Self.storeVector(&vstvec, value)
        case CSR.vsscratch: vsscratch = value
        case CSR.vsepc: vsepc = value & ~1
        case CSR.vscause: vscause = value
        case CSR.vstval: vstval = value
        case CSR.vstimecmp:
            vstimecmp = value
            return [.timer, .interrupts]
        case CSR.vsatp:
            guard accepts(mode: value &>> 60), vsatp != value else { return [] }
            vsatp = value
            return .translation
        default: break
        }
        return []
    }

    mutating func storeGuestStatus(_ value: UInt64) -> CSREffects {
        var mask = Status.supervisorWritable
        if !isa.has(.f) { mask &= ~Status.fs }
        let old = vsstatus
        vsstatus = old.replacing(mask, with: value)
        let changed = old ^ vsstatus
        var effects: CSREffects = []
        if changed & Status.sie != 0 { effects.insert(.interrupts) }
        if changed & Status.fs != 0 { effects.insert(.floatState) }
        if changed & (Status.sum | Status.mxr) != 0 { effects.insert(.translation) }
        return effects
    }

    private mutating func storeHypervisorEnvironment(_ value: UInt64) -> CSREffects {
        let mask = environmentMask | Environment.adue | Environment.pbmte | Environment.stce
        let old = hypervisorEnvironment
        henvcfg = legalEnvironment(value, old: henvcfg, mask: mask)
        let changed = old ^ hypervisorEnvironment
        var effects: CSREffects = .environment
        if changed & (Environment.adue | Environment.pbmte) != 0 { effects.insert(.translation) }
        if changed & Environment.stce != 0 { effects.insert([.timer, .interrupts]) }
        return effects
    }

    /// An unsupported mode leaves the mode as it is; the other fields are written all the same
    /// (§18.2.10). The root table is 16 KiB, aligned.
    private mutating func storeGuestTranslation(_ value: UInt64) -> CSREffects {
        let mode: UInt64 = 15 &<< 60
        let vmid: UInt64 = 0x3fff &<< 44
        let root = (1 &<< 44) &- 4
        let old = hgatp
        hgatp = old.replacing(vmid | UInt64(root), with: value)
        if accepts(mode: value &>> 60) { hgatp = hgatp.replacing(mode, with: value) }
        return hgatp == old ? [] : .translation
    }
}
