import Bits
import Foundation
import Loader
import TestKit
import Testing

/// How a program is set up before its cases run; see Programs/conformance.h.
enum Setting: String, CaseIterable, Sendable {
    case machine = "MACHINE"
    case supervisor = "SUPERVISOR"
    case user = "USER"
    /// The program is machine-mode code of its own.
    case bare = "BARE"
}

/// One source in one setting.
struct Program: Sendable, CustomTestStringConvertible {
    let name: String
    let setting: Setting
    var testDescription: String { "\(name), \(setting.rawValue.lowercased())" }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Programs")

    /// All of them: what includes privileged.h is bare, the others run in every mode.
    static let all: [Program] = names(ending: ".S").flatMap { name in
        let isBare = ["privileged", "guests"].contains {
            text(name).contains("#include \"\($0).h\"")
        }
        let settings: [Setting] = isBare ? [.bare] : [.machine, .supervisor, .user]
        return settings.map { Program(name: String(name.dropLast(2)), setting: $0) }
    }

    /// Whether it is about the hypervisor extension, which the hart has only then.
    var hasGuests: Bool { Self.text(name + ".S").contains("#include \"guests.h\"") }

    /// Every word of assembly in the sources, comments left out.
    static var words: Set<Substring> {
        let lines = (names(ending: ".S") + names(ending: ".h")).flatMap {
            text($0).split(whereSeparator: \.isNewline)
        }
        return Set(
            lines.flatMap { line in
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
                return code.split { $0.isWhitespace || $0 == "," }
            })
    }

    private static func names(ending: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(ending) }.sorted()
    }
    private static func text(_ name: String) -> String {
        let file = folder.appendingPathComponent(name)
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }

    /// What the result depends on.
    private var identity: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        let files = Self.names(ending: ".h") + ["link.ld", name + ".S"]
        for byte in (files.map(Self.text) + [setting.rawValue]).joined().utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash
    }

    /// Assembled and linked; kept under .build by the content of its sources.
    func build() throws -> URL {
        let cache = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/conformance")
        let stem = "\(name)-\(setting.rawValue)-\(String(identity, radix: 16))"
        let program = cache.appendingPathComponent(stem + ".elf")
        if FileManager.default.fileExists(atPath: program.path) { return program }
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        try withTemporaryFolder { scratch in
            let object = scratch.appendingPathComponent("object").path
            let result = scratch.appendingPathComponent("program")
            try Self.run(
                "clang",
                [
                    "--target=riscv64-none-none-eabi", "-march=rv64gc", "-mabi=lp64d",
                    "-mno-relax", "-D\(setting.rawValue)", "-I\(Self.folder.path)", "-c",
                    Self.folder.appendingPathComponent(name + ".S").path, "-o", object,
                ])
            let script = Self.folder.appendingPathComponent("link.ld").path
            try Self.run("ld.lld", ["-T", script, object, "-o", result.path])
            // Another process may have made the same file meanwhile.
            _ = try? FileManager.default.moveItem(at: result, to: program)
        }
        return program
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let outcome = try Toolchain.run(program, arguments)
        guard outcome.status == 0 else { throw ToolchainFailure(message: outcome.errors) }
    }

    func plan() throws -> LoadPlan {
        let bytes = try Data(contentsOf: try build())
        return try LoadPlan(Array(bytes), LoadOptions(name: name)) { _, _, _ throws(HullError) in
            throw HullError(.format, "A conformance program is never compressed.")
        }
    }
}
