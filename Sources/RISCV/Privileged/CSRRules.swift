import Bits

/// Which accesses exist and are allowed (privileged specification §2.1 and each register's own text).
extension CSRFile {
    /// Throws an illegal instruction where this access is none.
    mutating func permit(_ number: Int, writes: Bool, privilege: Privilege) throws(Trap) {
        // Bits 9:8 are the lowest privilege, 11:10 == 3 says read-only.
        guard Int(privilege.rawValue) >= (number &>> 8) & 3 else { throw .illegal }
        guard !writes || (number &>> 10) & 3 != 3 else { throw .illegal }
        let allowed: Bool
        switch number {
        case CSR.fflags, CSR.frm, CSR.fcsr: allowed = isa.has(.f) && !isFloatOff
        case CSR.seed: allowed = permitsSeed(privilege)
        case CSR.cycle, CSR.time, CSR.instret:
            allowed = isa.has(.zicntr) && permitsCounter(number & 31, privilege)
        case CSR.hpmcounter3...0xc1f:
            allowed = isa.has(.zihpm) && permitsCounter(number & 31, privilege)
        case CSR.stimecmp: allowed = permitsTimer(privilege)
        case CSR.satp: allowed = privilege == .machine || mstatus & Status.tvm == 0
        case CSR.senvcfg:
            allowed =
                privilege == .machine || !isa.has(.smstateen)
                || mstateen[0] & StateEnable.envcfg != 0
        case CSR.sstateen0...CSR.sstateen3:
            allowed =
                isa.has(.smstateen)
                && (privilege == .machine || mstateen[number & 3] & StateEnable.supervisor != 0)
        default: allowed = exists(number)
        }
        if !allowed { throw .illegal }
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
