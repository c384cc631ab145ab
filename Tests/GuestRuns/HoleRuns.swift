import Foundation
import TestKit
import Testing

/// Xhole, whose instructions are sensitive and do not trap in U-mode: a guest that uses it shows what
/// Popek and Goldberg's condition is for.
@Suite struct HoleRuns {
    private static let harts = "virt,+xhole"

    private func run(_ arguments: [String]) throws -> String {
        let run = try HullRun(["boot"] + arguments + ["--cpu", Self.harts, "--timeout", "60"])
        try run.closeInput()
        return run.finish(seconds: 120).text
    }

    @Test func itWorksBareAndOnHardwareAndBreaksWhereItShouldTrap() throws {
        let program = try GuestProgram.build("hole", .supervisor)
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("hole")
            try program.write(to: image)
            #expect(try run([image.path]).contains("hole: the timer came"))
            let archive = try KeelRuns.archive([["kernel": program]], in: folder)
            let guest = [KeelRuns.keel, "--initrd", archive, "--append"]
            #expect(try run(guest + ["cpu=hardware"]).contains("hole: the timer came"))
            #expect(try run(guest + ["cpu=trap"]).contains("hole: no interrupt came"))
        }
    }
}
