import Bits

/// Where things lie in an ext4 file system of 4 KiB blocks (Documentation/filesystems/ext4): groups of
/// 32768 blocks, each with its bitmaps, its part of the inode table, and data.
package struct Ext4Layout: Sendable, Equatable {
    static let blockBytes: UInt64 = 4096
    static let blocksPerGroup: UInt32 = 32768
    static let inodesPerGroup: UInt32 = 8192
    static let inodeBytes: UInt64 = 256
    static let descriptorBytes: UInt64 = 32
    static let inodeTableBlocks = UInt32(UInt64(inodesPerGroup) * inodeBytes / blockBytes)
    static let firstFreeInode: UInt32 = 11
    static let rootInode: UInt32 = 2
    static let journalInode: UInt32 = 8

    let groupCount: UInt32

    /// The largest whole number of groups that fits.
    init(byteCount: UInt64) throws(HullError) {
        let groups = byteCount / (Self.blockBytes * UInt64(Self.blocksPerGroup))
        guard (1...16384).contains(groups) else {
            throw HullError(
                .usage, "A file system takes from 128M to 2048G, not \(byteCount >> 20)M.")
        }
        groupCount = UInt32(groups)
    }

    var blockCount: UInt32 { groupCount * Self.blocksPerGroup }
    var inodeCount: UInt32 { groupCount * Self.inodesPerGroup }
    var descriptorBlocks: UInt32 {
        let bytes = UInt64(groupCount) * Self.descriptorBytes
        return UInt32((bytes + Self.blockBytes - 1) / Self.blockBytes)
    }

    func firstBlock(_ group: UInt32) -> UInt32 { group * Self.blocksPerGroup }

    /// The superblock and the descriptors are repeated in few groups (`sparse_super`): 0, 1, and the
    /// powers of 3, 5 and 7.
    func hasSuperblock(_ group: UInt32) -> Bool {
        if group <= 1 { return true }
        let bases: [UInt32] = [3, 5, 7]
        return bases.contains { base in
            var power = base
            while power < group { power *= base }
            return power == group
        }
    }

    func blockBitmap(_ group: UInt32) -> UInt32 {
        firstBlock(group) + (hasSuperblock(group) ? 1 + descriptorBlocks : 0)
    }
    func inodeBitmap(_ group: UInt32) -> UInt32 { blockBitmap(group) + 1 }
    func inodeTable(_ group: UInt32) -> UInt32 { inodeBitmap(group) + 1 }
    /// The first block behind a group's own tables.
    func firstData(_ group: UInt32) -> UInt32 { inodeTable(group) + Self.inodeTableBlocks }
    func group(ofBlock block: UInt32) -> UInt32 { block / Self.blocksPerGroup }

    /// Byte offset of an inode's record.
    func offset(ofInode inode: UInt32) -> UInt64 {
        let (group, index) = (inode - 1).quotientAndRemainder(dividingBy: Self.inodesPerGroup)
        return UInt64(inodeTable(group)) * Self.blockBytes + UInt64(index) * Self.inodeBytes
    }
}

/// Blocks of a file that follow each other on the disk.
struct Ext4Extent: Equatable {
    /// The most blocks of one extent; more would say "not written yet".
    static let longest: UInt32 = 32768
    /// What one block of the extent tree holds.
    static let leafLimit = 340

    var logical: UInt32
    var physical: UInt32
    var count: UInt32

    /// 12 bytes of the extent tree.
    func append(to bytes: inout [UInt8]) {
        bytes.append(little: UInt64(logical), bytes: 4)
        bytes.append(little: UInt64(count), bytes: 2)
        bytes.append(little: 0, bytes: 2)
        bytes.append(little: UInt64(physical), bytes: 4)
    }

    /// What stands before extents, or before the places of blocks full of them.
    static func header(_ entries: Int, limit: Int, depth: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in [0xf30a, entries, limit, depth, 0, 0] {
            bytes.append(little: UInt64(field), bytes: 2)
        }
        return bytes
    }
}

extension [UInt8] {
    mutating func append(little value: UInt64, bytes: Int) {
        for index in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
    }
    mutating func set(_ offset: Int, _ value: UInt64, bytes: Int) {
        for index in 0..<bytes {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
        }
    }
}
