import CHost
import Glibc
import NineP

/// Names, and what is known of files.
extension HostTree {
    package func change(_ path: FilePath, _ handle: Handle?, _ changes: FileChanges)
        throws(FileError)
    {
        if let size = changes.size { try truncate(path, handle, size) }
        // A change of owner clears bits of the mode, so the mode comes behind it.
        if let (user, group) = ownership.host(user: changes.user, group: changes.group) {
            try check(
                try unsafe withName(path) {
                    unsafe fchownat($0, $1, user, group, AT_SYMLINK_NOFOLLOW)
                })
        }
        if let mode = changes.mode { try changeMode(path, handle, mode) }
        if changes.accessed != nil || changes.modified != nil {
            let times = [try time(changes.accessed), try time(changes.modified)]
            // SAFETY: both calls read two elements.
            if let handle {
                try check(handle.use { unsafe futimens($0, times) })
            } else {
                try check(
                    try unsafe withName(path) {
                        unsafe utimensat($0, $1, times, AT_SYMLINK_NOFOLLOW)
                    })
            }
        }
    }

    private func truncate(_ path: FilePath, _ handle: Handle?, _ size: UInt64) throws(FileError) {
        guard let size = Int(exactly: size) else { throw .invalid }
        // A handle that was opened for reading cannot: its file is opened once more.
        if let handle, handle.use({ ftruncate($0, size) }) == 0 { return }
        try check(try open(path, .writeOnly).use { ftruncate($0, size) })
    }

    private func changeMode(_ path: FilePath, _ handle: Handle?, _ mode: UInt32) throws(FileError) {
        let known: FileStatus
        if let handle { known = try status(handle) } else { known = try status(path) }
        let isFolder = known.identity.kind == .folder
        let mode = mode & (isFolder ? Self.folderPermissions : Self.filePermissions)
        if let handle { return try check(handle.use { fchmod($0, mode) }) }
        try check(try unsafe withName(path) { unsafe hull_change_mode($0, $1, mode) })
    }

