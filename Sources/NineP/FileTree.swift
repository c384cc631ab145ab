/// What Linux calls `errno`, which 9P2000.L sends as it is.
package struct FileError: Error, Sendable, Equatable {
    package let code: UInt32
    package init(_ code: UInt32) { self.code = code }

    package static let notPermitted = Self(1)
    package static let noSuchFile = Self(2)
    package static let inputOutput = Self(5)
    package static let badDescriptor = Self(9)
    package static let notAFolder = Self(20)
    package static let isAFolder = Self(21)
    package static let invalid = Self(22)
    package static let tooManyFiles = Self(24)
    package static let readOnly = Self(30)
    package static let outOfRange = Self(34)
    package static let nameTooLong = Self(36)
    package static let noData = Self(61)
    package static let messageTooLong = Self(90)
    package static let unsupported = Self(95)
}

/// The way to a file from the shared folder on: names, none of which is empty, `.` or `..` or holds a
/// slash, with slashes between them. The folder itself is the empty path.
package struct FilePath: Sendable, Hashable {
    package private(set) var bytes: [UInt8]
    private static let slash = UInt8(ascii: "/")

    package init() { bytes = [] }
    package var isRoot: Bool { bytes.isEmpty }

    /// `NAME_MAX` of Linux.
    private static let longestName = 255

    package static func check(_ name: [UInt8]) throws(FileError) {
        guard name.count <= longestName else { throw .nameTooLong }
        guard !name.isEmpty, !name.contains(slash), !name.contains(0), name != [UInt8(ascii: ".")],
            name != Array("..".utf8)
        else { throw .invalid }
    }
    /// A file in this folder.
    package func appending(_ name: [UInt8]) throws(FileError) -> FilePath {
        try Self.check(name)
        var longer = self
        if !isRoot { longer.bytes.append(Self.slash) }
        longer.bytes += name
        return longer
    }
    /// The folder around it; the shared folder is its own, so that no way leads out.
    package var parent: FilePath {
        var shorter = self
        shorter.bytes.removeSubrange((bytes.lastIndex(of: Self.slash) ?? 0)...)
        return shorter
    }
    package var name: [UInt8] {
        Array(bytes.lastIndex(of: Self.slash).map { bytes[($0 + 1)...] } ?? bytes[...])
    }
    /// The path after `old` was moved; nil if it did not lead there.
    package func moved(from old: FilePath, to new: FilePath) -> FilePath? {
        guard !old.isRoot, bytes.starts(with: old.bytes) else { return nil }
        let rest = bytes[old.bytes.count...]
        guard rest.isEmpty || rest.first == Self.slash else { return nil }
        var result = new
        result.bytes += rest
        return result
    }
}

/// A point in time, as Linux counts it.
package struct FileTime: Sendable, Equatable {
    package var seconds: UInt64
    package var nanoseconds: UInt64
    package init(seconds: UInt64, nanoseconds: UInt64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// What is known of a file.
package struct FileStatus: Sendable, Equatable {
    package var identity: FileIdentity
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    package var links: UInt64
    package var device: UInt64
    package var size: UInt64
    package var blockBytes: UInt64
    package var blocks: UInt64
    package var accessed: FileTime
    package var modified: FileTime
    package var changed: FileTime
    package init(
        identity: FileIdentity, mode: UInt32, user: UInt32, group: UInt32, links: UInt64,
        device: UInt64, size: UInt64, blockBytes: UInt64, blocks: UInt64, accessed: FileTime,
        modified: FileTime, changed: FileTime
    ) {
        self.identity = identity
        self.mode = mode
        self.user = user
        self.group = group
        self.links = links
        self.device = device
        self.size = size
        self.blockBytes = blockBytes
        self.blocks = blocks
        self.accessed = accessed
        self.modified = modified
        self.changed = changed
    }
}

/// What `setattr` changes; nil stays.
package struct FileChanges: Sendable, Equatable {
    package enum Time: Sendable, Equatable { case now, at(FileTime) }
    package var mode: UInt32?
    package var user: UInt32?
    package var group: UInt32?
    package var size: UInt64?
    package var accessed: Time?
    package var modified: Time?
    package init() {}
}

/// How a file is opened: Linux's numbers, which are those of riscv64, x86-64 and the wire.
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let writeOnly = Self(rawValue: 1)
    package static let readWrite = Self(rawValue: 2)
    package static let create = Self(rawValue: 0o100)
    package static let exclusive = Self(rawValue: 0o200)
    package static let truncate = Self(rawValue: 0o1000)
    package static let synchronousData = Self(rawValue: 0o10000)
    package static let folder = Self(rawValue: 0o200000)
    package static let synchronous = Self(rawValue: 0o4010000)

    package var writes: Bool { !isDisjoint(with: [.writeOnly, .readWrite, .truncate, .create]) }
}

/// Whose a new file is, as the guest counts users.
package struct FileOwner: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}

