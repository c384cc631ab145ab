import Bits

/// Which accesses exist and are allowed (privileged specification §2.1 and each register's own text).
extension CSRFile {
    /// Throws an illegal instruction where this access is none, or a virtual instruction where it is
    /// the hypervisor that keeps a guest from it.
    mutating func permit(_ number: Int, writes: Bool, privilege: Privilege) throws(Trap) {
        // Bits 11:10 == 3 says read-only.
        guard !writes || (number &>> 10) & 3 != 3 else { throw .illegal }
        if isVirtual { return try permitGuest(number, writes: writes, privilege: privilege) }
        // Bits 9:8 are the lowest privilege; 2 is HS-mode.
        let level = (number &>> 8) & 3
        guard Int(privilege.rawValue) >= (level == 2 ? 1 : level) else { throw .illegal }
        if !isPermitted(number, writes: writes, privilege: privilege) { throw .illegal }
    }

    /// The rules outside of guests, the level of the number aside.
    mutating func isPermitted(_ number: Int, writes: Bool, privilege: Privilege) -> Bool {
        let allowed: Bool
        switch number {
        case CSR.fflags, CSR.frm, CSR.fcsr: allowed = isa.has(.f) && !isFloatOff
        case CSR.seed: allowed = writes && permitsSeed(privilege)
        case CSR.cycle, CSR.time, CSR.instret:
            allowed = isa.has(.zicntr) && permitsCounter(number & 31, privilege)
        case CSR.hpmcounter3...0xc1f:
            allowed = isa.has(.zihpm) && permitsCounter(number & 31, privilege)
        case CSR.stimecmp: allowed = permitsTimer(privilege)
        case CSR.vstimecmp: allowed = isa.has(.h) && permitsTimer(privilege)
        case CSR.satp: allowed = privilege == .machine || mstatus & Status.tvm == 0
        case CSR.hgatp:
            allowed = isa.has(.h) && (privilege == .machine || mstatus & Status.tvm == 0)
        case CSR.senvcfg:
            allowed =
                privilege == .machine || !isa.has(.smstateen)
                || mstateen[0] & StateEnable.envcfg != 0
        case CSR.henvcfg:
            allowed =
                isa.has(.h)
                && (privilege == .machine || !isa.has(.smstateen)
                    || mstateen[0] & StateEnable.envcfg != 0)
        case CSR.hstateen0...CSR.hstateen3:
            allowed =
                isa.has(.h) && isa.has(.smstateen)
                && (privilege == .machine || mstateen[number & 3] & StateEnable.supervisor != 0)
        case CSR.sstateen0...CSR.sstateen3:
            allowed =
                isa.has(.smstateen)
                && (privilege == .machine || mstateen[number & 3] & StateEnable.supervisor != 0)
        default: allowed = exists(number)
        }
        return allowed
    }

    /// The registers that need no more than their privilege.
    @inline(__always) private mutating func exists(_ number: Int) -> Bool {
        switch number {
        case CSR.sstatus, CSR.sie, CSR.stvec, CSR.scounteren, CSR.sscratch, CSR.sepc, CSR.scause,
            CSR.stval, CSR.sip:
            true
        case CSR.mstatus...CSR.mcounteren, CSR.menvcfg, CSR.mcountinhibit,
            CSR.mscratch...CSR.mip:
            true
        case CSR.pmpcfg0, CSR.pmpcfg2, CSR.pmpaddr0...0x3bf: true
        case CSR.mhpmevent3...0x33f, CSR.mcycle, CSR.minstret, CSR.mhpmcounter3...0xb1f: true
        case CSR.tselect...CSR.tdata3, CSR.mvendorid...CSR.mconfigptr: true
        case CSR.mstateen0...CSR.mstateen3: isa.has(.smstateen)
        case CSR.mseccfg: isa.has(.zkr)
        case CSR.scountovf: isa.has(.sscofpmf)
        case CSR.mtinst, CSR.mtval2, CSR.hgeip: isa.has(.h)
        case CSR.vsstatus, CSR.vsie, CSR.vstvec, CSR.vsscratch...CSR.vsip, CSR.vsatp: isa.has(.h)
        case CSR.hstatus, CSR.hedeleg...CSR.hgeie, CSR.htval...CSR.hvip, CSR.htinst: isa.has(.h)
        default: false
        }
    }

    /// `mcounteren` gates supervisor and user mode, `scounteren` user mode too.
    @inline(__always) private mutating func permitsCounter(_ index: Int, _ privilege: Privilege)
        -> Bool
    {
        if privilege == .machine { return true }
        return mcounteren.bit(index) && (privilege == .supervisor || scounteren.bit(index))
    }

    @inline(__always) private mutating func permitsTimer(_ privilege: Privilege) -> Bool {
        guard isa.has(.sstc) else { return false }
        return privilege == .machine
            || (menvcfg & Environment.stce != 0 && mcounteren.bit(1))
    }

    @inline(__always) private mutating func permitsSeed(_ privilege: Privilege) -> Bool {
        guard isa.has(.zkr) else { return false }
        switch privilege {
        case .machine: return true
        case .supervisor: return mseccfg & Security.sseed != 0
        case .user: return mseccfg & Security.useed != 0
        }
    }
}
