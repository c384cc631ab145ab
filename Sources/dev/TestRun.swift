import Bits
import FoundationEssentials
import Glibc
import HostIO

/// Builds and runs all tests once, and ends with one plain line of counts.
struct TestRun {
    private let arguments: [String]
    private let events: String
    /// What a step may not change, or everything is built again.
    static let buildOptions = ["-c", "release"]

    init(_ arguments: [String]) {
        self.arguments = arguments
        events = ".build/test-events-\(getpid()).jsonl"
    }

    func run(environment variables: [String: String] = [:]) throws(HullError) -> Int32 {
        do {
            try Packages.provide(for: .test)
        } catch  where environment("HULL_OFFLINE") == "1" {
            say("dev: \(error)")
        }
        let build =
            ["build"] + Self.buildOptions
            + ["--build-tests", "--explicit-target-dependency-import-check", "error"]
        guard try ChildProcess("swift", build).runAttached() == 0 else {
            say("0 passed, 1 failed, 0 skipped")
            return 1
        }
        let (tally, status) = try runTests(variables)
        try? FileManager.default.removeItem(atPath: events)
        return report(tally, status, isSoak: variables["HULL_SOAK"] == "1")
    }

    private func runTests(
        _ variables: [String: String]
    ) throws(HullError) -> (tally: TestTally, status: Int32) {
        var tally = TestTally()
        var stream = EventFile(path: events)
        var quietSince = time(nil)
        let options = ["--skip-build", "--disable-xctest", "--event-stream-version", "0"]
        let test = ["test"] + Self.buildOptions + options + ["--event-stream-output-path", events]
        // Otherwise the testing library takes a backtrace at each guest trap, which is an error to it.
        var variables = variables
        variables["SWT_SWIFT_ERROR_BACKTRACING_ENABLED"] = "0"
        let status = try ChildProcess("swift", test + arguments, environment: variables).runAttached
        {
            let lines = stream.newLines()
            for line in lines { tally.read(line) }
            if !lines.isEmpty { quietSince = time(nil) }
            if time(nil) - quietSince >= 30 {
                quietSince = time(nil)
                say(
                    "… still running: \(tally.running.map(TestTally.shortName).joined(separator: ", "))"
                )
            }
        }
        for line in stream.newLines() { tally.read(line) }
        return (tally, status)
    }

    /// The figure of the hot loop, for whoever reads the log.
    private func showSpeed() {
        do {
            say(try MicroBench().run())
        } catch {
            say("no figure: \(error)")
        }
    }

    private func report(_ tally: TestTally, _ status: Int32, isSoak: Bool) -> Int32 {
        let isOffline = environment("HULL_OFFLINE") == "1"
        let forbidden = tally.skipped.filter {
            !isOffline && !TestTally.mayBeSkipped($0, isSoak: isSoak)
        }
        for test in tally.skipped { say("skipped: \(TestTally.shortName(test))") }
        for test in tally.failed + tally.suiteFailures {
            say("failed: \(TestTally.shortName(test))")
        }
        if !forbidden.isEmpty {
            say("Tests were skipped that must run; HULL_OFFLINE=1 allows it where no network is.")
        }
        let isGood =
            status == 0 && tally.isComplete && tally.failed.isEmpty && tally.suiteFailures.isEmpty
            && !tally.passed.isEmpty && forbidden.isEmpty
        if !isGood && tally.failed.isEmpty && forbidden.isEmpty {
            say("The test process ended with status \(status).")
        }
        if isGood { showSpeed() }
        say(tally.summary)
        return isGood ? 0 : 1
    }
}

/// A file that another process appends lines to.
private struct EventFile {
    let path: String
    private var descriptor: Int32 = -1
    private var partial: [UInt8] = []

    init(path: String) { self.path = path }

    mutating func newLines() -> [String] {
        // SAFETY: the path lives for the call; reading writes at most the array's count.
        if descriptor < 0 { descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            partial += buffer[..<count]
        }
        guard let end = partial.lastIndex(of: 10) else { return [] }
        let lines = partial[..<end].split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
        partial.removeSubrange(...end)
        return lines
    }
}
