import Bits
import GuestMemory
import Hart
import RISCV
import Testing

/// What is told of accesses to a guest's memory that trap.
@Suite struct GuestTrapTests {
    private let it: GuestSpaces
    private let page: UInt64
    private let hgatp: UInt64
    private let vsatp: UInt64
    private let address: UInt64 = 0x4000_0000
    private let device: UInt64 = 0x4000_2000

    init() throws {
        it = try GuestSpaces()
        page = it.page()
        hgatp = it.guest(vmid: 1)
        vsatp = it.space(asid: 1)
        it.hart.csr.hgatp = hgatp
        it.hart.csr.vsatp = vsatp
        it.hart.csr.hstatus |= HypervisorStatus.spvp
        it.map(vsatp, address, to: page, 0xcf)
        it.map(vsatp, device, to: 0x1_0000_0000, 0xcf)
        it.mapGuest(hgatp, 0x1_0000_0000, to: GuestSpaces.nowhere)
    }

    /// §18.4.1: GVA is for every trap with an address of a guest, also where the hart runs none.
    @Test func addressesOfGuestsFromOutside() {
        let viaMPRV = Status.mprv | Status.mpv | 1 << 11
        for (step, isStore) in [
            (GuestSpaces.Step.load, false), (.store, true), (.guestLoad, false),
            (.guestStore, true),
        ] {
            let isOrdinary = step == .load || step == .store
            it.enter(.machine)
            it.hart.csr.mstatus = isOrdinary ? viaMPRV : 0
            let (access, misaligned, pageFault): (UInt64, UInt64, UInt64) =
                isStore ? (7, 6, 15) : (5, 4, 13)
            for (at, cause) in [
                (device, access), (device + 1, misaligned), (device + 0x1000, pageFault),
            ] {
                #expect(it.step(step, at) == nil)
                #expect(it.trap.cause == cause && it.trap.value == at, "\(step) \(cause)")
                #expect(it.trap.isGuestAddress, "\(step) \(cause)")
            }
            // The machine's own address is none of a guest's.
            it.hart.csr.mstatus = 0
            if isOrdinary {
                #expect(it.step(step, GuestSpaces.nowhere) == nil && it.trap.cause == access)
                #expect(!it.trap.isGuestAddress)
            }
        }
    }

    @Test func protectionOfMachineMode() {
        it.hart.csr.pmp.setAddress(0, page >> 2 | 0x1ff)
        for (permissions, allowed) in [
            (UInt64(0), Set<GuestSpaces.Step>()), (1, [.guestLoad]),
            (3, [.guestLoad, .guestStore]),
            (4, []), (5, [.guestLoad, .guestLoadCode]),
            (7, [.guestLoad, .guestStore, .guestLoadCode]),
        ] {
            it.hart.csr.pmp.setConfiguration(upper: false, 0x18 | permissions)
            it.enter(.supervisor)
            for step in [GuestSpaces.Step.guestLoad, .guestStore, .guestLoadCode] {
                let isAllowed = it.step(step, address) != nil
                #expect(isAllowed == allowed.contains(step), "\(step) with \(permissions)")
                if isAllowed { continue }
                #expect(it.trap.cause == (step == .guestStore ? 7 : 5))
                #expect(it.trap.isGuestAddress && it.trap.value == address)
            }
        }
    }

    /// Tables of either stage that machine mode hides: access faults of the access's own kind, and nothing
    /// of a guest-physical address.
    @Test func hiddenTables() {
        for root in [hgatp, vsatp] {
            it.hart.csr.pmp.setAddress(0, (root & (1 << 44 - 1)) << 10 | 0x1ff)
            it.hart.csr.pmp.setConfiguration(upper: false, 0x18)
            for (step, cause) in [(GuestSpaces.Step.guestLoad, UInt64(5)), (.guestStore, 7)] {
                it.enter(.supervisor)
                #expect(it.step(step, address) == nil && it.trap.cause == cause)
                #expect(it.trap.value == address && it.trap.value2 == 0)
                #expect(it.trap.instruction == 0 && it.trap.isGuestAddress)
            }
        }
    }

    /// Someone who looks may look into either world.
    @Test func codeOfEitherWorld() {
        it.write(page, 0x1050_0073)
        it.enter(.supervisor, isVirtual: true)
        #expect(it.hart.encoding(at: address, .supervisor) == 0x1050_0073)
        #expect(it.hart.encoding(at: page, .supervisor, isVirtual: false) == 0x1050_0073)
        #expect(it.hart.encoding(at: address, .supervisor, isVirtual: false) == nil)
    }

    /// Execute-only in both stages is what `hlvx` is for; MXR is nothing to it. No device holds code.
    @Test func loadsOfCode() {
        it.write(page, 0x1234)
        it.enter(.supervisor)
        it.mapGuest(hgatp, 0x1_0020_0000, to: page, 0xd9)
        it.map(vsatp, address + 0x5000, to: 0x1_0020_0000, 0xc9)
        #expect(it.step(.guestLoadCode, address + 0x5000) == 0x1234)
        #expect(it.step(.guestLoad, address + 0x5000) == nil && it.trap.cause == 13)
        it.map(vsatp, address + 0x6000, to: page, 0xc7)
        it.hart.csr.mstatus |= Status.mxr
        #expect(it.step(.guestLoadCode, address + 0x6000) == nil && it.trap.cause == 13)
        #expect(it.step(.guestLoad, address + 0x5000) == 0x1234)
        #expect(it.step(.guestLoadCode, device) == nil && it.trap.cause == 5)
    }

    /// The guest-physical address has the same place in its page as the value, also of a block.
    @Test func blocks() {
        it.map(vsatp, address + 0x3000, to: 0x2_0000_0000, 0xc7)
        for step in [GuestSpaces.Step.zero, .clean] {
            it.enter(.supervisor, isVirtual: true)
            #expect(it.step(step, address + 0x3ab4) == nil)
            #expect(it.trap.cause == 23 && it.trap.value == address + 0x3ab4)
            #expect(it.trap.value2 == 0x2_0000_0ab4 >> 2 && it.trap.instruction == 0)
        }
    }

    /// Over a page's end the second page's start is told, and how far it lies from the first byte; where
    /// it is a device, the access is misaligned and the device hears nothing.
    @Test func pagesEnds() {
        it.map(vsatp, address + 0x1000, to: 0x2_0000_0000, 0xc7)
        for (step, bits) in [
            (GuestSpaces.Step.guestLoad, UInt64(0x6c00_4573)), (.guestStore, 0x6ec0_4073),
        ] {
            it.enter(.supervisor)
            #expect(it.step(step, address + 0xffd) == nil)
            #expect(it.trap.cause == (step == .guestLoad ? 21 : 23))
            #expect(it.trap.value == address + 0x1000 && it.trap.value2 == 0x2_0000_0000 >> 2)
            #expect(it.trap.instruction == bits | 3 << 15)
        }
        it.mapGuest(hgatp, 0x2_0000_0000, to: GuestSpaces.nowhere)
        it.step(.stageFence)
        for (step, cause) in [(GuestSpaces.Step.guestLoad, UInt64(4)), (.guestStore, 6)] {
            #expect(it.step(step, address + 0xffd) == nil)
            #expect(it.trap.cause == cause && it.trap.value == address + 0xffd)
            #expect(it.trap.isGuestAddress)
        }
    }
}
