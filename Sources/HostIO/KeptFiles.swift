import Bits
import Glibc

/// Files that are read now and again later, when none can be opened any more.
package final class KeptFiles: Sendable {
    private let descriptors: [String: Int32]
    /// Whether all of them can be read more than once.
    package let areRegular: Bool

    package init(_ paths: [String]) throws(HullError) {
        var descriptors: [String: Int32] = [:]
        for path in paths where HostFile.isRegular(path) && descriptors[path] == nil {
            // SAFETY: the path is a string that lives through the call.
            let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                let error = HostFile.cannot("opened", path)
                for file in descriptors.values { close(file) }
                throw error
            }
            descriptors[path] = file
        }
        self.descriptors = descriptors
        areRegular = paths.allSatisfy { descriptors[$0] != nil }
    }
    deinit { for file in descriptors.values { close(file) } }

    /// All bytes of one of them, as they are now. A pipe is read once.
    package func read(_ path: String) throws(HullError) -> [UInt8] {
        guard let file = descriptors[path] else { return try HostFile.read(path) }
        var bytes: [UInt8] = []
        while true {
            let start = bytes.count
            var some = [UInt8](repeating: 0, count: 1 << 20)
            // SAFETY: the call fills at most the array and says how much.
            let got = unsafe pread(file, &some, some.count, start)
            if got == 0 { return bytes }
            if got > 0 {
                bytes.append(contentsOf: some.prefix(got))
            } else if errno != EINTR {
                throw HostFile.cannot("read", path)
            }
        }
    }
}
