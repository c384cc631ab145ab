import RISCV
import Testing

/// What the comparison with LLVM leaves out: addresses, symbols, and what is no instruction.
@Suite struct DisassemblerTests {
    let disassembler = Disassembler()

    @Test func targetsAreAddressesWithSymbols() {
        let symbols: (UInt64) -> String? = { $0 == 0x8000_0010 ? "main+0x4" : nil }
        #expect(
            disassembler.text(0x0100_00ef, at: 0x8000_0000, symbols: symbols)
                == "jal 0x80000010 <main+0x4>")
        #expect(disassembler.text(0x0100_00ef, at: 0x8000_0004) == "jal 0x80000014")
        // Backwards over zero.
        #expect(disassembler.text(0xffdf_f06f, at: 0) == "j 0xfffffffffffffffc")
    }

    @Test func offsetsAreForAssemblers() {
        let style = Disassembler.Style(usesAliases: false, usesOffsets: true)
        let text = Disassembler(style: style).text(0xffdf_f06f, at: 0x8000_0000)
        #expect(text == "jal zero, -4")
    }

    @Test func unknownBitsAreShown() {
        #expect(disassembler.text(0xffff_ffff) == ".insn 4, 0xffffffff")
        #expect(disassembler.text(0x1234_0000) == ".insn 2, 0x0")
        #expect(Disassembler(isa: ISA([.i])).text(0x02b5_0533) == ".insn 4, 0x2b50533")
    }

    @Test func numbersAreDecimalAndUpperImmediatesHexadecimal() {
        #expect(disassembler.text(0xff01_0113) == "addi sp, sp, -16")
        #expect(disassembler.text(0x8000_0537) == "lui a0, 0x80000")
        #expect(disassembler.text(0x7c00_2573) == "csrr a0, 0x7c0")
        #expect(disassembler.text(0x1141) == "addi sp, sp, -16")
        #expect(Disassembler(style: .init(usesAliases: false)).text(0x1141) == "c.addi sp, -16")
    }
}
