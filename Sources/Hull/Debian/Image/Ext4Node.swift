/// Who may do what with a file, and when it was changed.
package struct FileAttributes: Equatable, Sendable {
    package var permissions: UInt16
    package var user: UInt32
    package var group: UInt32
    /// Seconds since 1970.
    package var modified: UInt32

    package init(
        _ permissions: UInt16, user: UInt32 = 0, group: UInt32 = 0, modified: UInt32 = 0
    ) {
        self.permissions = permissions
        self.user = user
        self.group = group
        self.modified = modified
    }
}

/// A file, folder or link of a file system that is being written.
struct Ext4Node {
    /// The type in an inode's mode, and in a folder's entries.
    enum Kind: UInt16 {
        case pipe = 0o010000
        case characterDevice = 0o020000
        case folder = 0o040000
        case blockDevice = 0o060000
        case file = 0o100000
        case symbolicLink = 0o120000

        var inEntry: UInt8 {
            switch self {
            case .file: 1
            case .folder: 2
            case .characterDevice: 3
            case .blockDevice: 4
            case .pipe: 5
            case .symbolicLink: 7
            }
        }
    }

    var kind: Kind
    var attributes: FileAttributes
    var links: UInt16 = 0
    var byteCount: UInt64 = 0
    var extents: [Ext4Extent] = []
    /// The block that holds the extents when the inode has no room for them.
    var leaf: UInt32?
    /// What stands in the inode instead of extents: a short link's target, a device's numbers.
    var inline: [UInt8]?
    /// A folder's entries, in the order they came in, and where each lies in it.
    var entries: [(name: [UInt8], inode: UInt32)] = []
    var places: [String: Int] = [:]
    var parent: UInt32 = 0

    private static let extentsFlag: UInt64 = 0x80000
    /// Fields behind the first 128 bytes that are in use.
    private static let extraBytes: UInt64 = 32
    static let inlineLimit = 60

    var blockCount: UInt32 {
        extents.reduce(leaf == nil ? 0 : 1) { $0 + $1.count }
    }

    /// The 60 bytes that say where the content is.
    var map: [UInt8] {
        var bytes: [UInt8]
        if let inline {
            bytes = inline
        } else if let leaf {
            bytes = Ext4Extent.header(1, limit: 4, depth: 1)
            bytes.append(little: 0, bytes: 4)
            bytes.append(little: UInt64(leaf), bytes: 8)
        } else {
            bytes = Ext4Extent.header(extents.count, limit: 4, depth: 0)
            for extent in extents { extent.append(to: &bytes) }
        }
        return bytes + [UInt8](repeating: 0, count: Self.inlineLimit - bytes.count)
    }

    /// The inode's record.
    var record: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(Ext4Layout.inodeBytes))
        let time = UInt64(attributes.modified)
        bytes.set(0x00, UInt64(kind.rawValue | attributes.permissions), bytes: 2)
        bytes.set(0x02, UInt64(attributes.user), bytes: 2)
        bytes.set(0x04, byteCount, bytes: 4)
        for offset in [0x08, 0x0c, 0x10, 0x90] { bytes.set(offset, time, bytes: 4) }
        bytes.set(0x18, UInt64(attributes.group), bytes: 2)
        bytes.set(0x1a, UInt64(links), bytes: 2)
        bytes.set(0x1c, UInt64(blockCount) * (Ext4Layout.blockBytes / 512), bytes: 4)
        bytes.set(0x20, inline == nil ? Self.extentsFlag : 0, bytes: 4)
        bytes.replaceSubrange(0x28..<0x28 + Self.inlineLimit, with: map)
        bytes.set(0x6c, byteCount >> 32, bytes: 4)
        bytes.set(0x78, UInt64(attributes.user >> 16), bytes: 2)
        bytes.set(0x7a, UInt64(attributes.group >> 16), bytes: 2)
        bytes.set(0x80, Self.extraBytes, bytes: 2)
        return bytes
    }
}
