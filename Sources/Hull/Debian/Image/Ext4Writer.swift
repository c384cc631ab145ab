import Bits

/// Writes a new ext4 file system from files as they come: owners, permissions, links and devices are
/// only fields in it, so no privilege and no other program is needed.
///
/// Content goes out at once, tables and folders at the end. What `write` is not given is zeroes.
package struct Ext4Writer {
    package typealias Write = (_ offset: UInt64, ArraySlice<UInt8>) throws(HullError) -> Void

    let layout: Ext4Layout
    /// By inode number; inodes that nothing names have no links.
    var nodes: [Ext4Node?] = []
    /// The next block that is free, with all behind it.
    private var nextBlock: UInt32
    let label: String
    let identifier: [UInt8]
    let time: UInt32
    let write: Write

    static let journalBlocks: UInt32 = 8192

    /// `identifier` is the file system's UUID.
    package init(
        byteCount: UInt64, label: String, identifier: [UInt8], time: UInt32,
        write: @escaping Write
    ) throws(HullError) {
        precondition(identifier.count == 16 && label.utf8.count <= 16)
        layout = try Ext4Layout(byteCount: byteCount)
        self.label = label
        self.identifier = identifier
        self.time = time
        self.write = write
        nextBlock = layout.firstData(0)
        nodes = Array(repeating: nil, count: Int(Ext4Layout.firstFreeInode))
        let now = FileAttributes(0o755, modified: time)
        var root = Ext4Node(kind: .folder, attributes: now)
        root.parent = Ext4Layout.rootInode
        root.links = 2
        nodes[Int(Ext4Layout.rootInode)] = root
        try writeJournal()
        try folder("lost+found", FileAttributes(0o700, modified: time))
    }

    // MARK: What goes in

    /// Makes a folder, or changes the attributes of one that is there.
    package mutating func folder(_ path: String, _ attributes: FileAttributes) throws(HullError) {
        // A link to a folder stands for it: in Debian `/lib` is one.
        if let inode = try find(path + "/."), nodes[Int(inode)]?.kind == .folder {
            nodes[Int(inode)]?.attributes = attributes
        } else {
            try add(path, Ext4Node(kind: .folder, attributes: attributes))
        }
    }

    package mutating func file(
        _ path: String, _ attributes: FileAttributes, _ content: ArraySlice<UInt8>
    ) throws(HullError) {
        var node = Ext4Node(kind: .file, attributes: attributes)
        node.byteCount = UInt64(content.count)
        try store(content, &node)
        try add(path, node)
    }

    package mutating func symbolicLink(
        _ path: String, to target: String, _ attributes: FileAttributes
    ) throws(HullError) {
        var node = Ext4Node(kind: .symbolicLink, attributes: attributes)
        let target = Array(target.utf8)
        node.byteCount = UInt64(target.count)
        node.attributes.permissions = 0o777
        if target.count < Ext4Node.inlineLimit {
            node.inline = target
        } else {
            try store(target[...], &node)
        }
        try add(path, node)
    }

    package mutating func hardLink(_ path: String, to other: String) throws(HullError) {
        guard let inode = try find(other), nodes[Int(inode)]?.kind != .folder else {
            throw HullError(.format, "\(path) is another name of \(other), which is no file.")
        }
        let (parent, name) = try place(path)
        enter(name, inode, in: parent)
    }

    package mutating func device(
        _ path: String, _ attributes: FileAttributes, isBlock: Bool, major: UInt32, minor: UInt32
    ) throws(HullError) {
        var node = Ext4Node(
            kind: isBlock ? .blockDevice : .characterDevice, attributes: attributes)
        // The kernel's `new_encode_dev`, behind four bytes that would hold the old form.
        var inline = [UInt8](repeating: 0, count: 4)
        let number = minor & 0xff | major << 8 | (minor & ~0xff) << 12
        inline.append(little: UInt64(number), bytes: 4)
        node.inline = inline
        try add(path, node)
    }

    package mutating func pipe(_ path: String, _ attributes: FileAttributes) throws(HullError) {
        var node = Ext4Node(kind: .pipe, attributes: attributes)
        node.inline = []
        try add(path, node)
    }

    // MARK: Names

    /// The inode of a path, links on the way (and no link at its end) followed.
    func find(_ path: String) throws(HullError) -> UInt32? {
        var inode = Ext4Layout.rootInode
        var rest = path.split(separator: "/").map(String.init)[...]
        var followed = 0
        while let name = rest.popFirst() {
            if name == "." { continue }
            if name == ".." {
                inode = nodes[Int(inode)]?.parent ?? inode
                continue
            }
            guard let node = nodes[Int(inode)], let at = node.places[name] else { return nil }
            let next = node.entries[at].inode
            if !rest.isEmpty, let link = nodes[Int(next)], link.kind == .symbolicLink {
                followed += 1
                guard let target = link.inline, followed <= 40 else { return nil }
                if target.first == UInt8(ascii: "/") { inode = Ext4Layout.rootInode }
                let parts = String(decoding: target, as: UTF8.self).split(separator: "/")
                rest = parts.map(String.init) + rest
            } else {
                inode = next
            }
        }
        return inode
    }

    /// The folder that a path's last name goes into; folders that are missing are made.
    private mutating func place(_ path: String) throws(HullError) -> (UInt32, String) {
        var parts = path.split(separator: "/")
        guard let name = parts.popLast(), name.utf8.count <= 255, name != ".", name != ".." else {
            throw HullError(.format, "\"\(path)\" is no path of a file.")
        }
        let above = parts.joined(separator: "/")
        // Behind a link lies the folder that it leads to.
        if try find(above + "/.") == nil {
            try folder(above, FileAttributes(0o755, modified: time))
        }
        guard let parent = try find(above + "/."), nodes[Int(parent)]?.kind == .folder else {
            throw HullError(.format, "\(above) is no folder, and \(path) lies in it.")
        }
        return (parent, String(name))
    }

    private mutating func add(_ path: String, _ node: Ext4Node) throws(HullError) {
        let (parent, name) = try place(path)
        let inode = UInt32(nodes.count)
        guard inode <= layout.inodeCount else {
            throw HullError(.usage, "The file system has no room for more files.")
        }
        var node = node
        if node.kind == .folder {
            node.parent = parent
            // Its own `.`; the folder above gains one by `..`.
            node.links = 1
            nodes[Int(parent)]?.links += 1
        }
        nodes.append(node)
        enter(name, inode, in: parent)
    }

    /// Gives an inode a name, which may have been another's.
    private mutating func enter(_ name: String, _ inode: UInt32, in parent: UInt32) {
        nodes[Int(inode)]?.links += 1
        guard let at = nodes[Int(parent)]?.places[name] else {
            let count = nodes[Int(parent)]?.entries.count
            nodes[Int(parent)]?.places[name] = count
            nodes[Int(parent)]?.entries.append((Array(name.utf8), inode))
            return
        }
        guard let old = nodes[Int(parent)]?.entries[at].inode else { return }
        nodes[Int(parent)]?.entries[at].inode = inode
        nodes[Int(old)]?.links -= 1
        if nodes[Int(old)]?.links == 0 { nodes[Int(old)] = nil }
    }

    // MARK: Blocks

    /// Free blocks that follow each other: at most as many as are wanted, and at least one.
    private mutating func take(_ wanted: UInt32) throws(HullError) -> (first: UInt32, count: UInt32)
    {
        while nextBlock < layout.blockCount {
            let group = layout.group(ofBlock: nextBlock)
            nextBlock = max(nextBlock, layout.firstData(group))
            let left = layout.firstBlock(group) + Ext4Layout.blocksPerGroup - nextBlock
            let count = min(wanted, left, Ext4Extent.longest)
            defer { nextBlock += count }
            if count > 0 { return (nextBlock, count) }
        }
        throw HullError(
            .usage,
            "The file system of \(UInt64(layout.blockCount) * Ext4Layout.blockBytes >> 20)M is full."
        )
    }

    /// Gives a node its blocks, without content.
    mutating func allocate(_ blocks: UInt32, _ node: inout Ext4Node) throws(HullError) {
        var logical: UInt32 = 0
        while logical < blocks {
            let (first, count) = try take(blocks - logical)
            node.extents.append(Ext4Extent(logical: logical, physical: first, count: count))
            logical += count
        }
        guard node.extents.count > 4 else { return }
        guard node.extents.count <= Ext4Extent.leafLimit else {
            throw HullError(.usage, "A file is too large for this file system.")
        }
        let leaf = try take(1).first
        var bytes = Ext4Extent.header(
            node.extents.count, limit: Ext4Extent.leafLimit, depth: 0)
        for extent in node.extents { extent.append(to: &bytes) }
        try write(UInt64(leaf) * Ext4Layout.blockBytes, bytes[...])
        node.leaf = leaf
    }

    mutating func store(
        _ content: ArraySlice<UInt8>, _ node: inout Ext4Node
    ) throws(HullError) {
        let size = Int(Ext4Layout.blockBytes)
        try allocate(UInt32((content.count + size - 1) / size), &node)
        for extent in node.extents {
            let start = content.startIndex + Int(extent.logical) * size
            let end = min(content.endIndex, start + Int(extent.count) * size)
            try write(UInt64(extent.physical) * Ext4Layout.blockBytes, content[start..<end])
        }
    }
}
