import Bits
import CHost
import Glibc

// SAFETY: each vector names the buffers it was made from, which live through the call.
extension FileStorage {
    /// What one call of the host takes.
    private static let vectorLimit = 1024

    /// What lies behind one another in the file goes to these places in turn.
    package func read(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) throws(HullError) {
        var at = offset
        var next = 0
        while next < parts.count {
            let end = min(next + Self.vectorLimit, parts.count)
            let vector = unsafe parts[next..<end].map {
                unsafe iovec(iov_base: $0.baseAddress, iov_len: $0.count)
            }
            let count = unsafe vector.reduce(0) { unsafe $0 + $1.iov_len }
            let got = unsafe preadv(
                vectorDescriptor(at, parts[next..<end]), vector, Int32(vector.count), Int(at))
            if got != count {
                // A short read, an interruption or an error: each part by itself tells.
                for unsafepart in unsafe parts[next..<end] {
                    try unsafe read(at, into: part)
                    at += UInt64(part.count)
                }
            } else {
                at += UInt64(count)
            }
            next = end
        }
    }

    /// True if all of it was in the host's page cache.
    package func readAtOnce(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) -> Bool {
        guard !bypassesCache, parts.count <= Self.vectorLimit else { return false }
        let vector = unsafe parts.map {
            unsafe iovec(iov_base: $0.baseAddress, iov_len: $0.count)
        }
        let count = unsafe vector.reduce(0) { unsafe $0 + $1.iov_len }
        return unsafe hull_file_read_cached(
            descriptor, vector, Int32(vector.count), Int64(clamping: offset)) == count
    }

    package func write(
        _ offset: UInt64, gathered parts: [UnsafeRawBufferPointer]
    ) throws(HullError) {
        var at = offset
        var next = 0
        while next < parts.count {
            let end = min(next + Self.vectorLimit, parts.count)
            let vector = unsafe parts[next..<end].map {
                unsafe iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
            }
            let count = unsafe vector.reduce(0) { unsafe $0 + $1.iov_len }
            let places = unsafe parts[next..<end].map {
                unsafe UnsafeMutableRawBufferPointer(mutating: $0)
            }
            let sent =
                unsafe isReadOnly
                ? -1
                : pwritev(vectorDescriptor(at, places[...]), vector, Int32(vector.count), Int(at))
            if sent != count {
                for unsafepart in unsafe parts[next..<end] {
                    try unsafe write(at, part)
                    at += UInt64(part.count)
                }
            } else {
                at += UInt64(count)
            }
            next = end
        }
    }

    private func vectorDescriptor(
        _ offset: UInt64, _ parts: ArraySlice<UnsafeMutableRawBufferPointer>
    ) -> Int32 {
        guard bypassesCache else { return descriptor }
        var bits: UInt = 0
        for unsafepart in unsafe parts {
            bits |= unsafe UInt(bitPattern: part.baseAddress) | UInt(part.count)
        }
        return descriptor(offset, bits, 0)
    }
}
