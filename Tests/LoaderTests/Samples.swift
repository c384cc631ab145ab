import Bits
import HostIO
import Loader
import TestKit

/// A bare-metal program with code, data, zeroed data and the host-target interface.
let bareMetalSource = """
    .section .text.start, "ax"
    .globl _start
    _start:
        la a0, message
        j work
    .type work, @function
    .globl work
    work:
        nop
        ret
    .size work, . - work
    .type inner, @function
    inner:
        nop
    .size inner, . - inner
    .data
    .balign 64
    .globl tohost
    tohost: .dword 0
    .balign 64
    .globl fromhost
    fromhost: .dword 0
    message: .asciz "hello"
    .balign 8
    pointer: .dword message
    .globl answer
    .set answer, 42
    .bss
    .balign 8
    buffer: .space 4096
    """

let bareMetalLinkerFlags = ["-Ttext=0x80000000", "-e", "_start", "-z", "norelro"]

/// A Linux header over a body of `bodyCount` bytes.
func linuxImage(textOffset: UInt64 = 0x20_0000, imageSize: UInt64 = 0x4000, bodyCount: Int = 0x1000)
    -> [UInt8]
{
    var bytes = (0..<bodyCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    put(0x5a4d, 2, at: 0, &bytes)
    put(textOffset, 8, at: 8, &bytes)
    put(imageSize, 8, at: 16, &bytes)
    put(0, 8, at: 24, &bytes)
    put(2, 4, at: 32, &bytes)
    bytes.replaceSubrange(0x30..<0x38, with: Array("RISCV\0\0\0".utf8))
    bytes.replaceSubrange(0x38..<0x3c, with: Array("RSC\u{5}".utf8))
    put(0x40, 4, at: 0x3c, &bytes)
    // A PE header with two sections, as the EFI stub has.
    bytes.replaceSubrange(0x40..<0x44, with: Array("PE\0\0".utf8))
    put(0x5064, 2, at: 0x44, &bytes)
    put(2, 2, at: 0x46, &bytes)
    put(0xa0, 2, at: 0x54, &bytes)
    for (index, range) in [(0, 0x200..<0x800), (1, 0x800..<bodyCount)] {
        let section = 0x40 + 24 + 0xa0 + 40 * index
        put(UInt64(range.count), 4, at: section + 16, &bytes)
        put(UInt64(range.lowerBound), 4, at: section + 20, &bytes)
    }
    return bytes
}

/// An EFI kernel that unpacks itself.
func zboot(_ payload: [UInt8], format: String) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 0x400)
    bytes.replaceSubrange(0..<8, with: Array("MZ\0\0zimg".utf8))
    put(0x400, 4, at: 8, &bytes)
    put(UInt64(payload.count), 4, at: 12, &bytes)
    bytes.replaceSubrange(0x18..<0x18 + format.utf8.count, with: Array(format.utf8))
    put(0x40, 4, at: 0x3c, &bytes)
    bytes.replaceSubrange(0x40..<0x44, with: Array("PE\0\0".utf8))
    put(0x5064, 2, at: 0x44, &bytes)
    return bytes + payload
}

func put(_ value: UInt64, _ width: Int, at offset: Int, _ bytes: inout [UInt8]) {
    for index in 0..<width {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
}

func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
    Array(bytes).reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

func packed(_ bytes: [UInt8], with program: String) throws -> [UInt8] {
    let outcome = try Toolchain.run(program, ["-c"], input: bytes)
    guard outcome.status == 0 else { throw ToolchainFailure(message: outcome.errors) }
    return outcome.output
}

func plan(_ bytes: [UInt8], base: UInt64 = 0x8000_0000, raw: Bool = false) throws(HullError)
    -> LoadPlan
{
    let options = LoadOptions(name: "image", base: GuestPhysical(base), acceptsRaw: raw)
    return try LoadPlan(bytes, options) { packed, format, limit throws(HullError) in
        try Decompression.decompress(packed, format, limit)
    }
}

/// The sentence with which an image is refused.
func refusal(_ bytes: [UInt8]) -> String? {
    do throws(HullError) {
        _ = try plan(bytes)
        return nil
    } catch {
        return error.description
    }
}
