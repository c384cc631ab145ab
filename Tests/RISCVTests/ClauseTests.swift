import Bits
import RISCV
import Testing

/// What the clauses mean, with results from the specification's text.
@Suite struct ClauseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var opcode: Opcode
        var a: UInt64
        var b: UInt64
        var result: UInt64
        init(_ opcode: Opcode, _ a: UInt64, _ b: UInt64, _ result: UInt64) {
            (self.opcode, self.a, self.b, self.result) = (opcode, a, b, result)
        }
        var testDescription: String {
            "\(opcode) \(String(a, radix: 16)) \(String(b, radix: 16))"
        }
    }
    static let minimum: UInt64 = 0x8000_0000_0000_0000
    static let ones = ~UInt64(0)

    /// rd = x3, rs1 = x1, rs2 = x2; `b` is also the immediate of an instruction that has one.
    private func run(_ opcode: Opcode, _ a: UInt64, _ b: UInt64) throws(Trap) -> Evaluator {
        var evaluator = Evaluator()
        evaluator.x[1] = a
        evaluator.x[2] = b
        evaluator.x[3] = 0x5555
        try evaluator.apply(
            Instruction(opcode, rd: 3, rs1: 1, rs2: 2, immediate: Int(truncatingIfNeeded: b)))
        return evaluator
    }
    private func check(_ cases: [Case]) throws {
        for item in cases {
            let result = try run(item.opcode, item.a, item.b).x[3]
            #expect(result == item.result, "\(item.testDescription)")
        }
    }

    @Test func additionAndComparison() throws {
        try check([
            Case(.add, Self.ones, 1, 0), Case(.sub, 0, 1, Self.ones),
            Case(.addw, 0x7fff_ffff, 1, 0xffff_ffff_8000_0000),
            Case(.subw, 0x8000_0000, 1, 0x7fff_ffff),
            Case(.addiw, 0x1_7fff_ffff, 1, 0xffff_ffff_8000_0000),
            Case(.addi, 5, Self.ones, 4),
            Case(.slt, Self.minimum, 1, 1), Case(.slt, 1, Self.minimum, 0),
            Case(.sltu, Self.minimum, 1, 0), Case(.sltu, 0, Self.ones, 1),
            Case(.slti, Self.ones, 0, 1), Case(.sltiu, 5, Self.ones, 1),
            Case(.xori, 0xff, Self.ones, ~0xff), Case(.ori, 0xf0, 0xf, 0xff),
            Case(.andi, 0xff, 0xf, 0xf),
            Case(.lui, 0, 0x12345, 0x1234_5000),
            Case(.lui, 0, UInt64(bitPattern: -0x80000), 0xffff_ffff_8000_0000),
            Case(.auipc, 0, 1, 0x2000),
        ])
    }

    @Test func shiftsTakeSixOrFiveBits() throws {
        try check([
            Case(.sll, 1, 65, 2), Case(.srl, Self.minimum, 127, 1),
            Case(.sra, Self.minimum, 63, Self.ones), Case(.slli, 1, 63, Self.minimum),
            Case(.srli, Self.ones, 60, 15), Case(.srai, Self.minimum, 4, 0xf800_0000_0000_0000),
            Case(.sllw, 1, 31, 0xffff_ffff_8000_0000), Case(.sllw, 1, 32, 1),
            Case(.srlw, 0xffff_ffff_8000_0000, 31, 1),
            Case(.srlw, 0xf_8000_0000, 32, 0xffff_ffff_8000_0000),
            Case(.sraw, 0x8000_0000, 31, Self.ones), Case(.sraw, 0x1_7fff_ffff, 63, 0),
            Case(.slliw, 0xffff_ffff, 4, 0xffff_ffff_ffff_fff0),
            Case(.srliw, Self.ones, 4, 0x0fff_ffff),
            Case(.sraiw, 0x8000_0000, 4, 0xffff_ffff_f800_0000),
        ])
    }

    /// Unprivileged specification, "Semantics for division by zero and division overflow".
    @Test func multiplicationAndDivision() throws {
        let word: UInt64 = 0xffff_ffff_8000_0000
        try check([
            Case(.mul, Self.ones, Self.ones, 1), Case(.mulh, Self.ones, Self.ones, 0),
            Case(.mulh, Self.minimum, Self.minimum, 0x4000_0000_0000_0000),
            Case(.mulhu, Self.ones, Self.ones, Self.ones - 1),
            Case(.mulhsu, Self.ones, Self.ones, Self.ones),
            Case(.mulhsu, 1, Self.ones, 0),
            Case(.mulw, 0x8000_0000, 3, word),
            Case(.div, 7, 0, Self.ones), Case(.divu, 7, 0, Self.ones),
            Case(.rem, 7, 0, 7), Case(.remu, 7, 0, 7),
            Case(.div, Self.minimum, Self.ones, Self.minimum),
            Case(.rem, Self.minimum, Self.ones, 0),
            Case(.div, UInt64(bitPattern: -7), 2, UInt64(bitPattern: -3)),
            Case(.rem, UInt64(bitPattern: -7), 2, UInt64(bitPattern: -1)),
            Case(.divu, UInt64(bitPattern: -7), 2, 0x7fff_ffff_ffff_fffc),
            Case(.divw, word, Self.ones, word), Case(.remw, word, Self.ones, 0),
            Case(.divw, 5, 0x1_0000_0000, Self.ones),
            Case(.divuw, 0x8000_0000, 1, word), Case(.divuw, 5, 0, Self.ones),
            Case(.remuw, 0xffff_ffff_ffff_ffff, 0x1_0000_0000, Self.ones),
            Case(.remw, 0x1_8000_0000, 0, word),
        ])
    }

    @Test func addressArithmetic() throws {
        let a: UInt64 = 0xffff_ffff_8000_0001
        try check([
            Case(.add_uw, a, 2, 0x8000_0003), Case(.slli_uw, a, 4, 0x8_0000_0010),
            Case(.sh1add, 3, 100, 106), Case(.sh2add, 3, 100, 112), Case(.sh3add, 3, 100, 124),
            Case(.sh1add_uw, a, 1, 0x1_0000_0003), Case(.sh2add_uw, a, 1, 0x2_0000_0005),
            Case(.sh3add_uw, a, 1, 0x4_0000_0009), Case(.sh3add, Self.minimum, 1, 1),
        ])
    }

    @Test func countsExtremesAndRotations() throws {
        try check([
            Case(.andn, 0xff, 0xf, 0xf0), Case(.orn, 0, ~0xf, 0xf), Case(.xnor, 5, 5, Self.ones),
            Case(.clz, 0, 0, 64), Case(.clz, 1, 0, 63), Case(.ctz, 0, 0, 64),
            Case(.ctz, Self.minimum, 0, 63), Case(.cpop, Self.ones, 0, 64),
            Case(.clzw, 0xffff_ffff_0000_0000, 0, 32), Case(.clzw, 0x8000_0000, 0, 0),
            Case(.ctzw, 0xffff_ffff_0000_0000, 0, 32), Case(.ctzw, 0x8000_0000, 0, 31),
            Case(.cpopw, 0xffff_ffff_0000_0003, 0, 2),
            Case(.max, Self.ones, 1, 1), Case(.maxu, Self.ones, 1, Self.ones),
            Case(.min, Self.ones, 1, Self.ones), Case(.minu, Self.ones, 1, 1),
            Case(.sext_b, 0x180, 0, 0xffff_ffff_ffff_ff80), Case(.sext_h, 0x7fff, 0, 0x7fff),
            Case(.zext_h, Self.ones, 0, 0xffff),
            Case(.rol, Self.minimum, 1, 1), Case(.ror, 1, 65, Self.minimum), Case(.rol, 7, 64, 7),
            Case(.rori, 3, 1, 0x8000_0000_0000_0001),
            Case(.rolw, 0x8000_0000, 1, 1), Case(.rolw, 0xff_4000_0000, 33, 0xffff_ffff_8000_0000),
            Case(.rorw, 1, 1, 0xffff_ffff_8000_0000), Case(.rorw, 0x1_0000_0002, 33, 1),
            Case(.roriw, 0xff_0000_0001, 31, 2),
            Case(.orc_b, 0x0100_8000_0040_00ff, 0, 0xff00_ff00_00ff_00ff),
            Case(.rev8, 0x0102_0304_0506_0708, 0, 0x0807_0605_0403_0201),
        ])
    }

    /// (x+1)² = x²+1 without carries; the reversed product is the product one bit higher.
    @Test func carrylessProducts() throws {
        try check([
            Case(.clmul, 3, 3, 5), Case(.clmul, 0xff, 2, 0x1fe),
            Case(.clmulh, Self.minimum, 2, 1), Case(.clmulh, Self.minimum, Self.minimum, 1 << 62),
            Case(.clmulr, Self.minimum, 1, 1),
            Case(.clmulr, Self.minimum, Self.minimum, Self.minimum),
            Case(.clmul, Self.ones, Self.ones, 0x5555_5555_5555_5555),
            Case(.clmulh, Self.ones, Self.ones, 0x5555_5555_5555_5555),
            Case(.clmulr, Self.ones, Self.ones, 0xaaaa_aaaa_aaaa_aaaa),
        ])
    }

    @Test func singleBitsAndConditionalZeros() throws {
        try check([
            Case(.bset, 0, 127, Self.minimum), Case(.bseti, 1, 4, 17), Case(.bclr, 0xff, 64, 0xfe),
            Case(.bclri, 0xff, 7, 0x7f), Case(.binv, 1, 0, 0), Case(.binvi, 0, 63, Self.minimum),
            Case(.bext, 8, 67, 1), Case(.bexti, 8, 2, 0),
            Case(.czero_eqz, 9, 0, 0), Case(.czero_eqz, 9, 1, 9),
            Case(.czero_nez, 9, 0, 9), Case(.czero_nez, 9, Self.minimum, 0),
            Case(.mop_r, 9, 9, 0), Case(.mop_rr, 9, 9, 0),
            Case(.c_mop, 9, 9, 0x5555), Case(.prefetch_i, 9, 9, 0x5555), Case(.pause, 9, 9, 0x5555),
        ])
    }

    @Test func branchesAndJumps() throws {
        let taken: [(Opcode, UInt64, UInt64)] = [
            (.beq, 1, 1), (.bne, 1, 2), (.blt, Self.ones, 0), (.bge, 0, Self.ones),
            (.bltu, 0, Self.ones), (.bgeu, Self.ones, 0),
        ]
        for (opcode, a, b) in taken {
            var evaluator = Evaluator()
            evaluator.x[1] = a
            evaluator.x[2] = b
            let branch = Instruction(opcode, rs1: 1, rs2: 2, immediate: -16)
            try evaluator.apply(branch)
            #expect(evaluator.next == 0xff0, "\(opcode)")
            evaluator.next = nil
            let swapped = Instruction(opcode, rs1: 2, rs2: 1, immediate: -16)
            try evaluator.apply(swapped)
            let isSymmetric = opcode == .beq || opcode == .bne
            #expect((evaluator.next != nil) == isSymmetric, "\(opcode)")
        }
        // rs1 = rd: the target is read before the link is written; its lowest bit is cleared.
        var evaluator = Evaluator()
        evaluator.x[1] = 0x2003
        try evaluator.apply(Instruction(.jalr, rd: 1, rs1: 1, immediate: -2, isCompressed: true))
        #expect(evaluator.next == 0x2000)
        #expect(evaluator.x[1] == 0x1002)
    }

    @Test func memoryAccessesExtendAndTruncate() throws {
        var evaluator = Evaluator()
        evaluator.x[1] = 8
        evaluator.x[2] = 0x8182_8384_8586_8788
        try evaluator.apply(Instruction(.sd, rs1: 1, rs2: 2, immediate: 8))
        let loads: [(Opcode, UInt64)] = [
            (.lb, 0xffff_ffff_ffff_ff88), (.lbu, 0x88), (.lh, 0xffff_ffff_ffff_8788),
            (.lhu, 0x8788), (.lw, 0xffff_ffff_8586_8788), (.lwu, 0x8586_8788),
            (.ld, 0x8182_8384_8586_8788),
        ]
        for (opcode, expected) in loads {
            try evaluator.apply(Instruction(opcode, rd: 3, rs1: 1, immediate: 8))
            #expect(evaluator.x[3] == expected, "\(opcode)")
        }
        try evaluator.apply(Instruction(.sb, rs1: 1, rs2: 0, immediate: 8))
        try evaluator.apply(Instruction(.sh, rs1: 1, rs2: 0, immediate: 10))
        try evaluator.apply(Instruction(.sw, rs1: 1, rs2: 0, immediate: 12))
        #expect(evaluator.memory[16..<24] == [0, 0x87, 0, 0, 0, 0, 0, 0])
    }

    @Test func atomicsReturnTheOldValueAndStoreTheNew() throws {
        let word: UInt64 = 0xffff_ffff_8000_0000
        let cases: [(Opcode, old: UInt64, operand: UInt64, new: UInt64)] = [
            (.amoswap_w, 0x8000_0000, 1, 1), (.amoadd_w, 0x8000_0000, word, 0),
            (.amoxor_w, 0x8000_0000, 1, 0x8000_0001), (.amoand_w, 0x8000_0000, word, 0x8000_0000),
            (.amoor_w, 0x8000_0000, 1, 0x8000_0001), (.amomin_w, 0x8000_0000, 1, 0x8000_0000),
            (.amomax_w, 0x8000_0000, 1, 1), (.amominu_w, 0x8000_0000, 1, 1),
            (.amomaxu_w, 0x8000_0000, 1, 0x8000_0000), (.sc_w, 5, 7, 7),
            (.amoadd_d, Self.ones, 1, 0), (.amomin_d, Self.ones, 1, Self.ones),
            (.amominu_d, Self.ones, 1, 1), (.amomax_d, Self.ones, 1, 1),
            (.amomaxu_d, Self.ones, 1, Self.ones),
        ]
        for (opcode, old, operand, new) in cases {
            var evaluator = Evaluator()
            evaluator.x[1] = 64
            try evaluator.store(.double, at: 64, old)
            evaluator.x[2] = operand
            try evaluator.apply(Instruction(opcode, rd: 3, rs1: 1, rs2: 2))
            #expect(try evaluator.load(.double, at: 64) == new, "\(opcode)")
            let isWord = "\(opcode)".hasSuffix("_w")
            let expected = opcode == .sc_w ? 0 : isWord ? old.signExtended(from: 32) : old
            #expect(evaluator.x[3] == expected, "\(opcode)")
        }
    }

    @Test func compareAndSwapComparesWithRd() throws {
        var evaluator = Evaluator()
        evaluator.x[1] = 64
        evaluator.x[2] = 7
        evaluator.x[3] = 5
        try evaluator.apply(Instruction(.amocas_w, rd: 3, rs1: 1, rs2: 2))
        #expect(evaluator.x[3] == 0 && evaluator.memory[64] == 0)
        try evaluator.apply(Instruction(.amocas_d, rd: 3, rs1: 1, rs2: 2))
        #expect(evaluator.x[3] == 0 && evaluator.memory[64] == 7)
    }

    @Test func rareInstructionsAreOneCall() throws {
        for opcode: Opcode in [.ecall, .csrrw, .sfence_vma, .cbo_zero, .amocas_q, .hlv_d, .wrs_nto]
        {
            #expect(try run(opcode, 1, 2).systemCalls.map(\.opcode) == [opcode])
        }
    }
}
