import FoundationEssentials

/// Counts a run of Swift Testing from its event stream (JSON lines, version 0).
package struct TestTally {
    package init() {}

    private struct Record: Decodable {
        struct Payload: Decodable {
            struct Issue: Decodable {
                var isKnown: Bool?
                var isFailure: Bool?
            }
            var kind: String
            var id: String?
            var name: String?
            var testID: String?
            var issue: Issue?
        }
        var kind: String
        var payload: Payload
    }

    private enum Outcome {
        case waiting, running, passed, failed, skipped
    }
    /// By identifier; functions only, since suites start and end too.
    private var outcomes: [String: Outcome] = [:]
    private var names: [String: String] = [:]
    private var failures: Set<String> = []
    package private(set) var isComplete = false

    package mutating func read(_ line: some StringProtocol) {
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(line.utf8)) else {
            return
        }
        let payload = record.payload
        if record.kind == "test", payload.kind == "function", let id = payload.id {
            outcomes[id] = .waiting
            names[id] = payload.name
        }
        guard record.kind == "event" else { return }
        if payload.kind == "runEnded" { isComplete = true }
        guard let id = payload.testID else {
            // An issue outside any test fails the run as a test of its own.
            if payload.kind == "issueRecorded", payload.issue?.isKnown != true {
                outcomes["outside of tests"] = .failed
            }
            return
        }
        switch payload.kind {
        case "issueRecorded"
        where payload.issue?.isKnown != true && payload.issue?.isFailure != false:
            failures.insert(id)
        case "testStarted" where outcomes[id] != nil: outcomes[id] = .running
        case "testEnded" where outcomes[id] != nil:
            outcomes[id] = failures.contains(id) ? .failed : .passed
        case "testSkipped" where outcomes[id] != nil: outcomes[id] = .skipped
        default: break
        }
    }

    private func all(_ wanted: Outcome) -> [String] {
        outcomes.filter { $0.value == wanted }.keys.sorted()
    }
    package var passed: [String] { all(.passed) }
    package var skipped: [String] { all(.skipped) }
    package var running: [String] { all(.running) }
    /// With those that a crash of the process kept from ending.
    package var failed: [String] {
        all(.failed) + (isComplete ? [] : all(.running) + all(.waiting))
    }
    /// Failures in suites that failed outside of any of their tests.
    package var suiteFailures: [String] { failures.filter { outcomes[$0] == nil }.sorted() }

    package var summary: String {
        let failures = failed.count + suiteFailures.count
        return "\(passed.count) passed, \(failures) failed, \(skipped.count) skipped"
    }

    /// Tests of xv6 need what no package has, and may always be skipped; suites whose names end in
    /// `Soak` are for a soak alone.
    package static func mayBeSkipped(_ id: String, isSoak: Bool) -> Bool {
        id.lowercased().contains("xv6") || !isSoak && id.contains("Soak/")
    }

    /// How a test is called in messages: `LoaderTests.ELFTests/theName()`.
    package static func shortName(_ id: String) -> String {
        let parts = id.split(separator: "/")
        return parts.count > 2 ? parts.dropLast().joined(separator: "/") : id
    }
}
