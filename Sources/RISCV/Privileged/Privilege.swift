import Bits

/// Privilege modes by their encoding in `mstatus.MPP`; 2 is reserved.
///
/// The hypervisor extension adds a virtualization bit beside it, never a fourth mode.
@frozen @usableFromInline
package enum Privilege: UInt8, Sendable, Comparable {
    case user = 0
    case supervisor = 1
    case machine = 3

    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The mode of a two-bit field that was legalised when it was written.
    @inlinable package init(field: UInt64) {
        self = Privilege(rawValue: UInt8(truncatingIfNeeded: field & 3)) ?? .user
    }
}

/// What a memory access is for; it decides which exception a fault is.
@frozen @usableFromInline
package enum AccessKind: UInt8, Sendable, CaseIterable {
    case fetch, load
    /// Also an atomic read-modify-write, whose every fault is a store's.
    case store

    @inlinable package var pageFault: ExceptionCause {
        switch self {
        case .fetch: .instructionPageFault
        case .load: .loadPageFault
        case .store: .storePageFault
        }
    }
    @inlinable package var guestPageFault: ExceptionCause {
        switch self {
        case .fetch: .instructionGuestPageFault
        case .load: .loadGuestPageFault
        case .store: .storeGuestPageFault
        }
    }
    @inlinable package var accessFault: ExceptionCause {
        switch self {
        case .fetch: .instructionAccessFault
        case .load: .loadAccessFault
        case .store: .storeAccessFault
        }
    }
    @inlinable package var misaligned: ExceptionCause {
        switch self {
        case .fetch: .instructionMisaligned
        case .load: .loadMisaligned
        case .store: .storeMisaligned
        }
    }
}

/// What may be done with a range of memory.
@frozen @usableFromInline
package struct Permissions: OptionSet, Hashable, Sendable {
    @usableFromInline package var rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static var read: Self { Self(rawValue: 1) }
    @inlinable package static var write: Self { Self(rawValue: 2) }
    @inlinable package static var execute: Self { Self(rawValue: 4) }
    @inlinable package static var all: Self { Self(rawValue: 7) }

    @inlinable package func allow(_ access: AccessKind) -> Bool {
        switch access {
        case .fetch: contains(.execute)
        case .load: contains(.read)
        case .store: contains(.write)
        }
    }
}
