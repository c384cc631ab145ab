import Bits

/// The monitor's own memory by address. It is mapped where it lies, so that an address that the
/// real hart's page tables hold is also one that the monitor can use.
///
/// SAFETY: callers pass addresses of memory that they own: pages of a `PagePool`, a world's RAM
/// after `GuestRAM.host` has checked the bounds, and trap frames. No address comes from a guest
/// unchecked.
package enum HostMemory {
    @inline(__always) private static func pointer<T>(_ address: UInt64, _ type: T.Type)
        -> UnsafeMutablePointer<T>
    {
        unsafe UnsafeMutablePointer<T>(bitPattern: UInt(address)).unsafelyUnwrapped
    }

    @inline(__always) package static func load64(_ address: UInt64) -> UInt64 {
        unsafe pointer(address, UInt64.self).pointee
    }
    @inline(__always) package static func store64(_ address: UInt64, _ value: UInt64) {
        unsafe pointer(address, UInt64.self).pointee = value
    }
    @inline(__always) package static func load8(_ address: UInt64) -> UInt8 {
        unsafe pointer(address, UInt8.self).pointee
    }
    @inline(__always) package static func store8(_ address: UInt64, _ value: UInt8) {
        unsafe pointer(address, UInt8.self).pointee = value
    }

    /// Little-endian, at any address.
    package static func load(_ address: UInt64, _ width: AccessWidth) -> UInt64 {
        if width == .double && address & 7 == 0 { return load64(address) }
        var value: UInt64 = 0
        for index in 0..<width.bytes {
            value |= UInt64(load8(address &+ index)) &<< (index &* 8)
        }
        return value
    }
    package static func store(_ address: UInt64, _ value: UInt64, _ width: AccessWidth) {
        if width == .double && address & 7 == 0 { return store64(address, value) }
        for index in 0..<width.bytes {
            store8(address &+ index, UInt8(truncatingIfNeeded: value &>> (index &* 8)))
        }
    }

    package static func copy(to target: UInt64, from source: UInt64, count: UInt64) {
        unsafe pointer(target, UInt8.self).update(
            from: pointer(source, UInt8.self), count: Int(count))
    }
    package static func zero(_ address: UInt64, count: UInt64) {
        unsafe pointer(address, UInt8.self).update(repeating: 0, count: Int(count))
    }
    /// The bytes as an array of their own.
    package static func bytes(_ address: UInt64, count: UInt64) -> [UInt8] {
        unsafe [UInt8](
            UnsafeBufferPointer(start: pointer(address, UInt8.self), count: Int(count)))
    }
    package static func write(_ address: UInt64, _ bytes: [UInt8]) {
        for index in bytes.indices { store8(address &+ UInt64(index), bytes[index]) }
    }
}
