import Hart
import TestKit
import Testing
import Translator

/// What harts on two or more threads of the host see of each other's accesses.
@Suite("Litmus tests: the order in which harts see each other's accesses", .serialized)
struct LitmusTests {
    private static let instances = Effort.rounds(30_000)
    private static let ordered = Litmus.Shape.allCases.flatMap { shape in
        [Litmus.Order.fence, .acquireRelease].map { Litmus(shape: shape, order: $0) }
    }

    @Test(arguments: ordered) func orderedAccessesAreSeenInOrder(_ litmus: Litmus) throws {
        let outcomes = try litmus.run(instances: Self.instances) { translator($0) }
        #expect(outcomes.reduce(0, +) >= UInt64(Self.instances) / 2)
        #expect(outcomes[litmus.shape.forbidden] == 0, "\(litmus): \(outcomes)")
    }

    @Test(arguments: ordered) func theInterpreterKeepsTheOrderToo(_ litmus: Litmus) throws {
        let outcomes = try litmus.run(instances: Self.instances / 10) { Interpreter(memory: $0) }
        #expect(outcomes[litmus.shape.forbidden] == 0, "\(litmus): \(outcomes)")
    }

    /// Without fences stores wait in the host's buffers while loads behind them go ahead. If that is
    /// never seen, harts do not meet, and the other tests prove nothing.
    @Test(.enabled(if: Translator.isAvailable)) func storesAreBuffered() throws {
        #expect(try Self.sees(Litmus(shape: .storeBuffering, order: .none)))
    }

    /// And a translator that leaves fences out is found.
    @Test(.enabled(if: Translator.isAvailable)) func missingFencesAreFound() throws {
        #expect(try Self.sees(Litmus(shape: .storeBuffering, order: .fence), fault: .fence))
    }

    /// Whether the outcome of unordered accesses comes at all; on a busy host harts seldom meet.
    private static func sees(_ litmus: Litmus, fault: TranslatorFault? = nil) throws -> Bool {
        for _ in 0..<400 {
            let outcomes = try litmus.run(instances: instances) { translator($0, fault: fault) }
            if outcomes[litmus.shape.forbidden] > 0 { return true }
        }
        return false
    }
}
