import Bits
import RISCV

/// The registers of a guest's supervisor as the real hart holds them while the guest runs on the
/// hypervisor extension: the `vs*` registers, `hvip`, and two that a guest shares with the real hart.
package struct GuestSupervisor: Equatable, Sendable {
    package var status: UInt64 = 0
    package var enabled: UInt64 = 0
    /// Bits of `hvip`.
    package var pending: UInt64 = 0
    package var vector: UInt64 = 0
    package var scratch: UInt64 = 0
    package var returnAddress: UInt64 = 0
    package var cause: UInt64 = 0
    package var value: UInt64 = 0
    package var translation: UInt64 = 0
    package var timer: UInt64 = ~0
    package var counters: UInt64 = 0
    package var environment: UInt64 = 0

    package init() {}

    /// What the real hart is to hold when the virtual one is in this state.
    ///
    /// Virtual machine mode runs in VS-mode without translation, and with interrupts off: it would not
    /// take the supervisor's, also not one that it raises itself.
    package init(_ csr: CSRFile, _ privilege: Privilege, hasTimer: Bool) {
        status = csr.mstatus & Status.supervisorWritable
        let delegated = csr.mideleg & Interrupts.supervisor
        enabled = csr.mie & delegated
        // Machine mode reads `sip` as well.
        pending = (csr.pending & delegated) &<< 1
        if privilege == .machine {
            status &= ~Status.sie
        } else {
            // The real hart compares by itself.
            if hasTimer && csr.isSupervisorTimerDriven { pending &= ~Interrupts.virtualTimer }
            translation = csr.satp
        }
        vector = csr.stvec
        scratch = csr.sscratch
        returnAddress = csr.sepc
        cause = csr.scause
        value = csr.stval
        timer = csr.stimecmp
        counters = csr.scounteren
        environment = csr.senvcfg
    }

    /// What the guest has made of it: the virtual hart's registers follow.
    package func store(to csr: inout CSRFile, _ privilege: Privilege, hasTimer: Bool) {
        let kept = privilege == .machine ? Status.sie : 0
        csr.mstatus = csr.mstatus.replacing(Status.supervisorWritable & ~kept, with: status)
        let delegated = csr.mideleg & Interrupts.supervisor
        csr.mie = csr.mie.replacing(delegated, with: enabled)
        let software = Interrupts.supervisorSoftware & delegated
        csr.mip = csr.mip.replacing(software, with: pending &>> 1)
        if privilege != .machine {
            csr.satp = translation
            if hasTimer && csr.isSupervisorTimerDriven { csr.stimecmp = timer }
        }
        csr.stvec = vector
        csr.sscratch = scratch
        csr.sepc = returnAddress
        csr.scause = cause
        csr.stval = value
        csr.scounteren = counters
        csr.senvcfg = environment
    }
}

/// What a guest may do by itself on the hypervisor extension, by its virtual hart's state.
package struct GuestRights: Equatable, Sendable {
    package var exceptions: UInt64 = 0
    package var interrupts: UInt64 = 0
    package var counters: UInt64 = 0
    package var environment: UInt64 = 0
    package var status: UInt64

    /// Of machine mode's instructions all come to the monitor, and so do those of the supervisor that
    /// mean something else there: `sret`, `satp`, `sfence.vma`.
    package init(_ csr: CSRFile, _ privilege: Privilege, isUnderFirmware: Bool) {
        // `wfi` is the monitor's, which has other guests to run.
        status = HypervisorStatus.spv | HypervisorStatus.vtw
        if privilege != .user { status |= HypervisorStatus.spvp }
        // Where the guest's own machine mode wants them.
        if csr.mstatus & Status.tvm != 0 { status |= HypervisorStatus.vtvm }
        if csr.mstatus & Status.tsr != 0 { status |= HypervisorStatus.vtsr }
        interrupts = (csr.mideleg & Interrupts.supervisor) &<< 1
        // The board's time; cycles and instructions are not the guest's alone.
        counters = csr.mcounteren & 2
        environment = csr.menvcfg & (Environment.adue | Environment.fiom)
        if privilege == .machine {
            status |= HypervisorStatus.vtsr | HypervisorStatus.vtvm
            counters = 2
        } else {
            exceptions = csr.medeleg
            // Firmware keeps illegal instructions to itself, as OpenSBI does: the monitor, which is this
            // guest's, says what was a reach beyond the world, and hands them on.
            if isUnderFirmware {
                exceptions &= ~(1 &<< ExceptionCause.illegalInstruction.rawValue)
            }
            environment = csr.menvcfg & (Environment.adue | Environment.fiom | Environment.stce)
        }
    }
}
