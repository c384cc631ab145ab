extension SoftFloat {
    package static func add(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        let y = UnpackedFloat(b, format)
        if x.isNaN || y.isNaN { return nan(x, y, format) }
        if x.kind == .infinity || y.kind == .infinity {
            if x.kind == y.kind && x.isNegative != y.isNegative { return invalid(format) }
            return infinity(x.kind == .infinity ? x.isNegative : y.isNegative, format)
        }
        if y.kind == .zero {
            if x.kind == .zero {
                // Zeros of unlike sign sum to +0, except when rounding down (IEEE 754, 6.3).
                let sign = x.isNegative == y.isNegative ? x.isNegative : rounding == .down
                return zero(sign, format)
            }
            return FloatResult(a & format.mask)
        }
        if x.kind == .zero { return FloatResult(b & format.mask) }
        return addFinite(x, y, format, rounding)
    }

    package static func subtract(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        add(a, b ^ format.signMask, format: format, rounding: rounding)
    }

    private static func addFinite(
        _ x: UnpackedFloat, _ y: UnpackedFloat, _ format: FloatFormat, _ rounding: FloatRounding
    ) -> FloatResult {
        let xIsLarger =
            x.exponent > y.exponent || (x.exponent == y.exponent && x.significand > y.significand)
        let large = xIsLarger ? x : y
        let small = xIsLarger ? y : x
        // One bit of room above for the carry; at least nine below p for what cancellation moves up.
        let top = large.significand &>> 1
        let bottom = (small.significand &>> 1)
            .shiftedRightSticky(large.exponent &- small.exponent)
        let sum = x.isNegative == y.isNegative ? top &+ bottom : top &- bottom
        if sum == 0 { return zero(rounding == .down, format) }
        let shift = sum.leadingZeroBitCount
        return round(
            isNegative: large.isNegative, exponent: large.exponent &+ 1 &- shift,
            significand: sum &<< UInt64(shift), to: format, rounding)
    }

    package static func multiply(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        let y = UnpackedFloat(b, format)
        if x.isNaN || y.isNaN { return nan(x, y, format) }
        let sign = x.isNegative != y.isNegative
        if x.kind == .infinity || y.kind == .infinity {
            if x.kind == .zero || y.kind == .zero { return invalid(format) }
            return infinity(sign, format)
        }
        if x.kind == .zero || y.kind == .zero { return zero(sign, format) }
        let product = x.significand.multipliedFullWidth(by: y.significand)
        // Between 2^126 and 2^128.
        let shift = product.high.leadingZeroBitCount
        let joined =
            shift == 0 ? product.high : (product.high &<< 1) | (product.low &>> 63)
        let lost = shift == 0 ? product.low : product.low &<< 1
        return round(
            isNegative: sign, exponent: x.exponent &+ y.exponent &+ 1 &- shift,
            significand: joined | (lost == 0 ? 0 : 1), to: format, rounding)
    }

    package static func divide(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        let y = UnpackedFloat(b, format)
        if x.isNaN || y.isNaN { return nan(x, y, format) }
        let sign = x.isNegative != y.isNegative
        if x.kind == .infinity {
            return y.kind == .infinity ? invalid(format) : infinity(sign, format)
        }
        if y.kind == .infinity { return zero(sign, format) }
        if y.kind == .zero {
            if x.kind == .zero { return invalid(format) }
            var result = infinity(sign, format)
            result.flags = .divideByZero
            return result
        }
        if x.kind == .zero { return zero(sign, format) }

        // Digit by digit, so that no host needs a 128-bit division: the first digit has weight
        // 2^0, and p + 2 of them and a sticky bit determine every rounding.
        let divisor = y.significand &>> 1
        var remainder = x.significand &>> 1
        var quotient: UInt64 = 0
        let count = format.precision &+ 2
        for _ in 0..<count {
            quotient &<<= 1
            if remainder >= divisor {
                remainder &-= divisor
                quotient |= 1
            }
            remainder &<<= 1
        }
        quotient = (quotient &<< 1) | (remainder == 0 ? 0 : 1)
        let shift = quotient.leadingZeroBitCount
        // `quotient` now holds `count` digits below its first, which was at bit `count`.
        return round(
            isNegative: sign,
            exponent: x.exponent &- y.exponent &+ (63 &- count) &- shift,
            significand: quotient &<< UInt64(shift), to: format, rounding)
    }

    package static func squareRoot(
        _ a: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        if x.isNaN { return nan(x, x, format) }
        if x.kind == .zero { return FloatResult(a & format.mask) }
        if x.isNegative { return invalid(format) }
        if x.kind == .infinity { return FloatResult(format.infinity) }

        // The root of r × 4^k with 1 ≤ r < 4, by the schoolbook's pairs of digits: `root` is an
        // integer of `count` digits and `remainder` what is left of the radicand's digits so far.
        let isOdd = x.exponent & 1 != 0
        var radicand = UInt128(x.significand) &<< (isOdd ? 64 : 63)
        var root: UInt64 = 0
        var remainder: UInt64 = 0
        let count = format.precision &+ 2
        for _ in 0..<count {
            let pair = UInt64(truncatingIfNeeded: radicand &>> 126)
            radicand &<<= 2
            remainder = (remainder &<< 2) | pair
            let trial = (root &<< 2) | 1
            root &<<= 1
            if remainder >= trial {
                remainder &-= trial
                root |= 1
            }
        }
        let sticky: UInt64 = remainder == 0 && radicand == 0 ? 0 : 1
        let shift = UInt64(64 &- count)
        return round(
            isNegative: false, exponent: x.exponent &>> 1,
            significand: (root &<< shift) | sticky, to: format, rounding)
    }
}
