import Bits

extension Ext4Writer {
    /// Writes folders, tables and superblocks: the file system is complete.
    package mutating func finish() throws(HullError) {
        for inode in nodes.indices where nodes[inode]?.kind == .folder {
            try writeFolder(inode)
        }
        let used = usedBlocks()
        var groups: [GroupCount] = []
        for group in 0..<layout.groupCount { groups.append(try writeGroup(group, used)) }
        let descriptors = groups.enumerated().flatMap { number, count in
            descriptor(UInt32(number), count)
        }
        let free = groups.reduce(into: (blocks: UInt64(0), inodes: UInt64(0))) {
            $0.blocks += UInt64($1.freeBlocks)
            $0.inodes += UInt64($1.freeInodes)
        }
        for group in 0..<layout.groupCount where layout.hasSuperblock(group) {
            let start = UInt64(layout.firstBlock(group)) * Ext4Layout.blockBytes
            // The first 1024 bytes of a disk belong to its boot sector.
            try write(
                start + (group == 0 ? 1024 : 0), superblock(group, free.blocks, free.inodes)[...])
            try write(start + Ext4Layout.blockBytes, descriptors[...])
        }
    }

    // MARK: Folders

    private mutating func writeFolder(_ inode: Int) throws(HullError) {
        guard var node = nodes[inode] else { return }
        let size = Int(Ext4Layout.blockBytes)
        var blocks: [UInt8] = []
        var block: [UInt8] = []
        /// Where the block's last entry begins, which reaches to the block's end.
        var last = 0
        func close() {
            block.set(last + 4, UInt64(size - last), bytes: 2)
            blocks += block + [UInt8](repeating: 0, count: size - block.count)
            block = []
        }
        let own = [
            (Array(".".utf8), UInt32(inode)), (Array("..".utf8), node.parent),
        ]
        for (name, target) in own + node.entries.map({ ($0.name, $0.inode) }) {
            let length = (8 + name.count + 3) & ~3
            if block.count + length > size { close() }
            last = block.count
            block.append(little: UInt64(target), bytes: 4)
            block.append(little: UInt64(length), bytes: 2)
            block.append(UInt8(name.count))
            block.append(nodes[Int(target)]?.kind.inEntry ?? 0)
            block += name
            block += [UInt8](repeating: 0, count: length - 8 - name.count)
        }
        close()
        node.byteCount = UInt64(blocks.count)
        try store(blocks[...], &node)
        nodes[inode] = node
    }

    // MARK: The journal

    /// An empty journal: its superblock, and nothing to replay (jbd2, version 2).
    mutating func writeJournal() throws(HullError) {
        var node = Ext4Node(kind: .file, attributes: FileAttributes(0o600, modified: time))
        node.links = 1
        node.byteCount = UInt64(Self.journalBlocks) * Ext4Layout.blockBytes
        try allocate(Self.journalBlocks, &node)
        var bytes: [UInt8] = []
        let fields: [UInt32] = [
            0xc03b_3998, 4, 0, UInt32(Ext4Layout.blockBytes), Self.journalBlocks, 1, 1, 0, 0, 0, 0,
            0,
        ]
        for field in fields { bytes.append(little: UInt64(field.byteSwapped), bytes: 4) }
        bytes += identifier
        bytes.append(little: UInt64(UInt32(1).byteSwapped), bytes: 4)  // s_nr_users
        nodes[Int(Ext4Layout.journalInode)] = node
        guard let first = node.extents.first else { return }
        try write(UInt64(first.physical) * Ext4Layout.blockBytes, bytes[...])
    }

    // MARK: Groups

    private struct GroupCount {
        var freeBlocks: UInt32
        var freeInodes: UInt32
        var folders: UInt32
    }

    private func usedBlocks() -> [UInt8] {
        var bitmap = [UInt8](repeating: 0, count: Int(layout.blockCount) / 8)
        func mark(_ first: UInt32, _ count: UInt32) {
            for block in first..<first + count { bitmap[Int(block / 8)] |= 1 << UInt8(block % 8) }
        }
        for group in 0..<layout.groupCount {
            let first = layout.firstBlock(group)
            mark(first, layout.firstData(group) - first)
        }
        for node in nodes {
            guard let node else { continue }
            for extent in node.extents { mark(extent.physical, extent.count) }
            if let leaf = node.leaf { mark(leaf, 1) }
        }
        return bitmap
    }

