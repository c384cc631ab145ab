/// An address as the guest's code sees it, before translation.
@frozen @usableFromInline
package struct GuestVirtual: Hashable, Comparable, Sendable {
    @usableFromInline package var rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    @inlinable package static func + (a: Self, offset: UInt64) -> Self {
        Self(a.rawValue &+ offset)
    }
}

/// An address on the guest's physical bus.
@frozen @usableFromInline
package struct GuestPhysical: Hashable, Comparable, Sendable {
    @usableFromInline package var rawValue: UInt64
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    @inlinable package static func + (a: Self, offset: UInt64) -> Self {
        Self(a.rawValue &+ offset)
    }
}

/// A range of guest-physical bytes.
@frozen @usableFromInline
package struct GuestRange: Hashable, Sendable {
    @usableFromInline package var start: GuestPhysical
    /// Length in bytes.
    @usableFromInline package var count: UInt64
    @inlinable package init(start: GuestPhysical, count: UInt64) {
        self.start = start
        self.count = count
    }
}

/// How many bytes one access moves; the raw value is that number.
@frozen @usableFromInline
package enum AccessWidth: UInt8, Sendable, CaseIterable {
    case byte = 1
    case half = 2
    case word = 4
    case double = 8

    @inlinable package var bytes: UInt64 { UInt64(rawValue) }
    @inlinable package var bits: Int { Int(rawValue) * 8 }
    /// The mask of the bits that such an access moves.
    @inlinable package var mask: UInt64 { ~0 >> UInt64(64 - bits) }
}
