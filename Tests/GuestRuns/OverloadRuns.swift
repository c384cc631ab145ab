import Foundation
import TestKit
import Testing

/// Guests that ask for more than a monitor has, and rare things that kernels may rely on.
@Suite struct OverloadRuns {
    private static let values = ["BIG": "4096", "CHAINS": "256"]

    /// One notification may be for any amount of work: it is done in rounds, between which others run.
    @Test(arguments: KeelRuns.backEnds)
    func requestsWithoutEndHoldUpNobody(_ backEnd: String) throws {
        let greedy = try ["flood", "swell", "feed"].map {
            try GuestProgram.guest($0, .machine, Self.values)
        }
        let skiff = try KeelRuns.skiff("skiff.elf", "run=selftest")
        let (text, code) = try KeelMachine.translator.run(greedy + [skiff], "\(backEnd) until=3")
        #expect(code == 0, "\(text)")
        #expect(GuestsText(text).wrote(3, " passed, 0 failed"), "\(text)")
    }

    /// What is typed to a guest that takes none of it costs nobody else anything.
    @Test func inputThatNobodyTakesIsLost() throws {
        try withTemporaryFolder { folder in
            let deaf = try GuestProgram.guest("flood", .machine)
            let skiff = try KeelRuns.skiff("skiff.elf", "")
            let archive = try KeelRuns.archive([deaf, skiff], in: folder)
            let run = try KeelMachine.translator.boot(archive, "")
            #expect(run.read(until: "[1] ") != nil)
            for _ in 0..<200 { try run.send(String(repeating: "a", count: 1000)) }
            try run.send("\u{14}")
            #expect(run.read(until: "goes to guest 1") != nil)
            try run.send("primes 100\n")
            #expect(run.read(until: "25 primes below 100") != nil)
        }
    }

    @Test(arguments: KeelRuns.backEnds) func rareThingsWorkAsOnAHart(_ backEnd: String) throws {
        let guests = [
            try GuestProgram.guest("piece", .supervisor),
            try GuestProgram.guest("doze", .supervisor),
            try GuestProgram.guest("divided", .machine),
        ]
        let text = try KeelMachine.translator.run(guests, backEnd, seconds: 60).text
        for (number, wanted) in ["N", "W", "OONNN"].enumerated() {
            #expect(GuestsText(text).texts[number] == wanted, "\(text)")
        }
    }
}
