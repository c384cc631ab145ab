import Bits
import HostIO

/// A raw disk image that is being written: a partition table (MBR) with one partition for an ext4 file
/// system. What is not written is a hole in the file.
package struct PartitionedDisk {
    /// The partition begins at 1 MiB, as every tool of today does it.
    static let partitionStart: UInt64 = 1 << 20
    private static let sectorBytes: UInt64 = 512

    private let file: HostImageFile
    let partitionBytes: UInt64

    /// `partitionBytes` is a whole number of sectors.
    package init(_ path: String, partitionBytes: UInt64) throws(HullError) {
        self.partitionBytes = partitionBytes
        file = try HostImageFile(
            creating: path, byteCount: Self.partitionStart + partitionBytes)
        try file.write(Self.bootSector(partitionBytes)[...], at: 0)
    }

    package func write(_ offset: UInt64, _ bytes: ArraySlice<UInt8>) throws(HullError) {
        try file.write(bytes, at: Self.partitionStart + offset)
    }

    /// One bootable partition of Linux, told in sectors; the old cylinders say "too far".
    static func bootSector(_ partitionBytes: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes.replaceSubrange(440..<444, with: "HULL".utf8)
        let entry: [UInt8] = [0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff]
        bytes.replaceSubrange(446..<454, with: entry)
        bytes.set(454, partitionStart / sectorBytes, bytes: 4)
        bytes.set(458, partitionBytes / sectorBytes, bytes: 4)
        bytes.set(510, 0xaa55, bytes: 2)
        return bytes
    }
}
