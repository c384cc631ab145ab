import Bits

/// The translation modes of `satp` by their encoding there.
@frozen @usableFromInline
package enum PageTableMode: UInt8, Sendable, CaseIterable, Comparable {
    case bare = 0
    case sv39 = 8
    case sv48 = 9
    case sv57 = 10

    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The mode of a field that was legalised when it was written.
    @inlinable @inline(__always) package init(field: UInt64) {
        switch field {
        case 8: self = .sv39
        case 9: self = .sv48
        case 10: self = .sv57
        default: self = .bare
        }
    }
    @inlinable package var levels: Int {
        self == .bare ? 0 : Int(rawValue) &- 5
    }
    /// Bits of a virtual address that are translated; those above must equal the topmost of them.
    @inlinable package var virtualBits: Int { levels &* 9 &+ 12 }
}

/// The memory that page tables lie in, as the walk reaches it.
///
/// nil means an access fault: nothing there, or PMP refuses (the caller's memory checks it, as
/// supervisor mode).
@usableFromInline
package protocol PhysicalMemory: ~Copyable {
    mutating func load64(_ address: GuestPhysical) -> UInt64?
    /// Stores `new` where `expected` stands, atomically; false where something else stood there.
    mutating func compareAndSwap64(
        _ address: GuestPhysical, expected: UInt64, new: UInt64
    ) -> Bool?
}

/// What a walk depends on beside the address and memory.
@frozen @usableFromInline
package struct WalkContext: Equatable, Sendable {
    @usableFromInline package var mode: PageTableMode
    /// Where the root table lies.
    @usableFromInline package var root: GuestPhysical
    /// The effective privilege: `mstatus.MPP` for loads and stores under MPRV.
    @usableFromInline package var privilege: Privilege
    @usableFromInline package var sum: Bool
    @usableFromInline package var mxr: Bool
    /// The hart sets A and D itself (Svadu); else an unset bit is a page fault (Svade).
    @usableFromInline package var adue: Bool
    @usableFromInline package var pbmte: Bool
    @usableFromInline package var svnapot: Bool
    /// Addresses are guest-physical ones (G-stage): two bits wider, never sign-extended.
    @usableFromInline package var isGuestStage = false
    /// Loads need to be allowed to execute, not to read (`hlvx`).
    @usableFromInline package var readsCode = false

    @inlinable package init(
        mode: PageTableMode, root: GuestPhysical, privilege: Privilege, sum: Bool = false,
        mxr: Bool = false, adue: Bool = false, pbmte: Bool = false, svnapot: Bool = false
    ) {
        self.mode = mode
        self.root = root
        self.privilege = privilege
        self.sum = sum
        self.mxr = mxr
        self.adue = adue
        self.pbmte = pbmte
        self.svnapot = svnapot
    }

    /// Whether an address fits the mode.
    @inlinable func isValid(_ address: UInt64) -> Bool {
        isGuestStage
            ? address &>> UInt64(mode.virtualBits &+ 2) == 0
            : address.signExtended(from: mode.virtualBits) == address
    }
    /// The entry of a table that an address selects; the root of the G-stage has four times as many.
    @inlinable func index(_ address: UInt64, _ level: Int, _ shift: UInt64) -> UInt64 {
        let isWide = isGuestStage && level &+ 1 == mode.levels
        return (address &>> shift) & (isWide ? 0x7ff : 0x1ff)
    }
    @inlinable func fault(_ access: AccessKind, _ address: UInt64) -> Trap {
        isGuestStage
            ? Trap(access.guestPageFault, value: address, value2: address &>> 2)
            : Trap(access.pageFault, value: address)
    }

    /// Addresses are physical already.
    @inlinable package var isIdentity: Bool { mode == .bare || privilege == .machine }
}

/// Where a virtual address leads, and what may be cached about its page.
@frozen @usableFromInline
package struct Translation: Equatable, Sendable {
    /// The byte asked for.
    @usableFromInline package var physical: GuestPhysical
    /// Bits of an address inside the page: 12, 16 (Svnapot), 21, 30, 39, 48; 64 without translation.
    /// In a guest they are those of its own page, which a fence may name by any address inside.
    @usableFromInline package var pageBits: Int
    /// What the context's privilege may do with the page without another walk: SUM and MXR are
    /// applied, and a page whose D bit is clear is not writable yet.
    @usableFromInline package var permissions: Permissions
    @usableFromInline package var isUser: Bool
    @usableFromInline package var isGlobal: Bool
    /// PBMT: 0 as the memory is, 1 non-cacheable, 2 I/O.
    @usableFromInline package var memoryType: UInt8

    @inlinable package init(
        physical: GuestPhysical, pageBits: Int, permissions: Permissions, isUser: Bool,
        isGlobal: Bool, memoryType: UInt8
    ) {
        self.physical = physical
        self.pageBits = pageBits
        self.permissions = permissions
        self.isUser = isUser
        self.isGlobal = isGlobal
        self.memoryType = memoryType
    }

    @inlinable package static func identity(_ address: GuestVirtual) -> Translation {
        Translation(
            physical: GuestPhysical(address.rawValue), pageBits: 64, permissions: .all,
            isUser: false, isGlobal: true, memoryType: 0)
    }
}

/// Fields of a page table entry (§4.4.1, with Svnapot and Svpbmt).
@usableFromInline package enum PTE {
    @inlinable package static var valid: UInt64 { 1 }
    @inlinable package static var read: UInt64 { 1 &<< 1 }
    @inlinable package static var write: UInt64 { 1 &<< 2 }
    @inlinable package static var execute: UInt64 { 1 &<< 3 }
    @inlinable package static var user: UInt64 { 1 &<< 4 }
    @inlinable package static var global: UInt64 { 1 &<< 5 }
    @inlinable package static var accessed: UInt64 { 1 &<< 6 }
    @inlinable package static var dirty: UInt64 { 1 &<< 7 }
    /// Bits 60 to 54.
    @inlinable package static var reserved: UInt64 { 0x7f &<< 54 }
    @inlinable package static var pbmt: UInt64 { 3 &<< 61 }
    @inlinable package static var napot: UInt64 { 1 &<< 63 }
    @inlinable package static func pageNumber(_ pte: UInt64) -> UInt64 { pte.bits(53, 10) }
}
