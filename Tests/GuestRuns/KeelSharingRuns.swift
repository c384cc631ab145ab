import Foundation
import TestKit
import Testing

/// Several guests of Keel share harts and the console.
extension KeelRuns {
    /// Three guests on two harts: one of them has to move when a hart has nothing left to do.
    @Test(arguments: ["cpu=trap", "cpu=hardware"], ["translator", "interpreter"])
    func guestsRunOnSeveralHarts(_ backEnd: String, _ engine: String) throws {
        try withTemporaryFolder { folder in
            let guest = try Self.skiff("skiff.elf", "run=selftest")
            let archive = try Self.archive([guest, guest, guest], in: folder)
            let run = try HullRun([
                "boot", Self.keel, "--initrd", archive, "--append", "\(backEnd) stats",
                "--harts", "2", "--engine", engine, "--timeout", "300",
            ])
            try run.closeInput()
            let (text, code) = run.finish(seconds: 300)
            #expect(code == 0, "\(text)")
            let lines = text.split(whereSeparator: \.isNewline)
            for number in 0..<3 {
                let line = lines.first { $0.hasPrefix("[\(number)] selftest: ") }
                #expect(line?.hasSuffix(" passed, 0 failed") == true, "\(text)")
            }
            let moves = lines.filter { $0.hasPrefix("keel: moves to another hart: ") }
            #expect(moves.count == 3)
            #expect(moves.contains { !$0.hasSuffix(": 0") }, "\(text)")
        }
    }

    /// What is typed goes to one guest, and Ctrl-T chooses the next, on whatever hart it sleeps.
    @Test(arguments: [1, 2]) func theSwitchKeyChoosesWhoIsTypedTo(_ harts: Int) throws {
        try withTemporaryFolder { folder in
            let guest = try Self.skiff("skiff.elf", "")
            let archive = try Self.archive([guest, guest], in: folder)
            let run = try HullRun([
                "boot", Self.keel, "--initrd", archive, "--harts", "\(harts)", "--timeout", "200",
            ])
            for number in [0, 1, 0] {
                try run.send("primes 100\n")
                #expect(run.read(until: "[\(number)] 25 primes below 100", seconds: 60) != nil)
                try run.send("\u{14}")
                #expect(run.read(until: "goes to guest \(1 - number)", seconds: 60) != nil)
            }
            try run.send("poweroff\n\u{14}poweroff\n")
            #expect(run.finish(seconds: 60).code == 0)
        }
    }
}
