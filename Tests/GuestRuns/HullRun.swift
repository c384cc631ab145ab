import Foundation

/// One run of the built command.
final class HullRun: ProgramRun, @unchecked Sendable {
    /// The command that was built beside this test.
    static var binary: URL {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("hull")
    }

    init(_ arguments: [String]) throws { try super.init(Self.binary, arguments) }

    /// Runs a command to its end with nothing on its input.
    static func run(_ arguments: [String], seconds: Double = 120) throws -> (
        text: String, code: Int32
    ) {
        let run = try HullRun(arguments)
        try run.closeInput()
        return run.finish(seconds: seconds)
    }
}
