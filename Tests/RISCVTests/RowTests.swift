import Bits
import RISCV
import TestKit
import Testing

/// Every row against the toolchain's assembler and disassembler.
@Suite struct RowTests {
    let decoder = Decoder(isa: .everything)
    let plain = Disassembler(style: .init(usesAliases: false))
    let aliased = Disassembler()
    let source = Disassembler(style: .init(usesAliases: false, usesOffsets: true))
    let aliasedSource = Disassembler(style: .init(usesAliases: true, usesOffsets: true))

    /// Seeded encodings of each row, corner values among them.
    private func samples(of row: Row, count: Int, _ numbers: inout SeededNumbers) -> [UInt32] {
        let free = ~row.mask & (row.isCompressed ? 0xffff : ~0)
        var result: [UInt32] = []
        for round in 0..<count * 4 where result.count < count {
            let random = UInt32(truncatingIfNeeded: numbers.next())
            let fill: UInt32 = round == 0 ? 0 : round == 1 ? ~0 : random
            var bits = row.match | fill & free
            if row.form == .csr || row.form == .csrImmediate {
                let names = CSR.names
                let number = names[Int(random >> 7) % names.count].number
                bits = bits & 0xfffff | UInt32(number) << 20
            }
            guard let found = decoder.row(bits), found.match == row.match, found.mask == row.mask,
                LLVMDifferences.arise(bits, row) == false
            else { continue }
            result.append(bits)
        }
        return result
    }

    private func allSamples(count: Int) -> [UInt32] {
        var numbers = SeededNumbers(seed: 0x52_4f57)
        return allRows.filter { !$0.isReserved }.flatMap {
            samples(of: $0, count: count, &numbers)
        }
    }

    @Test func everyRowRoundTrips() {
        for bits in allSamples(count: 64) {
            guard let row = decoder.row(bits) else { continue }
            let instruction = row.instruction(bits)
            #expect(row.encode(instruction) == bits, "\(row.mnemonic)")
            #expect(instruction.encoding.flatMap(decoder.decode) == instruction, "\(row.mnemonic)")
        }
    }

    /// No toolchain knows these.
    @Test func rowsForTeachingRoundTrip() {
        let decoder = Decoder(isa: ISA([.i, .xhole]))
        for (bits, text) in [
            (UInt32(0x0006_050b), "xhole.get a0, a2"), (0x0006_150b, "xhole.put a0, a2"),
        ] {
            #expect(decoder.decode(bits)?.encoding == bits)
            #expect(Disassembler(isa: decoder.isa).text(bits) == text)
            #expect(self.decoder.decode(bits) == nil)
        }
    }

    @Test func operandsThatFitNoRowHaveNoEncoding() {
        #expect(Instruction(.addi, rd: 1, rs1: 1, immediate: 2048).encoding == nil)
        #expect(Instruction(.beq, rs1: 1, rs2: 1, immediate: 3).encoding == nil)
        #expect(Instruction(.lw, rd: 1, rs1: 9, isCompressed: true).encoding == nil)
        #expect(Instruction(.addi, rd: 2, rs1: 2, isCompressed: true).encoding == 0x0101)
        #expect(Instruction(.amocas_q, rd: 1, rs1: 2, rs2: 4).encoding == nil)
        #expect(Instruction(.resume).encoding == nil)
    }

    /// A hart without an extension does not have its rows.
    @Test(arguments: ISAExtension.allCases) func rowsNeedTheirExtensions(_ item: ISAExtension) {
        var isa = ISA(ISAExtension.allCases)
        isa.remove(item)
        let without = Decoder(isa: isa)
        var numbers = SeededNumbers(seed: 3)
        for row in allRows where row.needs == item || row.also == item {
            // `also` is `i` where a row needs but one.
            guard item != .i || row.needs == .i else { continue }
            for bits in samples(of: row, count: 4, &numbers) {
                let found = without.row(bits)
                #expect(found?.match != row.match || found?.mask != row.mask, "\(row.mnemonic)")
                // What remains are hints, which are legal everywhere.
                let isHint = [.prefetch_i, .prefetch_r, .prefetch_w, .pause].contains(row.opcode)
                #expect((found != nil) == isHint, "\(row.mnemonic)")
            }
        }
    }

    @Test func everyRowHasSamples() {
        var numbers = SeededNumbers(seed: 1)
        for row in allRows where !row.isReserved && row.needs != .xhole {
            #expect(!samples(of: row, count: 8, &numbers).isEmpty, "\(row.mnemonic)")
        }
    }

    /// Raw values index tables and are cast from a decoded word.
    @Test func opcodesAreDense() {
        for (index, opcode) in Opcode.allCases.enumerated() {
            #expect(Int(opcode.rawValue) == index)
            #expect(Instruction(opcode).opcode == opcode)
        }
    }

    /// The text that we write assembles to the bits that it was written from, and LLVM writes the
    /// same text.
    @Test func textIsWhatTheToolchainReadsAndWrites() throws {
        let samples = allSamples(count: 24)
        let listing = try LLVM.assemble(samples.flatMap { lines($0, source) })
        var at = 0
        var index = 0
        for bits in samples {
            let length = bits & 3 == 3 ? 4 : 2
            guard at + length <= listing.code.count, index < listing.plain.count else {
                Issue.record("the assembler gave too little")
                return
            }
            let code = listing.code[at..<at + length].reversed().reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            let text = plain.text(bits, at: UInt64(at))
            #expect(code == bits, "\(text)")
            #expect(LLVM.normalised(text) == listing.plain[index])
            #expect(LLVM.normalised(aliased.text(bits, at: UInt64(at))) == listing.aliased[index])
            at += length
            index += 1
        }
        #expect(at == listing.code.count)
    }

