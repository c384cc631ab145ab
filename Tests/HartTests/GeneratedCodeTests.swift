import Bits
import GuestMemory
import Hart
import RISCV
import Testing

private let address: UInt64 = 0x4000_0000

/// What generated code sees of the tables: it is these words that it reads.
@Suite("Translation tables as generated code uses them")
struct GeneratedCodeTests {
    let it: Spaces
    var hart: Hart { it.hart }
    let page: UInt64
    let satp: UInt64

    init() throws {
        it = try Spaces()
        page = it.page()
        satp = it.space(asid: 1)
        it.map(satp, address, to: page, Spaces.all)
        it.hart.serveGeneratedCode()
        it.hart.csr.satp = satp
    }

    private func entry(_ table: Int, _ index: Int) -> (tag: UInt64, value: UInt64) {
        // SAFETY: `tables` leads to a set, and the offsets are `TableLayout`'s.
        let words = unsafe UnsafePointer<UInt64>(
            bitPattern: UInt(hart.unsafeTables) + UInt(table + index * 16))
        return unsafe (words?[0] ?? 0, words?[1] ?? 0)
    }
    private func fillSite(_ table: Int, _ index: Int, _ tag: UInt64, _ value: UInt64) {
        // SAFETY: as above.
        let words = unsafe UnsafeMutablePointer<UInt64>(
            bitPattern: UInt(hart.unsafeTables) + UInt(table + index * 16))
        unsafe words?[0] = tag
        unsafe words?[1] = value
    }
    private func host(_ physical: UInt64) -> UInt64 {
        unsafe UInt64(
            UInt(bitPattern: it.rig.memory.host(GuestPhysical(physical), count: 4096)))
    }
    private var loadTag: UInt64 {
        entry(TableLayout.loads, TableLayout.dataIndex(address)).tag
    }

    @Test func registersComeFirst() {
        #expect(MemoryLayout<HartState>.offset(of: \HartState.x) == 0)
        #expect(MemoryLayout<HartState>.offset(of: \HartState.f) == 256)
        #expect(MemoryLayout<HartState>.offset(of: \HartState.tables) != nil)
        #expect(MemoryLayout<HartState>.offset(of: \HartState.csr.mstatus) != nil)
        #expect(hart.unsafeTables % 64 == 0)
    }

    @Test func refillFillsTheTableOfItsKind() {
        let index = TableLayout.dataIndex(address)
        #expect(hart.refill(address + 8, isStore: false))
        #expect(entry(TableLayout.loads, index) == (address, host(page) &- address))
        #expect(entry(TableLayout.stores, index).tag == TableLayout.noTag)
        #expect(hart.refill(address + 8, isStore: true))
        #expect(entry(TableLayout.stores, index) == (address, host(page) &- address))
    }

    @Test func refillLeavesTheRestToTheInterpreter() {
        #expect(!hart.refill(address + 4096, isStore: false))  // Not mapped.
        it.map(satp, address + 4096, to: 0x10_0000, Spaces.readWrite)
        #expect(!hart.refill(address + 4096, isStore: true))  // A device.
        it.map(satp, address + 8192, to: page, Spaces.read)
        #expect(!hart.refill(address + 8192, isStore: true))  // Not writable.
        it.rig.memory.setHasCode(GuestPhysical(page))
        #expect(!hart.refill(address, isStore: true))  // Holds code.
        #expect(hart.csr.mcause == 0)
    }

