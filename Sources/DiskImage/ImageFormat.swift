import Bits

/// What an image file is.
package enum ImageFormat: String, Sendable, CaseIterable {
    case raw, qcow2

    /// How many of a file's first bytes tell.
    package static let probeBytes = 512

    /// Told by the first bytes of a file. A format that others know and that does not work here is
    /// refused, so that no guest writes into the middle of its tables.
    package static func probe(_ bytes: [UInt8], name: String) throws(HullError) -> ImageFormat {
        if bytes.starts(with: QcowHeader.magic) {
            guard bytes.count >= 8, bytes.big32(4) != 1 else { throw foreign("qcow", name) }
            return .qcow2
        }
        if let other = foreignFormat(bytes) { throw foreign(other, name) }
        return .raw
    }

    /// Whether a raw image that began like this would be taken for something else next time.
    package static func looksForeign(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: QcowHeader.magic) || foreignFormat(bytes) != nil
    }

    private static func foreignFormat(_ bytes: [UInt8]) -> String? {
        let marks: [(String, Int, [UInt8])] = [
            ("VMDK", 0, Array("KDMV".utf8)), ("VMDK", 0, Array("COWD".utf8)),
            ("QED", 0, Array("QED\0".utf8)), ("VHDX", 0, Array("vhdxfile".utf8)),
            ("VHD", 0, Array("conectix".utf8)),
            ("Parallels", 0, Array("WithoutFreeSpace".utf8)),
            ("Parallels", 0, Array("WithouFreSpacExt".utf8)),
            ("VDI", 64, [0x7f, 0x10, 0xda, 0xbe]),
        ]
        return marks.first { _, offset, mark in
            bytes.count >= offset + mark.count
                && bytes[offset..<offset + mark.count].elementsEqual(mark)
        }?.0
    }

    private static func foreign(_ format: String, _ name: String) -> HullError {
        HullError(
            .unsupported,
            "\(name) looks like a \(format) image, and only raw and qcow2 work here. Convert it, as in:"
                + " qemu-img convert -O qcow2 \(name) NEW; if it is raw all the same, say format=raw."
        )
    }
}
