import Bits

/// The header at the start of a RISC-V Linux `Image`, and inside a `vmlinux`
/// (Documentation/arch/riscv/boot-image-header.rst).
struct LinuxImageHeader {
    /// Where the image goes, counted from the start of RAM.
    let textOffset: UInt64
    /// What it occupies, `.bss` included.
    let imageSize: UInt64
    let flags: UInt64

    init?(_ view: ByteView, at offset: UInt64 = 0) {
        guard view.holds(offset, 64), view.has("RSC\u{5}", at: offset + 0x38),
            let text = view.double(offset + 8), let size = view.double(offset + 16),
            let flags = view.double(offset + 24)
        else { return nil }
        textOffset = text
        imageSize = size
        self.flags = flags
    }
}

/// rv64 kernels map themselves with large pages: "the kernel is placed at a PMD boundary".
let kernelAlignment: UInt64 = 2 << 20

func linuxImagePlan(_ view: ByteView, _ options: LoadOptions) throws(HullError) -> LoadPlan {
    guard let header = LinuxImageHeader(view) else {
        throw HullError(.format, "\(options.name): a Linux Image that ends in its header")
    }
    guard header.flags & 1 == 0 else {
        throw HullError(
            .unsupported, "\(options.name): a big-endian RISC-V kernel; little-endian expected")
    }
    try checkSections(view, options)
    let address = try kernelAddress(header, options)
    let occupied = max(header.imageSize, view.count)
    guard address.rawValue <= UInt64.max - occupied else {
        throw HullError(
            .format,
            "\(options.name): its header says that it occupies \(hex(header.imageSize)) bytes")
    }
    return LoadPlan(
        kind: .linuxImage, name: options.name, bytes: view.bytes,
        segments: [
            LoadSegment(
                address: address, file: 0..<view.bytes.count, zeroFill: occupied - view.count)
        ],
        entry: address)
}

/// `base` plus the header's text offset, when that is a place where a kernel can run.
func kernelAddress(
    _ header: LinuxImageHeader, _ options: LoadOptions
) throws(HullError) -> GuestPhysical {
    let (address, overflow) = options.base.rawValue.addingReportingOverflow(header.textOffset)
    guard !overflow, header.textOffset < 1 << 40, address % kernelAlignment == 0 else {
        throw HullError(
            .format,
            "\(options.name): its header asks for text offset \(hex(header.textOffset)) from"
                + " \(hex(options.base.rawValue)), which is not on a boundary of 2 MiB")
    }
    return GuestPhysical(address)
}

/// An EFI-stub kernel is also a PE file, and its section table tells when the end is missing.
private func checkSections(_ view: ByteView, _ options: LoadOptions) throws(HullError) {
    guard view.has("MZ"), let pe = view.word(0x3c), view.has("PE\0\0", at: pe),
        let machine = view.half(pe + 4), let count = view.half(pe + 6),
        let optional = view.half(pe + 20)
    else { return }
    guard machine == PEMachine.riscv64 else {
        throw FileKind.portableExecutable(machine: machine).refusal(options)
    }
    for index in 0..<count {
        let section = pe + 24 + optional + 40 * index
        guard let size = view.word(section + 16), let offset = view.word(section + 20),
            view.holds(offset, size)
        else {
            throw HullError(
                .format,
                "\(options.name): a Linux Image of which \(view.count) bytes are there, but section"
                    + " \(index + 1) of its PE header lies beyond them; the file is truncated")
        }
    }
}
