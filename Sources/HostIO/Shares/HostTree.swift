import Bits
import CHost
import Glibc
import NineP

/// A folder of the host, for a server: paths are resolved below it, and no link on the way is followed,
/// so that nothing outside can be reached, even while others rename and link in it.
package final class HostTree: FileTree {
    /// An open file or folder.
    package final class Handle {
        private let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
        /// The descriptor, which stays open for as long as `body` runs.
        func use<Result>(_ body: (Int32) -> Result) -> Result {
            withExtendedLifetime(self) { body(descriptor) }
        }
    }

    let root: Int32
    /// Where it lies.
    let path: String
    private let rootDevice: dev_t
    let ownership: Ownership
    /// Whether the kernel resolves a path at once; else it is walked name by name.
    private let resolvesAtOnce: Bool

    package init(_ path: String, walksByName: Bool = false, ownership: Ownership = .ofThisProcess)
        throws(HullError)
    {
        // SAFETY: the path lives through the call; the status is a local.
        root = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else {
            throw HullError(
                errno == ENOTDIR ? .usage : .host,
                "The folder \(path) cannot be shared; name a folder that you may read.",
                cause: HostCall.reason())
        }
        var status = stat()
        unsafe _ = fstat(root, &status)
        rootDevice = status.st_dev
        self.path = path
        self.ownership = ownership
        let probe = unsafe hull_open_beneath(
            root, ".", UInt64(hull_open_path_only | O_CLOEXEC), 0)
        if probe >= 0 { close(probe) }
        resolvesAtOnce = probe >= 0 && !walksByName
    }
    deinit { close(root) }

    // MARK: Paths

    /// Opens what lies at a path; a link is opened as itself, which O_PATH alone can do.
    func resolve(_ path: FilePath, _ flags: Int32, mode: UInt32 = 0) throws(FileError) -> Handle {
        let flags = flags | O_NOFOLLOW | O_CLOEXEC
        if path.isRoot { return try opened(openBeneath(root, ".", flags, 0)) }
        if resolvesAtOnce {
            return try opened(
                unsafe withCString(path.bytes) {
                    unsafe hull_open_beneath(root, $0, UInt64(flags), UInt64(mode))
                })
        }
        let folder = try walk(to: path.parent)
        return try opened(
            unsafe withCString(path.name) { name in
                folder.use { unsafe openat($0, name, flags, mode) }
            })
    }

    private func openBeneath(_ folder: Int32, _ name: String, _ flags: Int32, _ mode: UInt32)
        -> Int32
    {
        // SAFETY: the name lives through the call; so below.
        unsafe openat(folder, name, flags, mode)
    }

    private func opened(_ descriptor: Int32) throws(FileError) -> Handle {
        guard descriptor >= 0 else { throw Self.failure() }
        return Handle(descriptor)
    }

    /// The folder at a path, for calls that take a folder and a name.
    func folder(_ path: FilePath) throws(FileError) -> Handle {
        try resolve(path, hull_open_path_only | O_DIRECTORY)
    }

    /// One name after the other; a name that is a link is none of a folder.
    private func walk(to path: FilePath) throws(FileError) -> Handle {
        let flags = hull_open_path_only | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var here = try opened(openBeneath(root, ".", flags, 0))
        for name in path.bytes.split(separator: UInt8(ascii: "/")) {
            here = try opened(
                unsafe withCString(Array(name)) { name in
                    here.use { unsafe openat($0, name, flags, 0) }
                })
        }
        return here
    }

    /// Calls `body` with the folder around a path and the name in it; the root is its own `.`.
    func withName<Result>(
        _ path: FilePath, _ body: (Int32, UnsafePointer<CChar>) -> Result
    ) throws(FileError) -> Result {
        let folder = try folder(path.parent)
        let name = path.isRoot ? [UInt8(ascii: ".")] : path.name
        return unsafe withCString(name) { name in folder.use { unsafe body($0, name) } }
    }

    /// The outcome of a call that says 0 or -1.
    func check(_ outcome: Int32) throws(FileError) {
        guard outcome == 0 else { throw Self.failure() }
    }

    static func failure() -> FileError { FileError(UInt32(bitPattern: errno)) }

    // MARK: Status

    package func status(_ path: FilePath) throws(FileError) -> FileStatus {
        try status(try resolve(path, hull_open_path_only))
    }

    package func status(_ handle: Handle) throws(FileError) -> FileStatus {
        var status = stat()
        // SAFETY: the call fills a local.
        try check(handle.use { unsafe fstat($0, &status) })
        return fileStatus(status)
    }

    private func fileStatus(_ status: stat) -> FileStatus {
        let (user, group) = ownership.guest(user: status.st_uid, group: status.st_gid)
        return FileStatus(
            identity: identity(status), mode: status.st_mode, user: user, group: group,
            links: UInt64(status.st_nlink), device: UInt64(status.st_rdev),
            size: UInt64(bitPattern: Int64(status.st_size)),
            blockBytes: UInt64(bitPattern: Int64(status.st_blksize)),
            blocks: UInt64(bitPattern: Int64(status.st_blocks)), accessed: time(status.st_atim),
            modified: time(status.st_mtim), changed: time(status.st_ctim))
    }

    private func time(_ time: timespec) -> FileTime {
        FileTime(
            seconds: UInt64(bitPattern: Int64(time.tv_sec)),
            nanoseconds: UInt64(bitPattern: Int64(time.tv_nsec)))
    }

    private func identity(_ status: stat) -> FileIdentity {
        let kind: FileIdentity.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .file
            }
        let time = UInt64(bitPattern: Int64(status.st_mtim.tv_sec)) &* 1_000_000_000
        let version =
            time &+ UInt64(bitPattern: Int64(status.st_mtim.tv_nsec))
            ^ UInt64(bitPattern: Int64(status.st_size)) << 8
        let folded = UInt32(truncatingIfNeeded: version ^ version >> 32)
        return FileIdentity(
            kind: kind, version: max(folded, 1), path: number(status.st_ino, status.st_dev))
    }

    /// Inode numbers are unique on one device; those of what is mounted in the folder are mixed with
    /// their device's number.
    func number(_ inode: ino_t, _ device: dev_t) -> UInt64 {
        guard device != rootDevice else { return UInt64(inode) }
        var hash = UInt64(device) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 29
        return UInt64(inode) ^ hash | 1 << 63
    }
}

/// Whose files are: Hull's user cannot give files away, so what is theirs is root's in the guest and
/// what is not is nobody's. Root hands users through.
package enum Ownership: Sendable {
    case asHost
    case mapped

    package static var ofThisProcess: Ownership { geteuid() == 0 ? .asHost : .mapped }

    private static let nobody: UInt32 = 65534

    func guest(user: uid_t, group: gid_t) -> (UInt32, UInt32) {
        switch self {
        case .asHost: (user, group)
        case .mapped:
            (user == geteuid() ? 0 : Self.nobody, group == getegid() ? 0 : Self.nobody)
        }
    }
    /// What a change of owner does: nothing where files cannot be given away.
    func host(user: UInt32?, group: UInt32?) -> (uid_t, gid_t)? {
        guard self == .asHost, user != nil || group != nil else { return nil }
        return (user ?? .max, group ?? .max)
    }
}

/// A name for a call of the host; it holds no zero byte.
func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    // SAFETY: the buffer ends with the zero byte and lives through the call.
    unsafe (bytes + [0]).withUnsafeBufferPointer { buffer in
        unsafe buffer.withMemoryRebound(to: CChar.self) { text in
            guard let start = text.baseAddress else { preconditionFailure("an empty buffer") }
            return unsafe body(start)
        }
    }
}
