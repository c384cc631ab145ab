import Foundation
import GuestKit
import TestKit
import Testing

/// What a guest needs goes on under the filters: drives, timers, the console, several harts, code that is
/// translated and forgotten, and a reset.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct ConfinedLinuxRuns {
    @Test(arguments: ["translator", "interpreter"])
    func linuxWorksUnderTheFilters(_ engine: String) throws {
        try withTemporaryFolder { folder in
            let drive = folder.appendingPathComponent("drive.img").path
            try Data(count: 16 << 20).write(to: URL(fileURLWithPath: drive))
            let run = try HullRun([
                "debian", "--memory", "512M", "--harts", "2", "--drive", drive, "--engine", engine,
                "--translation-cache", "4M",
            ])
            try #require(run.read(until: "~ # ") != nil)
            try run.send(
                "dd if=/dev/urandom of=/tmp/x bs=64k count=64 2>/dev/null; "
                    + "dd if=/tmp/x of=/dev/vda bs=64k 2>/dev/null; sync; sleep 1; "
                    + "dd if=/dev/vda bs=64k count=64 2>/dev/null | cmp - /tmp/x && echo sa''me\n")
            try #require(run.read(until: "same") != nil)
            // From the files that the program still has open.
            try run.send("reboot -f\n")
            try #require(run.read(until: "@user") != nil)
            try #require(run.read(until: "~ # ") != nil)
            try run.send("poweroff -f\n")
            let end = run.finish()
            #expect(end.code == 0, "\(end.text)")
        }
    }
}
