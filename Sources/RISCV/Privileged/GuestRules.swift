import Bits

/// What a guest may do with registers and privileged instructions (§18.6.1, "virtual-instruction
/// exceptions"): what HS-mode might allow, but the hypervisor does not, is its to emulate; what nobody
/// below M-mode could do is illegal.
extension CSRFile {
    mutating func permitGuest(_ number: Int, writes: Bool, privilege: Privilege) throws(Trap) {
        let level = (number &>> 8) & 3
        guard level != 3, isPermittedAbove(number, writes: writes) else { throw .illegal }
        if level == 2 || (level == 1 && privilege == .user) { throw .virtual }
        switch number {
        case CSR.fflags, CSR.frm, CSR.fcsr:
            if isFloatOff { throw .illegal }
        case CSR.seed: throw .virtual
        case CSR.cycle, CSR.time, CSR.instret, CSR.hpmcounter3...0xc1f:
            let index = number & 31
            guard hcounteren.bit(index), privilege == .supervisor || scounteren.bit(index) else {
                throw .virtual
            }
        case CSR.stimecmp:
            guard hypervisorEnvironment & Environment.stce != 0, hcounteren.bit(1) else {
                throw .virtual
            }
        case CSR.satp:
            if hstatus & HypervisorStatus.vtvm != 0 { throw .virtual }
        case CSR.senvcfg:
            if isa.has(.smstateen) && hypervisorStateEnable(0) & StateEnable.envcfg == 0 {
                throw .virtual
            }
        case CSR.sstateen0...CSR.sstateen3:
            if hypervisorStateEnable(number & 3) & StateEnable.supervisor == 0 { throw .virtual }
        default: break
        }
    }

    /// Whether HS-mode could make this access, were it not for TVM.
    private mutating func isPermittedAbove(_ number: Int, writes: Bool) -> Bool {
        if (number == CSR.satp || number == CSR.hgatp) && mstatus & Status.tvm != 0 {
            return true
        }
        return isPermitted(number, writes: writes, privilege: .supervisor)
    }

    // MARK: Instructions of the hypervisor

    /// `hlv`, `hlvx`, `hsv`: HS-mode, and U-mode where HU says so.
    @inlinable package func permitGuestAccess(_ privilege: Privilege) throws(Trap) {
        if isVirtual { throw .virtual }
        if privilege == .user && hstatus & HypervisorStatus.hu == 0 { throw .illegal }
    }
    /// `hfence.vvma` and `hinval.vvma`, which TVM leaves alone.
    @inlinable package func permitGuestFence(_ privilege: Privilege) throws(Trap) {
        if isVirtual { throw .virtual }
        if privilege == .user { throw .illegal }
    }
    /// `hfence.gvma` and `hinval.gvma`.
    @inlinable package func permitGuestPhysicalFence(_ privilege: Privilege) throws(Trap) {
        try permitGuestFence(privilege)
        if privilege == .supervisor && mstatus & Status.tvm != 0 { throw .illegal }
    }
}
