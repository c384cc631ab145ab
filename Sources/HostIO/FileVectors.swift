import Bits
import CHost
import DiskImage
import Glibc

// SAFETY: each vector names memory that is lent for the length of the call.
extension FileStorage {
    /// What one call of the host takes.
    private static let vectorLimit = 1024

    /// What lies behind one another in the file goes to these places in turn.
    package func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError) {
        guard parts.count > 1 else {
            if let part = parts.first { try unsafe read(offset, into: part.buffer) }
            return
        }
        var at = offset
        for some in parts.pieces(of: Self.vectorLimit) {
            let got = unsafe some.withVector {
                unsafe preadv(vectorDescriptor(at, some), $0, Int32(some.count), Int(at))
            }
            if got == some.byteCount {
                at += UInt64(got)
                continue
            }
            // A short read, an interruption or an error: each part by itself tells.
            for part in some {
                try unsafe read(at, into: part.buffer)
                at += UInt64(part.count)
            }
        }
    }

    /// True if all of it was in the host's page cache.
    package func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool {
        guard !bypassesCache, parts.count <= Self.vectorLimit else { return false }
        let got = unsafe parts.withVector {
            unsafe hull_file_read_cached(
                descriptor, $0, Int32(parts.count), Int64(clamping: offset))
        }
        return got == parts.byteCount
    }

    package func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError) {
        guard parts.count > 1, !isReadOnly else {
            if let part = parts.first { try unsafe write(offset, part.source) }
            return
        }
        var at = offset
        for some in parts.pieces(of: Self.vectorLimit) {
            let sent = unsafe some.withVector {
                unsafe pwritev(vectorDescriptor(at, some), $0, Int32(some.count), Int(at))
            }
            if sent == some.byteCount {
                at += UInt64(sent)
                continue
            }
            for part in some {
                try unsafe write(at, part.source)
                at += UInt64(part.count)
            }
        }
    }

    private func vectorDescriptor(_ offset: UInt64, _ parts: [MemoryPart]) -> Int32 {
        guard bypassesCache else { return descriptor }
        let bits = parts.reduce(UInt(0)) { $0 | $1.address | UInt($1.count) }
        return descriptor(offset, bits, 0)
    }
}

// SAFETY: the vector lives through the closure.
extension [MemoryPart] {
    fileprivate func withVector<Outcome>(_ body: (UnsafePointer<iovec>?) -> Outcome) -> Outcome {
        let vector = unsafe map {
            unsafe iovec(
                iov_base: UnsafeMutableRawPointer(bitPattern: $0.address), iov_len: $0.count)
        }
        return unsafe vector.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }

    fileprivate func pieces(of limit: Int) -> [[MemoryPart]] {
        if count <= limit { return [self] }
        return stride(from: 0, to: count, by: limit).map {
            Array(self[$0..<Swift.min($0 + limit, count)])
        }
    }
}
