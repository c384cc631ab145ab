import Bits
import Glibc

/// A file of a fixed length that is written in pieces; what is not written is a hole.
///
/// SAFETY: the descriptor is closed with the last reference alone.
package final class HostImageFile: Sendable {
    private let path: String
    private let descriptor: Int32

    package init(creating path: String, byteCount: UInt64) throws(HullError) {
        self.path = path
        // SAFETY: the path lives through the call.
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0, ftruncate(descriptor, Int(byteCount)) == 0 else {
            throw HostFile.cannot("made", path)
        }
    }
    deinit { close(descriptor) }

    package func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(HullError) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                // SAFETY: the range lies inside `all`.
                unsafe pwrite(
                    descriptor, all.baseAddress.map { unsafe $0 + sent }, all.count - sent,
                    Int(offset) + sent)
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR {
                throw HostFile.cannot("written", path)
            }
        }
    }
}
