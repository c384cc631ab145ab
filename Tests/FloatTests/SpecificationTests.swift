import RISCV
import Testing

/// Values that the standard and the specification state outright.
@Suite struct SpecificationTests {
    /// Positive values of a format in the order of the tables below.
    static func named(_ format: FloatFormat) -> (
        one: UInt64, two: UInt64, infinity: UInt64, quiet: UInt64, signaling: UInt64, minus: UInt64
    ) {
        switch format {
        case .half: (0x3c00, 0x4000, 0x7c00, 0x7e00, 0x7c01, 0x8000)
        case .single:
            (0x3f80_0000, 0x4000_0000, 0x7f80_0000, 0x7fc0_0000, 0x7f80_0001, 0x8000_0000)
        case .double:
            (
                0x3ff0_0000_0000_0000, 0x4000_0000_0000_0000, 0x7ff0_0000_0000_0000,
                0x7ff8_0000_0000_0000, 0x7ff0_0000_0000_0001, 0x8000_0000_0000_0000
            )
        }
    }

    @Test(arguments: [FloatFormat.half, .single, .double])
    func minimumAndMaximum(_ format: FloatFormat) {
        let v = Self.named(format)
        func all(_ a: UInt64, _ b: UInt64) -> [FloatResult] {
            [FloatOperation.minimum, .maximum, .minimumNaN, .maximumNaN].map {
                SoftFloat.perform($0, format, rounding: .nearestEven, a, b, 0)
            }
        }
        let (one, two) = (FloatResult(v.one), FloatResult(v.two))
        let nan = FloatResult(v.quiet)
        let signaled = FloatResult(v.quiet, .invalid)
        #expect(all(v.one, v.two) == [one, two, one, two])
        #expect(all(v.two, v.one) == [one, two, one, two])
        // −0 is below +0.
        let zeros = [FloatResult(v.minus), FloatResult(0), FloatResult(v.minus), FloatResult(0)]
        #expect(all(v.minus, 0) == zeros)
        #expect(all(0, v.minus) == zeros)
        // One NaN is a missing value to fmin, but the result of fminm.
        #expect(all(v.quiet | 1, v.one) == [one, one, nan, nan])
        #expect(all(v.one, v.quiet | v.minus) == [one, one, nan, nan])
        let missing = FloatResult(v.one, .invalid)
        #expect(all(v.signaling, v.one) == [missing, missing, signaled, signaled])
        #expect(all(v.quiet, v.signaling) == Array(repeating: signaled, count: 4))
        #expect(all(v.quiet | 3, v.quiet | 1) == Array(repeating: nan, count: 4))
    }

    @Test(arguments: [FloatFormat.half, .single, .double])
    func comparisons(_ format: FloatFormat) {
        let v = Self.named(format)
        func all(_ a: UInt64, _ b: UInt64) -> [FloatResult] {
            [FloatOperation.equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet].map {
                SoftFloat.perform($0, format, rounding: .nearestEven, a, b, 0)
            }
        }
        func plain(_ bits: [UInt64]) -> [FloatResult] { bits.map { FloatResult($0) } }
        #expect(all(v.one, v.two) == plain([0, 1, 1, 1, 1]))
        #expect(all(v.one | v.minus, v.two | v.minus) == plain([0, 0, 0, 0, 0]))
        #expect(all(v.minus, 0) == plain([1, 0, 1, 0, 1]))
        #expect(all(v.infinity | v.minus, v.infinity) == plain([0, 1, 1, 1, 1]))
        let invalid = FloatResult(0, .invalid)
        let quiet = FloatResult(0)
        #expect(all(v.one, v.quiet) == [quiet, invalid, invalid, quiet, quiet])
        #expect(all(v.signaling, v.one) == Array(repeating: invalid, count: 5))
    }

    @Test(arguments: [FloatFormat.half, .single, .double])
    func classes(_ format: FloatFormat) {
        let v = Self.named(format)
        let values = [
            v.infinity | v.minus, v.one | v.minus, 1 | v.minus, v.minus, 0, 1, v.one, v.infinity,
            v.signaling, v.quiet,
        ]
        for (bit, value) in values.enumerated() {
            #expect(SoftFloat.classify(value, format: format) == 1 << UInt64(bit))
        }
        #expect(SoftFloat.classify(format.leastNormal - 1, format: format) == 1 << 5)
        #expect(SoftFloat.classify(format.leastNormal, format: format) == 1 << 6)
    }

    /// Each half-precision number is in the class that its value says.
    @Test func halfClasses() {
        for bits in UInt64(0)...0xffff {
            let value = Float16(bitPattern: UInt16(bits))
            let bit: UInt64 =
                switch value.floatingPointClass {
                case .negativeInfinity: 0
                case .negativeNormal: 1
                case .negativeSubnormal: 2
                case .negativeZero: 3
                case .positiveZero: 4
                case .positiveSubnormal: 5
                case .positiveNormal: 6
                case .positiveInfinity: 7
                case .signalingNaN: 8
                case .quietNaN: 9
                }
            #expect(SoftFloat.classify(bits, format: .half) == 1 << bit)
        }
    }

