import Foundation
import TestKit
import Testing

/// xv6 is in no Debian package: `HULL_XV6` names a built tree (`kernel/kernel` and `fs.img`).
@Suite struct XV6Runs {
    static let tree = ProcessInfo.processInfo.environment["HULL_XV6"]

    @Test(
        .enabled(if: tree != nil, "HULL_XV6 names no built xv6"),
        arguments: ["interpreter", "translator"])
    func xv6PassesItsOwnTests(_ engine: String) throws {
        let tree = try #require(Self.tree)
        try withTemporaryFolder { folder in
            // The tests write to the disk: they get a copy.
            let disk = folder.appendingPathComponent("fs.img")
            try FileManager.default.copyItem(atPath: tree + "/fs.img", toPath: disk.path)
            let run = try HullRun([
                "boot", tree + "/kernel/kernel", "--bios", "none", "--memory", "128M", "--drive",
                disk.path, "--timeout", "1500", "--engine", engine,
            ])
            #expect(run.read(until: "$ ") != nil)
            try run.send("usertests -q\n")
            let text = run.read(until: "$ ", seconds: 1500)
            #expect(text?.contains("ALL TESTS PASSED") == true, "\(text ?? "no prompt")")
        }
    }
}
