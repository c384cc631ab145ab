import Bits

/// The EFI kernel that unpacks itself (`drivers/firmware/efi/libstub/zboot-header.S`): "MZ", then
/// "zimg", the payload's offset and size, and the name of its format.
private struct ZBootHeader {
    let payload: Range<Int>
    let format: String

    init(_ view: ByteView, _ options: LoadOptions) throws(HullError) {
        guard let offset = view.word(8), let size = view.word(12), view.holds(0x18, 0x20) else {
            throw HullError(.format, "\(options.name): an EFI zboot kernel that ends in its header")
        }
        guard view.holds(offset, size) else {
            throw HullError(
                .format,
                "\(options.name): an EFI zboot kernel whose payload (\(size) bytes at \(hex(offset)))"
                    + " lies outside the file of \(view.count) bytes; it seems truncated")
        }
        payload = Int(offset)..<Int(offset + size)
        format = String(decoding: view.bytes[0x18..<0x38].prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Takes compression off until something else is found. A kernel is at most compressed and wrapped
/// once each; more layers are somebody's joke.
func unpacked(
    _ file: [UInt8], _ options: LoadOptions, decompress: Decompressor
) throws(HullError) -> [UInt8] {
    var bytes = file
    for _ in 0..<3 {
        let view = ByteView(bytes)
        let payload: Range<Int>
        let format: CompressionFormat
        switch FileKind(view) {
        case .compressed(let found):
            (payload, format) = (0..<bytes.count, found)
        case .zboot:
            let header = try ZBootHeader(view, options)
            switch header.format {
            case "gzip": format = .gzip
            case "zstd", "zstd22": format = .zstd
            case "xz", "xzkern": format = .xz
            default:
                throw HullError(
                    .unsupported,
                    "\(options.name): an EFI zboot kernel compressed with \"\(header.format)\";"
                        + " gzip, zstd and xz are known here. Unpack it first")
            }
            payload = header.payload
        default: return bytes
        }
        bytes = try decompress(bytes[payload], format, outputLimit(payload.count, options))
    }
    throw HullError(
        .format, "\(options.name): compressed more than three times over; unpack it first")
}

/// The most bytes a stream of this length may unpack to: kernels shrink to a third or a fifth, so a
/// ratio in the hundreds is a bomb.
private func outputLimit(_ packed: Int, _ options: LoadOptions) -> Int {
    let bySize = max(64 << 20, packed.multipliedReportingOverflow(by: 300).partialValue)
    return Int(clamping: min(options.unpackedLimit, UInt64(bySize)))
}
