import Bits
import FDT
import Machine
import RISCV
import Testing

@Suite struct BoardTests {
    @Test func windowsAscendWithoutOverlap() throws {
        let windows = try Board().windows
        for (low, high) in zip(windows, windows.dropFirst()) {
            #expect(low.start + low.count <= high.start)
        }
    }

    @Test func interruptLinesAreThoseOfQEMU() {
        #expect(AddressMap.uart.line == 10)
        #expect(AddressMap.rtc.line == 11)
        for slot in 0..<8 { #expect(AddressMap.virtio(slot: slot).line == slot + 1) }
        #expect(AddressMap.virtio(slot: 7).start == 0x1000_8000)
    }

    @Test func treeDescribesTheBoard() throws {
        let board = try Board(hartCount: 3, ramBytes: 256 << 20)
        let range = GuestRange(start: GuestPhysical(0x8800_0000), count: 0x1234)
        let tree = try FDTReader(
            board.deviceTree(
                BootChoice(arguments: "quiet", initialRAMDisk: range, seed: [1, 2, 3])))
        let memory = try #require(tree.node(at: "/memory"))
        #expect(memory.reg == [FDTRange(address: 0x8000_0000, size: 256 << 20)])
        #expect(tree.nodes(compatibleWith: "virtio,mmio").count == 8)
        #expect(tree.nodes(compatibleWith: "riscv").count == 3)
        let chosen = try #require(tree.node(at: "/chosen"))
        #expect(chosen.property("bootargs")?.string?.string == "quiet")
        #expect(chosen.property("linux,initrd-end")?.u64 == 0x8800_1234)
        #expect(chosen.property("rng-seed")?.bytes.elementsEqual([1, 2, 3]) == true)
        let console = try #require(tree.node(at: "serial0"))
        #expect(console.reg.first?.address == 0x1000_0000)
        #expect(console.property("interrupts")?.u32 == 10)
        let cpus = try #require(tree.node(at: "/cpus"))
        #expect(cpus.property("timebase-frequency")?.u32 == 10_000_000)
    }

    @Test func impossibleBoardsAreRefused() {
        #expect(throws: HullError.self) { try Board(hartCount: 0) }
        #expect(throws: HullError.self) { try Board(hartCount: 65) }
        #expect(throws: HullError.self) { try Board(ramBytes: 4097 << 10) }
        #expect(throws: HullError.self) { try Board(ramBytes: 1 << 50) }
    }
}

@Suite struct ISATextTests {
    @Test func namesFollowTheNamingChapter() throws {
        #expect(try ISA(parsing: "rv64gc").text == "rv64imafdc_zicsr_zifencei")
        let isa = try ISA(parsing: "rv64imac,+zba,+sstc,+zicntr,+svpbmt,+zawrs")
        #expect(isa.text == "rv64imac_zicntr_zicsr_zifencei_zawrs_zba_sstc_svpbmt")
    }

    @Test func additionsAndRemovals() throws {
        #expect(try ISA(parsing: "virt") == .virt)
        #expect(try !ISA(parsing: "virt,-zicond").has(.zicond))
        #expect(try ISA(parsing: "virt,-svadu,+svade").has(.svade))
        #expect(!ISA.virt.has(.svade))
        #expect(ISA.virt.has(.h))
        #expect(try !ISA(parsing: "virt,-h").has(.h))
    }

    @Test(arguments: [
        "vax", "virt,zba", "virt,+nothing", "virt,-f", "rv64gq", "virt,-i",
    ])
    func nonsenseIsRefused(_ text: String) {
        #expect(throws: HullError.self) { try ISA(parsing: text) }
    }
}
