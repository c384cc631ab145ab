import Bits
import RISCV

/// What the real hart refuses in U-mode and the virtual hart may do.
extension World {
    /// An illegal instruction of the real hart: emulated, or the guest's own fault.
    mutating func refused(_ bits: UInt32, _ clock: Clock) {
        do throws(Trap) {
            let bits = bits != 0 ? bits : try fetch()
            do throws(Trap) {
                guard let instruction = vcpu.decoder.decode(bits) else { throw .illegal }
                try privileged(instruction, clock)
            } catch {
                guard error.cause == .illegalInstruction else { throw error }
                if let rule = Containment(refused: bits, vcpu.privilege) {
                    note(rule, UInt64(bits))
                }
                throw Trap(.illegalInstruction, value: UInt64(bits))
            }
        } catch {
            trap(error)
        }
    }

    private mutating func privileged(_ instruction: Instruction, _ clock: Clock) throws(Trap) {
        switch instruction.opcode {
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            try accessCSR(instruction, clock)
            vcpu.pc &+= 4
        case .sret:
            let target = try vcpu.csr.sret(privilege: &vcpu.privilege)
            vcpu.pc = target
            shadows.mustChoose = true
            if trace != nil { traceReturn("sret", letter: "s") }
        case .mret:
            let target = try vcpu.csr.mret(privilege: &vcpu.privilege)
            vcpu.pc = target
            shadows.mustChoose = true
            if trace != nil { traceReturn("mret", letter: "m") }
        case .wfi:
            try vcpu.csr.permitWaiting(vcpu.privilege)
            vcpu.pc &+= 4
            isWaiting = true
            if hasOwnTimer { passTime(clock) }
        case .sfence_vma, .sinval_vma:
            try vcpu.csr.permitTranslationFence(vcpu.privilege)
            fenced(instruction.rs1 == 0 ? nil : vcpu[x: instruction.rs1])
            vcpu.pc &+= 4
        case .sfence_w_inval, .sfence_inval_ir:
            try vcpu.csr.permitInvalidationFence(vcpu.privilege)
            vcpu.pc &+= 4
        default: throw .illegal
        }
    }

    /// The guest's page tables changed: the shadows follow, or the real hart, which walks them itself,
    /// forgets what it knows.
    mutating func fenced(_ address: UInt64? = nil) {
        if guestStages != nil {
            shadows.fences.everything = true
        } else {
            shadows.fenced(address)
        }
    }

    private mutating func accessCSR(_ instruction: Instruction, _ clock: Clock) throws(Trap) {
        guard let access = CSRInstruction(instruction) else { throw .illegal }
        let number = access.number
        let (value, effects) = try vcpu.csr.access(
            number, access.operation,
            access.isImmediate ? UInt64(access.source) : vcpu[x: access.source],
            writes: access.writes, privilege: vcpu.privilege, context: context(clock))
        vcpu[x: instruction.rd] = value
        if effects.isEmpty { return }
        if effects.contains(.translation) {
            switch number {
            case CSR.satp: shadows.satpWritten(vcpu.csr.satp)
            // A change of view: the root of that view is kept.
            case CSR.sstatus, CSR.mstatus: shadows.mustChoose = true
            default: rulesChanged()
            }
        }
        if effects.contains(.timer) { passTime(clock) }
    }
}
