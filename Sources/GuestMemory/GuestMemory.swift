import Bits
import CHost

/// A place in this process's memory.
@frozen @usableFromInline
package struct HostAddress: Hashable, Sendable {
    @usableFromInline package var rawValue: UInt
    @inlinable package init(_ rawValue: UInt) { self.rawValue = rawValue }
}

/// The 4 KiB page: the unit of translation, of the dirty log and of code tracking.
@frozen @usableFromInline
package enum Page {
    @inlinable package static var shift: UInt64 { 12 }
    @inlinable package static var bytes: UInt64 { 1 << shift }
    @inlinable package static var offsetMask: UInt64 { bytes - 1 }
    /// How many pages the bytes of a range touch.
    @inlinable package static func count(spanning range: GuestRange) -> UInt64 {
        guard range.count > 0 else { return 0 }
        let inside = range.start.rawValue & offsetMask
        let whole = range.count >> shift
        return whole &+ (inside &+ (range.count & offsetMask) &+ offsetMask) >> shift
    }
}

/// What is known of one guest page; a byte, changed atomically.
@frozen @usableFromInline
package struct PageFlags: OptionSet, Sendable {
    @usableFromInline package var rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Decoded or translated code of this page lives somewhere: a write must tell the engines.
    @inlinable package static var hasCode: Self { Self(rawValue: 1) }
    /// Written since the dirty log was last drained.
    @inlinable package static var dirty: Self { Self(rawValue: 2) }
    /// Somebody wants to know of each store of a hart to this page.
    @inlinable package static var watched: Self { Self(rawValue: 4) }
}

/// The guest's physical memory: a value of two words that anyone may copy, and that never touches a
/// reference count. The mappings live until `release()`; see `GuestMemoryOwner`.
///
/// Every access is checked against the slots, so any address and length is allowed; what lies
/// outside is nil or false, never a fault of this program. Harts may access it in parallel: an
/// aligned load or store is then atomic, as it is for the guest.
@frozen @usableFromInline
@safe package struct GuestMemory: @unchecked Sendable {
    @usableFromInline package let slots: UnsafeMutablePointer<Memslot>
    @usableFromInline package let slotCount: Int

    @usableFromInline init(slots: UnsafeMutablePointer<Memslot>, slotCount: Int) {
        unsafe self.slots = unsafe slots
        self.slotCount = slotCount
    }

    /// The slot that holds all of these bytes. RAM should be the first slot: it is asked first.
    @inlinable @inline(__always)
    package func slot(_ address: GuestPhysical, count: UInt64 = 1)
        -> UnsafeMutablePointer<Memslot>?
    {
        var index = 0
        while index < slotCount {
            let slot = unsafe slots + index
            if unsafe slot.pointee.holds(address, count: count) { return unsafe slot }
            index &+= 1
        }
        return nil
    }

    /// Where these bytes are, for reading.
    @inlinable @inline(__always)
    package func host(_ address: GuestPhysical, count: UInt64) -> UnsafeMutableRawPointer? {
        guard let slot = unsafe slot(address, count: count) else { return nil }
        return unsafe slot.pointee.host(address)
    }

    /// Where these bytes are, for writing: nil in ROM. The pages count as dirty from here on.
    @inlinable @inline(__always)
    package func writableHost(_ address: GuestPhysical, count: UInt64) -> UnsafeMutableRawPointer? {
        guard let slot = unsafe slot(address, count: count), unsafe !slot.pointee.isReadOnly else {
            return nil
        }
        if unsafe slot.pointee.isLogging { unsafe slot.pointee.mark(.dirty, address, count) }
        return unsafe slot.pointee.host(address)
    }

    // MARK: Typed access, little-endian, any alignment

    @inlinable @inline(__always)
    package func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ address: GuestPhysical, as type: T.Type
    ) -> T? {
        let count = UInt64(truncatingIfNeeded: MemoryLayout<T>.size)
        guard let at = unsafe host(address, count: count) else { return nil }
        return T(littleEndian: unsafe at.loadUnaligned(as: T.self))
    }
    @inlinable @inline(__always)
    package func store<T: FixedWidthInteger & BitwiseCopyable>(
        _ address: GuestPhysical, _ value: T
    ) -> Bool {
        let count = UInt64(truncatingIfNeeded: MemoryLayout<T>.size)
        guard let at = unsafe writableHost(address, count: count) else { return false }
        unsafe at.storeBytes(of: value.littleEndian, as: T.self)
        return true
    }

    @inlinable package func load8(_ a: GuestPhysical) -> UInt8? { load(a, as: UInt8.self) }
    @inlinable package func load16(_ a: GuestPhysical) -> UInt16? { load(a, as: UInt16.self) }
    @inlinable package func load32(_ a: GuestPhysical) -> UInt32? { load(a, as: UInt32.self) }
    @inlinable package func load64(_ a: GuestPhysical) -> UInt64? { load(a, as: UInt64.self) }
    @inlinable package func store8(_ a: GuestPhysical, _ value: UInt8) -> Bool { store(a, value) }
    @inlinable package func store16(_ a: GuestPhysical, _ value: UInt16) -> Bool { store(a, value) }
    @inlinable package func store32(_ a: GuestPhysical, _ value: UInt32) -> Bool { store(a, value) }
    @inlinable package func store64(_ a: GuestPhysical, _ value: UInt64) -> Bool { store(a, value) }

    /// Zero-extended load of a width known only at run time.
    @inlinable package func load(_ address: GuestPhysical, width: AccessWidth) -> UInt64? {
        switch width {
        case .byte: load8(address).map(UInt64.init)
        case .half: load16(address).map(UInt64.init)
        case .word: load32(address).map(UInt64.init)
        case .double: load64(address)
        }
    }
    @inlinable
    package func store(_ address: GuestPhysical, _ value: UInt64, width: AccessWidth) -> Bool {
        switch width {
        case .byte: store8(address, UInt8(truncatingIfNeeded: value))
        case .half: store16(address, UInt16(truncatingIfNeeded: value))
        case .word: store32(address, UInt32(truncatingIfNeeded: value))
        case .double: store64(address, value)
        }
    }
}
