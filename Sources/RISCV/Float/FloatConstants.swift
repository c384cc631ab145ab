extension SoftFloat {
    /// The value that `fli` loads for its five-bit field (Zfa, table "Immediate values").
    ///
    /// All but three are sixteenths times a power of two: 2^16 is an infinity in half precision.
    @usableFromInline package static func immediate(_ index: UInt8, format: FloatFormat) -> UInt64 {
        switch index & 31 {
        case 0: return SoftFloat.number(16, -4, format) | format.signMask
        case 1: return format.leastNormal
        case 30: return format.infinity
        case 31: return format.canonicalNaN
        case let other:
            let (sixteenths, exponent) = immediates(other)
            return number(sixteenths, exponent &- 4, format)
        }
    }

    private static func immediates(_ index: UInt8) -> (sixteenths: UInt64, exponent: Int) {
        switch index {
        case 2: (16, -16)
        case 3: (16, -15)
        case 4: (16, -8)
        case 5: (16, -7)
        case 6: (1, 0)
        case 7: (2, 0)
        case 8...11: (UInt64(index &- 4), 0)
        case 12...15: (UInt64(index &- 8) &* 2, 0)
        case 16...19: (UInt64(index &- 12) &* 4, 0)
        case 20: (32, 0)
        case 21: (40, 0)
        case 22: (48, 0)
        case 23: (64, 0)
        case 24: (128, 0)
        case 25: (256, 0)
        case 26: (16, 7)
        case 27: (16, 8)
        case 28: (16, 15)
        default: (16, 16)
        }
    }

    /// significand × 2^exponent.
    private static func number(
        _ significand: UInt64, _ exponent: Int, _ format: FloatFormat
    ) -> UInt64 {
        let shift = significand.leadingZeroBitCount
        return round(
            isNegative: false, exponent: exponent &+ 63 &- shift,
            significand: significand &<< UInt64(shift), to: format, .nearestEven
        ).bits
    }
}
