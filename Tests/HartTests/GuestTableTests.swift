import Bits
import EngineKit
import GuestMemory
import Hart
import RISCV
import Testing

private let address: UInt64 = 0x4000_0000

/// What the tables of translations keep of guests, and what a fence or a register forgets.
@Suite struct GuestTableTests {
    /// A guest of its own space, with a page at `address` that holds 1.
    private func start(_ engine: EngineChoice) throws
        -> (it: GuestSpaces, hgatp: UInt64, vsatp: UInt64, one: UInt64, two: UInt64)
    {
        let it = try GuestSpaces(engine: engine)
        let (one, two) = (it.page(), it.page())
        it.write(one, 1)
        it.write(two, 2)
        let hgatp = it.guest(vmid: 3)
        let vsatp = it.space(asid: 5)
        it.hart.csr.hgatp = hgatp
        it.hart.csr.vsatp = vsatp
        return (it, hgatp, vsatp, one, two)
    }

    /// A large page of the guest's over small ones of the hypervisor's: a fence that names one of its
    /// addresses is about all of it (§4.2.1).
    @Test(arguments: EngineChoice.allCases)
    func fencesOfLargePagesOverSmallOnes(_ engine: EngineChoice) throws {
        for fence in [
            GuestSpaces.Step.fencePage, .fencePageOfSpace, .guestFencePage,
            .guestFencePageOfSpace,
        ] {
            let (it, hgatp, vsatp, one, two) = try start(engine)
            for (guest, page) in [(UInt64(0x1_0000_0000), one), (0x1_0020_0000, two)] {
                it.mapGuest(hgatp, guest, to: page)
                it.mapGuest(hgatp, guest + 0x1000, to: page)
            }
            it.map(vsatp, address, to: 0x1_0000_0000, 0xc7, level: 1)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address + 0x1000) == 1)
            #expect(it.step(.load, address) == 1)
            it.map(vsatp, address, to: 0x1_0020_0000, 0xc7, level: 1)
            let isGuests = fence == .fencePage || fence == .fencePageOfSpace
            it.enter(.supervisor, isVirtual: isGuests)
            it.step(fence, address, 5)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address + 0x1000) == 2, "\(fence)")
            #expect(it.step(.load, address) == 2, "\(fence)")
        }
    }

    /// Each fence that has to forget a page does so, wherever it is executed.
    @Test(arguments: EngineChoice.allCases)
    func fencesForget(_ engine: EngineChoice) throws {
        let ofGuest: [GuestSpaces.Step] = [.fence, .fencePage, .fenceSpace, .fencePageOfSpace]
        let ofHypervisor: [GuestSpaces.Step] = [
            .guestFence, .guestFencePage, .guestFenceSpace, .guestFencePageOfSpace,
        ]
        for fence in ofGuest + ofHypervisor {
            let (it, _, vsatp, one, two) = try start(engine)
            it.map(vsatp, address, to: one, 0xc7)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address) == 1)
            it.map(vsatp, address, to: two, 0xc7)
            it.enter(.supervisor, isVirtual: ofGuest.contains(fence))
            it.step(fence, address, 5)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address) == 2, "\(fence)")
        }
        for fence in [
            GuestSpaces.Step.stageFence, .stageFencePage, .stageFenceGuest,
            .stageFencePageOfGuest,
        ] {
            let (it, hgatp, vsatp, one, two) = try start(engine)
            it.mapGuest(hgatp, 0x1_0000_0000, to: one)
            it.map(vsatp, address, to: 0x1_0000_0000, 0xc7)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address) == 1)
            it.mapGuest(hgatp, 0x1_0000_0000, to: two)
            it.enter(.supervisor)
            it.step(fence, 0x1_0000_0000 >> 2, 3)
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(.load, address) == 2, "\(fence)")
        }
    }

    /// A register that changes what translation means is obeyed at once.
    @Test(arguments: EngineChoice.allCases)
    func registersCountAtOnce(_ engine: EngineChoice) throws {
        let (it, hgatp, vsatp, one, two) = try start(engine)
        it.map(vsatp, address, to: one, 0xd7)
        it.map(vsatp, address + 0x1000, to: 0x1_0000_0000, 0xd9)
        it.mapGuest(hgatp, 0x1_0000_0000, to: two, 0xd9)
        it.enter(.supervisor, isVirtual: true)
        func reads(_ offset: UInt64) -> UInt64? { it.step(.load, address + offset) }
        #expect(reads(0) == nil && it.trap.cause == 13)
        it.hart.csr.vsstatus |= Status.sum
        #expect(reads(0) == 1)
        // Execute-only: the guest's MXR opens its own stage, the hypervisor's both (§18.2.13).
        #expect(reads(0x1000) == nil && it.trap.cause == 13)
        it.hart.csr.vsstatus |= Status.mxr
        #expect(reads(0x1000) == nil && it.trap.cause == 21)
        it.hart.csr.mstatus |= Status.mxr
        #expect(reads(0x1000) == 2)
        it.hart.csr.vsstatus = Status.sum
        #expect(reads(0x1000) == 2)
        it.hart.csr.mstatus &= ~Status.mxr
        #expect(reads(0x1000) == nil && it.trap.cause == 13)
        it.hart.csr.vsstatus = 0
        #expect(reads(0) == nil)
        // Another guest, or none.
        let other = it.guest(vmid: 4)
        it.hart.csr.vsstatus = Status.sum | Status.mxr
        it.hart.csr.mstatus |= Status.mxr
        it.hart.csr.hgatp = other
        #expect(reads(0x1000) == nil && it.trap.cause == 21)
        it.hart.csr.hgatp = hgatp
        #expect(reads(0x1000) == 2)
        it.hart.csr.vsatp = 0
        #expect(it.step(.load, one) == 1)
        #expect(reads(0) == nil && it.trap.cause == 21 && it.trap.value2 == address >> 2)
        it.hart.csr.hgatp = 0
        #expect(it.step(.load, two) == 2)
        it.enter(.supervisor)
        #expect(it.step(.load, two) == 2)
    }

    /// A and D: the guest's by henvcfg, the hypervisor's by menvcfg, neither beyond menvcfg.
    @Test func whoSetsMarks() throws {
        for machine in [false, true] {
            for hypervisor in [false, true] {
                let (it, hgatp, vsatp, one, _) = try start(.interpreter)
                it.hart.csr.menvcfg = machine ? Environment.adue : 0
                it.hart.csr.henvcfg = hypervisor ? Environment.adue : 0
                it.map(vsatp, address, to: one, 0x07)
                it.mapGuest(hgatp, 0x1_0000_0000, to: one, 0x17)
                it.map(vsatp, address + 0x1000, to: 0x1_0000_0000, 0xc7)
                it.enter(.supervisor, isVirtual: true)
                #expect((it.step(.store, address, 1) != nil) == (machine && hypervisor))
                #expect((it.step(.store, address + 0x1000, 1) != nil) == machine)
                if !machine { #expect(it.trap.cause == 23) }
            }
        }
    }
}
