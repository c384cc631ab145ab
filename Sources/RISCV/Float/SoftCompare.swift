extension SoftFloat {
    /// Whether a == b; only a signaling NaN is invalid (`feq`).
    package static func isEqual(_ a: UInt64, _ b: UInt64, format: FloatFormat) -> FloatResult {
        if isNaN(a, format) || isNaN(b, format) { return unordered(a, b, format, isQuiet: true) }
        return FloatResult(orderKey(a, format) == orderKey(b, format) ? 1 : 0)
    }
    /// Whether a < b: any NaN is invalid (`flt`), or only a signaling one (`fltq`).
    package static func isLess(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, isQuiet: Bool = false
    ) -> FloatResult {
        if isNaN(a, format) || isNaN(b, format) {
            return unordered(a, b, format, isQuiet: isQuiet)
        }
        return FloatResult(orderKey(a, format) < orderKey(b, format) ? 1 : 0)
    }
    /// Whether a ≤ b: any NaN is invalid (`fle`), or only a signaling one (`fleq`).
    package static func isLessOrEqual(
        _ a: UInt64, _ b: UInt64, format: FloatFormat, isQuiet: Bool = false
    ) -> FloatResult {
        if isNaN(a, format) || isNaN(b, format) {
            return unordered(a, b, format, isQuiet: isQuiet)
        }
        return FloatResult(orderKey(a, format) <= orderKey(b, format) ? 1 : 0)
    }

    /// minimumNumber of IEEE 754-2019 (`fmin`): a NaN counts as missing, and −0 < +0.
    package static func minimumNumber(
        _ a: UInt64, _ b: UInt64, format: FloatFormat
    ) -> FloatResult {
        pick(a, b, format, missing: true) { totalKey(a, format) < totalKey(b, format) }
    }
    /// maximumNumber of IEEE 754-2019 (`fmax`).
    package static func maximumNumber(
        _ a: UInt64, _ b: UInt64, format: FloatFormat
    ) -> FloatResult {
        pick(a, b, format, missing: true) { totalKey(a, format) > totalKey(b, format) }
    }
    /// minimum of IEEE 754-2019 (`fminm`): a NaN makes the result a NaN.
    package static func minimum(_ a: UInt64, _ b: UInt64, format: FloatFormat) -> FloatResult {
        pick(a, b, format, missing: false) { totalKey(a, format) < totalKey(b, format) }
    }
    /// maximum of IEEE 754-2019 (`fmaxm`).
    package static func maximum(_ a: UInt64, _ b: UInt64, format: FloatFormat) -> FloatResult {
        pick(a, b, format, missing: false) { totalKey(a, format) > totalKey(b, format) }
    }

    /// The ten classes of `fclass`, one bit each.
    package static func classify(_ a: UInt64, format: FloatFormat) -> UInt64 {
        let isNegative = a & format.signMask != 0
        let magnitude = a & format.mask & ~format.signMask
        if magnitude > format.infinity {
            return magnitude & format.quietMask != 0 ? 1 &<< 9 : 1 &<< 8
        }
        if magnitude == format.infinity { return isNegative ? 1 &<< 0 : 1 &<< 7 }
        if magnitude == 0 { return isNegative ? 1 &<< 3 : 1 &<< 4 }
        if magnitude < format.leastNormal { return isNegative ? 1 &<< 2 : 1 &<< 5 }
        return isNegative ? 1 &<< 1 : 1 &<< 6
    }

    /// The magnitude of a with the sign of b (`fsgnj`).
    package static func copySign(_ a: UInt64, _ b: UInt64, format: FloatFormat) -> UInt64 {
        a & format.mask & ~format.signMask | b & format.signMask
    }
    /// The magnitude of a with the sign opposite to b's (`fsgnjn`).
    package static func copyInvertedSign(
        _ a: UInt64, _ b: UInt64, format: FloatFormat
    ) -> UInt64 {
        copySign(a, ~b, format: format)
    }
    /// a with its sign flipped where b is negative (`fsgnjx`).
    package static func multiplySign(_ a: UInt64, _ b: UInt64, format: FloatFormat) -> UInt64 {
        copySign(a, a ^ b, format: format)
    }

    static func isNaN(_ a: UInt64, _ format: FloatFormat) -> Bool {
        a & format.mask & ~format.signMask > format.infinity
    }
    static func isSignalingNaN(_ a: UInt64, _ format: FloatFormat) -> Bool {
        isNaN(a, format) && a & format.quietMask == 0
    }
    private static func signals(_ a: UInt64, _ b: UInt64, _ format: FloatFormat) -> Bool {
        isSignalingNaN(a, format) || isSignalingNaN(b, format)
    }
    private static func unordered(
        _ a: UInt64, _ b: UInt64, _ format: FloatFormat, isQuiet: Bool
    ) -> FloatResult {
        FloatResult(0, !isQuiet || signals(a, b, format) ? .invalid : [])
    }
    /// An integer that orders as the number does, both zeros alike.
    private static func orderKey(_ a: UInt64, _ format: FloatFormat) -> Int64 {
        let magnitude = Int64(truncatingIfNeeded: a & format.mask & ~format.signMask)
        return a & format.signMask != 0 ? 0 &- magnitude : magnitude
    }
    /// The same, with −0 below +0.
    private static func totalKey(_ a: UInt64, _ format: FloatFormat) -> Int64 {
        let magnitude = Int64(truncatingIfNeeded: a & format.mask & ~format.signMask)
        return a & format.signMask != 0 ? ~magnitude : magnitude
    }
    private static func pick(
        _ a: UInt64, _ b: UInt64, _ format: FloatFormat, missing: Bool, _ takesA: () -> Bool
    ) -> FloatResult {
        let flags: FloatFlags = signals(a, b, format) ? .invalid : []
        let aIsNaN = isNaN(a, format)
        let bIsNaN = isNaN(b, format)
        if aIsNaN || bIsNaN {
            if missing && !aIsNaN { return FloatResult(a & format.mask, flags) }
            if missing && !bIsNaN { return FloatResult(b & format.mask, flags) }
            return FloatResult(format.canonicalNaN, flags)
        }
        return FloatResult((takesA() ? a : b) & format.mask, flags)
    }
}
