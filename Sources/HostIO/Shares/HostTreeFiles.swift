import CHost
import Glibc
import NineP

/// Open files and folders.
extension HostTree {
    /// Opening a pipe waits, and opening a device may do anything.
    private static func isOpenable(_ mode: UInt32) -> Bool {
        mode & S_IFMT == S_IFREG || mode & S_IFMT == S_IFDIR
    }
    private func hostFlags(_ flags: OpenFlags) -> Int32 {
        // Bytes go to where the client says: it knows what O_APPEND means.
        let kept: OpenFlags = [
            .writeOnly, .readWrite, .exclusive, .truncate, .synchronousData, .folder, .synchronous,
        ]
        return Int32(bitPattern: flags.intersection(kept).rawValue) | O_NONBLOCK | O_NOCTTY
    }

    package func open(_ path: FilePath, _ flags: OpenFlags) throws(FileError) -> Handle {
        guard Self.isOpenable(try status(path).mode) else { throw .notPermitted }
        let handle = try resolve(path, hostFlags(flags))
        // It may be another one by now.
        guard Self.isOpenable(try status(handle).mode) else { throw .notPermitted }
        return handle
    }

    package func create(_ path: FilePath, _ flags: OpenFlags, mode: UInt32, _ owner: FileOwner)
        throws(FileError) -> Handle
    {
        let permissions = mode & Self.filePermissions
        let before = try? status(path)
        if let before, !Self.isOpenable(before.mode) { throw .notPermitted }
        let handle = try resolve(path, hostFlags(flags) | O_CREAT, mode: permissions)
        let made = try status(handle)
        guard Self.isOpenable(made.mode) else { throw .notPermitted }
        if before == nil {
            // The client has applied its own umask, and ours is none of its business.
            if made.mode & Self.filePermissions != permissions {
                try check(handle.use { fchmod($0, permissions) })
            }
            if let (user, group) = ownership.host(user: owner.user, group: owner.group) {
                try check(handle.use { fchown($0, user, group) })
            }
        }
        return handle
    }

    /// A file that the guest writes gets no set-user-id or set-group-id bit: on the host it would lend
    /// its owner's rights to whoever runs it.
    static var filePermissions: UInt32 { 0o1777 }
    static var folderPermissions: UInt32 { 0o3777 }

    package func read(_ handle: Handle, _ offset: UInt64, _ count: Int, headroom: Int)
        throws(FileError) -> [UInt8]
    {
        guard let offset = Int(exactly: offset) else { throw .invalid }
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: headroom + count) {
            buffer, filled in
            unsafe buffer[..<headroom].initialize(repeating: 0)
            // SAFETY: the call fills at most the `count` bytes behind the headroom.
            var got: Int
            repeat {
                let place = unsafe buffer.baseAddress.map { unsafe $0 + headroom }
                got = handle.use { unsafe pread($0, place, count, offset) }
            } while got < 0 && errno == EINTR
            failed = got < 0
            filled = headroom + max(got, 0)
        }
        if failed { throw Self.failure() }
        return bytes
    }

    package func write(_ handle: Handle, _ offset: UInt64, _ bytes: ArraySlice<UInt8>)
        throws(FileError) -> Int
    {
        guard let offset = Int(exactly: offset) else { throw .invalid }
        var sent = 0
        while sent < bytes.count {
            let (at, overflow) = offset.addingReportingOverflow(sent)
            guard !overflow else { throw .invalid }
            let count = unsafe bytes.withUnsafeBytes { all in
                // SAFETY: the range lies inside `all`.
                handle.use {
                    unsafe pwrite(
                        $0, all.baseAddress.map { unsafe $0 + sent }, all.count - sent, at)
                }
            }
            if count > 0 {
                sent += count
            } else if count == 0 || errno != EINTR {
                // What was written is said; the next write says what is wrong.
                if sent > 0 { break }
                throw count == 0 ? .inputOutput : Self.failure()
            }
        }
        return sent
    }

    package func entries(_ handle: Handle, from offset: UInt64) throws(FileError) -> [FolderEntry] {
        guard let offset = Int(exactly: offset), handle.use({ lseek($0, offset, SEEK_SET) }) >= 0
        else { throw .invalid }
        var status = stat()
        // SAFETY: the call fills a local.
        try check(handle.use { unsafe fstat($0, &status) })
        let room = 32 << 10
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
            // SAFETY: the call fills at most `room` bytes and says how many.
            let got = handle.use { unsafe hull_read_folder($0, buffer.baseAddress, room) }
            failed = got < 0
            filled = max(got, 0)
        }
        if failed { throw Self.failure() }
        return parse(bytes, device: status.st_dev)
    }

    /// `struct linux_dirent64`: inode, where the next one is, length, type and the name with its zero.
    private func parse(_ bytes: [UInt8], device: dev_t) -> [FolderEntry] {
        var entries: [FolderEntry] = []
        var at = 0
        while at + 19 < bytes.count {
            var reader = MessageReader(bytes[at...])
            guard let inode = reader.double(), let next = reader.double(),
                let count = reader.half(),
                let type = reader.byte(), count > 19, at + Int(count) <= bytes.count
            else { break }
            let name = bytes[(at + 19)..<(at + Int(count))].prefix { $0 != 0 }
            let kind: FileIdentity.Kind = type == 4 ? .folder : type == 10 ? .link : .file
            entries.append(
                FolderEntry(
                    identity: FileIdentity(
                        kind: kind, version: 1, path: number(ino_t(inode), device)),
                    next: next, type: type, name: Array(name)))
            at += Int(count)
        }
        return entries
    }

    package func synchronise(_ handle: Handle, dataOnly: Bool) throws(FileError) {
        try check(handle.use { dataOnly ? fdatasync($0) : fsync($0) })
    }

    // MARK: Locks

    private func range(_ lock: FileLock) throws(FileError) -> (Int64, Int64) {
        // Length 0 and one that reaches beyond the last byte mean the same.
        guard let start = Int64(exactly: lock.start) else { throw .invalid }
        let count = Int64(exactly: lock.count) ?? 0
        return (start, start.addingReportingOverflow(count).overflow ? 0 : count)
    }

    package func lock(_ handle: Handle, _ lock: FileLock) throws(FileError) -> Bool {
        let (start, count) = try range(lock)
        let kind = Int32(lock.kind.rawValue)
        if handle.use({ hull_lock_set($0, kind, start, count) }) == 0 { return true }
        if errno == EAGAIN || errno == EACCES { return false }
        throw Self.failure()
    }

    package func findLock(_ handle: Handle, _ lock: FileLock) throws(FileError) -> FileLock {
        let (start, count) = try range(lock)
        var found: [Int64] = [2, 0, 0]
        // SAFETY: the call fills the three elements.
        try check(
            handle.use {
                unsafe hull_lock_get($0, Int32(lock.kind.rawValue), start, count, &found)
            })
        guard found[0] != 2 else {
            return FileLock(kind: .none, start: lock.start, count: lock.count)
        }
        return FileLock(
            kind: found[0] == 0 ? .read : .write, start: UInt64(bitPattern: found[1]),
            count: UInt64(bitPattern: found[2]))
    }
}
