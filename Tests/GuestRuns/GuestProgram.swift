import Foundation
import TestKit

/// A program of `Adversaries` as a guest of Keel: assembly that runs on the bare hart.
struct GuestProgram {
    /// Where a guest's kernel lies says the mode that it starts in.
    enum Start: String {
        case machine = "0x80000000"
        case supervisor = "0x80200000"
    }
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Adversaries").path

    /// An ELF file; `values` are what the program's names stand for.
    static func build(
        _ name: String, _ start: Start, _ values: [String: String] = [:]
    ) throws -> Data {
        try withTemporaryFolder { scratch in
            let object = scratch.appendingPathComponent("object").path
            let result = scratch.appendingPathComponent("program")
            let target = ["--target=riscv64-none-none-eabi", "-march=rv64gc", "-mabi=lp64d"]
            let defined = values.sorted { $0.key < $1.key }.map { "-D\($0.key)=\($0.value)" }
            try run("clang", target + defined + ["-c", "\(folder)/\(name).S", "-o", object])
            try run(
                "ld.lld",
                [
                    "--defsym=BASE=\(start.rawValue)", "-T", "\(folder)/link.ld", object, "-o",
                    result.path,
                ])
            return try Data(contentsOf: result)
        }
    }
    private static func run(_ program: String, _ arguments: [String]) throws {
        let outcome = try Toolchain.run(program, arguments)
        guard outcome.status == 0 else { throw ToolchainFailure(message: outcome.errors) }
    }

    /// As Keel takes it, with a disk.
    static func guest(
        _ name: String, _ start: Start, _ values: [String: String] = [:]
    ) throws -> KeelRuns.GuestFiles {
        ["kernel": try build(name, start, values), "disk": Data(count: 1 << 20)]
    }
}

/// What several guests under Keel wrote, told apart.
struct GuestsText {
    /// Each guest's text. A line that another guest's text broke is whole again; so newlines are
    /// left out.
    private(set) var texts: [Int: String] = [:]
    /// What the monitor itself said of each.
    private(set) var notes: [Int: [String]] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let own = line.hasPrefix("keel: guest ") ? line.dropFirst(12) : line.dropFirst(1)
            guard let number = own.first?.wholeNumberValue else { continue }
            if line.hasPrefix("keel: guest ") {
                notes[number, default: []].append(String(own.dropFirst(3)))
            } else if line.hasPrefix("[") {
                texts[number, default: ""] += own.dropFirst(3)
            }
        }
    }

    func wrote(_ number: Int, _ text: String) -> Bool { texts[number]?.contains(text) == true }
    /// How often the rule with these words was noted.
    func count(_ number: Int, _ words: String) -> Int {
        (notes[number] ?? []).count { $0.contains(words) }
    }
}
