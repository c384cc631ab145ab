import Hart
import RISCV
import Testing

/// The soft model against the host's FPU: bits and flags of every operation that the host has.
@Suite struct HostTests {
    static let pairs: [(FloatOperation, FloatFormat)] = FloatOperation.allCases.flatMap { item in
        formats.filter { item.exists(on: $0) }.map { (item, $0) }
    }

    /// The first vectors that differ: a list in a failure says more than its length.
    static func compare(_ vectors: some Sequence<Vector>) -> (compared: Int, wrong: [String]) {
        var compared = 0
        var wrong: [String] = []
        for vector in vectors {
            guard
                let host = HostFloat.perform(
                    vector.operation, vector.format, rounding: vector.rounding, vector.a, vector.b,
                    vector.c)
            else { continue }
            compared += 1
            let soft = vector.soft
            if soft != host && wrong.count < 5 {
                wrong.append("\(vector): soft \(hexadecimal(soft)), host \(hexadecimal(host))")
            }
        }
        return (compared, wrong)
    }

    @Test(.enabled(if: HostFloat.isAvailable, "the host lacks FMA, SSE4.1 or F16C"))
    func randomVectorsAgree() {
        var total = 0
        for (operation, format) in Self.pairs {
            var random = SplitMix(state: seed &+ UInt64(operation.rawValue))
            let vectors = (0..<vectorCount).lazy.map { index in
                Vector.random(operation, format, hostModes[index % 4], &random)
            }
            let (compared, wrong) = Self.compare(vectors)
            #expect(wrong.isEmpty)
            total += compared
        }
        // 24 operations on doubles, 25 on singles and two on halves, but for integers out of range.
        #expect(total > 45 * vectorCount)
    }

    @Test(.enabled(if: HostFloat.isAvailable, "the host lacks FMA, SSE4.1 or F16C"))
    func landmarksAgree() {
        for (operation, format) in Self.pairs where !operation.isFromInteger {
            let all = format.landmarks
            let second = operation.operandCount > 1 ? all : [0]
            let third =
                operation.operandCount > 2 ? all.enumerated().filter { $0.offset % 2 == 0 } : []
            for rounding in hostModes {
                for a in all {
                    let (_, wrong) = Self.compare(
                        second.lazy.flatMap { b in
                            (third.isEmpty ? [0] : third.map(\.element)).lazy.map { c in
                                Vector(
                                    operation: operation, format: format, rounding: rounding,
                                    a: a, b: b, c: c)
                            }
                        })
                    #expect(wrong.isEmpty)
                }
            }
        }
    }

    /// Flags gather over a session, and the rounding mode of one operation does not disturb them.
    @Test(.enabled(if: HostFloat.isAvailable, "the host lacks FMA, SSE4.1 or F16C"))
    func sessionGathersFlags() {
        let one: UInt64 = 0x3ff0_0000_0000_0000
        let three: UInt64 = 0x4008_0000_0000_0000
        let saved = HostFloat.begin(.up)
        let third = HostFloat.performInSession(.divide, .double, one, three, 0)
        let infinity = HostFloat.performInSession(.divide, .double, one, 0, 0)
        HostFloat.setRounding(.down)
        let down = HostFloat.performInSession(.divide, .double, one, three, 0)
        let taken = HostFloat.takeFlags()
        let exact = HostFloat.performInSession(.add, .double, one, one, 0)
        let rest = HostFloat.end(saved)
        #expect(third == 0x3fd5_5555_5555_5556)
        #expect(down == 0x3fd5_5555_5555_5555)
        #expect(infinity == FloatFormat.double.infinity)
        #expect(exact == 0x4000_0000_0000_0000)
        #expect(taken == [.inexact, .divideByZero])
        #expect(rest == [])
    }

    @Test(.enabled(if: HostFloat.isAvailable, "the host lacks FMA, SSE4.1 or F16C"))
    func truncationAgrees() {
        let operations: [FloatOperation] = [.toInt32, .toUInt32, .toInt64, .toUInt64]
        var compared = 0
        for operation in operations {
            for format in [FloatFormat.single, .double] {
                var random = SplitMix(state: seed)
                var wrong: [String] = []
                for _ in 0..<vectorCount / 4 {
                    let vector = Vector.random(operation, format, .towardZero, &random)
                    let saved = HostFloat.begin(.up)
                    let bits = HostFloat.integerInSession(
                        operation, format, vector.a, truncates: true)
                    let flags = HostFloat.end(saved)
                    guard let bits else { continue }
                    compared += 1
                    if vector.soft != FloatResult(bits, flags) { wrong.append("\(vector)") }
                }
                #expect(wrong.isEmpty)
            }
        }
        #expect(compared > vectorCount / 2)
    }
}

func hexadecimal(_ result: FloatResult) -> String {
    "0x\(String(result.bits, radix: 16)) flags \(result.flags.rawValue)"
}
