import Bits
import GuestMemory
import Hart
import RISCV
import Testing

private let address: UInt64 = 0x4000_0000

@Suite("Translation tables: what a switch keeps and what a fence forgets")
struct TableTests {
    let it: Spaces
    /// Two pages of memory that hold 1 and 2.
    let one: UInt64
    let two: UInt64

    init() throws {
        it = try Spaces()
        (one, two) = (it.page(), it.page())
        it.write(one, 1)
        it.write(two, 2)
    }

    private func spaces() -> (UInt64, UInt64) {
        let (a, b) = (it.space(asid: 1), it.space(asid: 2))
        it.map(a, address, to: one, Spaces.readWrite)
        it.map(b, address, to: two, Spaces.readWrite)
        return (a, b)
    }
    private func enter(_ satp: UInt64) { it.hart.csr.satp = satp }

    /// Within a page the tables serve them too; over its end both pages count.
    @Test func misalignedAccessesFindTheirBytes() {
        let a = it.space(asid: 1)
        it.map(a, address, to: one, Spaces.readWrite)
        it.map(a, address + 4096, to: two, Spaces.read)
        enter(a)
        for offset: UInt64 in [0, 1, 3, 0xff7, 0xff8] {
            for value: UInt64 in [0x0102_0304_0506_0708, 0xffee_ddcc_bbaa_9988] {
                it.step(.store, address + offset, value)
                #expect(it.step(.load, address + offset) == value)
            }
        }
        it.step(.store, address + 0xff8, 0x1122_3344_5566_7788)
        #expect(it.step(.load, address + 0xffc) == 2 << 32 | 0x1122_3344)
        #expect(it.step(.store, address + 0xffc) == nil)
        it.map(a, address + 4096, to: two, Spaces.readWrite)
        it.step(.fenceAll)
        for value: UInt64 in [0x0102_0304_0506_0708, 0xffee_ddcc_bbaa_9988] {
            for offset: UInt64 in 0xff9...0xfff {
                it.step(.store, address + 0x1010, ~0)
                it.step(.store, address + offset, value)
                #expect(it.step(.load, address + offset) == value)
            }
        }
        it.step(.store, address + 0xff8, 0x1122_3344_5566_7788)
        #expect(it.step(.load, address + 0xff8) == 0x1122_3344_5566_7788)
    }

    /// Pages that fall on the same entry, in turns: each is translated once, and fences find them all.
    @Test func pagesThatShareAnEntryKeepTheirTranslations() {
        let a = it.space(asid: 1)
        let distance = UInt64(TableLayout.dataCount) << 12
        let list = (0..<4).map { address + $0 * distance }
        let pages = list.map { _ in it.page() }
        for (virtual, page) in zip(list, pages) {
            it.write(page, page)
            it.map(a, virtual, to: page, Spaces.readWrite)
        }
        enter(a)
        func turn() {
            for (virtual, page) in zip(list, pages) {
                #expect(it.step(.load, virtual) == page)
                it.step(.store, virtual + 8, page)
            }
        }
        turn()
        let misses = it.hart.statistics.tlbMisses
        turn()
        turn()
        #expect(it.hart.statistics.tlbMisses == misses)
        for virtual in list {
            it.map(a, virtual, to: one, Spaces.read)
            it.step(.fencePage, virtual)
            #expect(it.step(.load, virtual) == 1)
            #expect(it.step(.store, virtual) == nil)
        }
    }

    @Test func aSwitchOfAddressSpacesKeepsBoth() {
        let (a, b) = spaces()
        enter(a)
        #expect(it.step(.load, address) == 1)
        enter(b)
        #expect(it.step(.load, address) == 2)
        let misses = it.hart.statistics.tlbMisses
        for _ in 0..<3 {
            enter(a)
            #expect(it.step(.load, address) == 1)
            enter(b)
            #expect(it.step(.load, address) == 2)
        }
        #expect(it.hart.statistics.tlbMisses == misses)
    }

