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

    func boot(
        _ archive: String, _ words: String, engine: String = "translator", seconds: Int = 300
    ) throws -> HullRun {
        try HullRun([
            "boot", Self.keel, "--initrd", archive, "--append", words, "--engine", engine,
            "--timeout", "\(seconds)",
        ])
    }

    @Test(arguments: ["skiff.elf", "skiff-m.elf"], backEnds)
    func skiffPassesItsSelftest(_ image: String, _ backEnd: String) throws {
        try withTemporaryFolder { folder in
            let archive = try Self.archive([Self.skiff(image, "run=selftest")], in: folder)
            let run = try boot(archive, "\(backEnd) stats")
            try run.closeInput()
            let (text, code) = run.finish(seconds: 300)
            #expect(code == 0, "\(text)")
            #expect(text.contains(" passed, 0 failed"))
            #expect(text.contains("ok disk write back"))
            #expect(text.contains("keel: VMExits: "))
        }
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"]) func bothEnginesRunIt(_ backEnd: String) throws {
        try withTemporaryFolder { folder in
            let archive = try Self.archive([Self.skiff("skiff.elf", "run=selftest")], in: folder)
            let run = try boot(archive, backEnd, engine: "interpreter")
            try run.closeInput()
            #expect(run.finish(seconds: 300).text.contains(" passed, 0 failed"))
        }
    }

    @Test func theGuestsCodeIsTheMachines() throws {
        try withTemporaryFolder { folder in
            let archive = try Self.archive([Self.skiff("skiff.elf", "run=poweroff 1")], in: folder)
            let run = try boot(archive, "")
            try run.closeInput()
            #expect(run.finish().code == 1)
        }
    }

    @Test func aSystemCallIsShownStepByStep() throws {
        try withTemporaryFolder { folder in
            let archive = try Self.archive([Self.skiff("skiff.elf", "run=primes 10")], in: folder)
            let run = try boot(archive, "trace")
            try run.closeInput()
            let text = run.finish().text
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
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"])
    func twoGuestsRunSideBySide(_ backEnd: String) throws {
        try withTemporaryFolder { folder in
            let archive = try Self.archive(
                [
                    Self.skiff("skiff.elf", "run=selftest"),
                    Self.skiff("skiff-m.elf", "run=selftest"),
                ], in: folder)
            let run = try boot(archive, backEnd)
            try run.closeInput()
            let text = run.finish(seconds: 300).text
            for prefix in ["[0] selftest: ", "[1] selftest: "] {
                let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(prefix) }
                #expect(line?.hasSuffix(" passed, 0 failed") == true, "\(text)")
            }
        }
    }

    /// The monitor is an unmodified kernel as well.
    @Test(arguments: ["cpu=trap", "cpu=hardware"]) func keelRunsKeel(_ backEnd: String) throws {
        // Twice trapped, all is slow.
        let (command, wanted) =
            backEnd == "cpu=trap"
            ? ("run=primes 100", "25 primes below 100") : ("run=selftest", " passed, 0 failed")
        try withTemporaryFolder { folder in
            let inner = folder.appendingPathComponent("inner")
            let guests = try Self.archive([Self.skiff("skiff.elf", command)], in: inner)
            let guest = [
                "kernel": try Data(contentsOf: URL(fileURLWithPath: Self.keel)),
                "initrd": try Data(contentsOf: URL(fileURLWithPath: guests)),
                "arguments": Data("memory=64M".utf8),
            ]
            let run = try boot(try Self.archive([guest], in: folder), "\(backEnd) memory=256M")
            try run.closeInput()
            let (text, code) = run.finish(seconds: 300)
            #expect(code == 0 && text.contains(wanted), "\(text)")
        }
    }

    @Test(
        .enabled(if: XV6Runs.tree != nil, "HULL_XV6 names no built xv6"),
        arguments: ["cpu=trap mmu=lazy", "cpu=hardware"])
    func xv6PassesItsOwnTests(_ backEnd: String) throws {
        let tree = URL(fileURLWithPath: try #require(XV6Runs.tree))
        try withTemporaryFolder { folder in
            let guest = [
                "kernel": try Data(contentsOf: tree.appendingPathComponent("kernel/kernel")),
                "disk": try Data(contentsOf: tree.appendingPathComponent("fs.img")),
            ]
            let archive = try Self.archive([guest], in: folder)
            let run = try boot(archive, backEnd, seconds: 3000)
            #expect(run.read(until: "$ ") != nil)
            try run.send("usertests -q\n")
            let text = run.read(until: "$ ", seconds: 3000)
            #expect(text?.contains("ALL TESTS PASSED") == true, "\(text ?? "no prompt")")
        }
    }

    @Test(
        .enabled(if: Guests.hasDebian, "Debian's kernel cannot be fetched"), arguments: backEnds)
    func debianReachesItsShell(_ backEnd: String) throws {
        let debian = try Guests.debian.get()
        try withTemporaryFolder { folder in
            let guest = [
                "kernel": try Data(contentsOf: URL(fileURLWithPath: debian.kernel)),
                "initrd": try Data(contentsOf: URL(fileURLWithPath: debian.initialRAMDisk)),
                "arguments": Data("console=ttyS0".utf8),
            ]
            let archive = try Self.archive([guest], in: folder)
            let run = try boot(archive, "\(backEnd) memory=256M", seconds: 600)
            #expect(run.read(until: "~ # ", seconds: 600) != nil)
            try run.send("uname -sm\n")
            #expect(run.read(until: "Linux riscv64", seconds: 60) != nil)
            // The other console: what is typed goes to the one that wrote last.
            try run.send("echo $((40+2))up >/dev/hvc0; read line </dev/hvc0; echo $line-again\n")
            #expect(run.read(until: "42up", seconds: 60) != nil)
            try run.send("typed\n")
            #expect(run.read(until: "typed-again", seconds: 60) != nil)
            try run.send("\n")
            try run.send("poweroff -f\n")
            #expect(run.finish(seconds: 60).code == 0)
        }
    }
}
