import RISCV
import Testing

/// The soft model against the definition, in every rounding mode: RMM and half precision, which no
/// host has, and the others too.
@Suite struct ExactTests {
    static let arithmetic: [FloatOperation] = [
        .add, .subtract, .multiply, .divide, .squareRoot, .multiplyAdd, .multiplySubtract,
        .negatedMultiplySubtract, .negatedMultiplyAdd,
    ]

    /// What the definition gives for finite operands; nil where a special case decides.
    static func expected(_ vector: Vector) -> FloatResult? {
        let format = vector.format
        let operands = [vector.a, vector.b, vector.c].prefix(vector.operation.operandCount)
        if operands.contains(where: { $0 & ~format.signMask >= format.infinity }) { return nil }
        let a = ExactModel.value(vector.a, format)
        let b = ExactModel.value(vector.b, format)
        let c = ExactModel.value(vector.c, format)
        let hint = vector.soft.bits & ~format.signMask
        func rounded(_ exact: ExactModel.Exact) -> FloatResult {
            ExactModel.round(exact, to: format, vector.rounding, hint: hint)
        }
        func rounded(_ sum: (isNegative: Bool, Dyadic)?) -> FloatResult {
            guard let sum else {
                return FloatResult(vector.rounding == .down ? format.signMask : 0)
            }
            return rounded(ExactModel.exact(sum.isNegative, sum.1))
        }
        let zero = Dyadic(significand: Natural(0), exponent: 0)
        let product = (isNegative: a.isNegative != b.isNegative, a.1 * b.1)
        switch vector.operation {
        case .add: return rounded(ExactModel.sum(a, b))
        case .subtract: return rounded(ExactModel.sum(a, (!b.isNegative, b.1)))
        case .multiply: return rounded(ExactModel.exact(product.isNegative, product.1))
        case .multiplyAdd: return rounded(ExactModel.sum(product, c))
        case .multiplySubtract: return rounded(ExactModel.sum(product, (!c.isNegative, c.1)))
        case .negatedMultiplySubtract:
            return rounded(ExactModel.sum((!product.isNegative, product.1), c))
        case .negatedMultiplyAdd:
            return rounded(
                ExactModel.sum((!product.isNegative, product.1), (!c.isNegative, c.1)))
        case .divide:
            if b.1 == zero { return nil }
            return rounded(
                ExactModel.Exact(
                    isNegative: product.isNegative, isAtLeast: { a.1 >= $0 * b.1 },
                    equals: { a.1 == $0 * b.1 }))
        case .squareRoot:
            if a.isNegative { return nil }
            return rounded(
                ExactModel.Exact(
                    isNegative: false, isAtLeast: { a.1 >= $0 * $0 }, equals: { a.1 == $0 * $0 }))
        default: return nil
        }
    }

    static func check(_ vectors: some Sequence<Vector>) -> (compared: Int, wrong: [String]) {
        var compared = 0
        var wrong: [String] = []
        for vector in vectors {
            guard let expected = expected(vector) else { continue }
            compared += 1
            let soft = vector.soft
            if soft != expected && wrong.count < 5 {
                wrong.append(
                    "\(vector): soft \(hexadecimal(soft)), exact \(hexadecimal(expected))")
            }
        }
        return (compared, wrong)
    }

    @Test func arithmeticIsExact() {
        for operation in Self.arithmetic {
            for format in formats {
                var random = SplitMix(state: seed ^ UInt64(operation.rawValue) << 8)
                // RMM every other time: the host tests cover the other modes of S and D.
                let vectors = (0..<vectorCount / 4).lazy.map { index in
                    let rounding =
                        index % 2 == 0 ? .nearestAway : modes[index / 2 % modes.count]
                    return Vector.random(operation, format, rounding, &random)
                }
                let (compared, wrong) = Self.check(vectors)
                #expect(wrong.isEmpty)
                #expect(compared > vectorCount / 10)
            }
        }
    }

    @Test func landmarksAreExact() {
        for operation in Self.arithmetic where operation.operandCount < 3 {
            for format in formats {
                for rounding in modes {
                    let all = format.landmarks
                    let vectors = all.lazy.flatMap { a in
                        (operation.operandCount == 1 ? [0] : all).lazy.map { b in
                            Vector(
                                operation: operation, format: format, rounding: rounding, a: a,
                                b: b)
                        }
                    }
                    #expect(Self.check(vectors).wrong.isEmpty)
                }
            }
        }
    }

    @Test func halfSquareRootsAreExact() {
        for rounding in modes {
            let vectors = (0..<UInt64(0x7c00)).lazy.map {
                Vector(operation: .squareRoot, format: .half, rounding: rounding, a: $0)
            }
            let (compared, wrong) = Self.check(vectors)
            #expect(wrong.isEmpty)
            #expect(compared == 0x7c00)
        }
    }
}
