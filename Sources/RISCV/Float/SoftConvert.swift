/// An integer type of the conversions; the raw value is the instruction's rs2 field.
@frozen @usableFromInline
package enum FloatInteger: UInt8, Sendable, CaseIterable {
    case int32 = 0
    case uint32 = 1
    case int64 = 2
    case uint64 = 3

    @inlinable package var isSigned: Bool { rawValue & 1 == 0 }
    @inlinable package var is64: Bool { rawValue & 2 != 0 }

    /// The largest value, as an x-register holds it.
    var greatest: UInt64 {
        switch self {
        case .int32: 0x7fff_ffff
        case .uint32, .uint64: ~0
        case .int64: UInt64.max &>> 1
        }
    }
    /// The smallest value, as an x-register holds it.
    var least: UInt64 {
        switch self {
        case .int32: 0xffff_ffff_8000_0000
        case .uint32, .uint64: 0
        case .int64: 1 &<< 63
        }
    }
    /// The largest magnitude of either sign.
    func greatestMagnitude(isNegative: Bool) -> UInt64 {
        switch self {
        case .int32: isNegative ? 0x8000_0000 : 0x7fff_ffff
        case .uint32: isNegative ? 0 : 0xffff_ffff
        case .int64: isNegative ? 1 &<< 63 : UInt64.max &>> 1
        case .uint64: isNegative ? 0 : ~0
        }
    }
}

extension SoftFloat {
    /// From one floating-point format to another (`fcvt.d.s`…).
    package static func convert(
        _ a: UInt64, from source: FloatFormat, to format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, source)
        switch x.kind {
        case .quietNaN, .signalingNaN: return nan(x, x, format)
        case .infinity: return infinity(x.isNegative, format)
        case .zero: return zero(x.isNegative, format)
        case .finite:
            return round(
                isNegative: x.isNegative, exponent: x.exponent, significand: x.significand,
                to: format, rounding)
        }
    }

    /// From an integer, of which a 32-bit one is taken from the low half of the register.
    package static func fromInteger(
        _ register: UInt64, _ type: FloatInteger, to format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        var value = register
        if !type.is64 {
            let low = UInt32(truncatingIfNeeded: register)
            value =
                type.isSigned
                ? UInt64(bitPattern: Int64(Int32(bitPattern: low))) : UInt64(low)
        }
        let isNegative = type.isSigned && value &>> 63 != 0
        return fromMagnitude(isNegative ? 0 &- value : value, isNegative, format, rounding)
    }

    private static func fromMagnitude(
        _ magnitude: UInt64, _ isNegative: Bool, _ format: FloatFormat, _ rounding: FloatRounding
    ) -> FloatResult {
        if magnitude == 0 { return zero(isNegative, format) }
        let shift = magnitude.leadingZeroBitCount
        return round(
            isNegative: isNegative, exponent: 63 &- shift,
            significand: magnitude &<< UInt64(shift), to: format, rounding)
    }

    /// To an integer: what does not fit, infinities and NaNs are invalid, and saturate.
    package static func toInteger(
        _ a: UInt64, from format: FloatFormat, _ type: FloatInteger, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        if x.kind == .zero { return FloatResult(0) }
        let saturated = x.isNegative && !x.isNaN ? type.least : type.greatest
        if x.kind != .finite || x.exponent > 63 { return FloatResult(saturated, .invalid) }
        let (magnitude, isInexact) = integer(x, rounding)
        if magnitude > type.greatestMagnitude(isNegative: x.isNegative) {
            return FloatResult(saturated, .invalid)
        }
        let value = x.isNegative ? 0 &- magnitude : magnitude
        let register =
            type.is64
            ? value
            : UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        return FloatResult(register, isInexact ? .inexact : [])
    }

    /// To a 32-bit integer modulo 2^32, towards zero (`fcvtmod.w.d`); flags as of `fcvt.w.d`.
    package static func toIntegerModular(_ a: UInt64) -> FloatResult {
        let flags = toInteger(a, from: .double, .int32, rounding: .towardZero).flags
        let x = UnpackedFloat(a, .double)
        if x.kind != .finite || x.exponent < 0 || x.exponent > 63 + 32 {
            return FloatResult(0, flags)
        }
        let magnitude =
            x.exponent <= 63
            ? x.significand &>> UInt64(63 &- x.exponent)
            : x.significand &<< UInt64(x.exponent &- 63)
        let value = x.isNegative ? 0 &- magnitude : magnitude
        return FloatResult(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))), flags)
    }

    /// Rounded to an integer in the same format (`fround`; with `isExact`, `froundnx`).
    package static func roundToIntegral(
        _ a: UInt64, format: FloatFormat, rounding: FloatRounding, isExact: Bool
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        if x.isNaN { return nan(x, x, format) }
        if x.kind != .finite || x.exponent >= format.fractionBits {
            return FloatResult(a & format.mask)
        }
        let (magnitude, isInexact) = integer(x, rounding)
        var result = fromMagnitude(magnitude, x.isNegative, format, rounding)
        if isExact && isInexact { result.flags = .inexact }
        return result
    }

    /// The magnitude of a finite number below 2^64, rounded to an integer.
    private static func integer(
        _ x: UnpackedFloat, _ rounding: FloatRounding
    ) -> (magnitude: UInt64, isInexact: Bool) {
        let whole: UInt64
        let fraction: UInt64
        if x.exponent < 0 {
            whole = 0
            fraction = x.significand.shiftedRightSticky(-1 &- x.exponent)
        } else {
            let shift = 63 &- x.exponent
            whole = x.significand &>> UInt64(shift)
            fraction = shift == 0 ? 0 : x.significand &<< UInt64(64 &- shift)
        }
        let increments = rounding.increments(
            rest: fraction, half: 1 &<< 63, isOdd: whole & 1 != 0, isNegative: x.isNegative)
        return (whole &+ (increments ? 1 : 0), fraction != 0)
    }
}
