import Control
import Foundation
import HostIO
import TestKit
import Testing

/// Hull's commands with a folder of their own for control sockets.
struct Hulls {
    let folder: URL
    var sockets: URL { folder.appendingPathComponent("hull") }

    /// `body` runs with commands of its own; machines that it left running end.
    static func with<Result>(_ body: (Hulls) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let hulls = Hulls(folder: folder)
            defer {
                for name in hulls.running { _ = try? hulls.run(["stop", "--force", name]) }
            }
            return try body(hulls)
        }
    }

    func run(_ arguments: [String], input: String = "") throws -> ProcessOutcome {
        try Toolchain.run(
            "env", ["XDG_RUNTIME_DIR=\(folder.path)", HullRun.binary.path] + arguments,
            input: Array(input.utf8))
    }

    /// Leaves Skiff running and returns its name.
    func start(_ arguments: [String] = []) throws -> String {
        let outcome = try run(
            ["boot", "--detach", "--memory", "64M", "--timeout", "240"] + arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.text.trimmingCharacters(in: .newlines)
    }

    var running: [String] {
        (try? RuntimeFolder(at: sockets.path))?.names() ?? []
    }
    func client(_ name: String) throws -> ControlClient {
        ControlClient(name, try RuntimeFolder(at: sockets.path))
    }
    func ask(_ name: String, _ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
        let answer = try #require(try client(name).ask(method, path, body))
        return answer.body.isEmpty ? .null : try JSON(parsing: answer.body)
    }
    /// Waits until the console has printed a text since its start.
    func expect(_ text: String, on name: String) throws {
        for _ in 0..<6000 {
            let printed = try #require(try client(name).ask("GET", "/v1/console"))
            if String(decoding: printed.body, as: UTF8.self).contains(text) { return }
            usleep(20_000)
        }
        Issue.record("\(name) did not print \(text)")
    }
    func retired(_ name: String) throws -> Int64 {
        let harts = try ask(name, "GET", "/v1/stats")["harts"]?.elements ?? []
        return harts.reduce(0) { $0 + ($1["retired"]?.integer ?? 0) }
    }
    /// Whether its harts retire instructions, however slow the host is.
    func runs(_ name: String) throws -> Bool {
        let start = try retired(name)
        for _ in 0..<1000 {
            if try retired(name) > start { return true }
            usleep(10_000)
        }
        return false
    }
}