package struct FileSystemStatus: Sendable, Equatable {
    package var blockBytes: UInt32
    package var blocks: UInt64
    package var freeBlocks: UInt64
    package var availableBlocks: UInt64
    package var files: UInt64
    package var freeFiles: UInt64
    package var longestName: UInt32
    package init(
        blockBytes: UInt32, blocks: UInt64, freeBlocks: UInt64, availableBlocks: UInt64,
        files: UInt64, freeFiles: UInt64, longestName: UInt32
    ) {
        self.blockBytes = blockBytes
        self.blocks = blocks
        self.freeBlocks = freeBlocks
        self.availableBlocks = availableBlocks
        self.files = files
        self.freeFiles = freeFiles
        self.longestName = longestName
    }
}

package struct FolderEntry: Sendable, Equatable {
    package var identity: FileIdentity
    /// Where the entry behind this one begins.
    package var next: UInt64
    /// Linux's `d_type`.
    package var type: UInt8
    package var name: [UInt8]
    package init(identity: FileIdentity, next: UInt64, type: UInt8, name: [UInt8]) {
        self.identity = identity
        self.next = next
        self.type = type
        self.name = name
    }
}

/// A lock on a range of a file (Tlock, Tgetlock); length 0 reaches to the end.
package struct FileLock: Sendable, Equatable {
    package enum Kind: UInt8, Sendable { case read = 0, write = 1, none = 2 }
    package var kind: Kind
    package var start: UInt64
    package var count: UInt64
    package init(kind: Kind, start: UInt64, count: UInt64) {
        self.kind = kind
        self.start = start
        self.count = count
    }
}

/// A folder and what lies in it. Nothing outside can be reached by any path, whatever links the folder
/// holds and whatever happens to it meanwhile.
package protocol FileTree: AnyObject {
    /// An open file or folder; letting go of it closes it.
    associatedtype Handle: AnyObject

    func status(_ path: FilePath) throws(FileError) -> FileStatus
    func status(_ handle: Handle) throws(FileError) -> FileStatus
    /// Files and folders only: a pipe or a device of the host is opened by nobody.
    func open(_ path: FilePath, _ flags: OpenFlags) throws(FileError) -> Handle
    func create(_ path: FilePath, _ flags: OpenFlags, mode: UInt32, _ owner: FileOwner)
        throws(FileError) -> Handle
    /// At most `count` bytes behind `headroom` bytes that the caller fills.
    func read(_ handle: Handle, _ offset: UInt64, _ count: Int, headroom: Int)
        throws(FileError) -> [UInt8]
    func write(_ handle: Handle, _ offset: UInt64, _ bytes: ArraySlice<UInt8>)
        throws(FileError) -> Int
    /// Entries from a place on that an earlier entry named, or 0; none at the end.
    func entries(_ handle: Handle, from offset: UInt64) throws(FileError) -> [FolderEntry]
    func synchronise(_ handle: Handle, dataOnly: Bool) throws(FileError)
    func change(_ path: FilePath, _ handle: Handle?, _ changes: FileChanges) throws(FileError)
    func fileSystem(_ path: FilePath) throws(FileError) -> FileSystemStatus

    func makeFolder(_ path: FilePath, mode: UInt32, _ owner: FileOwner) throws(FileError)
    func makeLink(_ path: FilePath, to target: [UInt8], _ owner: FileOwner) throws(FileError)
    /// Pipes, sockets and plain files; devices are refused.
    func makeNode(_ path: FilePath, mode: UInt32, _ owner: FileOwner) throws(FileError)
    func makeHardLink(_ path: FilePath, to existing: FilePath) throws(FileError)
    func target(_ path: FilePath) throws(FileError) -> [UInt8]
    func rename(_ old: FilePath, to new: FilePath) throws(FileError)
    func remove(_ path: FilePath, isFolder: Bool) throws(FileError)

    /// False: somebody else holds a lock that is in the way.
    func lock(_ handle: Handle, _ lock: FileLock) throws(FileError) -> Bool
    /// The lock that is in the way, or kind `none`.
    func findLock(_ handle: Handle, _ lock: FileLock) throws(FileError) -> FileLock

    func attribute(_ path: FilePath, _ name: [UInt8]) throws(FileError) -> [UInt8]
    /// Names, each followed by a zero byte.
    func attributeNames(_ path: FilePath) throws(FileError) -> [UInt8]
    func setAttribute(_ path: FilePath, _ name: [UInt8], _ value: [UInt8], flags: UInt32)
        throws(FileError)
    func removeAttribute(_ path: FilePath, _ name: [UInt8]) throws(FileError)
}
