import Foundation
import RISCV
import TestKit
import Testing
import Translator

/// A translator made of calls into the interpreter would pass every other test.
@Suite("Clauses that leave generated code: the list only shrinks")
struct ClauseFateTests {
    /// An opcode with registers in all fields and a CSR that is there.
    private static func instruction(_ opcode: RISCV.Opcode) -> Instruction {
        let csr = [.csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci].contains(opcode)
        return Instruction(opcode, rd: 1, rs1: 2, rs2: 3, immediate: csr ? CSR.mscratch : 0)
    }

    /// The file names every such clause. A clause that gets host code is to be struck from it; none
    /// may be added but with a new instruction.
    @Test(.enabled(if: Translator.isAvailable)) func theListIsTheFiles() throws {
        let translator = try UnitRig([]).translator
        var lines: [String] = []
        for opcode in RISCV.Opcode.allCases where !Self.slots.contains(opcode) {
            let fate = translator.fate(of: Self.instruction(opcode))
            if fate != .generated { lines.append("\(fate.rawValue) \(opcode)") }
        }
        try Golden("clauses-that-leave.txt").check(lines.joined(separator: "\n") + "\n")
    }

    /// Integer, memory and control clauses never leave.
    @Test(.enabled(if: Translator.isAvailable)) func theBaseHasHostCode() throws {
        let translator = try UnitRig([]).translator
        for opcode: RISCV.Opcode in [
            .add, .ld, .sd, .beq, .jal, .jalr, .mulhsu, .div, .lr_d, .sc_w,
        ] {
            #expect(translator.fate(of: Self.instruction(opcode)) == .generated, "\(opcode)")
        }
    }

    /// Slots of the interpreter, which no encoding decodes to.
    private static let slots: Set<RISCV.Opcode> = [
        .unfetched, .resume, .pageEnd, .straddle, .debugStop,
    ]
}
