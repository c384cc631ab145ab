import Bits
import Loader
import TestKit
import Testing

@Suite struct ELFTests {
    @Test func aBareMetalProgramIsLoadedWhereItWasLinked() throws {
        let file = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        let plan = try plan(file)
        #expect(plan.kind == .elf)
        #expect(plan.entry == GuestPhysical(0x8000_0000))
        let code = try #require(plan.segments.first)
        let data = try #require(plan.segments.last)
        #expect(plan.segments.count == 2 && code.address == plan.entry)
        // `la` is auipc, then addi to the same register.
        #expect(plan.bytes[code.file.lowerBound] & 0x7f == 0x17)
        #expect(data.zeroFill >= 4096)
        #expect(plan.end == data.address + data.count)
    }

    @Test func symbolsNameAddressesAndHTIFIsFound() throws {
        let file = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        let plan = try plan(file)
        let work = try #require(plan.symbols.address(of: "work"))
        #expect(plan.symbols.name(at: 0x8000_0000).map { "\($0.name)+\($0.offset)" } == "_start+0")
        #expect(plan.symbols.name(at: work + 2).map { "\($0.name)+\($0.offset)" } == "work+2")
        #expect(plan.symbols.name(at: work + 4)?.name == "inner")
        #expect(plan.symbols.name(at: 0x7fff_ffff) == nil)
        #expect(plan.symbols.name(at: plan.end.rawValue) == nil)
        #expect(plan.symbols.name(at: 42) == nil && plan.symbols.address(of: "answer") == 42)
        #expect(plan.symbols.address(of: "wor") == nil && plan.symbols.address(of: "") == nil)
        #expect(plan.toHost?.rawValue == plan.symbols.address(of: "tohost"))
        #expect(plan.fromHost == plan.toHost.map { $0 + 64 })
    }

    @Test func aKernelLinkedToHighAddressesIsEnteredPhysically() throws {
        let script = """
            ENTRY(_start)
            SECTIONS {
              . = 0xffffffff80000000;
              .text : AT(0x80200000) { *(.text*) }
              .data ALIGN(64) : { *(.data) }
              .bss : { *(.bss) }
            }
            """
        let file = try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("link.ld")
            try script.write(to: path, atomically: true, encoding: .utf8)
            return try Toolchain.link(bareMetalSource, linkerFlags: ["-T", path.path])
        }
        let plan = try plan(file)
        #expect(plan.entry == GuestPhysical(0x8020_0000))
        #expect(plan.segments.first?.address == GuestPhysical(0x8020_0000))
        #expect(plan.symbols.name(at: 0xffff_ffff_8000_0000)?.name == "_start")
        let toHost = try #require(plan.symbols.address(of: "tohost"))
        #expect(plan.toHost?.rawValue == toHost &- 0xffff_ffff_8000_0000 &+ 0x8020_0000)
    }

    @Test(arguments: [0x8000_0000, 0x8020_0000, 0x9000_0000] as [UInt64])
    func aPositionIndependentProgramIsRelocated(base: UInt64) throws {
        let file = try Toolchain.link(
            bareMetalSource, flags: ["-fPIE"],
            linkerFlags: ["-pie", "--no-dynamic-linker", "-e", "_start", "-z", "norelro"])
        let plan = try plan(file, base: base)
        let first = try #require(plan.segments.first)
        #expect(first.address == GuestPhysical(base))
        #expect(plan.symbols.address(of: "_start") == plan.entry.rawValue)
        let message = try #require(plan.symbols.address(of: "message"))
        let pointer = try #require(plan.symbols.address(of: "pointer"))
        let holder = try #require(
            plan.segments.first { pointer &- $0.address.rawValue < UInt64($0.file.count) })
        let offset = holder.file.lowerBound + Int(pointer - holder.address.rawValue)
        #expect(number(plan.bytes[offset..<offset + 8]) == message)
    }

    @Test func aKernelWithALinuxHeaderRunsAnywhere() throws {
        let header = """
            .section .text.start, "ax"
            .globl _start
            _start: j work
            .balign 8
            .dword 0x200000, 0x10000, 0
            .word 2, 0
            .dword 0
            .ascii "RISCV\\0\\0\\0RSC\\x05"
            .word 0
            work: j work
            """
        let file = try Toolchain.link(
            header, linkerFlags: ["-Ttext=0", "--image-base=0", "-e", "work", "-N"])
        let plan = try plan(file)
        #expect(plan.entry == GuestPhysical(0x8020_0000))
        #expect(plan.segments.map(\.address) == [GuestPhysical(0x8020_0000)])
    }

    @Test func otherMachinesAndKindsAreNamed() throws {
        let amd64 = try Toolchain.link(
            ".globl _start\n_start: ret",
            flags: ["--target=x86_64-linux-gnu", "-march=x86-64", "-mabi=sysv"],
            linkerFlags: [])
        #expect(refusal(amd64)?.contains("for x86-64, expected a 64-bit") == true)
        var changed = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        changed[4] = 1
        #expect(refusal(changed)?.contains("32-bit ELF file for RISC-V") == true)
        changed[4] = 2
        changed[16] = 1
        #expect(refusal(changed)?.contains("object file") == true)
        changed[16] = 4
        #expect(refusal(changed)?.contains("core dump") == true)
    }

    @Test func aTruncatedFileSaysSo() throws {
        let file = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        for count in [5, 63, 64, 100, 0x1000, file.count / 2, file.count - 1] {
            #expect(
                refusal(Array(file.prefix(count)))?.contains("truncated") == true, "\(count) bytes")
        }
    }

    @Test func brokenFieldsAreRefused() throws {
        let file = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        // Not the segment that maps the file's headers.
        let loads = (0..<8).map { 64 + 56 * $0 }.filter { at -> Bool in
            number(file[at..<at + 4]) == 1 && number(file[at + 8..<at + 16]) != 0
        }
        let firstLoad = try #require(loads.first)
        let cases: [(offset: Int, value: UInt64, width: Int, expected: String)] = [
            (24, 0x1234, 8, "entry point 0x1234 lies in none"), (56, 0, 2, "no program headers"),
            (54, 32, 2, "32 bytes each"), (32, ~0, 8, "program headers lie at"),
            (40, 1 << 40, 8, "section headers lie at"),
            (firstLoad + 8, 1 << 63, 8, "lies beyond the end"),
            (firstLoad + 24, ~0, 8, "make no sense"), (firstLoad + 40, 1, 8, "make no sense"),
            (firstLoad + 40, 1 << 32, 8, "overlap"), (firstLoad, 3, 4, "dynamically linked"),
        ]
        for row in cases {
            var changed = file
            put(row.value, row.width, at: row.offset, &changed)
            #expect(
                refusal(changed)?.contains(row.expected) == true,
                "\(row): \(refusal(changed) ?? "-")")
        }
    }
}
