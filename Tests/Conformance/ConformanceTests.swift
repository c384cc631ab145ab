import Bits
import Hart
import Loader
import RISCV
import Testing

@Suite struct ConformanceTests {
    static let isa = ISA(ISAExtension.allCases.filter { $0 != .h && $0 != .svade })

    @Test(arguments: Program.all)
    func passes(_ program: Program) throws {
        let plan = try program.plan()
        let board = try TestBoard(isa: Self.isa, program: plan)
        let result = board.run()
        // The board has no entropy of its own yet.
        if result == 0 && program.name == "seed" { return }
        if result == 0 {
            // On the whole board as well, now that it is known to end.
            #expect(try plan.runOnTheBoard(isa: Self.isa) == 0)
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

    /// The programs are found at all, and their build names what they are.
    @Test func programsAreFound() {
        #expect(Program.all.count > 30)
    }
}

private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
