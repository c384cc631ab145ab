import Bits
import RISCV
import Testing

/// Compressed encodings and the base instructions they stand for, assembled with LLVM.
@Suite struct CompressedTests {
    let decoder = Decoder(isa: ISA(ISAExtension.allCases))

    struct Case: Sendable {
        var bits: UInt32
        var opcode: Opcode
        var rd = 0
        var rs1 = 0
        var rs2 = 0
        var immediate = 0
    }

    static let cases: [Case] = [
        Case(bits: 0x1fe0, opcode: .addi, rd: 8, rs1: 2, immediate: 1020),
        Case(bits: 0x3f6c, opcode: .fld, rd: 11, rs1: 14, immediate: 248),
        Case(bits: 0x5ffc, opcode: .lw, rd: 15, rs1: 15, immediate: 124),
        Case(bits: 0x7ffc, opcode: .ld, rd: 15, rs1: 15, immediate: 248),
        Case(bits: 0xdffc, opcode: .sw, rs1: 15, rs2: 15, immediate: 124),
        Case(bits: 0x0001, opcode: .addi),
        Case(bits: 0x15fd, opcode: .addi, rd: 11, rs1: 11, immediate: -1),
        Case(bits: 0x357d, opcode: .addiw, rd: 10, rs1: 10, immediate: -1),
        Case(bits: 0x5501, opcode: .addi, rd: 10, immediate: -32),
        Case(bits: 0x7101, opcode: .addi, rd: 2, rs1: 2, immediate: -512),
        Case(bits: 0x617d, opcode: .addi, rd: 2, rs1: 2, immediate: 496),
        Case(bits: 0x7505, opcode: .lui, rd: 10, immediate: -31),
        Case(bits: 0x6081, opcode: .c_mop, rd: 1),
        Case(bits: 0x9101, opcode: .srli, rd: 10, rs1: 10, immediate: 32),
        Case(bits: 0x8d0d, opcode: .sub, rd: 10, rs1: 10, rs2: 11),
        Case(bits: 0x9d2d, opcode: .addw, rd: 10, rs1: 10, rs2: 11),
        Case(bits: 0x9d4d, opcode: .mul, rd: 10, rs1: 10, rs2: 11),
        Case(bits: 0x9d61, opcode: .andi, rd: 10, rs1: 10, immediate: 255),
        Case(bits: 0x9d71, opcode: .add_uw, rd: 10, rs1: 10),
        Case(bits: 0x9d75, opcode: .xori, rd: 10, rs1: 10, immediate: -1),
        Case(bits: 0xb001, opcode: .jal, immediate: -2048),
        Case(bits: 0xaffd, opcode: .jal, immediate: 2046),
        Case(bits: 0xd101, opcode: .beq, rs1: 10, immediate: -256),
        Case(bits: 0xed7d, opcode: .bne, rs1: 10, immediate: 254),
        Case(bits: 0x1502, opcode: .slli, rd: 10, rs1: 10, immediate: 32),
        Case(bits: 0x50fe, opcode: .lw, rd: 1, rs1: 2, immediate: 252),
        Case(bits: 0x70fe, opcode: .ld, rd: 1, rs1: 2, immediate: 504),
        Case(bits: 0x8082, opcode: .jalr, rs1: 1),
        Case(bits: 0x9502, opcode: .jalr, rd: 1, rs1: 10),
        Case(bits: 0x852e, opcode: .add, rd: 10, rs2: 11),
        Case(bits: 0x952e, opcode: .add, rd: 10, rs1: 10, rs2: 11),
        Case(bits: 0x9002, opcode: .ebreak),
        Case(bits: 0xdf86, opcode: .sw, rs1: 2, rs2: 1, immediate: 252),
        Case(bits: 0xff86, opcode: .sd, rs1: 2, rs2: 1, immediate: 504),
        Case(bits: 0xbf86, opcode: .fsd, rs1: 2, rs2: 1, immediate: 504),
    ]

    @Test(arguments: cases) func standsForItsBaseInstruction(_ expected: Case) {
        #expect(
            decoder.decode(expected.bits)
                == Instruction(
                    expected.opcode, rd: expected.rd, rs1: expected.rs1, rs2: expected.rs2,
                    immediate: expected.immediate, isCompressed: true))
    }

    @Test(
        arguments: [
            0x0000, 0x0004, 0x2001, 0x207d, 0x6101, 0x6501, 0x6001, 0x6881, 0x9c79, 0x9c7d, 0x4002,
            0x6002, 0x8002, 0x9000, 0x8c40,
        ] as [UInt32])
    func reservedEncodingsAreIllegal(_ bits: UInt32) {
        #expect(decoder.decode(bits) == nil)
    }

    @Test func doublePrecisionAccessesNeedD() {
        var isa = ISA(ISAExtension.allCases)
        isa.remove(.d)
        let decoder = Decoder(isa: isa)
        for bits: UInt32 in [0x3f6c, 0xbf6c, 0x20fe, 0xbf86] {
            #expect(decoder.decode(bits) == nil)
        }
        #expect(decoder.decode(0x7ffc) != nil)
    }

    @Test func withoutCNothingCompressedIsLegal() {
        var isa = ISA(ISAExtension.allCases)
        for item: ISAExtension in [.c, .zcb, .zcmop] { isa.remove(item) }
        let decoder = Decoder(isa: isa)
        for bits in UInt32(0)...0xffff where bits & 3 != 3 {
            #expect(decoder.decode(bits) == nil)
        }
    }

    /// Every legal parcel comes back from its operands; a general row may take a special row's place.
    @Test func everyLegalParcelEncodesToItself() {
        for bits in UInt32(0)...0xffff where bits & 3 != 3 {
            guard let row = decoder.row(bits) else { continue }
            #expect(row.encode(row.instruction(bits)) == bits)
        }
    }
}