    @Test func fencesForgetSites() {
        #expect(hart.refill(address, isStore: false))
        #expect(hart.refill(address, isStore: true))
        let other = address + 4096
        it.map(satp, other, to: page, Spaces.readWrite)
        #expect(hart.refill(other, isStore: true))
        fillSite(TableLayout.siteLoads, 3, address, host(page) &- address)
        fillSite(TableLayout.siteStores, 511, address, host(page) &- address)
        fillSite(TableLayout.siteStores, 0, other, host(page) &- other)
        it.step(.fencePage, address)
        #expect(entry(TableLayout.siteLoads, 3).tag == TableLayout.noSite)
        #expect(entry(TableLayout.siteStores, 511).tag == TableLayout.noSite)
        #expect(entry(TableLayout.siteStores, 0).tag == other)
        it.step(.fenceAll)
        #expect(entry(TableLayout.siteStores, 0).tag == TableLayout.noSite)
        // Again, without an entry into the address space between.
        fillSite(TableLayout.siteLoads, 3, address, host(page) &- address)
        it.step(.fenceAll)
        #expect(entry(TableLayout.siteLoads, 3).tag == TableLayout.noSite)
    }

    @Test func aPageThatGetsCodeIsForgottenByStores() {
        #expect(hart.refill(address, isStore: true))
        fillSite(TableLayout.siteStores, 7, address, host(page) &- address)
        hart.flushStores(to: GuestPhysical(page + 4096))
        #expect(entry(TableLayout.siteStores, 7).tag == address)
        hart.flushStores(to: GuestPhysical(page))
        #expect(entry(TableLayout.siteStores, 7).tag == TableLayout.noSite)
        #expect(entry(TableLayout.stores, TableLayout.dataIndex(address)).tag == TableLayout.noTag)
    }

    @Test func codePagesAndJumps() {
        #expect(hart.codePage(address + 6) == page)
        #expect(hart.codePage(address + 4096) == nil)
        hart.noteJump(address + 6, hostAddress: 0x1234)
        let index = TableLayout.jumpIndex(address + 6)
        #expect(entry(TableLayout.jumps, index) == (address + 6, 0x1234))
        hart.forgetJump(address + 6, hostAddress: 0x5678)
        #expect(entry(TableLayout.jumps, index).tag == address + 6)
        hart.forgetJump(address + 6, hostAddress: 0x1234)
        #expect(entry(TableLayout.jumps, index).tag == TableLayout.noTag)
        hart.noteJump(address + 6, hostAddress: 0x1234)
        hart.forgetAllJumps()
        #expect(entry(TableLayout.jumps, index).tag == TableLayout.noTag)
    }

    @Test func fencesForgetJumpsIntoTheirPage() {
        let index = TableLayout.jumpIndex(address + 6)
        func noted() {
            #expect(hart.codePage(address) == page)
            hart.noteJump(address + 6, hostAddress: 0x1234)
        }
        noted()
        it.step(.fencePage, address + 4096)
        #expect(entry(TableLayout.jumps, index).tag == address + 6)
        it.step(.fencePage, address)
        #expect(entry(TableLayout.jumps, index).tag == TableLayout.noTag)
        // Where other pages have taken the place of the jump's page, even among the victims.
        noted()
        for index in 1...2000 as ClosedRange<UInt64> {
            let other = address + index * UInt64(TableLayout.pageCount) << 12
            it.map(satp, other, to: page, Spaces.all)
            #expect(hart.codePage(other) == page)
        }
        it.step(.fencePage, address)
        #expect(entry(TableLayout.jumps, index).tag == TableLayout.noTag)
        noted()
        it.step(.fenceAll)
        #expect(entry(TableLayout.jumps, index).tag == TableLayout.noTag)
    }

    @Test func floatStateIsSaid() {
        let ready = unsafe (hart.state.pointee.floatOff, hart.state.pointee.floatUnready)
        #expect(ready == (1, 1))
        hart.csr.mstatus |= Status.fs & 1 << 13
        let clean = unsafe (hart.state.pointee.floatOff, hart.state.pointee.floatUnready)
        #expect(clean == (0, 1))
        hart.csr.mstatus |= Status.fs
        #expect(unsafe hart.state.pointee.floatUnready == (HostFloat.isAvailable ? 0 : 1))
        hart.csr.frm = 4
        #expect(unsafe hart.state.pointee.floatUnready == 1)
    }
}