    @Test func theLeastRecentlyUsedSpaceMakesRoom() {
        let list = (1...40).map { it.space(asid: UInt64($0)) }
        for (index, satp) in list.enumerated() {
            let page = it.page()
            it.write(page, UInt64(index))
            it.map(satp, address, to: page, Spaces.read)
        }
        for _ in 0..<2 {
            for (index, satp) in list.enumerated() {
                enter(satp)
                #expect(it.step(.load, address) == UInt64(index))
            }
        }
    }

    /// Which fences make a change of a's page table seen.
    @Test(arguments: [
        (Spaces.Step.fenceAll, UInt64(0), UInt64(0), true),
        (.fenceSpace, 0, 1, true),
        (.fenceSpace, 0, 0x7_0001, true),  // ASIDs have 16 bits.
        (.fenceSpace, 0, 2, false),
        (.fenceSpace, 0, 0, false),
        (.fencePage, address + 8, 0, true),
        (.fencePage, address + 4096, 0, false),
        (.fencePageOfSpace, address, 1, true),
        (.fencePageOfSpace, address, 2, false),
        (.fencePageOfSpace, address + 4096, 1, false),
    ])
    func fencesObeyTheirOperands(_ fence: Spaces.Step, _ a1: UInt64, _ a2: UInt64, _ seen: Bool) {
        let (a, b) = spaces()
        // From within the space, and from another.
        for fencing in [a, b] {
            enter(a)
            it.step(.fenceAll)
            it.map(a, address, to: one, Spaces.readWrite)
            #expect(it.step(.load, address) == 1)
            it.map(a, address, to: two, Spaces.readWrite)
            enter(fencing)
            it.step(fence, a1, a2)
            enter(a)
            #expect(it.step(.load, address) == (seen ? 2 : 1))
        }
    }

    @Test func aFenceOfOnePageForgetsAllOfItsSuperpage() {
        let a = it.space(asid: 1)
        let (low, high) = (Rig.base + 2 << 20, Rig.base + 4 << 20)
        it.write(low + 0x5000, 5)
        it.write(high + 0x5000, 6)
        it.map(a, address, to: low, Spaces.readWrite, level: 1)
        enter(a)
        #expect(it.step(.load, address + 0x5000) == 5)
        it.map(a, address, to: high, Spaces.readWrite, level: 1)
        it.step(.fencePage, address + 1 << 20)
        #expect(it.step(.load, address + 0x5000) == 6)
    }

    /// The second fence of a page finds what was filled since the first, by whichever way.
    @Test func aPageIsFencedAgain() {
        let a = it.space(asid: 1)
        enter(a)
        it.map(a, address, to: one, Spaces.readWrite)
        for value in [two, one, two] {
            it.step(.load, address)
            it.step(.store, address + 8)
            it.step(.fencePage, address)
            it.step(.fencePage, address)
            it.map(a, address, to: value, Spaces.readWrite)
            it.step(.fencePage, address)
            #expect(it.step(.load, address) == (value == one ? 1 : 2))
        }
        // As a part of a superpage, of which only another part was used.
        it.step(.fencePage, address)
        let (low, high) = (Rig.base + 2 << 20, Rig.base + 4 << 20)
        it.write(low + 0x5000, 5)
        it.write(high + 0x5000, 6)
        it.map(a, address, to: low, Spaces.readWrite, level: 1)
        #expect(it.step(.load, address + 0x5000) == 5)
        it.map(a, address, to: high, Spaces.readWrite, level: 1)
        it.step(.fencePage, address)
        #expect(it.step(.load, address + 0x5000) == 6)
    }

