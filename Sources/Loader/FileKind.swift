import Bits

/// `Machine` in a PE header (Microsoft's PE format, "Machine Types").
enum PEMachine {
    static let riscv64: UInt64 = 0x5064

    static func name(_ machine: UInt64) -> String {
        switch machine {
        case riscv64: "riscv64"
        case 0x8664: "x86-64"
        case 0x14c: "i386"
        case 0xaa64: "arm64"
        case 0x1c0, 0x1c2, 0x1c4: "arm"
        case 0x5032: "riscv32"
        case 0x6264, 0x6232: "LoongArch"
        default: "machine \(hex(machine))"
        }
    }
}

/// What a file is, told by its first bytes.
enum FileKind: Equatable {
    case elf
    case linuxImage
    case zboot
    case compressed(CompressionFormat)
    case portableExecutable(machine: UInt64)
    /// Something that is recognised and cannot be loaded; the sentence's middle, and what to do.
    case other(what: String, advice: String)
    case empty
    case text
    case nothingKnown

    init(_ view: ByteView) {
        if view.count == 0 {
            self = .empty
        } else if view.has([0x7f, 0x45, 0x4c, 0x46]) {
            self = .elf
        } else if view.has("RSC\u{5}", at: 0x38) {
            self = .linuxImage
        } else if view.has("MZ"), view.has("zimg", at: 4) {
            self = .zboot
        } else if let format = Self.compression(view) {
            self = .compressed(format)
        } else if let other = Self.unloadable(view) {
            self = other
        } else {
            self = Self.looksLikeText(view) ? .text : .nothingKnown
        }
    }

    private static func compression(_ view: ByteView) -> CompressionFormat? {
        if view.has([0x1f, 0x8b]) { return .gzip }
        if view.has([0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        if view.has([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) { return .xz }
        return nil
    }

    private static func unloadable(_ view: ByteView) -> FileKind? {
        if view.has("HdrS", at: 0x202) {
            return .other(what: "a Linux kernel for x86 (bzImage)", advice: "")
        }
        if view.has("ARMd", at: 0x38) {
            return .other(what: "a Linux kernel for arm64", advice: "")
        }
        if view.has("MZ") {
            guard let pe = view.word(0x3c), view.has("PE\0\0", at: pe),
                let machine = view.half(pe + 4)
            else { return .other(what: "a DOS program", advice: "") }
            return .portableExecutable(machine: machine)
        }
        let matches = signatures.first { row in row.magic.withBytes { view.has($0, at: row.offset) }
        }
        return matches.map { .other(what: $0.what, advice: $0.advice) }
    }

    private static func looksLikeText(_ view: ByteView) -> Bool {
        let start = view.bytes.prefix(512)
        // Letters beyond ASCII are bytes above 0x7f, but no text consists of them.
        return start.allSatisfy { $0 >= 0x20 && $0 != 0x7f || (9...13).contains($0) }
            && start.count { $0 >= 0x80 } <= start.count / 2
    }

    /// The error for a file that cannot be loaded: what was found, and what was expected.
    func refusal(_ options: LoadOptions) -> HullError {
        let expected =
            "expected a riscv64 kernel or program: ELF, a Linux Image, or either of them"
            + " compressed with gzip or zstd"
        let found: (what: String, advice: String)
        switch self {
        case .empty: found = ("an empty file", "")
        case .text: found = ("a text file", "")
        case .portableExecutable(PEMachine.riscv64):
            found = (
                "an EFI program for riscv64 that is not a Linux kernel", "start it from U-Boot"
            )
        case .portableExecutable(let machine):
            found = ("an EFI or Windows program for \(PEMachine.name(machine))", "")
        case .other(let what, let advice): found = (what, advice)
        case .elf, .linuxImage, .zboot, .compressed, .nothingKnown:
            found = ("bytes of no format known here", "a flat binary is taken for --bios only")
        }
        let advice = found.advice.isEmpty ? "" : "; \(found.advice)"
        return HullError(.format, "\(options.name): found \(found.what), \(expected)\(advice)")
    }
}

private enum Magic {
    case text(StaticString)
    case bytes([UInt8])

    func withBytes(_ body: ([UInt8]) -> Bool) -> Bool {
        switch self {
        // SAFETY: the buffer is copied before the closure returns.
        case .text(let text): text.withUTF8Buffer { unsafe body(Array($0)) }
        case .bytes(let bytes): body(bytes)
        }
    }
}

private struct Signature {
    let magic: Magic
    var offset: UInt64 = 0
    let what: String
    var advice = ""
}

/// Files that people hand over by mistake.
private let signatures = [
    Signature(
        magic: .text("070701"), what: "a cpio archive", advice: "an initramfs goes to --initrd"),
    Signature(
        magic: .text("070702"), what: "a cpio archive", advice: "an initramfs goes to --initrd"),
    Signature(magic: .text("070707"), what: "an old cpio archive"),
    Signature(magic: .bytes([0xd0, 0x0d, 0xfe, 0xed]), what: "a flattened device tree"),
    Signature(
        magic: .bytes([0x27, 0x05, 0x19, 0x56]), what: "a U-Boot uImage",
        advice: "give the kernel inside it"),
    Signature(magic: .text("#!"), what: "a script"),
    Signature(magic: .text("QFI\u{1}"), what: "a disk image", advice: "disks go to --drive"),
    Signature(
        magic: .bytes([0x51, 0x46, 0x49, 0xfb]), what: "a qcow2 disk image",
        advice: "convert it to a raw image and give it to --drive"),
    Signature(
        magic: .text("CD001"), offset: 0x8001, what: "an ISO 9660 image",
        advice: "disks go to --drive"),
    Signature(
        magic: .text("EFI PART"), offset: 512, what: "a GPT disk image",
        advice: "disks go to --drive"),
    Signature(
        magic: .bytes([0x53, 0xef]), offset: 0x438, what: "an ext4 file system",
        advice: "disks go to --drive"),
    Signature(magic: .text("hsqs"), what: "a squashfs file system", advice: "disks go to --drive"),
    Signature(
        magic: .bytes([0x55, 0xaa]), offset: 510, what: "a disk image with an MBR",
        advice: "disks go to --drive"),
    Signature(magic: .text("ustar"), offset: 257, what: "a tar archive"),
    Signature(magic: .text("!<arch>\n"), what: "an ar archive or Debian package"),
    Signature(magic: .bytes([0x50, 0x4b, 3, 4]), what: "a zip archive"),
    Signature(magic: .text("BZh"), what: "a bzip2 stream", advice: "unpack it with bunzip2"),
    Signature(
        magic: .bytes([0x04, 0x22, 0x4d, 0x18]), what: "an LZ4 stream",
        advice: "unpack it with lz4 -d"),
    Signature(
        magic: .bytes([0x02, 0x21, 0x4c, 0x18]), what: "an LZ4 stream",
        advice: "unpack it with lz4 -d"),
    Signature(magic: .bytes([0x89, 0x4c, 0x5a, 0x4f]), what: "an LZO stream"),
    Signature(
        magic: .bytes([0x5d, 0, 0]), what: "an LZMA stream", advice: "unpack it with unlzma"),
    Signature(magic: .bytes([0, 0x61, 0x73, 0x6d]), what: "a WebAssembly module"),
    Signature(magic: .bytes([0xcf, 0xfa, 0xed, 0xfe]), what: "a Mach-O program"),
]
