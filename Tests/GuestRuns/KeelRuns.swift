import Foundation
import GuestKit
import HostIO
import TestKit
import Testing

/// Keel, the monitor, with real guests: they run as they are, under each back-end.
@Suite struct KeelRuns {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let keel = root.appendingPathComponent("Guests/prebuilt/keel.elf").path
    static let backEnds = [
        "cpu=trap mmu=lazy", "cpu=trap mmu=shadow", "cpu=trap mmu=trace", "cpu=hardware",
    ]

    /// A guest's files by their names in the archive.
    typealias GuestFiles = [String: Data]

    static func skiff(_ image: String, _ arguments: String) throws -> GuestFiles {
        let kernel = root.appendingPathComponent("Guests/prebuilt/\(image)")
        return [
            "kernel": try Data(contentsOf: kernel), "arguments": Data(arguments.utf8),
            "disk": Data(count: 1 << 20),
        ]
    }

    /// Writes the archive that Keel takes its guests from.
    static func archive(_ guests: [GuestFiles], in folder: URL) throws -> String {
        for (number, files) in guests.enumerated() {
            let own = folder.appendingPathComponent("\(number)")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            for (name, bytes) in files { try bytes.write(to: own.appendingPathComponent(name)) }
        }
        let path = folder.appendingPathComponent("guests.tar").path
        let numbers = guests.indices.map { "\($0)" }
        let outcome = try Toolchain.run(
            "tar", ["--format=ustar", "-C", folder.path, "-cf", path] + numbers, in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return path
    }

    @Test(arguments: ["skiff.elf", "skiff-m.elf"], backEnds)
    func skiffPassesItsSelftest(_ image: String, _ backEnd: String) throws {
        try KeelScenes(on: .translator).selftest(image, backEnd)
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"]) func bothEnginesRunIt(_ backEnd: String) throws {
        try KeelScenes(on: .interpreter).selftest("skiff.elf", backEnd)
    }

    @Test func theGuestsCodeIsTheMachines() throws {
        let skiff = try Self.skiff("skiff.elf", "run=poweroff 1")
        #expect(try KeelMachine.translator.run([skiff], "").code == 1)
    }

    @Test func aSystemCallIsShownStepByStep() throws {
        let skiff = try Self.skiff("skiff.elf", "run=primes 10")
        let text = try KeelMachine.translator.run([skiff], "trace").text
        let steps = [
            "ecall traps to the monitor", "virtual sepc <- real sepc", "virtual mode <- S",
            "virtual scause <- 0x8", "real sepc <- virtual stvec",
            "page table shows supervisor pages", "sret", "sret traps to the monitor",
            "virtual mode <- U", "real sepc <- virtual sepc",
            "page table hides supervisor pages", "sret",
        ]
        let shown = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("keel: ") }
        #expect(shown.count == steps.count, "\(text)")
        for (line, step) in zip(shown, steps) { #expect(line.dropFirst(6).hasPrefix(step)) }
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"])
    func twoGuestsRunSideBySide(_ backEnd: String) throws {
        try KeelScenes(on: .translator).twoGuests(backEnd)
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"]) func keelRunsKeel(_ backEnd: String) throws {
        try KeelScenes(on: .translator).keelInKeel(backEnd)
    }

    @Test(
        .enabled(if: XV6Runs.tree != nil, "HULL_XV6 names no built xv6"),
        arguments: ["cpu=trap mmu=lazy", "cpu=hardware"])
    func xv6PassesItsOwnTests(_ backEnd: String) throws {
        try KeelScenes(on: .translator).xv6(
            backEnd, "usertests -q", prints: "ALL TESTS PASSED", seconds: 3000)
    }

    @Test(
        .enabled(if: Guests.hasDebian, "Debian's kernel cannot be fetched"), arguments: backEnds)
    func debianReachesItsShell(_ backEnd: String) throws {
        try KeelScenes(on: .translator).debian(backEnd)
    }
}
