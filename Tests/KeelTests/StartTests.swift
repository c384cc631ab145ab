import Bits
import FDT
import Keel
import Testing

/// What the monitor is told and given when it starts.
@Suite struct StartTests {
    @Test func theCommandLineIsRead() {
        let options = Options(
            parsing: Array("quiet cpu=trap mmu=trace memory=64M stats trace=2".utf8))
        #expect(options.refused == nil)
        #expect(options.mmu == .trace)
        #expect(options.memory == 64 << 20)
        #expect(options.showsStatistics && options.tracedCalls == 2)
        for word in ["mmu=fast", "cpu=magic", "memory=5", "memory=1X", "trace=many"] {
            #expect(Options(parsing: Array(word.utf8)).refused == Array(word.utf8))
        }
    }

    @Test func freeMemoryLeavesOutWhatIsReserved() {
        var free = FreeMemory(
            FDTRange(address: 0x8000_0000, size: 0x10_0000),
            without: [
                FDTRange(address: 0x8000_0000, size: 0x2000),
                FDTRange(address: 0x8000_8000, size: 0x1000),
                FDTRange(address: 0x7000_0000, size: 0x1000),
            ])
        #expect(free.take(0x6000) == 0x8000_2000)
        #expect(free.take(0x1000, alignment: 0x4000) == 0x8000_c000)
        #expect(free.take(0x3000) == 0x8000_d000)
        #expect(free.take(0x10_0000) == nil)
    }

    @Test func guestsAreFoundInTheArchive() throws {
        let rig = try Rig()
        let place = rig.ram.base
        func entry(_ at: UInt64, _ name: String, _ bytes: [UInt8]) {
            HostMemory.write(place + at, Array(name.utf8))
            HostMemory.write(place + at + 124, Array("00000000".utf8))
            let digits = String(bytes.count, radix: 8)
            HostMemory.write(place + at + 135 - UInt64(digits.utf8.count), Array(digits.utf8))
            HostMemory.store8(place + at + 156, UInt8(ascii: "0"))
            HostMemory.write(place + at + 257, Array("ustar".utf8))
            HostMemory.write(place + at + 512, bytes)
        }
        entry(0, "./0/kernel", Array("first".utf8))
        entry(1024, "1/kernel", Array("second".utf8))
        let archive = Archive(start: place, count: 4096)
        #expect(archive.file(guest: 0, "kernel")?.bytes == Array("first".utf8))
        #expect(archive.file(guest: 1, "kernel")?.bytes == Array("second".utf8))
        #expect(archive.file(guest: 1, "disk") == nil)
        // A file that is longer than the archive is none.
        #expect(Archive(start: place, count: 1537).file(guest: 1, "kernel") == nil)
    }

    @Test func theGuestsTreeSaysWhatTheWorldHas() throws {
        let rig = try Rig()
        var tree = GuestTree(
            ram: rig.ram, isa: Rig.isa, largestMode: .sv48, ticksPerSecond: 10_000_000)
        tree.arguments = Array("console=hvc0".utf8)
        let read = try FDTReader(tree.blob())
        let hart = try #require(read.node(at: "/cpus/cpu@0"))
        #expect(hart.property("riscv,isa")?.string?.string.contains("_h") == false)
        #expect(hart.property("riscv,isa")?.string?.string.hasPrefix("rv64imafdc_") == true)
        #expect(hart.property("mmu-type")?.string?.string == "riscv,sv48")
        #expect(read.node(at: "/chosen")?.property("bootargs")?.string?.string == "console=hvc0")
        let memory = try #require(read.node(at: "/memory"))
        #expect(memory.reg == [FDTRange(address: GuestRAM.start, size: rig.ram.count)])
    }

    @Test func exitsSayWhatTheRealHartReported() {
        #expect(VMExit(cause: 2, value: 0x73) == .illegal(bits: 0x73))
        #expect(VMExit(cause: 8, value: 0) == .call)
        #expect(VMExit(cause: 15, value: 4) == .pageFault(.store, address: 4))
        #expect(VMExit(cause: 3, value: 9) == .exception(cause: 3, value: 9))
        #expect(VMExit(cause: 1 << 63 | 5, value: 0) == .timer)
        #expect(VMExit(cause: 1 << 63 | 9, value: 0) == .interrupt(cause: 1 << 63 | 9))
    }
}
