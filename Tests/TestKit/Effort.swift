import Foundation

/// How long seeded tests run: short in `make test`, longer and from another seed in `make soak`.
package enum Effort {
    /// Whether this is a soak, which also runs tests of many minutes.
    package static let soaks = ProcessInfo.processInfo.environment["HULL_SOAK"] == "1"

    /// Rounds for a test that makes do with `rounds` in CI; `share` is its part of a soak's rounds,
    /// for tests with slow rounds.
    package static func rounds(_ rounds: Int, share: Int = 1) -> Int {
        environment("HULL_FUZZ_ROUNDS").map { max(rounds, Int(clamping: $0) / share) } ?? rounds
    }
    /// Seeds for runs beside each other.
    package static let seeds: [UInt64] = {
        let first = environment("HULL_SEED") ?? 1
        return (0..<8).map { first &+ $0 }
    }()

    private static func environment(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
