import Bits
import GuestKit
import Hull
import Testing

/// Whole guests on both engines, side by side.
@Suite(.serialized) struct LockstepTests {
    private func check(
        _ configuration: Configuration, type input: [String] = [], every: UInt64 = 10_000
    ) throws {
        var session = LockstepSession(configuration, .interpreter, .translator)
        session.input = input
        session.every = every
        session.seconds = 600
        switch try session.run() {
        case .equal(_, let end): #expect(end?.exitCode == 0)
        case .different(let report): Issue.record("\(report)")
        }
    }

    @Test(arguments: [Configuration.Firmware.builtIn, .none])
    func skiff(_ firmware: Configuration.Firmware) throws {
        var configuration = Configuration()
        configuration.memoryBytes = 128 << 20
        configuration.firmware = firmware
        try check(configuration, type: ["selftest", "poweroff"], every: 97)
    }

    @Test(.enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
    func debian() throws {
        try check(try LinuxTests.configuration("quiet hull.run=\"uname -a\""))
    }

    @Test(
        .enabled(
            if: Guests.hasDebian && Guests.hasFirmware, "Debian's packages cannot be fetched"))
    func twoHartsOverOpenSBI() throws {
        let firmware = try Guests.firmware.get()
        try check(
            try LinuxTests.configuration("quiet hull.run=nproc") {
                $0.hartCount = 2
                $0.firmware = .file(firmware.dynamic)
            })
    }
}