    @Test(arguments: [FloatFormat.half, .single, .double])
    func specialOperands(_ format: FloatFormat) {
        let v = Self.named(format)
        func result(
            _ operation: FloatOperation, _ a: UInt64, _ b: UInt64 = 0, _ c: UInt64 = 0,
            _ rounding: FloatRounding = .nearestAway
        ) -> FloatResult {
            SoftFloat.perform(operation, format, rounding: rounding, a, b, c)
        }
        let invalid = FloatResult(v.quiet, .invalid)
        #expect(result(.subtract, v.infinity, v.infinity) == invalid)
        #expect(result(.multiply, v.infinity, v.minus) == invalid)
        #expect(result(.divide, 0, v.minus) == invalid)
        #expect(result(.divide, v.infinity, v.infinity) == invalid)
        #expect(result(.squareRoot, v.one | v.minus) == invalid)
        #expect(result(.squareRoot, v.minus) == FloatResult(v.minus))
        #expect(
            result(.divide, v.one, v.minus) == FloatResult(v.infinity | v.minus, .divideByZero))
        #expect(result(.divide, v.infinity, 0) == FloatResult(v.infinity))
        #expect(result(.add, v.quiet | 5, v.one) == FloatResult(v.quiet))
        #expect(result(.add, v.signaling, v.quiet) == invalid)
        // ∞ × 0 signals although a quiet NaN is added.
        #expect(result(.multiplyAdd, v.infinity, 0, v.quiet) == invalid)
        #expect(result(.multiplyAdd, v.one, v.one, v.quiet) == FloatResult(v.quiet))
        #expect(result(.multiplySubtract, v.infinity, v.one, v.infinity) == invalid)
        #expect(
            result(.negatedMultiplyAdd, v.one, v.one, v.infinity)
                == FloatResult(v.infinity | v.minus))
        // An exact zero sum is −0 only when rounding down.
        for rounding in modes {
            let zero = FloatResult(rounding == .down ? v.minus : 0)
            #expect(result(.subtract, v.one, v.one, 0, rounding) == zero)
            #expect(result(.add, v.minus, 0, 0, rounding) == zero)
            #expect(result(.multiplySubtract, v.one, v.one, v.one, rounding) == zero)
            #expect(result(.add, v.minus, v.minus, 0, rounding) == FloatResult(v.minus))
        }
    }

    @Test func conversionsToIntegersSaturate() {
        let v = Self.named(.double)
        let least32: UInt64 = 0xffff_ffff_8000_0000
        let cases: [(FloatInteger, negative: UInt64, positive: UInt64)] = [
            (.int32, least32, 0x7fff_ffff), (.uint32, 0, ~0),
            (.int64, 1 << 63, 1 << 63 - 1), (.uint64, 0, ~0),
        ]
        for (type, negative, positive) in cases {
            for (bits, expected) in [
                (v.quiet | v.minus, positive), (v.signaling, positive), (v.infinity, positive),
                (v.infinity | v.minus, negative), (0x43f0_0000_0000_0000, positive),
                (0xc3f0_0000_0000_0000, negative),
            ] {
                let result = SoftFloat.toInteger(
                    bits, from: .double, type, rounding: .nearestEven)
                #expect(result == FloatResult(expected, .invalid))
            }
        }
        // −0.75 becomes 0 towards zero, but −1, which is invalid, to the nearest.
        let minusThreeQuarters: UInt64 = 0xbfe8_0000_0000_0000
        #expect(
            SoftFloat.toInteger(
                minusThreeQuarters, from: .double, .uint32, rounding: .towardZero)
                == FloatResult(0, .inexact))
        #expect(
            SoftFloat.toInteger(
                minusThreeQuarters, from: .double, .uint32, rounding: .nearestAway)
                == FloatResult(0, .invalid))
    }

    @Test func modularConversionWraps() {
        let cases: [(Double, UInt64, FloatFlags)] = [
            (0, 0, []), (-1.5, ~0, .inexact), (2_147_483_648, 0xffff_ffff_8000_0000, .invalid),
            (4_294_967_297.5, 1, .invalid), (-4_294_967_297, ~0, .invalid),
            (9_007_199_254_740_992, 0, .invalid), (0x1.0000000000001p84, 0, .invalid),
            (0x1.0000000000001p83, 0xffff_ffff_8000_0000, .invalid), (.infinity, 0, .invalid),
            (.nan, 0, .invalid),
        ]
        for (value, expected, flags) in cases {
            #expect(
                SoftFloat.toIntegerModular(value.bitPattern) == FloatResult(expected, flags))
        }
    }

    @Test func boxing() {
        #expect(FloatFormat.single.boxed(0x3f80_0000) == 0xffff_ffff_3f80_0000)
        #expect(FloatFormat.half.boxed(0x3c00) == 0xffff_ffff_ffff_3c00)
        #expect(FloatFormat.double.boxed(0x3c00) == 0x3c00)
        #expect(FloatFormat.single.unboxed(0xffff_ffff_3f80_0000) == 0x3f80_0000)
        #expect(FloatFormat.single.unboxed(0xffff_fffe_3f80_0000) == 0x7fc0_0000)
        #expect(FloatFormat.half.unboxed(0xffff_ffff_0000_3c00) == 0x7e00)
        #expect(FloatFormat.double.unboxed(0x1234) == 0x1234)
    }

    @Test func immediates() {
        let doubles: [Double] = [
            -1, 0x1p-1022, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375,
            0.4375, 0.5, 0.625, 0.75, 0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256,
            32768, 65536, .infinity,
        ]
        for (index, value) in doubles.enumerated() {
            let field = UInt8(index)
            #expect(SoftFloat.immediate(field, format: .double) == value.bitPattern)
            if index != 1 {
                #expect(
                    SoftFloat.immediate(field, format: .single) == UInt64(Float(value).bitPattern))
            }
        }
        #expect(SoftFloat.immediate(1, format: .single) == 0x0080_0000)
        #expect(SoftFloat.immediate(1, format: .half) == 0x0400)
        #expect(SoftFloat.immediate(2, format: .half) == 0x0100)
        #expect(SoftFloat.immediate(28, format: .half) == 0x7800)
        #expect(SoftFloat.immediate(29, format: .half) == 0x7c00)
        #expect(SoftFloat.immediate(31, format: .half) == 0x7e00)
    }
}
