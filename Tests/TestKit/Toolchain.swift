import Foundation

/// How a program that a test ran ended.
package struct ProcessOutcome: Sendable {
    package let status: Int32
    package let output: [UInt8]
    package let errors: String
    package var text: String { String(decoding: output, as: UTF8.self) }
}

package struct MissingProgram: Error, CustomStringConvertible {
    package let name: String
    package var description: String { "\(name) is not on this machine's PATH" }
}

/// Programs that tests use as oracles and makers of input: the Swift toolchain's own clang, lld and
/// objdump, and the host's.
package enum Toolchain {
    /// The full path of a program; those that come with the Swift toolchain are taken from it even
    /// where the host has its own.
    package static func path(of program: String) throws -> String {
        if program.hasPrefix("/") { return program }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
            .split(separator: ":").map(String.init)
        let files = FileManager.default
        let toolchain = folders.first { files.isExecutableFile(atPath: "\($0)/swift") }
        for folder in [toolchain].compactMap({ $0 }) + folders {
            // `swift` may be a link into the toolchain; its neighbours are what is wanted.
            let real = URL(fileURLWithPath: "\(folder)/swift").resolvingSymlinksInPath()
            let beside = real.deletingLastPathComponent().appendingPathComponent(program).path
            if folder == toolchain, files.isExecutableFile(atPath: beside) { return beside }
            if files.isExecutableFile(atPath: "\(folder)/\(program)") {
                return "\(folder)/\(program)"
            }
        }
        throw MissingProgram(name: program)
    }

    /// A port of this host that nobody listens at.
    package static func freePort() throws -> UInt16 {
        let script =
            "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])"
        let text = try run("python3", ["-c", script]).text
        guard let port = UInt16(text.trimmingCharacters(in: .newlines)) else {
            throw MissingProgram(name: "python3")
        }
        return port
    }

    package static func has(_ program: String) -> Bool { (try? path(of: program)) != nil }

    /// Runs a program to its end. Output goes through files, so that no pipe can fill up.
    package static func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], in folder: URL? = nil
    ) throws -> ProcessOutcome {
        try withTemporaryFolder { scratch in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try path(of: program))
            process.arguments = arguments
            process.currentDirectoryURL = folder
            let names = ["in", "out", "err"].map { scratch.appendingPathComponent($0) }
            try Data(input).write(to: names[0])
            for name in names[1...] { try Data().write(to: name) }
            process.standardInput = try FileHandle(forReadingFrom: names[0])
            process.standardOutput = try FileHandle(forWritingTo: names[1])
            process.standardError = try FileHandle(forWritingTo: names[2])
            try process.run()
            process.waitUntilExit()
            return ProcessOutcome(
                status: process.terminationStatus, output: Array(try Data(contentsOf: names[1])),
                errors: String(decoding: try Data(contentsOf: names[2]), as: UTF8.self))
        }
    }

    /// Runs a program of this package, which lies beside the tests.
    package static func runBuilt(
        _ program: String, _ arguments: [String], input: [UInt8] = []
    ) throws -> ProcessOutcome {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: own).deletingLastPathComponent()
        return try run(folder.appendingPathComponent(program).path, arguments, input: input)
    }

    /// Assembles or compiles for riscv64 and links the result, with more flags for either.
    package static func link(
        _ source: String, language: String = "assembler", flags: [String] = [],
        linkerFlags: [String] = []
    ) throws -> [UInt8] {
        try withTemporaryFolder { folder in
            try source.write(
                to: folder.appendingPathComponent("source"), atomically: true, encoding: .utf8)
            let compiled = try run(
                "clang",
                [
                    "--target=riscv64-none-none-eabi", "-march=rv64imac_zicsr_zifencei",
                    "-mabi=lp64",
                    "-mcmodel=medany", "-ffreestanding", "-O1", "-x", language, "-c", "source",
                    "-o", "object",
                ] + flags, in: folder)
            guard compiled.status == 0 else { throw ToolchainFailure(message: compiled.errors) }
            let linked = try run("ld.lld", ["object", "-o", "program"] + linkerFlags, in: folder)
            guard linked.status == 0 else { throw ToolchainFailure(message: linked.errors) }
            return Array(try Data(contentsOf: folder.appendingPathComponent("program")))
        }
    }
}

package struct ToolchainFailure: Error, CustomStringConvertible {
    package let message: String
    package init(message: String) { self.message = message }
    package var description: String { message }
}

/// A folder that is gone when `body` returns.
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("hull-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