    /// UTIME_NOW and UTIME_OMIT, as `timespec` says them.
    private func time(_ time: FileChanges.Time?) throws(FileError) -> timespec {
        switch time {
        case nil: return timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)
        case .now: return timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)
        case .at(let time):
            guard time.nanoseconds < 1_000_000_000 else { throw .invalid }
            return timespec(
                tv_sec: Int(bitPattern: UInt(time.seconds)), tv_nsec: Int(time.nanoseconds))
        }
    }

    package func fileSystem(_ path: FilePath) throws(FileError) -> FileSystemStatus {
        let handle = try resolve(path, hull_open_path_only)
        var status = statvfs()
        // SAFETY: the call fills a local.
        try check(handle.use { unsafe fstatvfs($0, &status) })
        return FileSystemStatus(
            blockBytes: UInt32(clamping: status.f_bsize), blocks: UInt64(status.f_blocks),
            freeBlocks: UInt64(status.f_bfree), availableBlocks: UInt64(status.f_bavail),
            files: UInt64(status.f_files), freeFiles: UInt64(status.f_ffree),
            longestName: UInt32(clamping: status.f_namemax))
    }

    // MARK: Names

    private func settle(_ path: FilePath, mode: UInt32?, _ owner: FileOwner) throws(FileError) {
        if let (user, group) = ownership.host(user: owner.user, group: owner.group) {
            try check(
                try unsafe withName(path) {
                    unsafe fchownat($0, $1, user, group, AT_SYMLINK_NOFOLLOW)
                })
        }
        // Our umask is none of the client's business.
        if let mode {
            try check(try unsafe withName(path) { unsafe hull_change_mode($0, $1, mode) })
        }
    }

    package func makeFolder(_ path: FilePath, mode: UInt32, _ owner: FileOwner) throws(FileError) {
        let mode = mode & Self.folderPermissions
        try check(try unsafe withName(path) { unsafe mkdirat($0, $1, mode) })
        try settle(path, mode: mode, owner)
    }

    package func makeLink(_ path: FilePath, to target: [UInt8], _ owner: FileOwner)
        throws(FileError)
    {
        try check(
            try unsafe withName(path) { folder, name in
                unsafe withCString(target) { unsafe symlinkat($0, folder, name) }
            })
        try settle(path, mode: nil, owner)
    }

    package func makeNode(_ path: FilePath, mode: UInt32, _ owner: FileOwner) throws(FileError) {
        switch mode & S_IFMT {
        case S_IFREG, S_IFIFO, S_IFSOCK: break
        default: throw .notPermitted
        }
        let permissions = mode & Self.filePermissions
        try check(
            try unsafe withName(path) { unsafe mknodat($0, $1, mode & S_IFMT | permissions, 0) })
        try settle(path, mode: permissions, owner)
    }

    package func makeHardLink(_ path: FilePath, to existing: FilePath) throws(FileError) {
        let folder = try folder(path.parent)
        try check(
            try unsafe withName(existing) { oldFolder, oldName in
                unsafe withCString(path.name) { name in
                    folder.use { unsafe linkat(oldFolder, oldName, $0, name, 0) }
                }
            })
    }

    package func target(_ path: FilePath) throws(FileError) -> [UInt8] {
        var failed = false
        let room = 4096
        let bytes = try unsafe withName(path) { folder, name in
            unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
                // SAFETY: the call fills at most `room` bytes and says how many.
                let got = unsafe buffer.withMemoryRebound(to: CChar.self) {
                    unsafe readlink(folder, name, $0)
                }
                failed = got < 0
                filled = max(got, 0)
            }
        }
        if failed { throw Self.failure() }
        return bytes
    }

    private func readlink(
        _ folder: Int32, _ name: UnsafePointer<CChar>, _ room: UnsafeMutableBufferPointer<CChar>
    ) -> Int {
        guard let start = room.baseAddress else { return 0 }
        // SAFETY: the call fills at most the room.
        return unsafe readlinkat(folder, name, start, room.count)
    }

    package func rename(_ old: FilePath, to new: FilePath) throws(FileError) {
        let folder = try folder(new.parent)
        try check(
            try unsafe withName(old) { oldFolder, oldName in
                unsafe withCString(new.name) { name in
                    folder.use { unsafe renameat(oldFolder, oldName, $0, name) }
                }
            })
    }

    package func remove(_ path: FilePath, isFolder: Bool) throws(FileError) {
        try check(
            try unsafe withName(path) { unsafe unlinkat($0, $1, isFolder ? AT_REMOVEDIR : 0) })
    }

    // MARK: Extended attributes: those of users only. What the host's security modules keep is theirs.

    private static let longestValue = 64 << 10

    private func attributeFile(_ path: FilePath, _ name: [UInt8]) throws(FileError) -> Handle {
        guard name.starts(with: Array("user.".utf8)), !name.contains(0) else {
            throw .unsupported
        }
        return try open(path, [])
    }

    package func attribute(_ path: FilePath, _ name: [UInt8]) throws(FileError) -> [UInt8] {
        let file = try attributeFile(path, name)
        return try unsafe gather { bytes, count in
            unsafe withCString(name) { name in
                file.use { unsafe hull_attribute_get($0, name, bytes, count) }
            }
        }
    }

    package func attributeNames(_ path: FilePath) throws(FileError) -> [UInt8] {
        guard let file = try? open(path, []) else { return [] }
        let names = try unsafe gather { names, count in
            file.use { unsafe hull_attribute_list($0, names, count) }
        }
        return names.split(separator: 0).filter { $0.starts(with: Array("user.".utf8)) }
            .flatMap { $0 + [0] }
    }

    private func gather(_ call: (UnsafeMutableRawPointer?, Int) -> Int) throws(FileError)
        -> [UInt8]
    {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.longestValue) {
            buffer, filled in
            // SAFETY: the call fills at most the buffer and says how much.
            let got = unsafe call(buffer.baseAddress, buffer.count)
            failed = got < 0
            filled = max(got, 0)
        }
        if failed { throw Self.failure() }
        return bytes
    }

    package func setAttribute(
        _ path: FilePath, _ name: [UInt8], _ value: [UInt8], flags: UInt32
    ) throws(FileError) {
        let file = try attributeFile(path, name)
        // XATTR_CREATE and XATTR_REPLACE.
        guard flags <= 2 else { throw .invalid }
        try check(
            unsafe withCString(name) { name in
                unsafe value.withUnsafeBytes { value in
                    file.use {
                        unsafe hull_attribute_set(
                            $0, name, value.baseAddress, value.count, Int32(flags))
                    }
                }
            })
    }

    package func removeAttribute(_ path: FilePath, _ name: [UInt8]) throws(FileError) {
        let file = try attributeFile(path, name)
        try check(
            unsafe withCString(name) { name in
                file.use { unsafe hull_attribute_remove($0, name) }
            })
    }
}
