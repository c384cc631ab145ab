import RISCV
import Testing

/// Conversions against the definition, in every rounding mode; half precision exhaustively.
@Suite struct ExactConversionTests {
    /// What a format is tried with: all of half precision in every mode, else landmarks and a random
    /// choice.
    static func cases(_ format: FloatFormat) -> [(UInt64, FloatRounding)] {
        if format == .half {
            return (0...0xffff).flatMap { bits in modes.map { (UInt64(bits), $0) } }
        }
        var random = SplitMix(state: seed)
        return format.landmarks.flatMap { bits in modes.map { (bits, $0) } }
            + (0..<vectorCount / 4).map { (format.random(&random), modes[$0 % modes.count]) }
    }

    @Test func formatsConvertExactly() {
        for source in formats {
            for format in formats where format != source {
                for (a, rounding) in Self.cases(source)
                where a & ~source.signMask < source.infinity {
                    let (isNegative, value) = ExactModel.value(a, source)
                    let soft = SoftFloat.convert(a, from: source, to: format, rounding: rounding)
                    let expected = ExactModel.round(
                        ExactModel.exact(isNegative, value), to: format, rounding,
                        hint: soft.bits & ~format.signMask)
                    if soft != expected {
                        Issue.record("\(source) \(a) to \(format), \(rounding): \(soft)")
                        return
                    }
                }
            }
        }
    }

    @Test func integersConvertExactly() {
        let types: [(FloatInteger, (UInt64) -> (Bool, UInt64))] = [
            (.int32, { ($0 & 0x8000_0000 != 0, UInt64(Int32(truncatingIfNeeded: $0).magnitude)) }),
            (.uint32, { (false, $0 & 0xffff_ffff) }),
            (.int64, { (Int64(bitPattern: $0) < 0, Int64(bitPattern: $0).magnitude) }),
            (.uint64, { (false, $0) }),
        ]
        for (type, meaning) in types {
            for format in formats {
                var random = SplitMix(state: seed)
                for index in 0..<vectorCount / 10 {
                    let rounding = modes[index % modes.count]
                    let a = randomInteger(&random)
                    let (isNegative, magnitude) = meaning(a)
                    let soft = SoftFloat.fromInteger(a, type, to: format, rounding: rounding)
                    let exact = Dyadic(significand: Natural(magnitude), exponent: 0)
                    let expected = ExactModel.round(
                        ExactModel.exact(isNegative, exact), to: format, rounding,
                        hint: soft.bits & ~format.signMask)
                    if soft != expected {
                        Issue.record("\(type) \(a) to \(format), \(rounding): \(soft)")
                        return
                    }
                }
            }
        }
    }

    /// A finite number rounded to an integer by definition: nil when it is 2^64 or more.
    static func integer(_ a: UInt64, _ format: FloatFormat, _ rounding: FloatRounding)
        -> (isNegative: Bool, magnitude: UInt64, isExact: Bool)?
    {
        let (isNegative, value) = ExactModel.value(a, format)
        func number(_ whole: UInt64, halves: Int = 0) -> Dyadic {
            Dyadic(
                significand: Natural(whole) + Natural(whole) + Natural(UInt64(halves)), exponent: -1
            )
        }
        if value >= number(1 << 63) + number(1 << 63) { return nil }
        var low: UInt64 = 0
        let top = max(0, min(64, value.significand.bitCount + value.exponent))
        for bit in (0..<top).reversed() where number(low | 1 << UInt64(bit)) <= value {
            low |= 1 << UInt64(bit)
        }
        if value == number(low) { return (isNegative, low, true) }
        let middle = number(low, halves: 1)
        let goesUp =
            switch rounding {
            case .nearestEven: value == middle ? low & 1 == 1 : value > middle
            case .nearestAway: value >= middle
            case .towardZero: false
            case .down: isNegative
            case .up: !isNegative
            }
        return (isNegative, goesUp ? low + 1 : low, false)
    }

    @Test(arguments: [FloatFormat.half, .single, .double])
    func numbersConvertToIntegersExactly(_ format: FloatFormat) {
        let ranges: [(FloatInteger, least: UInt64, greatest: UInt64, bits: Int)] = [
            (.int32, 1 << 31, 1 << 31 - 1, 32), (.uint32, 0, 1 << 32 - 1, 32),
            (.int64, 1 << 63, 1 << 63 - 1, 64), (.uint64, 0, ~0, 64),
        ]
        for (a, rounding) in Self.cases(format) {
            let isFinite = a & ~format.signMask < format.infinity
            let isNaN = a & ~format.signMask > format.infinity
            let isNegative = a & format.signMask != 0 && !isNaN
            let whole = isFinite ? Self.integer(a, format, rounding) : nil
            for (type, least, greatest, bits) in ranges {
                let limit = isNegative ? least : greatest
                var expected = FloatResult(isNegative ? 0 &- limit : limit, .invalid)
                if let whole, whole.magnitude <= limit {
                    expected.bits = whole.isNegative ? 0 &- whole.magnitude : whole.magnitude
                    expected.flags = whole.isExact ? [] : .inexact
                }
                if bits == 32 {
                    let low = Int32(truncatingIfNeeded: expected.bits)
                    expected.bits = UInt64(bitPattern: Int64(low))
                }
                let soft = SoftFloat.toInteger(a, from: format, type, rounding: rounding)
                if soft != expected {
                    Issue.record("\(format) \(a) to \(type), \(rounding): \(soft), not \(expected)")
                    return
                }
            }
            guard let whole else { continue }
            let exact = Dyadic(significand: Natural(whole.magnitude), exponent: 0)
            var expected = ExactModel.round(
                ExactModel.exact(whole.isNegative, exact), to: format, rounding, hint: a)
            for isExact in [false, true] {
                expected.flags = isExact && !whole.isExact ? .inexact : []
                let soft = SoftFloat.roundToIntegral(
                    a, format: format, rounding: rounding, isExact: isExact)
                if soft != expected {
                    Issue.record("\(format) \(a) rounded, \(rounding): \(soft), not \(expected)")
                    return
                }
            }
        }
    }
}
