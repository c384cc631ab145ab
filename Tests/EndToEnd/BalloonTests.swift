import GuestKit
import Hull
import Testing

/// Linux and its balloon.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct BalloonTests {
    /// Waits in the guest until its memory is below or above so many kilobytes.
    private func wait(_ machine: VirtualMachine, _ comparison: String, _ kilobytes: Int) throws {
        machine.send(
            "until [ $(grep MemFree /proc/meminfo | tr -dc 0-9) \(comparison) \(kilobytes) ]; do "
                + "usleep 5000; done; echo rea''ched\n")
        try machine.read(until: "reached", timeoutSeconds: 120)
        try machine.read(until: "~ # ", timeoutSeconds: 60)
    }

    @Test(arguments: Configuration.Engine.allCases)
    func theGuestGivesMemoryUpAndTakesItBack(_ engine: Configuration.Engine) throws {
        let machine = try LinuxTests.shell(try LinuxTests.configuration { $0.engine = engine })
        machine.send("dd if=/dev/urandom of=/tmp/x bs=1M count=8 2>/dev/null; cp /tmp/x /tmp/y\n")
        let start = ContinuousClock.now
        machine.setMemoryTarget(bytes: 256 << 20)
        try wait(machine, "-lt", 220_000)
        print("\(engine): 256 MiB went into the balloon in \(ContinuousClock.now - start)")
        machine.setMemoryTarget(bytes: 512 << 20)
        try wait(machine, "-gt", 300_000)
        // What was kept is as it was, and what came back is memory like any other.
        machine.send("cmp /tmp/x /tmp/y && echo ke''pt\n")
        try machine.read(until: "kept", timeoutSeconds: 60)
        machine.send(
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat /tmp/x; done > /tmp/big; "
                + "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat /tmp/y; done | "
                + "cmp - /tmp/big && echo fil''led; poweroff -f\n")
        try machine.read(until: "filled", timeoutSeconds: 120)
        #expect(try machine.wait() == 0)
    }
}
