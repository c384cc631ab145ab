/// An address of Ethernet.
package struct MACAddress: Sendable, Hashable {
    /// The six bytes, the first one uppermost.
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value & 0xffff_ffff_ffff }

    /// The six bytes at an index, which the array has.
    package init(_ bytes: [UInt8], at index: Int) {
        var value: UInt64 = 0
        for byte in bytes[index..<index + 6] { value = value << 8 | UInt64(byte) }
        self.value = value
    }

    package static let broadcast = Self(0xffff_ffff_ffff)
    /// Many stations listen to it: the lowest bit of the first byte.
    package var isGroup: Bool { value >> 40 & 1 != 0 }
    package var bytes: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) }
    }
}