    private func writeGroup(_ group: UInt32, _ used: [UInt8]) throws(HullError) -> GroupCount {
        let bytesPerGroup = Int(Ext4Layout.blocksPerGroup) / 8
        let start = Int(group) * bytesPerGroup
        let blocks = used[start..<start + bytesPerGroup]
        try write(UInt64(layout.blockBitmap(group)) * Ext4Layout.blockBytes, blocks)
        let inUse = blocks.reduce(0) { $0 + $1.nonzeroBitCount }

        // Beyond the inodes there are, the bitmap's block is filled with ones.
        var inodes = [UInt8](repeating: 0xff, count: Int(Ext4Layout.blockBytes))
        for index in 0..<Int(Ext4Layout.inodesPerGroup) / 8 { inodes[index] = 0 }
        var free = Ext4Layout.inodesPerGroup
        var folders: UInt32 = 0
        let first = group * Ext4Layout.inodesPerGroup + 1
        for index in 0..<Ext4Layout.inodesPerGroup {
            let inode = first + index
            let node = inode < UInt32(nodes.count) ? nodes[Int(inode)] : nil
            guard node != nil || inode < Ext4Layout.firstFreeInode else { continue }
            inodes[Int(index / 8)] |= 1 << UInt8(index % 8)
            free -= 1
            guard let node else { continue }
            if node.kind == .folder { folders += 1 }
            try write(layout.offset(ofInode: inode), node.record[...])
        }
        try write(UInt64(layout.inodeBitmap(group)) * Ext4Layout.blockBytes, inodes[...])
        return GroupCount(
            freeBlocks: Ext4Layout.blocksPerGroup - UInt32(inUse), freeInodes: free,
            folders: folders)
    }

    private func descriptor(_ group: UInt32, _ count: GroupCount) -> [UInt8] {
        var bytes: [UInt8] = []
        for block in [
            layout.blockBitmap(group), layout.inodeBitmap(group), layout.inodeTable(group),
        ] {
            bytes.append(little: UInt64(block), bytes: 4)
        }
        for field in [count.freeBlocks, count.freeInodes, count.folders] {
            bytes.append(little: UInt64(field), bytes: 2)
        }
        return bytes + [UInt8](repeating: 0, count: Int(Ext4Layout.descriptorBytes) - bytes.count)
    }

    // MARK: The superblock

    private enum Feature {
        static let compatible: UInt64 = 0x4 | 0x8 | 0x20  // has_journal, ext_attr, dir_index
        static let incompatible: UInt64 = 0x2 | 0x40 | 0x200  // filetype, extents, flex_bg
        // sparse_super, large_file, huge_file, dir_nlink, extra_isize
        static let readOnlyCompatible: UInt64 = 0x1 | 0x2 | 0x8 | 0x20 | 0x40
    }

    private func superblock(_ group: UInt32, _ freeBlocks: UInt64, _ freeInodes: UInt64) -> [UInt8]
    {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let fields: [(offset: Int, value: UInt64, bytes: Int)] = [
            (0x00, UInt64(layout.inodeCount), 4), (0x04, UInt64(layout.blockCount), 4),
            (0x0c, freeBlocks, 4), (0x10, freeInodes, 4),
            (0x18, 2, 4), (0x1c, 2, 4),  // 1024 << 2 bytes in a block and a cluster
            (0x20, UInt64(Ext4Layout.blocksPerGroup), 4),
            (0x24, UInt64(Ext4Layout.blocksPerGroup), 4),
            (0x28, UInt64(Ext4Layout.inodesPerGroup), 4),
            (0x30, UInt64(time), 4), (0x36, 0xffff, 2), (0x38, 0xef53, 2),
            (0x3a, 1, 2), (0x3c, 1, 2),  // clean; errors let it go on
            (0x40, UInt64(time), 4), (0x4c, 1, 4),
            (0x54, UInt64(Ext4Layout.firstFreeInode), 4), (0x58, Ext4Layout.inodeBytes, 2),
            (0x5a, UInt64(group), 2), (0x5c, Feature.compatible, 4),
            (0x60, Feature.incompatible, 4), (0x64, Feature.readOnlyCompatible, 4),
            (0xe0, UInt64(Ext4Layout.journalInode), 4),
            (0xfc, 1, 1), (0xfd, 1, 1),  // half MD4 for folders; the journal's map is kept below
            (0x100, 0xc, 4),  // user_xattr, acl
            (0x108, UInt64(time), 4), (0x15c, 32, 2), (0x15e, 32, 2),
            (0x160, 1, 4),  // characters are signed in hashes of folders
        ]
        for field in fields { bytes.set(field.offset, field.value, bytes: field.bytes) }
        bytes.replaceSubrange(0x68..<0x78, with: identifier)
        bytes.replaceSubrange(0x78..<0x78 + label.utf8.count, with: label.utf8)
        bytes.replaceSubrange(0xec..<0xfc, with: identifier.reversed())
        if let journal = nodes[Int(Ext4Layout.journalInode)] {
            bytes.replaceSubrange(0x10c..<0x10c + Ext4Node.inlineLimit, with: journal.map)
            bytes.set(0x10c + 16 * 4, journal.byteCount, bytes: 4)
        }
        return bytes
    }
}
