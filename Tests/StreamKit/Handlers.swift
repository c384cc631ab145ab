import RISCV
import TestKit

/// Trap handlers that touch no memory: they skip what trapped, start elsewhere after a fetch that failed,
/// and switch interrupts off.
enum Handlers {
    static func machine(_ random: inout SeededNumbers) -> [UInt8] {
        code(
            cause: CSR.mcause, pc: CSR.mepc, scratch: CSR.mscratch, status: CSR.mstatus,
            enables: CSR.mie, previous: (51, 62), exit: .mret, step: random.pick([4, 4, 2]))
    }
    static func supervisor(_ random: inout SeededNumbers) -> [UInt8] {
        code(
            cause: CSR.scause, pc: CSR.sepc, scratch: CSR.sscratch, status: CSR.sstatus,
            enables: CSR.sie, previous: (55, 63), exit: .sret, step: random.pick([4, 4, 2]))
    }

    private static func code(
        cause: Int, pc: Int, scratch: Int, status: Int, enables: Int, previous: (Int, Int),
        exit: Opcode, step: Int
    ) -> [UInt8] {
        let (a, b) = (Roles.handler[0], Roles.handler[1])
        func read(_ number: Int, _ rd: Int) -> Instruction {
            Instruction(.csrrs, rd: rd, immediate: number)
        }
        func write(_ number: Int, _ rs1: Int) -> Instruction {
            Instruction(.csrrw, rs1: rs1, immediate: number)
        }
        let list: [Instruction] = [
            read(cause, b),
            Instruction(.blt, rs1: b, immediate: 40),  // an interrupt
            Instruction(.lui, rd: a, immediate: 1),
            Instruction(.addi, rd: a, rs1: a, immediate: 3),
            Instruction(.srl, rd: a, rs1: a, rs2: b),
            Instruction(.andi, rd: a, rs1: a, immediate: 1),
            Instruction(.bne, rs1: a, immediate: 28),  // causes 0, 1 and 12
            read(pc, b),
            Instruction(.addi, rd: b, rs1: b, immediate: step),
            write(pc, b),
            Instruction(exit),
            write(enables, 0),
            Instruction(exit),
            // Elsewhere, where the mode finds code, and never twice at the same place.
            read(scratch, b),
            Instruction(.addi, rd: b, rs1: b, immediate: 94),
            write(scratch, b),
            read(status, a),
            Instruction(.slli, rd: a, rs1: a, immediate: previous.0),
            Instruction(.srli, rd: a, rs1: a, immediate: previous.1),
            Instruction(.bne, rs1: a, immediate: 20),
            read(CSR.satp, a),
            Instruction(.beq, rs1: a, immediate: 12),
            Instruction(.lui, rd: a, immediate: Int(Place.userOffset >> 12)),
            Instruction(.sub, rd: b, rs1: b, rs2: a),
            write(pc, b),
            Instruction(exit),
        ]
        return list.flatMap { i -> [UInt8] in
            let bits = i.encoding ?? 0
            return (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        }
    }
}
