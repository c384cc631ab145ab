import Foundation
import GuestKit
import Testing

/// What the guest frees goes back to the host.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct MemoryRuns {
    private static let mebibyte = 1 << 20

    /// Linux reports free memory two seconds after it was freed, in several rounds (free page
    /// reporting), so the process is looked at until it is smaller.
    @Test func freedMemoryLeavesTheProcess() throws {
        let run = try HullRun(["debian", "--memory", "768M"])
        try #require(run.read(until: "~ # ") != nil)
        try run.send("dd if=/dev/zero of=/tmp/x bs=1M count=256 2>/dev/null; echo fil''led\n")
        try #require(run.read(until: "filled") != nil)
        let full = run.residentBytes
        #expect(full > 256 * Self.mebibyte)
        try run.send("rm /tmp/x; echo re''moved\n")
        try #require(run.read(until: "removed") != nil)
        let limit = Date(timeIntervalSinceNow: 90)
        let wanted = full - 200 * Self.mebibyte
        while run.residentBytes > wanted, Date() < limit { usleep(200_000) }
        #expect(run.residentBytes <= wanted, "\(full) bytes, then \(run.residentBytes)")
        // What comes back is memory like any other.
        try run.send(
            "dd if=/dev/urandom of=/tmp/x bs=1M count=64 2>/dev/null; cp /tmp/x /tmp/y; "
                + "cmp /tmp/x /tmp/y && echo sa''me; poweroff -f\n")
        let end = run.finish()
        #expect(end.text.contains("same") && end.code == 0, "\(end.text)")
    }
}
