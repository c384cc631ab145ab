extension SoftFloat {
    /// a × b + c, rounded once. The variants of the instruction flip signs: `fmsub` that of c,
    /// `fnmsub` that of a, `fnmadd` both.
    package static func fusedMultiplyAdd(
        _ a: UInt64, _ b: UInt64, _ c: UInt64, format: FloatFormat, rounding: FloatRounding
    ) -> FloatResult {
        let x = UnpackedFloat(a, format)
        let y = UnpackedFloat(b, format)
        let z = UnpackedFloat(c, format)
        let isInvalidProduct =
            (x.kind == .infinity && y.kind == .zero) || (x.kind == .zero && y.kind == .infinity)
        if x.isNaN || y.isNaN || z.isNaN || isInvalidProduct {
            // ∞ × 0 signals even when a quiet NaN is added (unprivileged specification, 20.6).
            var result = nan(x, y, format)
            if isInvalidProduct || z.kind == .signalingNaN { result.flags = .invalid }
            return result
        }
        let sign = x.isNegative != y.isNegative
        if x.kind == .infinity || y.kind == .infinity {
            if z.kind == .infinity && z.isNegative != sign { return invalid(format) }
            return infinity(sign, format)
        }
        if z.kind == .infinity { return infinity(z.isNegative, format) }
        if x.kind == .zero || y.kind == .zero {
            if z.kind == .zero {
                return zero(z.isNegative == sign ? sign : rounding == .down, format)
            }
            return FloatResult(c & format.mask)
        }
        return fuseFinite(x, y, z, sign, format, rounding)
    }

    private static func fuseFinite(
        _ x: UnpackedFloat, _ y: UnpackedFloat, _ z: UnpackedFloat, _ sign: Bool,
        _ format: FloatFormat, _ rounding: FloatRounding
    ) -> FloatResult {
        // Both terms as ±significand × 2^(exponent − 126), so that the top bit is free for a carry.
        // The product's 22 lowest bits are zero (2p ≤ 106), hence nothing is lost here.
        let full = x.significand.multipliedFullWidth(by: y.significand)
        var product = ((UInt128(full.high) &<< 64) | UInt128(full.low)) &>> 1
        var productExponent = x.exponent &+ y.exponent &+ 1
        if product &>> 126 == 0 {
            product &<<= 1
            productExponent &-= 1
        }
        if z.kind == .zero {
            return round(sign, productExponent, product, format, rounding)
        }
        let addend = UInt128(z.significand) &<< 63

        // When the terms lie two or more binades apart, at most one digit cancels, and the sticky
        // bit stays below all that matters; when nearer, the shift of one loses nothing.
        let productIsLarger =
            productExponent > z.exponent || (productExponent == z.exponent && product > addend)
        let top = productIsLarger ? product : addend
        let bottom = productIsLarger ? addend : product
        let distance =
            productIsLarger ? productExponent &- z.exponent : z.exponent &- productExponent
        let aligned = bottom.shiftedRightSticky(distance)
        let sum = sign == z.isNegative ? top &+ aligned : top &- aligned
        if sum == 0 { return zero(rounding == .down, format) }
        return round(
            productIsLarger ? sign : z.isNegative,
            productIsLarger ? productExponent : z.exponent, sum, format, rounding)
    }

    /// ±significand × 2^(exponent − 126), not zero.
    private static func round(
        _ isNegative: Bool, _ exponent: Int, _ significand: UInt128, _ format: FloatFormat,
        _ rounding: FloatRounding
    ) -> FloatResult {
        let shift = significand.leadingZeroBitCount
        let normalized = significand &<< UInt128(truncatingIfNeeded: shift)
        let sticky: UInt64 = UInt64(truncatingIfNeeded: normalized) == 0 ? 0 : 1
        return round(
            isNegative: isNegative, exponent: exponent &+ 1 &- shift,
            significand: UInt64(truncatingIfNeeded: normalized &>> 64) | sticky, to: format,
            rounding)
    }
}
