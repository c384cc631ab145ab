/// The cause of a synchronous exception (privileged specification, table "mcause values").
@frozen @usableFromInline
package struct ExceptionCause: RawRepresentable, Hashable, Sendable {
    @usableFromInline package var rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable package static var instructionMisaligned: Self { Self(rawValue: 0) }
    @inlinable package static var instructionAccessFault: Self { Self(rawValue: 1) }
    @inlinable package static var illegalInstruction: Self { Self(rawValue: 2) }
    @inlinable package static var breakpoint: Self { Self(rawValue: 3) }
    @inlinable package static var loadMisaligned: Self { Self(rawValue: 4) }
    @inlinable package static var loadAccessFault: Self { Self(rawValue: 5) }
    @inlinable package static var storeMisaligned: Self { Self(rawValue: 6) }
    @inlinable package static var storeAccessFault: Self { Self(rawValue: 7) }
    @inlinable package static var ecallFromU: Self { Self(rawValue: 8) }
    @inlinable package static var ecallFromS: Self { Self(rawValue: 9) }
    @inlinable package static var ecallFromVS: Self { Self(rawValue: 10) }
    @inlinable package static var ecallFromM: Self { Self(rawValue: 11) }
    @inlinable package static var instructionPageFault: Self { Self(rawValue: 12) }
    @inlinable package static var loadPageFault: Self { Self(rawValue: 13) }
    @inlinable package static var storePageFault: Self { Self(rawValue: 15) }
    @inlinable package static var instructionGuestPageFault: Self { Self(rawValue: 20) }
    @inlinable package static var loadGuestPageFault: Self { Self(rawValue: 21) }
    @inlinable package static var virtualInstruction: Self { Self(rawValue: 22) }
    @inlinable package static var storeGuestPageFault: Self { Self(rawValue: 23) }
}

/// A synchronous exception on its way into the guest: the guest's own business, never an error of
/// the program. It is what clauses throw.
@frozen @usableFromInline
package struct Trap: Error, Equatable, Sendable {
    @usableFromInline package var cause: ExceptionCause
    /// What `mtval`/`stval` will hold.
    @usableFromInline package var value: UInt64
    /// Guest-physical address bits for `mtval2`/`htval` (already shifted right by two); else 0.
    @usableFromInline package var value2: UInt64
    /// What `mtinst`/`htinst` will hold: a pseudoinstruction for an access of a page walk; else 0, and
    /// the hart fills in the instruction where the specification wants one.
    @usableFromInline package var instruction: UInt64 = 0
    /// `value` is an address of a guest though the hart is not in one (HLV, HSV, MPRV with MPV).
    @usableFromInline package var isGuestAddress = false
    @inlinable package init(_ cause: ExceptionCause, value: UInt64 = 0, value2: UInt64 = 0) {
        self.cause = cause
        self.value = value
        self.value2 = value2
    }
    /// An illegal instruction; the hart fills in the instruction's bits.
    @inlinable package static var illegal: Trap { Trap(.illegalInstruction) }
    /// The same where a hypervisor's software may have something to say (§18.6.1).
    @inlinable package static var virtual: Trap { Trap(.virtualInstruction) }
}
