import Bits
import CHost
import DiskImage
import Glibc

/// A file or a block device that holds an image, opened and locked. All calls block; any thread may make
/// them.
package final class FileStorage: ImageStorage {
    package let name: String
    package let isReadOnly: Bool
    /// Which file it is, however it is called.
    package let identity: ImageIdentity
    let descriptor: Int32
    /// Reads and writes past the host's page cache; -1 where they go through it.
    private let direct: Int32
    var bypassesCache: Bool { direct >= 0 }
    /// Nobody needs this file after a power failure.
    private let isTemporary: Bool
    /// A page: what every device takes.
    private static let directAlignment = 4096

    package init(_ path: String, readOnly: Bool, bypassesCache: Bool = false) throws(HullError) {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, (readOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.cannotOpen(path, readOnly) }
        var direct: Int32 = -1
        do throws(HullError) {
            identity = try Self.identity(of: file, path)
            try Self.lock(file, path, readOnly)
            if bypassesCache { direct = try Self.openDirect(file, path, readOnly) }
        } catch {
            close(file)
            throw error
        }
        descriptor = file
        self.direct = direct
        name = path
        isReadOnly = readOnly
        isTemporary = false
    }

    /// A new file, or one that is empty and replaced.
    package init(creating path: String) throws(HullError) {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard file >= 0 else { throw HostFile.cannot("created", path) }
        do throws(HullError) {
            identity = try Self.identity(of: file, path)
            try Self.lock(file, path, false)
            guard ftruncate(file, 0) == 0 || errno == EINVAL else {
                throw HostFile.cannot("written", path)
            }
        } catch {
            close(file)
            throw error
        }
        descriptor = file
        direct = -1
        name = path
        isReadOnly = false
        isTemporary = false
    }

    /// A file without a name, which is gone when it is closed, however the process ends.
    package init(temporaryFor drive: String) throws(HullError) {
        // SAFETY: the value is copied at once; the path lives through the calls.
        let folder = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/var/tmp"
        let file = unsafe hull_file_temporary(folder)
        guard file >= 0 else {
            throw HullError(
                .host, "No temporary file can be made in \(folder); set TMPDIR to another folder.",
                cause: HostCall.reason())
        }
        descriptor = file
        do throws(HullError) {
            identity = try Self.identity(of: file, folder)
        } catch {
            close(file)
            throw error
        }
        direct = -1
        name = "the temporary copy of \(drive)"
        isReadOnly = false
        isTemporary = true
    }

    deinit {
        close(descriptor)
        if direct >= 0 { close(direct) }
    }

    private static func cannotOpen(_ path: String, _ readOnly: Bool) -> HullError {
        let reason = HostCall.reason()
        switch errno {
        case EISDIR: return HullError(.usage, "\(path) is a directory; name an image file.")
        case EACCES, EROFS, EPERM:
            return HullError(
                .host,
                readOnly
                    ? "The drive \(path) cannot be read."
                    : "The drive \(path) cannot be written; attach it read-only or copy it.",
                cause: reason)
        default: return HullError(.host, "The drive \(path) cannot be opened.", cause: reason)
        }
    }

    private static func identity(of file: Int32, _ path: String) throws(HullError) -> ImageIdentity
    {
        var status = stat()
        // SAFETY: the call fills a local.
        guard unsafe fstat(file, &status) == 0 else { throw HostFile.cannot("read", path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: return ImageIdentity(device: status.st_dev, number: status.st_ino)
        case S_IFDIR: throw HullError(.usage, "\(path) is a directory; name an image file.")
        default:
            throw HullError(
                .usage, "\(path) is neither a file nor a block device, so it is no drive.")
        }
    }

    /// The lock belongs to this open file: a second machine, in this process or another, is refused.
    private static func lock(_ file: Int32, _ path: String, _ readOnly: Bool) throws(HullError) {
        guard flock(file, (readOnly ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 else { return }
        // A file system without locks cannot protect anybody; that is no reason to refuse.
        guard errno == EWOULDBLOCK else { return }
        throw HullError(
            .host,
            readOnly
                ? "The drive \(path) is being written by another machine; stop that one first."
                : "The drive \(path) is in use by another machine; stop it, copy the image, "
                    + "or let both attach it read-only.")
    }

    private static func openDirect(
        _ file: Int32, _ path: String, _ readOnly: Bool
    ) throws(HullError) -> Int32 {
        // The open file again, whatever its name means by now.
        // SAFETY: the path lives through the call.
        let direct = unsafe hull_file_open_direct("/proc/self/fd/\(file)", readOnly)
        guard direct >= 0 else {
            throw HullError(
                .host, "\(path) lies on a file system without direct access; leave out cache=none.",
                cause: HostCall.reason())
        }
        return direct
    }

    package func byteCount() throws(HullError) -> UInt64 {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw HostFile.cannot("measured", name) }
        return UInt64(end)
    }

    /// What the file takes of the host's disk.
    package func allocatedBytes() throws(HullError) -> UInt64 {
        var status = stat()
        // SAFETY: the call fills a local.
        guard unsafe fstat(descriptor, &status) == 0 else { throw failed("measured") }
        return UInt64(max(status.st_blocks, 0)) * 512
    }

    private func failed(_ verb: String) -> HullError { HostFile.cannot(verb, name) }

    /// The descriptor for an access: only whole pages go past the page cache.
    func descriptor(_ offset: UInt64, _ address: UInt, _ count: Int) -> Int32 {
        let mask = UInt(Self.directAlignment - 1)
        guard direct >= 0, (UInt(truncatingIfNeeded: offset) | address | UInt(count)) & mask == 0
        else { return descriptor }
        return direct
    }

    // MARK: Accesses

    // SAFETY: each call reads or fills at most the part of the buffer that is left, and says how much.
    package func read(
        _ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(HullError) {
        guard let start = bytes.baseAddress, offset < UInt64(Int64.max) - UInt64(bytes.count) else {
            return
        }
        var using = descriptor(offset, UInt(bitPattern: start), bytes.count)
        var filled = 0
        while filled < bytes.count {
            let got = unsafe pread(
                using, start + filled, bytes.count - filled, Int(offset) + filled)
            if got > 0 {
                filled += got
                // What is left of a direct read need not be whole pages.
                using = descriptor
            } else if got == 0 {
                unsafe memset(start + filled, 0, bytes.count - filled)
                return
            } else if errno == EINVAL && using != descriptor {
                using = descriptor
            } else if errno != EINTR {
                throw failed("read")
            }
        }
    }

    package func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError) {
        guard let start = bytes.baseAddress else { return }
        guard !isReadOnly, offset < UInt64(Int64.max) - UInt64(bytes.count) else {
            throw HullError(.host, "\(name) cannot be written there.")
        }
        var using = descriptor(offset, UInt(bitPattern: start), bytes.count)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe pwrite(
                using, start + sent, bytes.count - sent, Int(offset) + sent)
            if count > 0 {
                sent += count
                using = descriptor
            } else if count < 0 && errno == EINVAL && using != descriptor {
                using = descriptor
            } else if count == 0 || errno != EINTR {
                throw failed("written")
            }
        }
    }

    package func flush() throws(HullError) {
        if isReadOnly || isTemporary { return }
        while fdatasync(descriptor) != 0 {
            // EINVAL, EROFS: the file is of a kind that has nothing to synchronise.
            if errno == EINVAL || errno == EROFS { return }
            if errno != EINTR { throw failed("flushed") }
        }
    }

    package func resize(to byteCount: UInt64) throws(HullError) {
        guard ftruncate(descriptor, Int(clamping: byteCount)) == 0 else { throw failed("resized") }
    }

    /// A hint: a file system that cannot free blocks keeps them, and all is well.
    package func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        guard count > 0 else { return }
        switch hull_file_punch_hole(descriptor, Int64(clamping: offset), Int64(clamping: count)) {
        case 0, EOPNOTSUPP, ENOSYS, EINVAL, ENODEV, EPERM: return
        default: throw failed("written")
        }
    }

    package func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        guard count > 0 else { return }
        if hull_file_zero_range(descriptor, Int64(clamping: offset), Int64(clamping: count)) == 0
            || hull_file_punch_hole(descriptor, Int64(clamping: offset), Int64(clamping: count))
                == 0
        {
            return
        }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var done: UInt64 = 0
        while done < count {
            let part = min(count - done, UInt64(zeros.count))
            try write(offset + done, zeros, 0..<Int(part))
            done += part
        }
    }
}

/// A file as the host knows it.
package struct ImageIdentity: Hashable, Sendable {
    fileprivate let device: UInt
    fileprivate let number: UInt

    fileprivate init(device: UInt, number: UInt) {
        self.device = device
        self.number = number
    }

    /// Nil where there is no such file.
    package init?(of path: String) {
        var status = stat()
        // SAFETY: the path lives through the call, which fills a local.
        guard unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 else { return nil }
        self.init(device: status.st_dev, number: status.st_ino)
    }
}
