import Foundation
import TestKit
import Testing

/// A machine that Keel is started on, each in the same way.
enum KeelMachine: String, Sendable {
    case translator, interpreter
    case qemu

    static let hasQEMU = Toolchain.has("qemu-system-riscv64")
    private static let qemuBoard = ["-M", "virt", "-cpu", "rv64,h=true", "-m", "1G", "-nographic"]

    /// Keel with an archive of guests and its words; the machine ends by itself after `seconds`.
    func boot(_ archive: String, _ words: String, seconds: Int = 300) throws -> ProgramRun {
        switch self {
        case .translator, .interpreter:
            return try HullRun([
                "boot", KeelRuns.keel, "--initrd", archive, "--append", words, "--engine", rawValue,
                "--timeout", "\(seconds)",
            ])
        case .qemu:
            let guest = ["-kernel", KeelRuns.keel, "-initrd", archive, "-append", words]
            return try ProgramRun(
                URL(fileURLWithPath: try Toolchain.path(of: "timeout")),
                ["-s", "KILL", "\(seconds)", "qemu-system-riscv64"] + Self.qemuBoard + guest,
                endsGroup: true)
        }
    }

    /// Boots Keel with these guests, with nothing on their input, until it ends.
    func run(
        _ guests: [KeelRuns.GuestFiles], _ words: String, seconds: Int = 300
    ) throws -> (text: String, code: Int32) {
        try withTemporaryFolder { folder in
            let archive = try KeelRuns.archive(guests, in: folder)
            let run = try boot(archive, words, seconds: seconds)
            try run.closeInput()
            return run.finish(seconds: Double(seconds + 30))
        }
    }

    // MARK: Skiff's self-test

    /// Whether Skiff's self-test ended, and found no fault but the machine's own. Newlines do not
    /// matter: between two guests' texts they may be anywhere.
    func passedSelftest(_ text: String, under words: String) throws -> Bool {
        let text = text.filter { !$0.isNewline }
        let known = try faults(under: words).count { text.contains("FAILED " + $0) }
        return text.contains(" passed, \(known) failed")
    }

    /// The checks of Skiff's self-test that do not hold on this machine.
    private func faults(under words: String) throws -> Set<String> {
        guard self == .qemu else { return [] }
        let bare = try Self.bareQEMUFaults.get()
        // QEMU 7.2 leaves STIP and SEIP out of what VS-mode reads of sip; the interrupts come.
        return words.contains("cpu=hardware")
            ? bare.union(["timer in the past is pending", "SBI timer"]) : bare
    }

    /// What fails without Keel, too; `SecondOpinionTests` says why each does.
    private static let bareQEMUFaults = Result {
        let skiff = KeelRuns.root.appendingPathComponent("Guests/prebuilt/skiff.elf").path
        let outcome = try Toolchain.run(
            "timeout",
            ["-s", "KILL", "120", "qemu-system-riscv64"] + qemuBoard
                + ["-kernel", skiff, "-append", "run=selftest"])
        let lines = outcome.text.split(whereSeparator: \.isNewline)
        try #require(lines.last?.hasPrefix("selftest: ") == true, "\(outcome.errors)")
        return Set(
            lines.compactMap { $0.hasPrefix("FAILED ") ? String($0.dropFirst(7)) : nil })
    }
}
