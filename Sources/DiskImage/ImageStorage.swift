import Bits

/// Where the bytes of an image lie: a file, or an array in tests. Any thread may call it.
package protocol ImageStorage: AnyObject, Sendable {
    /// What sentences call it.
    var name: String { get }
    var isReadOnly: Bool { get }
    func byteCount() throws(HullError) -> UInt64
    /// Beyond the end there are zeros.
    func read(_ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws(HullError)
    /// Beyond the end it makes the storage longer.
    func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError)
    /// When it returns, everything written before is where a power failure does not reach.
    func flush() throws(HullError)
    func resize(to byteCount: UInt64) throws(HullError)
    /// The range may be given back to the host; what it reads as afterwards does not matter.
    func discard(_ offset: UInt64, _ count: UInt64) throws(HullError)
    /// The range reads as zeros afterwards.
    func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError)

    /// What lies behind one another goes to these places in turn.
    func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError)
    /// The same if that takes no waiting; false: nothing is known of the places.
    func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool
    func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError)
}

// SAFETY: the parts are handed on one by one.
extension ImageStorage {
    package func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError) {
        var at = offset
        for part in parts {
            try unsafe read(at, into: part.buffer)
            at += UInt64(part.count)
        }
    }
    package func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool { false }
    package func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError) {
        var at = offset
        for part in parts {
            try unsafe write(at, part.source)
            at += UInt64(part.count)
        }
    }
}

// SAFETY: each pointer lives through its closure and covers exactly the array's bytes.
extension ImageStorage {
    package func bytes(_ offset: UInt64, _ count: Int) throws(HullError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        try fill(&result, offset)
        return result
    }

    package func fill(_ bytes: inout [UInt8], _ offset: UInt64) throws(HullError) {
        try unsafe bytes.withMutableBytes { buffer throws(HullError) in
            try unsafe read(offset, into: buffer)
        }
    }

    package func write(_ offset: UInt64, _ bytes: [UInt8]) throws(HullError) {
        try unsafe bytes.withBytes { buffer throws(HullError) in
            try unsafe write(offset, buffer)
        }
    }

    package func write(_ offset: UInt64, _ bytes: [UInt8], _ range: Range<Int>) throws(HullError) {
        try unsafe bytes.withBytes { buffer throws(HullError) in
            try unsafe write(offset, UnsafeRawBufferPointer(rebasing: buffer[range]))
        }
    }
}

/// Packs and unpacks single clusters; the host's libraries do it.
package protocol ClusterCodec: Sendable {
    /// Exactly `count` bytes; what follows the packed bytes in `input` does not matter.
    func unpack(_ input: [UInt8], _ compression: ClusterCompression, count: Int) throws(HullError)
        -> [UInt8]
    /// Nil where packing gains nothing.
    func pack(_ input: [UInt8], _ compression: ClusterCompression) throws(HullError) -> [UInt8]?
}

/// How the compressed clusters of an image are packed.
package enum ClusterCompression: UInt8, Sendable {
    /// RFC 1951, a window of 2¹² bytes.
    case deflate = 0
    /// RFC 8878.
    case zstd = 1
}

/// Buffers for calls whose errors are ours.
// SAFETY: as for the standard library's own functions.
extension [UInt8] {
    package func withBytes<Outcome>(
        _ body: (UnsafeRawBufferPointer) throws(HullError) -> Outcome
    ) throws(HullError) -> Outcome {
        let outcome = unsafe withUnsafeBytes { buffer -> Result<Outcome, HullError> in
            do throws(HullError) {
                return .success(try unsafe body(buffer))
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    package mutating func withMutableBytes<Outcome>(
        _ body: (UnsafeMutableRawBufferPointer) throws(HullError) -> Outcome
    ) throws(HullError) -> Outcome {
        let outcome = unsafe withUnsafeMutableBytes { buffer -> Result<Outcome, HullError> in
            do throws(HullError) {
                return .success(try unsafe body(buffer))
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}

/// Big-endian fields, as qcow2 has them.
// SAFETY: each place is checked against the array before it is read or written.
extension [UInt8] {
    func big<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as: Number.Type) -> Number
    {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count)
        return unsafe withUnsafeBytes {
            Number(bigEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
    }
    func big16(_ offset: Int) -> UInt16 { big(offset, as: UInt16.self) }
    func big32(_ offset: Int) -> UInt32 { big(offset, as: UInt32.self) }
    func big64(_ offset: Int) -> UInt64 { big(offset, as: UInt64.self) }

    mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ value: Number) {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count)
        unsafe withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Number.self)
        }
    }

    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(big value: Number) {
        append(contentsOf: repeatElement(0, count: MemoryLayout<Number>.size))
        put(count - MemoryLayout<Number>.size, value)
    }
}
