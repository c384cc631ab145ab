import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV
import Testing

/// Little-endian bytes of 32-bit encodings.
private func words(_ list: UInt32...) -> [UInt8] {
    list.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
}

private let storeResult: [UInt32] = [
    0x0010_02b7,  // lui t0, 0x100
    0x00a2_b023,  // sd a0, 0(t0)
]

/// What every engine does.
@Suite struct EngineTests {
    /// sum = 0; for i in 1...n { sum += i }; store it where the rig looks.
    static let sumProgram =
        words(
            0x3e80_0593,  // li a1, 1000
            0x0000_0513,  // li a0, 0
            0x00b5_0533,  // add a0, a0, a1
            0xfff5_8593,  // addi a1, a1, -1
            0xfe05_9ce3) + words(storeResult[0], storeResult[1])  // bnez a1, -8

    @Test(arguments: EngineChoice.allCases) func runsALoop(_ engine: EngineChoice) throws {
        let rig = try Rig(Self.sumProgram, engine: engine)
        #expect(rig.engine.run(rig.hart, budget: 1 << 20) == .requested)
        #expect(rig.stored == 500_500)
        #expect(rig.hart.retired == 2 + 3 * 1000 + 2)
    }

    @Test(arguments: EngineChoice.allCases) func stopsAfterExactlyTheBudget(_ engine: EngineChoice)
        throws
    {
        let whole = try Rig(Self.sumProgram, engine: engine)
        let stepped = try Rig(Self.sumProgram, engine: engine)
        for count in [1, 2, 3, 7, 100, 1000] as [UInt64] {
            #expect(whole.engine.run(whole.hart, budget: count) == .budget)
            for _ in 0..<count { #expect(stepped.engine.run(stepped.hart, budget: 1) == .budget) }
            #expect(whole.hart.retired == stepped.hart.retired)
            #expect(whole.hart.pc == stepped.hart.pc)
            for register in 0..<32 {
                #expect(whole.hart[x: register] == stepped.hart[x: register])
            }
        }
    }

    /// An instruction whose halves lie in two pages.
    @Test(arguments: EngineChoice.allCases) func runsAcrossAPageEnd(_ engine: EngineChoice) throws {
        var program = [UInt8](repeating: 0, count: 4094)
        for index in stride(from: 0, to: 4094, by: 2) { program[index] = 0x01 }  // c.nop
        program += words(0x02a0_0513, storeResult[0], storeResult[1])  // li a0, 42
        let rig = try Rig(program, engine: engine)
        #expect(rig.engine.run(rig.hart, budget: 1 << 20) == .requested)
        #expect(rig.stored == 42)
        #expect(rig.hart.retired == 2047 + 3)
    }

    @Test(arguments: EngineChoice.allCases) func seesCodeThatItWroteItself(_ engine: EngineChoice)
        throws
    {
        // Patches the `li a0, 1` that it has already run to `li a0, 2`, without fence.i on the way.
        let rig = try Rig(
            words(
                0x0000_0597,  // auipc a1, 0
                0x0000_0613,  // li a2, 0
                0x0010_0513,  // +8: li a0, 1
                0x0006_1c63,  // bnez a2, +24 (the end)
                0x0010_0613,  // li a2, 1
                0x0020_06b7,  // lui a3, 0x200
                0x5136_869b,  // addiw a3, a3, 0x513
                0x00d5_a423,  // sw a3, 8(a1)
                0xfe9f_f06f,  // j -24
                storeResult[0], storeResult[1]), engine: engine)
        #expect(rig.engine.run(rig.hart, budget: 1000) == .requested)
        #expect(rig.stored == 2)
    }

    @Test(arguments: EngineChoice.allCases) func seesCodeThatADeviceWrote(_ engine: EngineChoice)
        throws
    {
        let loop = words(0x0010_0513, 0x0000_006f)  // li a0, 1; j .
        let rig = try Rig(loop, engine: engine)
        #expect(rig.engine.run(rig.hart, budget: 10) == .budget)
        let range = GuestRange(start: GuestPhysical(Rig.base + 4), count: 8)
        _ = rig.memory.write(range.start, words(storeResult[0], storeResult[1]))
        rig.engine.invalidate(range)
        #expect(rig.engine.run(rig.hart, budget: 10) == .requested)
        #expect(rig.stored == 1)
    }

    @Test(arguments: EngineChoice.allCases) func illegalInstructionTrapsWithItsBits(
        _ engine: EngineChoice
    ) throws {
        let rig = try Rig(words(0xffff_ffff), engine: engine)
        rig.hart.csr.mtvec = Rig.base + 0x100
        #expect(rig.engine.run(rig.hart, budget: 1) == .budget)
        #expect(rig.hart.pc == Rig.base + 0x100)
        #expect(rig.hart.csr.mcause == 2)
        #expect(rig.hart.csr.mtval == 0xffff_ffff)
        #expect(rig.hart.csr.mepc == Rig.base)
        #expect(rig.hart.retired == 0)
    }

    @Test(arguments: EngineChoice.allCases) func trapLoopsSpendTheBudget(_ engine: EngineChoice)
        throws
    {
        let rig = try Rig(words(0), engine: engine)
        rig.hart.csr.mtvec = Rig.base
        #expect(rig.engine.run(rig.hart, budget: 10_000) == .budget)
        #expect(rig.hart.retired == 0)
    }

    @Test(arguments: EngineChoice.allCases) func misalignedAccessesWorkAndDevicesRefuseThem(
        _ engine: EngineChoice
    ) throws {
        let rig = try Rig(
            words(
                0x0000_1597,  // auipc a1, 1
                0xfff5_8593,  // addi a1, a1, -1: the last byte of this page
                0x1234_5637,  // lui a2, 0x12345
                0x00c5_b023,  // sd a2, 0(a1)
                0x0005_b503,  // ld a0, 0(a1)
                0x0010_02b7,  // lui t0, 0x100
                0x00a2_b0a3), engine: engine)  // sd a0, 1(t0)
        rig.hart.csr.mtvec = Rig.base
        #expect(rig.engine.run(rig.hart, budget: 7) == .budget)
        #expect(rig.hart[x: 10] == 0x1234_5000)
        #expect(rig.hart.csr.mcause == 6)
        #expect(rig.hart.csr.mtval == 0x10_0001)
        #expect(rig.stored == nil)
    }

    @Test(arguments: EngineChoice.allCases) func fetchFromNowhereIsAnAccessFault(
        _ engine: EngineChoice
    ) throws {
        let rig = try Rig(words(0x0000_0067), engine: engine)  // jalr x0, 0(x0)
        rig.hart.csr.mtvec = Rig.base
        #expect(rig.engine.run(rig.hart, budget: 2) == .budget)
        #expect(rig.hart.csr.mcause == 1)
        #expect(rig.hart.csr.mepc == 0)
    }

    /// 0xfff is also what marks an empty entry of the table of jumps.
    @Test(arguments: EngineChoice.allCases) func oddTargetsLoseTheirLowestBit(
        _ engine: EngineChoice
    ) throws {
        let rig = try Rig(words(0x0005_0067), engine: engine)  // jalr x0, 0(a0)
        rig.hart[x: 10] = 0xfff
        rig.hart.csr.mtvec = Rig.base
        #expect(rig.engine.run(rig.hart, budget: 2) == .budget)
        #expect(rig.hart.csr.mcause == 1)
        #expect(rig.hart.csr.mepc == 0xffe)
    }

    @Test(arguments: EngineChoice.allCases) func storeConditionalNeedsItsReservation(
        _ engine: EngineChoice
    ) throws {
        let rig = try Rig(
            words(
                0x0000_1597,  // auipc a1, 1
                0x18b5_b52f,  // sc.d a0, a1, (a1): no reservation
                0x1005_b62f,  // lr.d a2, (a1)
                0x18b5_b6af), engine: engine)  // sc.d a3, a1, (a1)
        #expect(rig.engine.run(rig.hart, budget: 4) == .budget)
        #expect(rig.hart[x: 10] == 1)
        #expect(rig.hart[x: 12] == 0)
        #expect(rig.hart[x: 13] == 0)
        #expect(rig.memory.load64(GuestPhysical(Rig.base + 0x1000)) == Rig.base + 0x1000)
    }
}
