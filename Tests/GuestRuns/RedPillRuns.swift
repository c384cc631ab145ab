import Foundation
import TestKit
import Testing

/// A guest that looks for whatever would tell it that it runs on a virtual hart, time excepted: it
/// must see the same on the bare machine and under each back-end.
@Suite struct RedPillRuns {
    /// What `GuestISA` tells a guest on this machine: the bare one is told the same.
    private static let harts =
        "rv64gc,+zicsr,+zifencei,+zicntr,+zba,+zbb,+zbc,+zbs,+zicond,+zihintpause,+zacas,+zfa,+zfh,"
        + "+zfhmin,+zcb,+zimop,+zcmop,+svadu,+sstc,+svnapot"

    private static func digest(_ text: String, _ name: String) -> [String] {
        text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("\(name): ") }.map(
            String.init)
    }

    /// The monitor's own hart has the hypervisor extension beside. It has no more than that: what it had
    /// of unprivileged instructions that guests are not told of would run under `cpu=hardware`.
    @Test(arguments: KeelRuns.backEnds, [("redpill", 2), ("edges", 120)])
    func allIsAsOnTheBareMachine(_ backEnd: String, _ guest: (name: String, lines: Int)) throws {
        let program = try GuestProgram.build(guest.name, .machine)
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("redpill")
            try program.write(to: image)
            let bare = try HullRun([
                "boot", image.path, "--bios", "none", "--cpu", Self.harts, "--timeout", "60",
            ])
            try bare.closeInput()
            let wanted = Self.digest(bare.finish(seconds: 120).text, guest.name)
            #expect(wanted.count >= guest.lines)
            let archive = try KeelRuns.archive([["kernel": program]], in: folder)
            let run = try HullRun([
                "boot", KeelRuns.keel, "--initrd", archive, "--append", backEnd, "--cpu",
                Self.harts + ",+h", "--timeout", "120",
            ])
            try run.closeInput()
            let text = run.finish(seconds: 120).text
            #expect(Self.digest(text, guest.name) == wanted, "\(text)")
        }
    }
}