    @Test func globalPagesAreSharedAndOthersAreNot() {
        let (a, b) = (
            it.space(asid: 1, program: Spaces.all | Spaces.global),
            it.space(asid: 2, program: Spaces.all | Spaces.global)
        )
        for satp in [a, b] { it.map(satp, address, to: one, Spaces.read | Spaces.global) }
        enter(a)
        #expect(it.step(.load, address) == 1)
        let misses = it.hart.statistics.tlbMisses
        enter(b)
        #expect(it.step(.load, address) == 1)
        #expect(it.hart.statistics.tlbMisses == misses)
        // A page that is not global is b's alone.
        it.map(b, address + 4096, to: two, Spaces.read)
        it.map(a, address + 4096, to: one, Spaces.read)
        #expect(it.step(.load, address + 4096) == 2)
        enter(a)
        #expect(it.step(.load, address + 4096) == 1)
        enter(b)
        #expect(it.step(.load, address + 4096) == 2)
    }

    @Test func fencesFindGlobalPagesInEverySet() {
        let a = it.space(asid: 1, program: Spaces.all | Spaces.global)
        it.map(a, address, to: one, Spaces.read | Spaces.global)
        enter(a)
        #expect(it.step(.load, address) == 1)
        it.map(a, address, to: two, Spaces.read | Spaces.global)
        it.step(.fencePage, address)
        #expect(it.step(.load, address) == 2)
        it.map(a, address, to: one, Spaces.read | Spaces.global)
        it.step(.fenceAll)
        #expect(it.step(.load, address) == 1)
    }

    @Test func moreFillsThanTheLogHoldsAreForgotten() {
        let a = it.space(asid: 1)
        enter(a)
        let count: UInt64 = 1500
        for index in 0..<count { it.map(a, address + index << 12, to: one, Spaces.readWrite) }
        for index in 0..<count { #expect(it.step(.load, address + index << 12) == 1) }
        for index in 0..<count { it.map(a, address + index << 12, to: two, Spaces.readWrite) }
        it.step(.fenceAll)
        for index in 0..<count { #expect(it.step(.load, address + index << 12) == 2) }
    }

    @Test func aChangeOfProtectionForgetsEverything() {
        let (a, _) = spaces()
        enter(a)
        #expect(it.step(.load, address) == 1)
        it.step(.store, address, 9)
        // An entry of higher priority takes the page away.
        it.hart.csr.pmp.setAddress(0, one >> 2 | 0x1ff)
        it.hart.csr.pmp.setAddress(1, ~0)
        it.hart.csr.pmp.setConfiguration(upper: false, 0x1f18)
        #expect(it.step(.load, address) == nil)
        #expect(it.hart.csr.mcause == 5)
        #expect(it.step(.store, address) == nil)
        #expect(it.hart.csr.mcause == 7)
    }

    @Test func contextsAreApart() {
        let a = it.space(asid: 1)
        it.map(a, address, to: one, Spaces.readWrite | Spaces.user)
        enter(a)
        #expect(it.step(.load, address) == nil)
        it.hart.csr.mstatus |= Status.sum
        #expect(it.step(.load, address) == 1)
        it.hart.csr.mstatus &= ~Status.sum
        #expect(it.step(.load, address) == nil)
        // MXR: executable pages become readable.
        it.map(a, address + 4096, to: two, PTE.execute)
        it.hart.csr.mstatus |= Status.mxr
        #expect(it.step(.load, address + 4096) == 2)
        it.hart.csr.mstatus &= ~Status.mxr
        #expect(it.step(.load, address + 4096) == nil)
    }

    @Test func machineModeTranslatesUnderMPRV() {
        let (a, b) = spaces()
        let hart = it.hart
        hart.serveGeneratedCode()
        hart.privilege = .machine
        enter(a)
        #expect(hart.unsafeTables != 0)
        #expect(it.step(.load, one) == 1)
        hart.csr.mstatus |= Status.mprv | 1 << Status.mppShift
        #expect(hart.unsafeTables == 0)
        #expect(it.step(.load, address) == 1)
        enter(b)
        #expect(it.step(.load, address) == 2)
        hart.csr.mstatus &= ~Status.mprv
        #expect(it.step(.load, address) == nil)
        #expect(it.step(.load, two) == 2)
    }
}

extension Hart {
    /// `HartState.tables`.
    var unsafeTables: UInt64 { unsafe state.pointee.tables }
}
