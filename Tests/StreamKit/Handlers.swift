import RISCV
import TestKit

/// Trap handlers that touch no memory: they skip what trapped, start elsewhere after a fetch that failed,
/// and switch interrupts off.
enum Handlers {
    /// `hasGuests`: the trap may come from one, whose addresses its own `satp` is about.
    static func machine(_ random: inout SeededNumbers, hasGuests: Bool) -> [UInt8] {
        code(
            cause: CSR.mcause, pc: CSR.mepc, scratch: CSR.mscratch, status: CSR.mstatus,
            enables: [CSR.mie], previous: (51, 62),
            virtual: hasGuests ? (CSR.mstatus, 39) : nil, exit: .mret,
            step: random.pick([4, 4, 2]))
    }
    static func supervisor(_ random: inout SeededNumbers) -> [UInt8] {
        code(
            cause: CSR.scause, pc: CSR.sepc, scratch: CSR.sscratch, status: CSR.sstatus,
            enables: [CSR.sie], previous: (55, 63), virtual: nil, exit: .sret,
            step: random.pick([4, 4, 2]))
    }
    static func hypervisor(_ random: inout SeededNumbers) -> [UInt8] {
        code(
            cause: CSR.scause, pc: CSR.sepc, scratch: CSR.sscratch, status: CSR.sstatus,
            enables: [CSR.sie, CSR.hie], previous: (55, 63), virtual: (CSR.hstatus, 7),
            exit: .sret, step: random.pick([4, 4, 2]))
    }

    /// `virtual`: the bit that says whether the trap comes from a guest.
    private static func code(
        cause: Int, pc: Int, scratch: Int, status: Int, enables: [Int], previous: (Int, Int),
        virtual: (status: Int, bit: Int)?, exit: Opcode, step: Int
    ) -> [UInt8] {
        let (a, b) = (Roles.handler[0], Roles.handler[1])
        func read(_ number: Int, _ rd: Int) -> Instruction {
            Instruction(.csrrs, rd: rd, immediate: number)
        }
        func write(_ number: Int, _ rs1: Int) -> Instruction {
            Instruction(.csrrw, rs1: rs1, immediate: number)
        }
        // The space that the trap comes from.
        let space: [Instruction] =
            virtual.map { status, bit in
                [
                    read(status, a), Instruction(.slli, rd: a, rs1: a, immediate: 63 - bit),
                    Instruction(.blt, rs1: a, immediate: 12), read(CSR.satp, a),
                    Instruction(.jal, immediate: 8), read(CSR.vsatp, a),
                ]
            } ?? [read(CSR.satp, a)]
        let list: [Instruction] =
            [
                read(cause, b),
                Instruction(.blt, rs1: b, immediate: 40),  // an interrupt
                Instruction(.lui, rd: a, immediate: 0x101),
                Instruction(.addi, rd: a, rs1: a, immediate: 3),
                Instruction(.srl, rd: a, rs1: a, rs2: b),
                Instruction(.andi, rd: a, rs1: a, immediate: 1),
                // Causes 0, 1, 12 and 20.
                Instruction(.bne, rs1: a, immediate: 24 + 4 * enables.count),
                read(pc, b),
                Instruction(.addi, rd: b, rs1: b, immediate: step),
                write(pc, b),
                Instruction(exit),
            ] + enables.map { write($0, 0) } + [
                Instruction(exit),
                // Elsewhere, where the mode finds code, and never twice at the same place.
                read(scratch, b),
                Instruction(.addi, rd: b, rs1: b, immediate: 94),
                write(scratch, b),
                read(status, a),
                Instruction(.slli, rd: a, rs1: a, immediate: previous.0),
                Instruction(.srli, rd: a, rs1: a, immediate: previous.1),
                Instruction(.bne, rs1: a, immediate: 16 + 4 * space.count),
            ] + space + [
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
