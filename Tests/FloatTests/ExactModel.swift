import RISCV

/// IEEE 754 from its definition, sharing nothing with the soft model: the exact result is a number
/// that can be compared with others, and rounding picks among the representable numbers beside it.
struct ExactModel {
    /// An exact result: its sign, and how its magnitude compares with a number.
    struct Exact {
        var isNegative: Bool
        var isAtLeast: (Dyadic) -> Bool
        var equals: (Dyadic) -> Bool
    }

    /// p digits and a least exponent; patterns of bits are numbered as in the interchange format.
    struct Grid {
        var precision: Int
        /// The exponent of the least normal number.
        var emin: Int
        /// The pattern that stands for 2^(emax + 1), and for infinity.
        var top: UInt64

        init(_ format: FloatFormat) {
            precision = format.fractionBits + 1
            emin = 2 - (1 << (format.exponentBits - 1))
            top = ((1 << UInt64(format.exponentBits)) - 1) << UInt64(format.fractionBits)
        }
        /// The same with exponents further down: where "after rounding" is judged.
        var extended: Grid {
            var grid = self
            grid.emin -= 2
            grid.top += 2 << UInt64(precision - 1)
            return grid
        }
        func value(_ pattern: UInt64) -> Dyadic {
            let field = Int(pattern >> UInt64(precision - 1))
            let fraction = pattern & ((1 << UInt64(precision - 1)) - 1)
            let whole = field == 0 ? fraction : fraction | 1 << UInt64(precision - 1)
            return Dyadic(
                significand: Natural(whole), exponent: emin - (precision - 1) + max(field, 1) - 1)
        }
        /// The pattern of the largest number that is not above `exact`; `hint` may be near it.
        func floor(_ exact: Exact, hint: UInt64) -> UInt64 {
            var low: UInt64 = 0
            var high = top + 1
            for near in [hint, hint &- 1] where near < top {
                if exact.isAtLeast(value(near)) && !exact.isAtLeast(value(near + 1)) { return near }
            }
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if exact.isAtLeast(value(middle)) { low = middle } else { high = middle }
            }
            return low
        }
        /// The pattern that `exact` rounds to, not limited at the top.
        func rounded(_ exact: Exact, _ rounding: FloatRounding, hint: UInt64)
            -> (pattern: UInt64, isExact: Bool)
        {
            let below = floor(exact, hint: hint)
            if below >= top { return (top, false) }
            if exact.equals(value(below)) { return (below, true) }
            let sum = value(below) + value(below + 1)
            let middle = Dyadic(significand: sum.significand, exponent: sum.exponent - 1)
            let goesUp =
                switch rounding {
                case .nearestEven:
                    exact.equals(middle) ? below & 1 == 1 : exact.isAtLeast(middle)
                case .nearestAway: exact.isAtLeast(middle)
                case .towardZero: false
                case .down: exact.isNegative
                case .up: !exact.isNegative
                }
            return (goesUp ? below + 1 : below, false)
        }
    }

    static func round(
        _ exact: Exact, to format: FloatFormat, _ rounding: FloatRounding, hint: UInt64
    ) -> FloatResult {
        let grid = Grid(format)
        let sign: UInt64 = exact.isNegative ? 1 << UInt64(format.width - 1) : 0
        let (pattern, isExact) = grid.rounded(
            exact, rounding, hint: hint & (grid.top | grid.top - 1))
        if isExact { return FloatResult(pattern | sign) }
        if pattern >= grid.top {
            let mayReachInfinity =
                switch rounding {
                case .nearestEven, .nearestAway: true
                case .towardZero: false
                case .down: exact.isNegative
                case .up: !exact.isNegative
                }
            return FloatResult(
                (mayReachInfinity ? grid.top : grid.top - 1) | sign, [.overflow, .inexact])
        }
        // Rounding towards zero stops below the top, yet overflows: the exact result decides.
        if exact.isAtLeast(grid.value(grid.top)) {
            return FloatResult(pattern | sign, [.overflow, .inexact])
        }
        let least = grid.value(1 << UInt64(format.fractionBits))
        var isTiny = false
        if !exact.isAtLeast(least) {
            let extended = grid.extended
            let unbounded = extended.rounded(exact, rounding, hint: 0).pattern
            isTiny = extended.value(unbounded) < least
        }
        return FloatResult(pattern | sign, isTiny ? [.underflow, .inexact] : .inexact)
    }

    /// The number that finite bits stand for.
    static func value(_ bits: UInt64, _ format: FloatFormat) -> (isNegative: Bool, Dyadic) {
        let sign = bits >> UInt64(format.width - 1) & 1 == 1
        return (sign, Grid(format).value(bits & ((1 << UInt64(format.width - 1)) - 1)))
    }

    static func exact(_ isNegative: Bool, _ value: Dyadic) -> Exact {
        Exact(isNegative: isNegative, isAtLeast: { value >= $0 }, equals: { value == $0 })
    }

    /// a + b for signed numbers; nil is an exact zero.
    static func sum(
        _ a: (isNegative: Bool, Dyadic), _ b: (isNegative: Bool, Dyadic)
    ) -> (isNegative: Bool, Dyadic)? {
        if a.isNegative == b.isNegative { return (a.isNegative, a.1 + b.1) }
        if a.1 == b.1 { return nil }
        return a.1 > b.1 ? (a.isNegative, a.1 - b.1) : (b.isNegative, b.1 - a.1)
    }
}
