import Foundation
import GuestKit
import TestKit
import Testing

/// What Keel's guests must do on whatever machine it runs: the same archives, words and texts.
struct KeelScenes {
    let machine: KeelMachine
    init(on machine: KeelMachine) { self.machine = machine }

    func selftest(_ image: String, _ backEnd: String) throws {
        let (text, code) = try machine.run(
            [KeelRuns.skiff(image, "run=selftest")], "\(backEnd) stats")
        #expect(try machine.passedSelftest(text, under: backEnd), "\(text)")
        #expect(machine == .qemu || code == 0, "\(text)")
        #expect(text.contains("ok disk write back"))
        #expect(text.contains("keel: VMExits: "))
    }

    func twoGuests(_ backEnd: String) throws {
        let guests = try ["skiff.elf", "skiff-m.elf"].map {
            try KeelRuns.skiff($0, "run=selftest")
        }
        let text = try machine.run(guests, backEnd).text
        let texts = GuestsText(text).texts
        for number in 0...1 {
            #expect(try machine.passedSelftest(texts[number] ?? "", under: backEnd), "\(text)")
        }
    }

    /// The monitor is an unmodified kernel as well.
    func keelInKeel(_ backEnd: String) throws {
        // Twice trapped, all is slow.
        let isTwiceTrapped = backEnd == "cpu=trap"
        let command = isTwiceTrapped ? "run=primes 100" : "run=selftest"
        try withTemporaryFolder { folder in
            let inner = try KeelRuns.archive([KeelRuns.skiff("skiff.elf", command)], in: folder)
            let guest = [
                "kernel": try Data(contentsOf: URL(fileURLWithPath: KeelRuns.keel)),
                "initrd": try Data(contentsOf: URL(fileURLWithPath: inner)),
                "arguments": Data("memory=64M".utf8),
            ]
            let (text, code) = try machine.run([guest], "\(backEnd) memory=256M")
            if isTwiceTrapped {
                #expect(code == 0 && text.contains("25 primes below 100"), "\(text)")
            } else {
                // The outer Keel's guest is trapped by the inner one, whatever the outer does.
                #expect(try machine.passedSelftest(text, under: "cpu=trap"), "\(text)")
            }
        }
    }

    /// xv6 to its shell, a command, and what it must print before the next prompt.
    func xv6(
        _ backEnd: String, _ command: String, prints wanted: String, seconds: Int
    ) throws {
        let tree = URL(fileURLWithPath: try #require(XV6Runs.tree))
        try withTemporaryFolder { folder in
            let guest = [
                "kernel": try Data(contentsOf: tree.appendingPathComponent("kernel/kernel")),
                "disk": try Data(contentsOf: tree.appendingPathComponent("fs.img")),
            ]
            let archive = try KeelRuns.archive([guest], in: folder)
            let run = try machine.boot(archive, backEnd, seconds: seconds)
            #expect(run.read(until: "$ ", seconds: Double(seconds)) != nil)
            try run.send(command + "\n")
            let text = run.read(until: "$ ", seconds: Double(seconds))
            #expect(text?.contains(wanted) == true, "\(text ?? "no prompt")")
            // Ends either program.
            try run.send("\u{1}x")
            _ = run.finish()
        }
    }

    func debian(_ backEnd: String, seconds: Int = 600) throws {
        let debian = try Guests.debian.get()
        try withTemporaryFolder { folder in
            let guest = [
                "kernel": try Data(contentsOf: URL(fileURLWithPath: debian.kernel)),
                "initrd": try Data(contentsOf: URL(fileURLWithPath: debian.initialRAMDisk)),
                "arguments": Data("console=ttyS0".utf8),
            ]
            let archive = try KeelRuns.archive([guest], in: folder)
            let run = try machine.boot(archive, "\(backEnd) memory=256M", seconds: seconds)
            #expect(run.read(until: "~ # ", seconds: Double(seconds)) != nil)
            try run.send("uname -sm\n")
            #expect(run.read(until: "Linux riscv64", seconds: 60) != nil)
            // The other console: what is typed goes to the one that wrote last.
            let words = "{ echo $((40+2))up; read line; echo $line-again; } <>/dev/hvc0 >&0"
            try run.send(words + "\n")
            #expect(run.read(until: "42up", seconds: 60) != nil)
            try run.send("typed\n")
            #expect(run.read(until: "typed-again", seconds: 60) != nil)
            #expect(run.read(until: "~ # ", seconds: 60) != nil)
            try run.send("poweroff -f\n")
            #expect(run.finish(seconds: 60).code == 0)
        }
    }
}
