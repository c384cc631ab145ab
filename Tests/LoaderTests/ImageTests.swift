import Bits
import Foundation
import HostIO
import Loader
import TestKit
import Testing

@Suite struct ImageTests {
    @Test func aLinuxImageGoesToItsTextOffset() throws {
        let image = linuxImage()
        let plan = try plan(image)
        #expect(plan.kind == .linuxImage)
        #expect(plan.entry == GuestPhysical(0x8020_0000))
        #expect(
            plan.segments == [
                LoadSegment(
                    address: GuestPhysical(0x8020_0000), file: 0..<0x1000, zeroFill: 0x3000)
            ])
        #expect(plan.end == GuestPhysical(0x8020_4000))
        #expect(try Self.entry(linuxImage(textOffset: 0)) == GuestPhysical(0x8000_0000))
    }
    private static func entry(_ bytes: [UInt8]) throws -> GuestPhysical { try plan(bytes).entry }

    @Test func badImageHeadersAreRefused() {
        #expect(refusal(linuxImage(textOffset: 0x1000))?.contains("boundary of 2 MiB") == true)
        #expect(refusal(linuxImage(textOffset: ~0 << 21))?.contains("text offset") == true)
        #expect(refusal(linuxImage(imageSize: ~0))?.contains("occupies") == true)
        #expect(refusal(Array(linuxImage().dropLast()))?.contains("truncated") == true)
        var bigEndian = linuxImage()
        bigEndian[24] = 1
        #expect(refusal(bigEndian)?.contains("big-endian") == true)
        var arm = linuxImage()
        put(0xaa64, 2, at: 0x44, &arm)
        #expect(refusal(arm)?.contains("arm64") == true)
    }

    @Test(arguments: ["gzip", "zstd", "xz"])
    func compressionComesOff(program: String) throws {
        let elf = try Toolchain.link(bareMetalSource, linkerFlags: bareMetalLinkerFlags)
        for image in [linuxImage(), elf] {
            let packedImage = try packed(image, with: program)
            #expect(try plan(packedImage).bytes == plan(image).bytes)
            #expect(try plan(zboot(packedImage, format: program)).bytes == plan(image).bytes)
            #expect(
                refusal(Array(packedImage.dropLast(packedImage.count / 3)))?.contains("truncated")
                    == true)
        }
        #expect(
            refusal(try packed(Array("hello\n".utf8), with: program))?.contains("a text file")
                == true)
    }

    @Test func threeLayersOfCompressionAreTheMost() throws {
        var image = linuxImage()
        for _ in 0..<3 { image = try packed(image, with: "gzip") }
        #expect(refusal(image)?.contains("three times") == true)
    }

    @Test func anEFIKernelSaysWhatIsWrongWithIt() {
        #expect(refusal(zboot([1, 2, 3], format: "lzo"))?.contains("\"lzo\"") == true)
        var short = zboot([1, 2, 3], format: "gzip")
        put(4, 4, at: 12, &short)
        #expect(refusal(short)?.contains("payload (4 bytes at 0x400)") == true)
        #expect(refusal(Array(short.prefix(20)))?.contains("ends in its header") == true)
    }

    @Test func aFlatBinaryIsTakenOnlyOnRequest() throws {
        let bytes: [UInt8] = [0x73, 0, 0x50, 0x10, 0x6f, 0, 0, 0]
        #expect(refusal(bytes)?.contains("no format known") == true)
        let plan = try plan(bytes, raw: true)
        #expect(plan.kind == .raw && plan.entry == GuestPhysical(0x8000_0000))
        #expect(throws: HullError.self) { try Self.rawAtTheTop() }
    }
    private static func rawAtTheTop() throws {
        _ = try plan([0x73, 0, 0x50, 0x10], base: ~1, raw: true)
    }

    @Test func whatWasFoundIsSaid() {
        func padded(_ magic: String, at offset: Int = 0, count: Int = 0x9000) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            bytes.replaceSubrange(offset..<offset + magic.utf8.count, with: Array(magic.utf8))
            return bytes
        }
        var pe = padded("MZ")
        put(0x80, 4, at: 0x3c, &pe)
        pe.replaceSubrange(0x80..<0x84, with: Array("PE\0\0".utf8))
        put(0x8664, 2, at: 0x84, &pe)
        var riscvPE = pe
        put(0x5064, 2, at: 0x84, &riscvPE)
        let cases: [(bytes: [UInt8], found: String)] = [
            ([], "an empty file"), (Array("root:x:0:0\n".utf8), "a text file"),
            (padded("HdrS", at: 0x202), "x86 (bzImage)"), (padded("ARMd", at: 0x38), "arm64"),
            (pe, "program for x86-64"), (riscvPE, "not a Linux kernel"),
            (padded("070701"), "a cpio archive"), (padded("!<arch>\n"), "Debian package"),
            (padded("CD001", at: 0x8001), "ISO 9660"), (padded("EFI PART", at: 512), "GPT"),
            (Array("#!/bin/sh\n".utf8), "a script"), ([0xd0, 0x0d, 0xfe, 0xed, 0], "device tree"),
            (padded(""), "no format known"),
        ]
        for row in cases {
            let sentence = refusal(row.bytes) ?? "none"
            #expect(sentence.contains(row.found), "\(row.found): \(sentence)")
            #expect(sentence.contains("expected a riscv64 kernel"))
        }
    }
}
