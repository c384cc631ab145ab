import Bits
import CHost
import Effects
import Glibc

/// A raw image or a block device, opened and locked. All calls block; any thread may make them.
///
/// The drive is a whole number of sectors. Where the file is not, its last sector ends in zeros, and
/// a write to that sector makes the file longer.
package final class DriveFile: Sendable {
    package static let sectorBytes: UInt64 = 512

    package let path: String
    package let isReadOnly: Bool
    /// Size of the drive: the file's, rounded up to a sector.
    package let byteCount: UInt64
    private let file: Int32

    package init(_ path: String, readOnly: Bool) throws(HullError) {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, (readOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.cannotOpen(path, readOnly) }
        do throws(HullError) {
            let size = try Self.size(of: file, path)
            try Self.lock(file, path, readOnly)
            let (rounded, overflow) = size.addingReportingOverflow(Self.sectorBytes - 1)
            guard !overflow else { throw HullError(.format, "\(path) is too large for a drive.") }
            byteCount = rounded / Self.sectorBytes * Self.sectorBytes
        } catch {
            close(file)
            throw error
        }
        self.file = file
        self.path = path
        isReadOnly = readOnly
    }
    deinit { close(file) }

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

    private static func size(of file: Int32, _ path: String) throws(HullError) -> UInt64 {
        var status = stat()
        // SAFETY: the call fills a local.
        guard unsafe fstat(file, &status) == 0 else { throw HostFile.cannot("read", path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: break
        case S_IFDIR: throw HullError(.usage, "\(path) is a directory; name an image file.")
        default:
            throw HullError(
                .usage, "\(path) is neither a file nor a block device, so it is no drive.")
        }
        let end = lseek(file, 0, SEEK_END)
        guard end >= 0 else { throw HostFile.cannot("measured", path) }
        guard end > 0 else {
            throw HullError(
                .format,
                "The drive \(path) is empty; give it a size first, as in: truncate -s 1G \(path).")
        }
        return UInt64(end)
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

    // MARK: Requests

    /// Carries out a request. What a write wrote is with the host's kernel when this returns, and
    /// on the disk once a flush has returned.
    package func perform(_ request: BlockRequest) -> (status: BlockStatus, data: [UInt8]) {
        switch request.operation {
        case .read: return read(request.offset, request.count)
        case .write: return (write(request.offset, request.data), [])
        case .flush: return (flush(), [])
        case .discard: return (discard(request.offset, request.count), [])
        case .writeZeroes: return (writeZeroes(request.offset, request.count), [])
        }
    }

    private func holds(_ offset: UInt64, _ count: UInt64) -> Bool {
        offset <= byteCount && count <= byteCount - offset && byteCount <= UInt64(Int64.max)
    }

    private func read(_ offset: UInt64, _ count: UInt64) -> (BlockStatus, [UInt8]) {
        guard holds(offset, count) else { return (.ioError, []) }
        var status = BlockStatus.ok
        let wanted = Int(count)
        let data = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted {
                // SAFETY: the call fills at most the rest of the buffer and says how much.
                let got = unsafe pread(
                    file, buffer.baseAddress.map { unsafe $0 + filled }, wanted - filled,
                    Int(offset) + filled)
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    // Beyond the file's end, inside its last sector.
                    unsafe buffer[filled...].initialize(repeating: 0)
                    filled = wanted
                } else if errno != EINTR {
                    status = .ioError
                    return
                }
            }
        }
        return status == .ok ? (.ok, data) : (status, [])
    }

    private func write(_ offset: UInt64, _ data: [UInt8]) -> BlockStatus {
        guard !isReadOnly, holds(offset, UInt64(data.count)) else { return .ioError }
        var sent = 0
        while sent < data.count {
            let count = unsafe data.withUnsafeBytes { bytes in
                // SAFETY: the range lies inside `bytes`.
                unsafe pwrite(
                    file, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int(offset) + sent)
            }
            if count > 0 {
                sent += count
            } else if count == 0 || errno != EINTR {
                return .ioError
            }
        }
        return .ok
    }

    private func flush() -> BlockStatus {
        if isReadOnly { return .ok }
        while fdatasync(file) != 0 {
            // EINVAL, EROFS: the file is of a kind that has nothing to synchronise.
            if errno == EINVAL || errno == EROFS { return .ok }
            if errno != EINTR { return .ioError }
        }
        return .ok
    }

    /// A hint: a file system that cannot free blocks keeps them, and all is well.
    private func discard(_ offset: UInt64, _ count: UInt64) -> BlockStatus {
        guard !isReadOnly, holds(offset, count) else { return .ioError }
        guard count > 0 else { return .ok }
        switch hull_file_punch_hole(file, Int64(offset), Int64(count)) {
        case 0, EOPNOTSUPP, ENOSYS, EINVAL, ENODEV, EPERM: return .ok
        default: return .ioError
        }
    }

    private func writeZeroes(_ offset: UInt64, _ count: UInt64) -> BlockStatus {
        guard !isReadOnly, holds(offset, count) else { return .ioError }
        guard count > 0 else { return .ok }
        if hull_file_zero_range(file, Int64(offset), Int64(count)) == 0
            || hull_file_punch_hole(file, Int64(offset), Int64(count)) == 0
        {
            return .ok
        }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var done: UInt64 = 0
        while done < count {
            let part = min(count - done, UInt64(zeros.count))
            let slice = part == UInt64(zeros.count) ? zeros : Array(zeros.prefix(Int(part)))
            guard write(offset + done, slice) == .ok else { return .ioError }
            done += part
        }
        return .ok
    }
}
