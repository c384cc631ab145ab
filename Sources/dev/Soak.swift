import Bits
import FoundationEssentials
import Glibc
import HostIO

/// The long run: the same tests with all vectors and many more rounds of fuzzing, under a new seed.
/// Seeds and results are appended to `Benchmarks/soak.md`.
struct Soak {
    private let seed: UInt64
    private static let journal = "Benchmarks/soak.md"

    init(_ arguments: [String]) throws(HullError) {
        guard let at = arguments.firstIndex(of: "--seed") else {
            seed = UInt64.random(in: 1...UInt64(UInt32.max))
            return
        }
        guard at + 1 < arguments.count, let number = UInt64(arguments[at + 1]) else {
            throw HullError(.usage, "--seed wants a number")
        }
        seed = number
    }

    func run() throws(HullError) -> Int32 {
        say("Soak with seed \(seed)")
        let start = time(nil)
        let status = try TestRun([]).run(environment: [
            "HULL_SOAK": "1", "HULL_SEED": String(seed), "HULL_FUZZ_ROUNDS": "5000000",
        ])
        let minutes = (time(nil) - start) / 60
        let row =
            "| \(today()) | \(revision()) | \(seed) | \(minutes) | \(status == 0 ? "passed" : "failed") |\n"
        try append(row)
        return status
    }

    private func append(_ row: String) throws(HullError) {
        let head = """
            # Soak runs

            | date | revision | seed | minutes | result |
            | --- | --- | --: | --: | --- |

            """
        do {
            let old = (try? String(contentsOfFile: Self.journal, encoding: .utf8)) ?? head
            try (old + row).write(toFile: Self.journal, atomically: true, encoding: .utf8)
        } catch {
            throw HullError(.host, "cannot write \(Self.journal)", cause: "\(error)")
        }
    }
}

/// The day, as documents write it.
func today() -> String {
    var now = time(nil)
    var parts = unsafe tm()
    // SAFETY: both point to locals.
    unsafe gmtime_r(&now, &parts)
    let (month, day) = unsafe (parts.tm_mon + 1, parts.tm_mday)
    return
        unsafe "\(parts.tm_year + 1900)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
}

/// The commit that is checked out.
func revision() -> String {
    let outcome = try? ChildProcess("git", ["rev-parse", "--short", "HEAD"]).run()
    let text = outcome?.text.split(separator: "\n").first.map(String.init)
    return text ?? "unknown"
}
