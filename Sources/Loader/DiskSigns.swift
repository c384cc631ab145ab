import Bits

/// Tells disks from kernels and programs by their first bytes.
package enum DiskSigns {
    /// How many bytes are looked at.
    package static let byteCount = 33 << 10

    /// Whether these are the first bytes of a disk that firmware could boot from: a qcow2 image, a raw
    /// one with partitions, an optical disk, or a file system of Linux.
    package static func match(_ start: [UInt8]) -> Bool {
        let view = ByteView(start)
        switch FileKind(view) {
        case .elf, .linuxImage, .zboot, .compressed, .portableExecutable, .empty, .text:
            return false
        case .other, .nothingKnown: break
        }
        return view.has([0x51, 0x46, 0x49, 0xfb])  // qcow2
            || view.has("EFI PART", at: 512)
            || view.has([0x55, 0xaa], at: 510)
            || view.has("CD001", at: 0x8001)
            || view.has([0x53, 0xef], at: 0x438)  // ext4
    }
}
