import CKeel
import Devices
import Keel
import RISCV

/// `cpu=hardware`: the guest's kernel runs in VS-mode of the hypervisor extension, under its own page
/// tables and the G-stage of its world.
struct HardwareBackEnd: VCPUBackEnd {
    private let hasTimer: Bool
    /// As many as worlds have: else translations of one would be taken for another's.
    private let hasVMIDs: Bool

    /// nil where the real hart has no hypervisor extension, or not this G-stage mode.
    init?(_ worlds: Worlds, _ features: HostFeatures) {
        guard features.hasHypervisor, let hgatp = worlds[0].guestStages?.supervisor.hgatp else {
            return nil
        }
        csr_write_hgatp(hgatp)
        guard csr_read_hgatp() &>> 60 == hgatp &>> 60 else { return nil }
        csr_write_hgatp(hgatp | 0x1f << 44)
        hasVMIDs = (csr_read_hgatp() &>> 44) & 0x1f == 0x1f
        // A timer register of the guest's own needs the firmware's leave.
        csr_write_henvcfg(Environment.stce)
        hasTimer = features.hasTimer && csr_read_henvcfg() & Environment.stce != 0
        hfence_gvma_all()
        csr_write_hedeleg(0)
        csr_write_hideleg(0)
    }

    mutating func prepare(_ world: inout World) {
        let privilege = world.vcpu.privilege
        world.hasOwnTimer = hasTimer
        let rights = GuestRights(
            world.vcpu.csr, privilege, isUnderFirmware: world.firmware != nil)
        csr_write_hstatus(rights.status)
        csr_write_hedeleg(rights.exceptions)
        csr_write_hideleg(rights.interrupts)
        csr_write_hcounteren(rights.counters)
        csr_write_henvcfg(rights.environment)
        csr_write_htimedelta(world.board.aclint.timeOffset)
        let isProtectionNew =
            world.guestStages?.refresh(
                world.vcpu.csr, privilege, world.ram, &world.shadows.pool) ?? false
        if isProtectionNew || !hasVMIDs { world.shadows.fences.everything = true }
        // A fence is one for the VMID of hgatp.
        if let stages = world.guestStages { csr_write_hgatp(stages.supervisor.hgatp) }
        load(GuestSupervisor(world.vcpu.csr, privilege, hasTimer: hasTimer))
        if !world.shadows.fences.isEmpty {
            hfence_gvma_all()
            hfence_vvma_all()
            fence_instructions()
            world.shadows.fences.clear()
        }
        if let stages = world.guestStages {
            csr_write_hgatp(stages.stage(world.vcpu.csr, privilege).hgatp)
        }
        // `sret` goes to the guest's mode; its floating-point unit is closed by its own FS alone.
        csr_clear_sstatus(Status.spp)
        csr_set_sstatus(Status.fs | Status.spie | (privilege == .user ? 0 : Status.spp))
    }

    mutating func run(_ frame: TrapFrame) { keel_enter_hardware(frame.address) }

    mutating func exit(_ world: inout World) -> VMExit {
        if world.vcpu.privilege != .machine {
            let isSupervisor = csr_read_hstatus() & HypervisorStatus.spvp != 0
            world.vcpu.privilege = isSupervisor ? .supervisor : .user
        }
        saved().store(to: &world.vcpu.csr, world.vcpu.privilege, hasTimer: hasTimer)
        return VMExit(
            hardwareCause: world.vcpu.frame.cause, value: world.vcpu.frame.value,
            guestAddress: csr_read_htval())
    }

    private func load(_ state: GuestSupervisor) {
        csr_write_vsstatus(state.status)
        csr_write_vsie(state.enabled)
        csr_write_hvip(state.pending)
        csr_write_vstvec(state.vector)
        csr_write_vsscratch(state.scratch)
        csr_write_vsepc(state.returnAddress)
        csr_write_vscause(state.cause)
        csr_write_vstval(state.value)
        csr_write_vsatp(state.translation)
        if hasTimer { csr_write_vstimecmp(state.timer) }
        csr_write_scounteren(state.counters)
        csr_write_senvcfg(state.environment)
    }
    private func saved() -> GuestSupervisor {
        var state = GuestSupervisor()
        state.status = csr_read_vsstatus()
        state.enabled = csr_read_vsie()
        state.pending = csr_read_hvip()
        state.vector = csr_read_vstvec()
        state.scratch = csr_read_vsscratch()
        state.returnAddress = csr_read_vsepc()
        state.cause = csr_read_vscause()
        state.value = csr_read_vstval()
        state.translation = csr_read_vsatp()
        if hasTimer { state.timer = csr_read_vstimecmp() }
        state.counters = csr_read_scounteren()
        state.environment = csr_read_senvcfg()
        return state
    }
}
