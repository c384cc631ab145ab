import Bits
import RISCV

/// One instruction that the audit tries.
package struct AuditProbe: Sendable {
    package let encoding: UInt32
    /// As assembly.
    package let text: String
    package let group: Group

    /// Rows of the report.
    package enum Group: String, CaseIterable, Sendable {
        case userCSRs = "CSRs of user level"
        case supervisorCSRs = "CSRs of supervisor level"
        case hypervisorCSRs = "CSRs of hypervisors and their guests"
        case machineCSRs = "CSRs of machine level"
        case returns = "returns from traps, waiting"
        case calls = "calls, breakpoints"
        case fences = "fences of translations"
        case guestAccesses = "accesses as a guest"
        case cacheBlocks = "cache blocks"
        case teaching = "Xhole"
        case others = "all other instructions"
    }

    /// Every number of a CSR read and written, and every instruction that the hart has.
    package static func all(_ isa: ISA) -> [AuditProbe] {
        let disassembler = Disassembler(isa: isa)
        let registers = (0..<4096).flatMap { number in
            [
                // csrrs a0, number, zero and csrrw a0, number, a1
                register(number, 0x0000_2573, reads: true),
                register(number, 0x0005_9573, reads: false),
            ]
        }
        let instructions = allRows.filter { row in
            isa.has(row.needs) && isa.has(row.also) && !row.isReserved && row.form != .csr
                && row.form != .csrImmediate
        }
        return registers + instructions.map { instruction($0, disassembler) }
    }

    private static func register(_ number: Int, _ bits: UInt32, reads: Bool) -> AuditProbe {
        let name = CSR.name(number).map { "\($0)" } ?? "0x" + String(number, radix: 16)
        let groups = [Group.userCSRs, .supervisorCSRs, .hypervisorCSRs, .machineCSRs]
        return AuditProbe(
            encoding: bits | UInt32(number) << 20, text: (reads ? "read " : "write ") + name,
            group: groups[number >> 8 & 3])
    }

    /// A row with operands that it can have: a0, a1 (an address) and a2, or what its form allows.
    private static func instruction(_ row: Row, _ disassembler: Disassembler) -> AuditProbe {
        func encode(_ immediate: Int) -> UInt32 {
            row.encode(
                Instruction(
                    row.opcode, rd: 10, rs1: row.needs == .xhole ? 12 : 11, rs2: 12,
                    immediate: immediate, isCompressed: row.isCompressed))
        }
        var bits = encode(row.form == .fence ? 0xff : 0)
        // Some compressed forms cannot hold a zero.
        if row.isCompressed && row.instruction(bits).immediate == 0 { bits = encode(16) }
        return AuditProbe(
            encoding: bits, text: disassembler.text(bits, at: AuditRig.code),
            group: group(row.opcode))
    }

    private static func group(_ opcode: Opcode) -> Group {
        switch opcode {
        case .sret, .mret, .wfi, .wrs_nto, .wrs_sto: .returns
        case .ecall, .ebreak: .calls
        case .sfence_vma, .sinval_vma, .sfence_w_inval, .sfence_inval_ir, .hfence_vvma,
            .hfence_gvma, .hinval_vvma, .hinval_gvma:
            .fences
        case .cbo_inval, .cbo_clean, .cbo_flush, .cbo_zero: .cacheBlocks
        case .xhole_get, .xhole_put: .teaching
        default: GuestAccess(opcode) == nil ? .others : .guestAccesses
        }
    }
}
