import Bits
import CHost

/// A range of guest-physical addresses and the host memory behind it.
@frozen @usableFromInline
@safe package struct Memslot {
    @usableFromInline package let start: UInt64
    /// Length in bytes, a multiple of the page; never 0.
    @usableFromInline package let count: UInt64
    @usableFromInline package let base: UnsafeMutableRawPointer
    /// One `PageFlags` byte for each page.
    @usableFromInline package let flags: UnsafeMutablePointer<UInt8>
    /// The guest cannot write here.
    @usableFromInline package let isReadOnly: Bool
    /// The dirty log is on.
    @usableFromInline package var isLogging = false
    /// The memfd behind the slot, or -1.
    @usableFromInline package let descriptor: Int32

    @usableFromInline
    init(
        start: UInt64, count: UInt64, base: UnsafeMutableRawPointer,
        flags: UnsafeMutablePointer<UInt8>, isReadOnly: Bool, descriptor: Int32
    ) {
        self.start = start
        self.count = count
        unsafe self.base = unsafe base
        unsafe self.flags = unsafe flags
        self.isReadOnly = isReadOnly
        self.descriptor = descriptor
    }

    @inlinable package var range: GuestRange {
        GuestRange(start: GuestPhysical(start), count: count)
    }
    @inlinable @inline(__always)
    package func holds(_ address: GuestPhysical, count bytes: UInt64) -> Bool {
        let offset = address.rawValue &- start
        return offset < count && bytes <= count &- offset
    }
    /// The host's place for an address that the slot is known to hold.
    @inlinable @inline(__always)
    package func host(_ address: GuestPhysical) -> UnsafeMutableRawPointer {
        unsafe base + Int(truncatingIfNeeded: address.rawValue &- start)
    }
    /// The flags of the page around an address that the slot is known to hold.
    @inlinable @inline(__always)
    package func pageFlags(_ address: GuestPhysical) -> UnsafeMutablePointer<UInt8> {
        unsafe flags + Int(truncatingIfNeeded: (address.rawValue &- start) &>> Page.shift)
    }

    /// Sets a flag on the pages of a range that the slot is known to hold.
    @usableFromInline @inline(never)
    func mark(_ flag: PageFlags, _ address: GuestPhysical, _ bytes: UInt64) {
        let first = unsafe pageFlags(address)
        let pages = Page.count(spanning: GuestRange(start: address, count: bytes))
        for page in 0..<Int(truncatingIfNeeded: pages) {
            let at = unsafe first + page
            if unsafe hull_load_relaxed_8(at) & flag.rawValue == 0 {
                unsafe hull_or_8(at, flag.rawValue)
            }
        }
    }
}

/// What a slot should be, before it exists.
package struct MemslotRequest: Sendable, Equatable {
    package enum Access: Sendable, Equatable { case readWrite, readOnly }
    package enum Backing: Sendable, Equatable {
        /// Private to this process; with huge pages a pointer chase over 64 MiB is 1.5× faster.
        case anonymous(hugePages: Bool)
        /// A memfd, for what other processes map too.
        case shared
        /// What another process shares: its descriptor, which belongs to the slot from here on, and
        /// where in it the slot begins.
        case file(Int32, offset: Int)
    }
    package var range: GuestRange
    package var access: Access
    package var backing: Backing
    package init(
        _ range: GuestRange, access: Access = .readWrite,
        backing: Backing = .anonymous(hugePages: true)
    ) {
        self.range = range
        self.access = access
        self.backing = backing
    }
}
