import Bits
import EngineKit
import Hart
import Loader
import RISCV
import Testing

@Suite struct ConformanceTests {
    static let isa = ISA(ISAExtension.allCases.filter { $0 != .svade })
    static func isa(_ program: Program) -> ISA {
        var isa = isa
        if !program.hasGuests { isa.remove(.h) }
        return isa
    }

    @Test(arguments: Program.all, EngineChoice.allCases)
    func passes(_ program: Program, on engine: EngineChoice) throws {
        let plan = try program.plan()
        let isa = Self.isa(program)
        let board = try TestBoard(isa: isa, program: plan, engine: engine)
        let result = board.run()
        // The board has no entropy of its own yet.
        if result == 0 && program.name == "seed" { return }
        if result == 0 {
            // On the whole board as well, now that it is known to end.
            #expect(try plan.runOnTheBoard(isa: isa, engine: engine) == 0)
        } else {
            let hart = board.hart
            let state = [10, 11, 12, 13, 5, 6, 7].map { "x\($0) = " + hex(hart[x: $0]) }
            Issue.record(
                """
                case \(hart[x: 3]) of \(program.testDescription): \
                \(result.map(String.init) ?? "no end"), pc \(hex(hart.pc)), \
                \(state.joined(separator: ", ")), mcause \(hex(hart.csr.mcause)), \
                mepc \(hex(hart.csr.mepc)), mtval \(hex(hart.csr.mtval))
                """)
        }
    }

    /// A hart that lacks what a program is about fails it: no program passes by doing nothing.
    @Test(
        arguments: [
            ("rv64m", ISAExtension.m), ("rv64a", .a), ("zb", .zba), ("zb", .zbb),
            ("zb", .zbs), ("zbc", .zbc), ("zicond", .zicond), ("zacas", .zacas), ("zcb", .zcb),
            ("zcb", .zimop), ("fences", .zicboz), ("float-single", .f), ("float-double", .d),
            ("float-half", .zfh), ("float-additional", .zfa), ("zicsr", .f), ("svadu", .svadu),
            ("svnapot", .svnapot), ("svnapot", .svpbmt), ("svnapot", .svinval), ("sstc", .sstc),
            ("environment", .smstateen), ("seed", .zkr), ("hypervisor", .h), ("two-stage", .h),
        ], EngineChoice.allCases)
    func missingExtensionsFail(
        _ program: (name: String, missing: ISAExtension), on engine: EngineChoice
    ) throws {
        let (name, missing) = program
        let program = try #require(Program.all.first { $0.name == name })
        var isa = Self.isa(program)
        isa.remove(missing)
        let board = try TestBoard(isa: isa, program: try program.plan(), engine: engine)
        let result = try #require(board.run())
        #expect(result != 0)
    }

    /// Each row of the instruction set stands in a program. A mnemonic that ends in a point is numbered
    /// behind it.
    @Test func everyInstructionHasAProgram() {
        let words = Program.words
        for row in allRows where row.opcode != .illegal && row.needs != .xhole {
            let name = "\(row.mnemonic)"
            let found =
                name.hasSuffix(".")
                ? words.contains { $0.hasPrefix(name) } : words.contains(name[...])
            #expect(found, "\(row.mnemonic)")
        }
    }
}

private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
