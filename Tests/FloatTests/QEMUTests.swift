import Foundation
import RISCV
import Testing

/// Every operation, rounding mode and format against qemu-riscv64, with operands and results as whole
/// f-registers, so that NaN boxing is compared too.
@Suite struct QEMUTests {
    static let oracle = QEMUOracle()

    @Test(.enabled(if: oracle != nil, "no qemu-riscv64: \(QEMUOracle.whyNot)"))
    func operationsAgree() throws {
        let oracle = try #require(Self.oracle)
        for operation in FloatOperation.allCases {
            let vectors = Vector.registers(operation, vectorCount / 4)
            let results = try oracle.run(vectors.map(\.record))
            #expect(Vector.differences(vectors, results, "qemu") == [])
        }
    }

    @Test(.enabled(if: oracle != nil, "no qemu-riscv64: \(QEMUOracle.whyNot)"))
    func signInjectionsAgree() throws {
        let oracle = try #require(Self.oracle)
        let injections = [
            SoftFloat.copySign, SoftFloat.copyInvertedSign, SoftFloat.multiplySign,
        ]
        var random = SplitMix(state: seed)
        var records: [[UInt64]] = []
        var expected: [FloatResult] = []
        for index in 0..<vectorCount / 20 {
            let format = formats[index % 3]
            var vector = Vector.random(.add, format, .nearestEven, &random)
            vector.box(&random)
            let stub = 99 + UInt64(index / 3 % 3 * 3) + UInt64(format.rawValue)
            records.append([stub, 0, vector.a, vector.b, 0])
            let bits = injections[index / 3 % 3](
                format.unboxed(vector.a), format.unboxed(vector.b), format)
            expected.append(FloatResult(format.boxed(bits)))
        }
        #expect(try oracle.run(records) == expected)
    }

    @Test(.enabled(if: oracle != nil, "no qemu-riscv64: \(QEMUOracle.whyNot)"))
    func immediatesAgree() throws {
        let oracle = try #require(Self.oracle)
        let fields = FloatFormat.allCases.flatMap { format in
            (0..<UInt8(32)).map { (format, $0) }
        }
        let results = try oracle.run((0..<96).map { [108 + UInt64($0), 0, 0, 0, 0] })
        let expected = fields.map { format, field in
            FloatResult(format.boxed(SoftFloat.immediate(field, format: format)))
        }
        #expect(results == expected)
    }
}

extension Vector {
    /// Operands as f-registers hold them; one in sixteen is boxed wrongly, which means a NaN.
    mutating func box(_ random: inout SplitMix) {
        if !operation.isFromInteger { a = format.boxed(a) }
        b = format.boxed(b)
        c = format.boxed(c)
        if random.next() % 16 == 0 && format != .double {
            let bit: UInt64 = 1 << (UInt64(format.width) + random.next() % 16)
            switch random.next() % 3 {
            case 0: a ^= bit
            case 1: b ^= bit
            default: c ^= bit
            }
        }
    }

    /// A record of `vectors.S`.
    var record: [UInt64] {
        [
            UInt64(operation.rawValue) * 3 + UInt64(format.rawValue), UInt64(rounding.rawValue), a,
            b,
            c,
        ]
    }

    /// Random operands as registers hold them, in every format and rounding mode.
    static func registers(_ operation: FloatOperation, _ count: Int) -> [Vector] {
        let present = formats.filter { operation.exists(on: $0) }
        var random = SplitMix(state: seed &+ 77 &* UInt64(operation.rawValue))
        return (0..<count).map { index in
            var vector = Vector.random(
                operation, present[index % present.count], modes[index / 3 % modes.count], &random)
            vector.box(&random)
            return vector
        }
    }

    /// The first results that are not what the soft model gives.
    static func differences(_ vectors: [Vector], _ results: [FloatResult], _ name: String)
        -> [String]
    {
        if vectors.count != results.count { return ["\(name) gives \(results.count) results"] }
        var wrong: [String] = []
        for (vector, result) in zip(vectors, results) where vector.expected != result {
            let soft = hexadecimal(vector.expected)
            wrong.append("\(vector): soft \(soft), \(name) \(hexadecimal(result))")
            if wrong.count == 5 { break }
        }
        return wrong
    }

    /// What the registers of `box` give, as an x- or f-register holds it.
    var expected: FloatResult {
        var vector = self
        if !operation.isFromInteger { vector.a = format.unboxed(a) }
        vector.b = format.unboxed(b)
        vector.c = format.unboxed(c)
        var result = vector.soft
        switch operation {
        case .equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet, .classify, .toInt32,
            .toUInt32, .toInt64, .toUInt64, .toInt32Modular:
            break
        case .toHalf: result.bits = FloatFormat.half.boxed(result.bits)
        case .toSingle: result.bits = FloatFormat.single.boxed(result.bits)
        case .toDouble: break
        default: result.bits = format.boxed(result.bits)
        }
        return result
    }
}
