/// A binary interchange format of IEEE 754. The raw value is the instruction's `fmt` field.
@frozen @usableFromInline
package enum FloatFormat: UInt8, Sendable, CaseIterable {
    case single = 0
    case double = 1
    case half = 2

    @inlinable package var exponentBits: Int {
        switch self {
        case .half: 5
        case .single: 8
        case .double: 11
        }
    }
    /// The stored bits of the significand, without the hidden one.
    @inlinable package var fractionBits: Int {
        switch self {
        case .half: 10
        case .single: 23
        case .double: 52
        }
    }
    /// The digits of a normal significand: p in the standard.
    @inlinable package var precision: Int { fractionBits &+ 1 }
    @inlinable package var width: Int { 1 &+ exponentBits &+ fractionBits }
    /// The largest exponent of a finite number: emax, which is also the bias.
    @inlinable package var bias: Int { (1 &<< (exponentBits &- 1)) &- 1 }
    /// The exponent field of infinities and NaNs.
    @inlinable package var maximumField: Int { (1 &<< exponentBits) &- 1 }

    /// The bits that belong to this format in a register of 64.
    @inlinable package var mask: UInt64 { ~0 &>> UInt64(64 &- width) }
    @inlinable package var signMask: UInt64 { 1 &<< UInt64(width &- 1) }
    @inlinable package var fractionMask: UInt64 { (1 &<< UInt64(fractionBits)) &- 1 }
    /// Set in quiet NaNs, clear in signaling ones.
    @inlinable package var quietMask: UInt64 { 1 &<< UInt64(fractionBits &- 1) }
    @inlinable package var infinity: UInt64 { UInt64(maximumField) &<< UInt64(fractionBits) }
    @inlinable package var greatestFinite: UInt64 { infinity &- 1 }
    @inlinable package var leastNormal: UInt64 { 1 &<< UInt64(fractionBits) }
    /// The one NaN that arithmetic returns: positive, quiet, the rest of its payload zero.
    @inlinable package var canonicalNaN: UInt64 { infinity | quietMask }

    /// A value of this format as an f-register holds it: the bits above it all ones.
    @inlinable package func boxed(_ bits: UInt64) -> UInt64 { bits | ~mask }
    /// The value that an f-register holds in this format: the canonical NaN unless boxed properly.
    @inlinable package func unboxed(_ register: UInt64) -> UInt64 {
        register | mask == ~0 ? register & mask : canonicalNaN
    }
}

/// How a result that cannot be represented is rounded: the encodings of `frm` and of `rm`.
@frozen @usableFromInline
package enum FloatRounding: UInt8, Sendable, CaseIterable {
    /// RNE: to the nearest, ties to even.
    case nearestEven = 0
    /// RTZ: towards zero.
    case towardZero = 1
    /// RDN: towards negative infinity.
    case down = 2
    /// RUP: towards positive infinity.
    case up = 3
    /// RMM: to the nearest, ties away from zero.
    case nearestAway = 4
}

/// Accrued exceptions, as in `fflags`.
@frozen @usableFromInline
package struct FloatFlags: OptionSet, Sendable {
    @usableFromInline package var rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static var inexact: Self { Self(rawValue: 1) }
    @inlinable package static var underflow: Self { Self(rawValue: 2) }
    @inlinable package static var overflow: Self { Self(rawValue: 4) }
    @inlinable package static var divideByZero: Self { Self(rawValue: 8) }
    @inlinable package static var invalid: Self { Self(rawValue: 16) }
}

/// What an operation gives: the bits of the result and the exceptions that it raised.
///
/// A floating-point result has zeros above its format (the caller boxes it); an integer result is
/// what an x-register gets, so that 32-bit ones, unsigned too, are sign-extended.
@frozen @usableFromInline
package struct FloatResult: Equatable, Sendable {
    @usableFromInline package var bits: UInt64
    @usableFromInline package var flags: FloatFlags
    @inlinable package init(_ bits: UInt64, _ flags: FloatFlags = []) {
        self.bits = bits
        self.flags = flags
    }
}
