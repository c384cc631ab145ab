/// Floating point in integers only, exact in value and flags: the meaning of F, D, Zfh and Zfa.
///
/// Operands are the bits of their format, already unboxed; NaN results are canonical. The
/// algorithms are those of the textbooks (Knuth, volume 2, 4.2; Muller et al., Handbook of
/// Floating-Point Arithmetic, 7 and 8): work on significands with their leading one at the top,
/// fold what falls off the low end into one sticky bit, and round once.
@usableFromInline package enum SoftFloat {}

/// A number taken apart: ±significand × 2^(exponent − 63), the leading one at bit 63.
struct UnpackedFloat {
    enum Kind {
        case zero
        case finite
        case infinity
        case quietNaN
        case signalingNaN
    }
    var kind: Kind
    var isNegative: Bool
    var exponent: Int
    var significand: UInt64

    init(_ bits: UInt64, _ format: FloatFormat) {
        isNegative = bits & format.signMask != 0
        let field = Int(
            truncatingIfNeeded: (bits & ~format.signMask & format.mask)
                &>> UInt64(format.fractionBits))
        let fraction = bits & format.fractionMask
        exponent = 0
        significand = 0
        if field == format.maximumField {
            kind =
                fraction == 0
                ? .infinity : fraction & format.quietMask != 0 ? .quietNaN : .signalingNaN
        } else if field == 0 && fraction == 0 {
            kind = .zero
        } else {
            kind = .finite
            let hidden: UInt64 = field == 0 ? 0 : format.leastNormal
            let whole = fraction | hidden
            let shift = whole.leadingZeroBitCount
            significand = whole &<< UInt64(shift)
            // A subnormal has the exponent of the least normal number, and no hidden one.
            let scale = field == 0 ? 1 : field
            exponent = scale &- format.bias &+ (63 &- format.fractionBits) &- shift
        }
    }

    var isNaN: Bool { kind == .quietNaN || kind == .signalingNaN }
}

extension UInt64 {
    /// Shifted right, with bit 0 set if any one fell off.
    func shiftedRightSticky(_ count: Int) -> UInt64 {
        if count <= 0 { return self }
        if count > 63 { return self == 0 ? 0 : 1 }
        let lost = self &<< UInt64(64 &- count)
        return (self &>> UInt64(count)) | (lost == 0 ? 0 : 1)
    }
}

extension UInt128 {
    /// Shifted right, with bit 0 set if any one fell off.
    func shiftedRightSticky(_ count: Int) -> UInt128 {
        if count <= 0 { return self }
        if count > 127 { return self == 0 ? 0 : 1 }
        let lost = self &<< UInt128(truncatingIfNeeded: 128 &- count)
        return (self &>> UInt128(truncatingIfNeeded: count)) | (lost == 0 ? 0 : 1)
    }
}

extension FloatRounding {
    /// Whether the kept digits go up by one, given the `rest` below them and the weight of half.
    func increments(rest: UInt64, half: UInt64, isOdd: Bool, isNegative: Bool) -> Bool {
        switch self {
        case .nearestEven: rest > half || (rest == half && isOdd)
        case .nearestAway: rest >= half
        case .towardZero: false
        case .down: isNegative && rest != 0
        case .up: !isNegative && rest != 0
        }
    }
}

extension SoftFloat {
    /// The number ±significand × 2^(exponent − 63) in `format`: the one place that rounds. The
    /// leading one is at bit 63, and bit 0 is sticky.
    static func round(
        isNegative: Bool, exponent: Int, significand: UInt64, to format: FloatFormat,
        _ rounding: FloatRounding
    ) -> FloatResult {
        let dropped = UInt64(64 &- format.precision)
        let restMask: UInt64 = (1 &<< dropped) &- 1
        let half: UInt64 = 1 &<< (dropped &- 1)
        func increments(_ significand: UInt64) -> Bool {
            rounding.increments(
                rest: significand & restMask, half: half,
                isOdd: (significand &>> dropped) & 1 != 0, isNegative: isNegative)
        }

        var field = exponent &+ format.bias
        if field >= format.maximumField {
            return overflow(isNegative: isNegative, format, rounding)
        }
        var digits = significand
        var isTiny = false
        if field < 1 {
            // Tininess is judged after rounding with an unbounded exponent: just below the least
            // normal number, what rounds up to it is not tiny.
            let reachesNormal =
                field == 0 && digits | restMask == ~0 && increments(digits)
            isTiny = !reachesNormal
            digits = digits.shiftedRightSticky(1 &- field)
            field = 1
        }
        let isInexact = digits & restMask != 0
        // The hidden one adds one to the exponent's field, and so does a carry out of the digits.
        let magnitude =
            (UInt64(truncatingIfNeeded: field &- 1) &<< UInt64(format.fractionBits))
            &+ (digits &>> dropped) &+ (increments(digits) ? 1 : 0)
        if magnitude >= format.infinity {
            return overflow(isNegative: isNegative, format, rounding)
        }
        var flags: FloatFlags = []
        if isInexact { flags = isTiny ? [.inexact, .underflow] : .inexact }
        return FloatResult(magnitude | (isNegative ? format.signMask : 0), flags)
    }

    private static func overflow(
        isNegative: Bool, _ format: FloatFormat, _ rounding: FloatRounding
    ) -> FloatResult {
        let staysFinite =
            switch rounding {
            case .nearestEven, .nearestAway: false
            case .towardZero: true
            case .down: !isNegative
            case .up: isNegative
            }
        let magnitude = staysFinite ? format.greatestFinite : format.infinity
        return FloatResult(
            magnitude | (isNegative ? format.signMask : 0), [.overflow, .inexact])
    }

    static func invalid(_ format: FloatFormat) -> FloatResult {
        FloatResult(format.canonicalNaN, .invalid)
    }
    /// What an operation gives when an operand is a NaN.
    static func nan(
        _ a: UnpackedFloat, _ b: UnpackedFloat, _ format: FloatFormat
    ) -> FloatResult {
        let signals = a.kind == .signalingNaN || b.kind == .signalingNaN
        return FloatResult(format.canonicalNaN, signals ? .invalid : [])
    }
    static func zero(_ isNegative: Bool, _ format: FloatFormat) -> FloatResult {
        FloatResult(isNegative ? format.signMask : 0)
    }
    static func infinity(_ isNegative: Bool, _ format: FloatFormat) -> FloatResult {
        FloatResult(format.infinity | (isNegative ? format.signMask : 0))
    }
}
