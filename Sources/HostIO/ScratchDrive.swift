import Bits
import Effects
import Glibc
import Journal

/// A drive on a file that stays as it is: what the guest writes is forgotten at the end, and is answered
/// at once, so that several machines may run from one image and all do the same.
///
/// SAFETY: `bytes` is a private mapping of `byteCount` bytes until `deinit`; the thread that runs the
/// machine alone reaches it.
@safe package final class ScratchDrive: BlockBackEnd, @unchecked Sendable {
    package let byteCount: UInt64
    package let isReadOnly: Bool
    private let bytes: UnsafeMutableRawPointer
    private let inbox: EventInbox

    package init(_ path: String, readOnly: Bool, inbox: EventInbox) throws(HullError) {
        // Says what is wrong with the file, and how long it is as a drive.
        byteCount = try DriveFile(path, readOnly: true).byteCount
        isReadOnly = readOnly
        self.inbox = inbox
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw HostFile.cannot("read", path) }
        defer { Glibc.close(file) }
        // The file's last page ends in zeros; a file is never shorter than its drive by a page.
        let mapped = unsafe mmap(
            nil, Int(byteCount), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw HostFile.cannot("mapped", path)
        }
        unsafe bytes = unsafe mapped
    }
    deinit { unsafe munmap(bytes, Int(byteCount)) }

    package func submit(_ request: BlockRequest) {
        let (status, data) = perform(request)
        inbox.post(.block(device: request.device, tag: request.tag, status, data: data))
    }
    package func close() {}

    private func perform(_ request: BlockRequest) -> (BlockStatus, [UInt8]) {
        let (offset, count) = (request.offset, request.count)
        guard offset <= byteCount, count <= byteCount - offset else { return (.ioError, []) }
        let at = unsafe bytes + Int(offset)
        let range = unsafe UnsafeMutableRawBufferPointer(start: at, count: Int(count))
        switch request.operation {
        case .read: return unsafe (.ok, Array(range))
        case .flush: return (.ok, [])
        case .write, .discard, .writeZeroes:
            if isReadOnly { return (.ioError, []) }
        }
        switch request.operation {
        case .write:
            guard UInt64(request.data.count) == count else { return (.ioError, []) }
            unsafe range.copyBytes(from: request.data)
        case .writeZeroes: unsafe range.initializeMemory(as: UInt8.self, repeating: 0)
        default: break
        }
        return (.ok, [])
    }
}
