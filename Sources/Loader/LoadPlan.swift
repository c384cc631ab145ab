import Bits

/// What an image turned out to be, once unpacked.
package enum ImageKind: Sendable, Equatable {
    /// An ELF executable for riscv64.
    case elf
    /// The Linux kernel's `Image` (Documentation/arch/riscv/boot-image-header.rst).
    case linuxImage
    /// A flat binary, taken as it is because the caller said so.
    case raw
}

/// One run of bytes that goes to guest memory: a range of the file, then zeroes.
package struct LoadSegment: Sendable, Equatable {
    package var address: GuestPhysical
    /// Which bytes of `LoadPlan.bytes` go there.
    package var file: Range<Int>
    /// How many zero bytes follow them.
    package var zeroFill: UInt64
    /// What is added to `address` for the address that the code runs at, once a kernel has mapped
    /// itself; symbols speak of that one.
    package var virtualOffset: UInt64 = 0
    /// There may be code in it.
    package var isExecutable = true

    package init(address: GuestPhysical, file: Range<Int>, zeroFill: UInt64) {
        self.address = address
        self.file = file
        self.zeroFill = zeroFill
    }
    package init(
        address: GuestPhysical, file: Range<Int>, zeroFill: UInt64, virtualOffset: UInt64 = 0,
        isExecutable: Bool = true
    ) {
        self.address = address
        self.file = file
        self.zeroFill = zeroFill
        self.virtualOffset = virtualOffset
        self.isExecutable = isExecutable
    }

    package var count: UInt64 { UInt64(file.count) &+ zeroFill }
    package var range: GuestRange { GuestRange(start: address, count: count) }
}

/// How an image is put into memory and started. The plan touches no memory itself; `check` compares
/// it with the machine's before anybody does.
package struct LoadPlan: Sendable {
    package var kind: ImageKind
    /// How messages name the image.
    package var name: String
    /// The unpacked image, which `segments` cut into pieces.
    package var bytes: [UInt8]
    /// In ascending order, without overlaps and never wrapping around the address space.
    package var segments: [LoadSegment]
    package var entry: GuestPhysical
    package var symbols = SymbolTable()
    /// The symbols of the host-target interface, as physical addresses.
    package var toHost: GuestPhysical?
    package var fromHost: GuestPhysical?
    /// The first address after all that the image occupies while it runs, `.bss` included.
    package var end: GuestPhysical {
        segments.reduce(entry) { max($0, $1.address + $1.count) }
    }
}

/// What the caller knows about an image before it is read.
package struct LoadOptions: Sendable {
    /// How messages name the image.
    package var name: String
    /// Where images go that run anywhere: the start of RAM, or where a firmware wants its payload.
    package var base: GuestPhysical
    /// Take bytes without any header as a flat binary that starts at `base`.
    package var acceptsRaw: Bool
    /// The most bytes that an unpacked image may have.
    package var unpackedLimit: UInt64

    package init(
        name: String, base: GuestPhysical = GuestPhysical(0x8000_0000), acceptsRaw: Bool = false,
        unpackedLimit: UInt64 = 4 << 30
    ) {
        self.name = name
        self.base = base
        self.acceptsRaw = acceptsRaw
        self.unpackedLimit = unpackedLimit
    }
}

/// Unpacks a stream, or says why it cannot be; never returns more bytes than the limit. It lies with
/// the caller, because the libraries and programs that know the formats are the host's.
package typealias Decompressor = (
    _ packed: ArraySlice<UInt8>, _ format: CompressionFormat, _ limit: Int
) throws(HullError) -> [UInt8]

extension LoadPlan {
    /// Finds out what `file` is and plans how to load it.
    package init(
        _ file: [UInt8], _ options: LoadOptions, decompress: Decompressor
    ) throws(HullError) {
        let bytes = try unpacked(file, options, decompress: decompress)
        let view = ByteView(bytes)
        switch FileKind(view) {
        case .elf: self = try ELFFile(view, named: options.name).plan(options)
        case .linuxImage: self = try linuxImagePlan(view, options)
        case .nothingKnown where options.acceptsRaw: self = try rawPlan(bytes, options)
        case let other: throw other.refusal(options)
        }
    }
}

private func rawPlan(_ bytes: [UInt8], _ options: LoadOptions) throws(HullError) -> LoadPlan {
    guard options.base.rawValue <= UInt64.max - UInt64(bytes.count) else {
        throw HullError(
            .usage, "\(options.name): does not fit behind \(hex(options.base.rawValue))")
    }
    return LoadPlan(
        kind: .raw, name: options.name, bytes: bytes,
        segments: [LoadSegment(address: options.base, file: 0..<bytes.count, zeroFill: 0)],
        entry: options.base)
}