    @Test func aliasesAssembleToTheSameBits() throws {
        let samples = allSamples(count: 24).filter { $0 & 3 == 3 } + Self.aliasSamples
        let listing = try LLVM.assemble(samples.flatMap { lines($0, aliasedSource) })
        try #require(listing.code.count == samples.count * 4)
        for (index, bits) in samples.enumerated() {
            let code = listing.code[index * 4..<index * 4 + 4].reversed().reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            #expect(code == bits, "\(aliased.text(bits))")
            #expect(
                LLVM.normalised(aliased.text(bits, at: UInt64(index * 4))) == listing.aliased[index]
            )
        }
    }

    /// One encoding for each alias, made from its conditions.
    private static let aliasSamples: [UInt32] = [
        0x0000_0013, 0xfff0_0513, 0x0005_8513, 0x0005_851b, 0xfff5_c513, 0x0ff5_f513, 0x40b0_0533,
        0x40b0_053b, 0x0805_853b, 0x0015_b513, 0x00b0_3533, 0x0005_a533, 0x00b0_2533, 0x0005_0463,
        0x0005_1463, 0x00a0_5463, 0x0005_5463, 0x0005_4463, 0x00a0_4463, 0x0080_006f, 0x0080_00ef,
        0x0000_8067, 0x0005_0067, 0x0085_0067, 0x0005_00e7, 0x0085_00e7, 0x0ff0_000f, 0xc000_1073,
        0xc000_2573, 0xc010_2573, 0xc020_2573, 0x0010_2573, 0x0020_2573, 0x0030_2573, 0x0015_1073,
        0x0025_1073, 0x0035_1073, 0x0015_95f3, 0x0025_95f3, 0x0035_95f3, 0x0010_d073, 0x0020_d073,
        0x0010_d573, 0x0020_d573, 0x3000_2573, 0x3005_1073, 0x3005_2073, 0x3005_3073, 0x3000_d073,
        0x3000_e073, 0x3000_f073, 0x1200_0073, 0x1205_0073, 0x2200_0073, 0x2205_0073, 0x6200_0073,
        0x6205_0073, 0x20b5_8553, 0x20b5_9553, 0x20b5_a553, 0x22b5_8553, 0x22b5_9553, 0x22b5_a553,
        0x24b5_8553, 0x24b5_9553, 0x24b5_a553,
    ]

    private func lines(_ bits: UInt32, _ disassembler: Disassembler) -> [String] {
        var text = disassembler.text(bits)
        // A compressed shift by nothing is a hint that the assembler only knows by an older name.
        if text.hasPrefix("c.s"), text.hasSuffix(", 0") { text = ".insn 2, \(bits)" }
        // Full-size lines must not be compressed on the way.
        return bits & 3 == 3 ? [".option push", ".option norvc", text, ".option pop"] : [text]
    }

    /// All parcels: what is legal, and how it reads.
    @Test func everyParcelReadsAsTheToolchainReadsIt() throws {
        let parcels = (UInt32(0)...0xffff).filter { $0 & 3 != 3 }
        let listing = try LLVM.assemble(parcels.map { ".insn 2, \($0)" })
        try #require(listing.plain.count == parcels.count)
        for (index, bits) in parcels.enumerated() {
            let at = UInt64(index * 2)
            // The all-zero parcel has a name, but it is an illegal instruction.
            if bits == 0 || listing.plain[index] == "<unknown>" {
                #expect(decoder.decode(bits) == nil, "\(String(bits, radix: 16))")
                continue
            }
            #expect(LLVM.normalised(plain.text(bits, at: at)) == listing.plain[index])
            #expect(LLVM.normalised(aliased.text(bits, at: at)) == listing.aliased[index])
        }
    }

    /// Random words, and rows with one or two bits changed, so that reserved neighbours are seen.
    @Test func wordsAreLegalWhereTheToolchainSaysSo() throws {
        var numbers = SeededNumbers(seed: 0x57_4f52_4453)
        var words: [UInt32] = (0..<40_000).map { _ in UInt32(truncatingIfNeeded: numbers.next()) | 3
        }
        for bits in allSamples(count: 40) where bits & 3 == 3 {
            let first = UInt32.random(in: 2..<32, using: &numbers)
            let second = UInt32.random(in: 2..<32, using: &numbers)
            words += [bits ^ 1 << first, bits ^ 1 << first ^ 1 << second]
        }
        // All ones below: an encoding longer than 32 bits.
        words.removeAll { $0 & 0x1f == 0x1f }
        let listing = try LLVM.assemble(words.map { ".insn 4, \($0)" })
        try #require(listing.plain.count == words.count)
        for (index, bits) in words.enumerated() {
            let row = decoder.row(bits)
            if let row, LLVMDifferences.arise(bits, row) { continue }
            let isLegal = listing.plain[index] != "<unknown>"
            if !isLegal || row == nil {
                #expect(
                    (row != nil) == isLegal, "\(String(bits, radix: 16)) \(listing.plain[index])")
                continue
            }
            #expect(
                LLVM.normalised(plain.text(bits, at: UInt64(index * 4))) == listing.plain[index])
        }
    }
}

/// Where LLVM's disassembler knows less than the specification.
enum LLVMDifferences {
    static func arise(_ bits: UInt32, _ row: Row) -> Bool {
        switch row.opcode {
        // Fields that the specification reserves for finer fences "shall be ignored".
        case .fence: bits & 0xf00f_8f80 != 0
        case .fence_i: bits & 0xffff_8f80 != 0
        // It names registers of extensions that Hull has not.
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            CSR.name(row.instruction(bits).csr) == nil
        default: false
        }
    }
}
