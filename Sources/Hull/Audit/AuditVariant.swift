import Bits
import RISCV

/// A state of the privileged registers. Whatever a program can tell apart between two of them shows
/// that an instruction looks at what belongs to its system.
struct AuditVariant {
    /// Nonzero: registers of the machine, the supervisor and the hypervisor hold other values.
    var system: UInt64
    /// Nonzero: so do those of a guest.
    var guest: UInt64

    var time: UInt64 { 1000 &+ system &* 777 }

    /// As a monitor sets up a hart for a program below it: no counters, no cache blocks, no floating
    /// point, no entropy; in a guest `wfi` is the hypervisor's. All traps go to machine mode.
    func file(_ isa: ISA, _ mode: AuditRig.Mode) -> CSRFile {
        var csr = CSRFile(isa: isa)
        let context = CSRContext()
        func set(_ number: Int, _ value: UInt64) { csr.store(number, value, context) }
        set(CSR.pmpaddr0, ~0 >> 10)
        set(CSR.pmpcfg0, 0x1f)
        set(CSR.mtvec, AuditRig.handler)
        set(CSR.mcounteren, ~0)
        set(CSR.menvcfg, ~0 & ~Environment.stce | (isa.has(.sstc) ? Environment.stce : 0))
        for index in 0..<4 { set(CSR.mstateen0 + index, ~0) }
        set(CSR.mseccfg, Security.sseed)
        for (offset, number) in Self.systemRegisters.enumerated() {
            set(number, system &* UInt64(0x1_0010 + offset * 0x110))
        }
        set(CSR.mstatus, system == 0 ? 0 : Status.mpie | Status.spie | Status.spp | Status.sum)
        if isa.has(.h) {
            set(CSR.hstatus, HypervisorStatus.vtw | (system == 0 ? 0 : HypervisorStatus.spvp))
            for (offset, number) in Self.guestRegisters.enumerated() {
                set(number, guest &* UInt64(0x2_0020 + offset * 0x210))
            }
            set(CSR.vsstatus, guest == 0 ? 0 : Status.sie | Status.spie | Status.sum)
        }
        if isa.has(.smstateen) { for index in 0..<4 { set(CSR.hstateen0 + index, 0) } }
        csr.isVirtual = mode.isVirtual
        return csr
    }

    /// Registers that hold values alone: any of them keeps the hart going.
    private static let systemRegisters = [
        CSR.stvec, CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval, CSR.stimecmp, CSR.mscratch,
        CSR.mepc, CSR.mcause, CSR.mtval, CSR.mcycle, CSR.minstret, CSR.htval, CSR.htinst,
        CSR.mtval2, CSR.mtinst, CSR.htimedelta, CSR.hedeleg, CSR.mie,
    ]
    private static let guestRegisters = [
        CSR.vstvec, CSR.vsscratch, CSR.vsepc, CSR.vscause, CSR.vstval, CSR.vstimecmp,
    ]
}

extension CSRFile {
    /// The file without what is a guest's own while it runs: its supervisor's registers, and two that
    /// nobody but the guest's user mode feels, which a hypervisor exchanges with the guest.
    func withoutGuestState() -> CSRFile {
        var rest = self
        let clean = CSRFile(isa: isa)
        rest.vsstatus = clean.vsstatus
        rest.vstvec = clean.vstvec
        rest.vsepc = clean.vsepc
        rest.vscause = clean.vscause
        rest.vstval = clean.vstval
        rest.vsscratch = clean.vsscratch
        rest.vsatp = clean.vsatp
        rest.vstimecmp = clean.vstimecmp
        rest.scounteren = clean.scounteren
        rest.senvcfg = clean.senvcfg
        return rest
    }
}
