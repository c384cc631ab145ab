import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV
import Testing

/// An instruction whose halves lie in two pages, of which the second comes to be another page.
@Suite struct StraddleTests {
    static let address: UInt64 = 0x4000_0000
    static let start = address + 0xffe

    /// `addi a0, a0, step` across the page end, in a loop over a1 that ends in a firmware call.
    private func pages(_ it: Spaces, steps: [UInt64]) -> (first: UInt64, second: [UInt64]) {
        let first = it.page()
        _ = it.rig.memory.store16(GuestPhysical(first + 0xffe), 0x0513)
        let second = steps.map { step in
            let page = it.page()
            _ = it.rig.memory.store16(GuestPhysical(page), UInt16(step << 4 | 5))
            let rest: [UInt32] = [
                0xfff5_8593,  // addi a1, a1, -1
                0xfe05_9ce3,  // bnez a1, .-8
                0x0000_0073,  // ecall
            ]
            for (index, word) in rest.enumerated() {
                _ = it.rig.memory.store32(GuestPhysical(page + 2 + 4 * UInt64(index)), word)
            }
            return page
        }
        return (first, second)
    }

    private func loop(_ it: Spaces, _ count: UInt64 = 5000) -> Exit {
        it.hart.pc = Self.start
        it.hart[x: 10] = 0
        it.hart[x: 11] = count
        return it.rig.engine.run(it.hart, budget: 1 << 20)
    }

    @Test(
        arguments: EngineChoice.allCases,
        [Spaces.Step.fenceAll, .fenceSpace, .fencePage, .fencePageOfSpace])
    func theSecondPageIsAnother(_ engine: EngineChoice, _ fence: Spaces.Step) throws {
        let it = try Spaces(engine: engine)
        let (first, second) = pages(it, steps: [1, 2, 3])
        let space = it.space(asid: 1)
        it.map(space, Self.address, to: first, PTE.execute)
        it.hart.csr.satp = space
        it.hart.exitsOnFirmwareCall = true
        for (index, page) in second.enumerated() {
            it.map(space, Self.address + 4096, to: page, PTE.execute)
            it.step(fence, Self.address + 4096, 1)
            let retired = it.hart.retired
            #expect(loop(it) == .firmwareCall)
            #expect(it.hart[x: 10] == 5000 * UInt64(index + 1))
            #expect(it.hart.retired - retired == 5000 * 3 + 1)
        }
    }

    /// Without its second page the instruction faults, and says where.
    @Test(arguments: EngineChoice.allCases)
    func theSecondPageGoes(_ engine: EngineChoice) throws {
        let it = try Spaces(engine: engine)
        let (first, second) = pages(it, steps: [1])
        let space = it.space(asid: 1)
        it.map(space, Self.address, to: first, PTE.execute)
        it.map(space, Self.address + 4096, to: second[0], PTE.execute)
        it.hart.csr.satp = space
        it.hart.exitsOnFirmwareCall = true
        #expect(loop(it) == .firmwareCall)
        it.map(space, Self.address + 4096, to: second[0], PTE.read)
        it.step(.fencePage, Self.address + 4096)
        it.hart.pc = Self.start
        #expect(it.rig.engine.run(it.hart, budget: 1) == .budget)
        #expect(it.hart.csr.mcause == 12)
        #expect(it.hart.csr.mtval == Self.address + 4096)
        #expect(it.hart.csr.mepc == Self.start)
    }

    /// The half in the second page is written: by the guest, and by a device.
    @Test(arguments: EngineChoice.allCases)
    func theSecondHalfIsWritten(_ engine: EngineChoice) throws {
        let it = try Spaces(engine: engine)
        let (first, second) = pages(it, steps: [1])
        let space = it.space(asid: 1)
        let data = Self.address + 0x10_0000
        it.map(space, Self.address, to: first, PTE.execute)
        it.map(space, Self.address + 4096, to: second[0], PTE.execute)
        it.map(space, data, to: second[0], Spaces.readWrite)
        it.hart.csr.satp = space
        it.hart.exitsOnFirmwareCall = true
        #expect(loop(it) == .firmwareCall)
        #expect(it.hart[x: 10] == 5000)
        // The other bytes of the doubleword stay.
        let word = try #require(it.step(.load, data))
        it.step(.store, data, word & ~0xffff | 0x45)
        #expect(loop(it) == .firmwareCall)
        #expect(it.hart[x: 10] == 20_000)
        _ = it.rig.memory.store16(GuestPhysical(second[0]), 0x25)
        it.rig.engine.invalidate(GuestRange(start: GuestPhysical(second[0]), count: 2))
        #expect(loop(it) == .firmwareCall)
        #expect(it.hart[x: 10] == 10_000)
    }
}
