import Glibc
import RISCV

/// How many vectors an operation gets: a twentieth in CI, all with HULL_SOAK=1. Soak takes another
/// seed from HULL_SEED.
let soaks = environment("HULL_SOAK") == "1"
let vectorCount = soaks ? 2_000_000 : 100_000
let seed = environment("HULL_SEED").flatMap { UInt64($0) } ?? 0x48756c6c

func environment(_ name: String) -> String? {
    // SAFETY: getenv returns nil or a C string that lives until the environment changes: never here.
    unsafe getenv(name).map { unsafe String(cString: $0) }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

let modes = FloatRounding.allCases
let hostModes: [FloatRounding] = [.nearestEven, .towardZero, .down, .up]
let formats: [FloatFormat] = [.half, .single, .double]

extension FloatFormat {
    /// Positive values where something changes: zero, subnormals, the ends of the normal range, powers
    /// of two and their neighbours, halves, the ends of the integer types, infinity and NaNs.
    var positiveLandmarks: [UInt64] {
        let one = UInt64(bias) << UInt64(fractionBits)
        let ulp: UInt64 = 1
        var values: [UInt64] = [
            0, 1, 2, 3, leastNormal / 2, leastNormal - 1, leastNormal, leastNormal + 1,
            2 * leastNormal - 1, 2 * leastNormal, one / 2, one / 2 + 1, one - leastNormal,
            one - leastNormal + 1, one - 1, one, one + 1, one + leastNormal / 2,
            one + leastNormal / 2 + 1, one + leastNormal - 1, one + leastNormal,
            one + leastNormal + leastNormal / 2, infinity - leastNormal, greatestFinite - 1,
            greatestFinite, infinity, canonicalNaN, canonicalNaN | 1, infinity | 1,
            infinity | (quietMask - 1),
        ]
        for exponent in [fractionBits - 1, fractionBits, fractionBits + 1, 15, 16, 31, 32, 63, 64]
        where exponent < bias {
            let power = one + UInt64(exponent) << UInt64(fractionBits)
            values += [power - ulp, power, power + ulp]
        }
        return values
    }
    var landmarks: [UInt64] { positiveLandmarks + positiveLandmarks.map { $0 | signMask } }

    /// A value of one of several kinds: any bits; few significant digits; an exponent in the middle,
    /// where sums and products interact; a landmark; long runs of equal bits.
    func random(_ random: inout SplitMix) -> UInt64 {
        let bits = random.next() & mask
        switch random.next() % 8 {
        case 0, 1:
            return bits
        case 2:
            let kept = random.next() % UInt64(fractionBits)
            return bits & ~(fractionMask >> kept)
        case 3, 4:
            let spread = UInt64(random.next() % UInt64(2 * fractionBits + 4))
            let field = UInt64(bias) &- UInt64(fractionBits) &+ spread
            let limited = min(field, UInt64(maximumField))
            return bits & (signMask | fractionMask) | limited << UInt64(fractionBits)
        case 5:
            return landmarks[Int(random.next() % UInt64(landmarks.count))]
        case 6:
            let low = random.next() % UInt64(fractionBits)
            return bits & ~fractionMask | (fractionMask >> low)
        default:
            let exponent = bits & infinity
            return exponent | bits & signMask | (bits & 1) << (bits >> 1 % UInt64(fractionBits))
                & fractionMask
        }
    }

    /// A second operand that is often related to the first: its neighbour, its negation, or near it in
    /// exponent, where cancellation happens.
    func random(near a: UInt64, _ random: inout SplitMix) -> UInt64 {
        switch random.next() % 6 {
        case 0: return (a &+ random.next() % 5 &- 2) & mask
        case 1: return (a ^ signMask &+ random.next() % 5 &- 2) & mask
        case 2:
            let field = (a & infinity) >> UInt64(fractionBits)
            let other = field &+ random.next() % UInt64(2 * precision + 4) &- UInt64(precision + 2)
            let limited = other > UInt64(maximumField) ? field : other
            return random.next() & (signMask | fractionMask) | limited << UInt64(fractionBits)
        default: return self.random(&random)
        }
    }
}

/// An integer operand: small, near a power of two, or any.
func randomInteger(_ random: inout SplitMix) -> UInt64 {
    let bits = random.next()
    switch random.next() % 4 {
    case 0: return bits
    case 1: return UInt64(bitPattern: Int64(bitPattern: bits) >> Int64(random.next() % 64))
    case 2: return (1 << (bits % 64)) &+ (random.next() % 5) &- 2
    default: return ~(bits >> (random.next() % 64))
    }
}

/// One operation on operands: what a failing test prints.
struct Vector: CustomStringConvertible {
    var operation: FloatOperation
    var format: FloatFormat
    var rounding: FloatRounding
    var a: UInt64
    var b: UInt64 = 0
    var c: UInt64 = 0

    var soft: FloatResult {
        SoftFloat.perform(operation, format, rounding: rounding, a, b, c)
    }
    var description: String {
        let operands = [a, b, c].map { "0x" + String($0, radix: 16) }.joined(separator: " ")
        return "\(operation) \(format) \(rounding) \(operands)"
    }
    static func random(
        _ operation: FloatOperation, _ format: FloatFormat, _ rounding: FloatRounding,
        _ random: inout SplitMix
    ) -> Vector {
        if operation.isFromInteger {
            let a = randomInteger(&random)
            return Vector(operation: operation, format: format, rounding: rounding, a: a)
        }
        let a = format.random(&random)
        let b = format.random(near: a, &random)
        var c = format.random(&random)
        if operation.operandCount == 3 && random.next() & 1 == 0 {
            // A third operand near the product, so that most of it cancels.
            let product = SoftFloat.multiply(a, b, format: format, rounding: .towardZero).bits
            c = format.random(near: product, &random)
        }
        return Vector(operation: operation, format: format, rounding: rounding, a: a, b: b, c: c)
    }
}

extension FloatOperation {
    var isFromInteger: Bool {
        switch self {
        case .fromInt32, .fromUInt32, .fromInt64, .fromUInt64: true
        default: false
        }
    }
    var operandCount: Int {
        switch self {
        case .multiplyAdd, .multiplySubtract, .negatedMultiplySubtract, .negatedMultiplyAdd: 3
        case .add, .subtract, .multiply, .divide, .minimum, .maximum, .minimumNaN, .maximumNaN,
            .equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet:
            2
        default: 1
        }
    }
    /// Whether the operation exists on this format.
    func exists(on format: FloatFormat) -> Bool {
        switch self {
        case .toHalf: format != .half
        case .toSingle: format != .single
        case .toDouble: format != .double
        case .toInt32Modular: format == .double
        default: true
        }
    }
}
