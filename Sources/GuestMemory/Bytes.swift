import Bits
import CHost
import Glibc

extension GuestMemory {
    /// These bytes, or nil where any of them lies outside.
    package func bytes(_ range: GuestRange) -> [UInt8]? {
        guard let from = unsafe host(range.start, count: range.count) else { return nil }
        let count = Int(truncatingIfNeeded: range.count)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: from, count: count))
    }
    /// Fills `bytes` from guest memory.
    package func read(_ address: GuestPhysical, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard let from = unsafe host(address, count: UInt64(bytes.count)) else { return false }
        unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: from, count: bytes.count))
        return true
    }
    /// Appends these bytes to an array; false where any of them lies outside.
    package func append(_ range: GuestRange, to bytes: inout [UInt8]) -> Bool {
        guard let from = unsafe host(range.start, count: range.count) else { return false }
        let count = Int(truncatingIfNeeded: range.count)
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: from, count: count))
        return true
    }
    package func write(_ address: GuestPhysical, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let to = unsafe writableHost(address, count: UInt64(bytes.count)) else {
            return false
        }
        if let from = bytes.baseAddress { unsafe memmove(to, from, bytes.count) }
        return true
    }
    package func write(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe write(address, $0) }
    }
    package func write(_ address: GuestPhysical, _ bytes: ArraySlice<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe write(address, $0) }
    }
    package func fill(_ range: GuestRange, with byte: UInt8) -> Bool {
        guard let to = unsafe writableHost(range.start, count: range.count) else { return false }
        unsafe memset(to, Int32(byte), Int(truncatingIfNeeded: range.count))
        return true
    }
    /// What a loader does: ROM is written too.
    package func install(_ address: GuestPhysical, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let slot = unsafe slot(address, count: UInt64(bytes.count)) else { return false }
        if unsafe slot.pointee.isLogging {
            unsafe slot.pointee.mark(.dirty, address, UInt64(bytes.count))
        }
        if let from = bytes.baseAddress {
            unsafe memmove(slot.pointee.host(address), from, bytes.count)
        }
        return true
    }
    package func install(_ address: GuestPhysical, _ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe install(address, $0) }
    }
}

/// The outcome of a compare-and-swap on guest memory.
@frozen @usableFromInline
package enum Exchange<Value: Sendable & Equatable>: Sendable, Equatable {
    case stored
    /// Nothing was written; this is what was found.
    case found(Value)
    /// The address is misaligned, outside, or in ROM.
    case refused
}

extension GuestMemory {
    /// Atomic with respect to all harts and host threads; the address must be aligned.
    @inlinable
    package func compareExchange(_ address: GuestPhysical, _ expected: UInt32, _ desired: UInt32)
        -> Exchange<UInt32>
    {
        guard address.rawValue & 3 == 0, let at = unsafe writableHost(address, count: 4) else {
            return .refused
        }
        var seen = expected
        return unsafe hull_compare_exchange_32(at, &seen, desired) ? .stored : .found(seen)
    }
    @inlinable
    package func compareExchange(_ address: GuestPhysical, _ expected: UInt64, _ desired: UInt64)
        -> Exchange<UInt64>
    {
        guard address.rawValue & 7 == 0, let at = unsafe writableHost(address, count: 8) else {
            return .refused
        }
        var seen = expected
        return unsafe hull_compare_exchange_64(at, &seen, desired) ? .stored : .found(seen)
    }
    /// 16 bytes, for `amocas.q`.
    @inlinable
    package func compareExchange(_ address: GuestPhysical, _ expected: UInt128, _ desired: UInt128)
        -> Exchange<UInt128>
    {
        guard address.rawValue & 15 == 0, let at = unsafe writableHost(address, count: 16) else {
            return .refused
        }
        var seen: (UInt64, UInt64) = (
            UInt64(truncatingIfNeeded: expected), UInt64(truncatingIfNeeded: expected &>> 64)
        )
        var after: (UInt64, UInt64) = (
            UInt64(truncatingIfNeeded: desired), UInt64(truncatingIfNeeded: desired &>> 64)
        )
        let stored = unsafe withUnsafeMutableBytes(of: &seen) { seen in
            unsafe withUnsafeMutableBytes(of: &after) { after in
                unsafe hull_compare_exchange_128(
                    at, seen.baseAddress?.assumingMemoryBound(to: UInt64.self),
                    after.baseAddress?.assumingMemoryBound(to: UInt64.self))
            }
        }
        return stored ? .stored : .found(UInt128(seen.1) &<< 64 | UInt128(seen.0))
    }
}

extension GuestMemory {
    /// Whether one slot holds all of these bytes.
    package func holds(_ range: GuestRange) -> Bool {
        unsafe host(range.start, count: range.count) != nil
    }
}
