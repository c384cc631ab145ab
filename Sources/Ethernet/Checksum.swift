/// The Internet checksum (RFC 1071): the ones' complement of a ones' complement sum of 16-bit words.
/// The sum is kept in the byte order of the host and is folded at the end; RFC 1071 §2(B) says why
/// that is the same.
package struct InternetSum: Sendable, Equatable {
    private var sum: UInt64 = 0

    package init() {}

    /// Adds bytes; what was added before must have had an even length.
    package mutating func add(_ bytes: ArraySlice<UInt8>) {
        // SAFETY: every load lies inside the slice, and none needs to be aligned.
        unsafe bytes.withUnsafeBytes { bytes in
            let count = bytes.count
            var at = 0
            // Four bytes each into 64 bits: 2³² of them fit, far more than a frame has.
            var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            while at &+ 16 <= count {
                unsafe a &+= UInt64(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                unsafe b &+= UInt64(bytes.loadUnaligned(fromByteOffset: at &+ 4, as: UInt32.self))
                unsafe c &+= UInt64(bytes.loadUnaligned(fromByteOffset: at &+ 8, as: UInt32.self))
                unsafe d &+= UInt64(bytes.loadUnaligned(fromByteOffset: at &+ 12, as: UInt32.self))
                at &+= 16
            }
            while at &+ 2 <= count {
                unsafe a &+= UInt64(bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))
                at &+= 2
            }
            if at < count { a &+= UInt64(UInt16(littleEndian: UInt16(unsafe bytes[at]))) }
            sum = Self.fold(sum &+ Self.fold(a) &+ Self.fold(b) &+ Self.fold(c) &+ Self.fold(d))
        }
    }
    /// Adds a number as it goes over the wire.
    package mutating func add(_ value: UInt16) { sum &+= UInt64(value.bigEndian) }
    package mutating func add(_ value: UInt32) {
        add(UInt16(truncatingIfNeeded: value >> 16))
        add(UInt16(truncatingIfNeeded: value))
    }

    /// To 32 bits at most, which the other additions cannot make wrap.
    private static func fold(_ value: UInt64) -> UInt64 {
        let once = (value & 0xffff_ffff) &+ value >> 32
        return (once & 0xffff_ffff) &+ once >> 32
    }

    /// What goes into the checksum's place.
    package var checksum: UInt16 {
        var value = Self.fold(sum)
        while value > 0xffff { value = (value & 0xffff) &+ value >> 16 }
        return UInt16(bigEndian: ~UInt16(truncatingIfNeeded: value))
    }
}

/// Numbers in the byte order of networks.
extension Array<UInt8> {
    package func big16(_ at: Int) -> UInt16 { UInt16(self[at]) << 8 | UInt16(self[at + 1]) }
    package func big32(_ at: Int) -> UInt32 { UInt32(big16(at)) << 16 | UInt32(big16(at + 2)) }
    package mutating func putBig(_ value: UInt16, at place: Int) {
        self[place] = UInt8(truncatingIfNeeded: value >> 8)
        self[place + 1] = UInt8(truncatingIfNeeded: value)
    }
    package mutating func putBig(_ value: UInt32, at place: Int) {
        putBig(UInt16(truncatingIfNeeded: value >> 16), at: place)
        putBig(UInt16(truncatingIfNeeded: value), at: place + 2)
    }
}
