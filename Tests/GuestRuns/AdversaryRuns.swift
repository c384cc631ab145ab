import Foundation
import TestKit
import Testing

/// Guests that mean harm, or none and do it all the same: Keel keeps each within its world, and says
/// which rule stopped it, while a well-behaved guest beside them passes its own tests.
@Suite struct AdversaryRuns {
    /// Guest 0 is Skiff with its self-test, and the machine ends with it.
    private func runBesideSkiff(
        _ others: [KeelRuns.GuestFiles], _ words: String, engine: String = "translator"
    ) throws -> GuestsText {
        try withTemporaryFolder { folder in
            // Long enough for those beside it, which trap more.
            let skiff = try KeelRuns.skiff("skiff.elf", "run=selftest;selftest;selftest")
            let archive = try KeelRuns.archive([skiff] + others, in: folder)
            let run = try KeelRuns().boot(archive, "\(words) until=0", engine: engine)
            try run.closeInput()
            let (text, code) = run.finish(seconds: 300)
            #expect(code == 0, "\(text)")
            let texts = GuestsText(text)
            #expect(texts.wrote(0, " passed, 0 failed"), "\(text)")
            return texts
        }
    }

    private static let adversaries: [(String, GuestProgram.Start)] = [
        ("reach", .machine), ("grab", .supervisor), ("meddle", .supervisor),
    ]

    @Test(arguments: KeelRuns.backEnds)
    func adversariesAreContainedAndNoted(_ backEnd: String) throws {
        let guests = try Self.adversaries.map { try GuestProgram.guest($0.0, $0.1) }
        let texts = try runBesideSkiff(guests, backEnd)
        #expect(texts.wrote(1, "reach: all attempts trapped"))
        #expect(texts.count(1, "outside its memory at 0x88000000") == 1)
        #expect(texts.count(1, "page table outside its memory at 0x88000") == 1)
        #expect(texts.wrote(2, "grab: spins"))
        #expect(texts.wrote(2, "grab: all attempts trapped"))
        #expect(texts.count(2, "a device it was not given at 0x10003000") == 1)
        #expect(texts.wrote(3, "meddle: all attempts were refused"))
        #expect(texts.count(3, "only machine mode has: 0x300022f3") == 1)
        #expect(texts.count(3, "only a hypervisor has: 0x600022f3") == 1)
        #expect(texts.count(3, "harts it was not given: 0x2000004") == 1)
        #expect(texts.count(3, "its end is its own, and the others run on") == 1)
        // One line for each rule: a flood would be an attack as well.
        for (number, notes) in texts.notes {
            #expect(
                Set(notes.map { $0.split(separator: "0x")[0] }).count == notes.count, "\(number)")
        }
    }

    /// Alone, each would go on for ever; the well-behaved guest ends the machine with its own code.
    @Test func theMachineEndsWithTheGuestThatItIsToldToEndWith() throws {
        try withTemporaryFolder { folder in
            let spinner = try GuestProgram.guest("grab", .supervisor)
            let skiff = try KeelRuns.skiff("skiff.elf", "run=poweroff 1")
            let archive = try KeelRuns.archive([spinner, skiff], in: folder)
            let run = try KeelRuns().boot(archive, "until=1")
            try run.closeInput()
            #expect(run.finish().code == 1)
            let refused = try KeelRuns().boot(archive, "until=2")
            try refused.closeInput()
            let (text, code) = refused.finish()
            #expect(code != 0 && text.contains("until= names no guest"), "\(text)")
        }
    }

    @Test(arguments: KeelRuns.backEnds)
    func floatingPointRegistersAreEachGuestsOwn(_ backEnd: String) throws {
        try withTemporaryFolder { folder in
            let guests = try ["0x123", "0x45e"].map {
                try GuestProgram.guest("float", .supervisor, ["VALUE": $0])
            }
            let archive = try KeelRuns.archive(guests, in: folder)
            let run = try KeelRuns().boot(archive, backEnd)
            try run.closeInput()
            let text = run.finish(seconds: 120).text
            let texts = GuestsText(text)
            for number in 0...1 { #expect(texts.wrote(number, "float: kept"), "\(text)") }
        }
    }

    /// Random bytes as code, up to the last two of memory, with the first half of an instruction in
    /// them.
    @Test(arguments: KeelRuns.backEnds, [0, 1])
    func garbageDoesNotHaltTheMonitor(_ backEnd: String, _ round: Int) throws {
        let guests = try (0..<7).map { number in
            try GuestProgram.guest(
                "garbage", .machine,
                [
                    "SEED": "0x\(round + 1)9e3779b97f4a7c\(number + 1)", "KIND": "\(number % 4)",
                    "END": "0x81000000",
                ])
        }
        let texts = try runBesideSkiff(guests, "\(backEnd) memory=16M")
        let busy = (1...7).count { texts.wrote($0, "garbage: many traps") }
        #expect(busy >= 4, "\(texts.texts)")
    }

    @Test func garbageDoesNotHaltTheInterpretersMonitor() throws {
        let values = ["SEED": "0x5eed", "KIND": "3", "END": "0x81000000"]
        let guest = try GuestProgram.guest("garbage", .machine, values)
        let texts = try runBesideSkiff([guest], "cpu=trap memory=16M", engine: "interpreter")
        #expect(texts.wrote(1, "garbage: begins"))
    }
}
