import Foundation
import GuestKit
import Hull
import Testing

/// What a guest says the time is.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct TimeTests {
    /// Seconds since 1970 on the host, cut.
    private var host: Int { Int(Date().timeIntervalSince1970) }

    @Test func linuxHasTheHostsTime() throws {
        let machine = try LinuxTests.shell(try LinuxTests.configuration())
        for command in ["date +%s", "cat /sys/class/rtc/rtc0/since_epoch"] {
            let before = host
            machine.send("echo is $(\(command)) now\n")
            try machine.read(until: "\nis ", timeoutSeconds: 60)
            let text = try machine.read(until: " now", timeoutSeconds: 60)
            let after = host
            let guest = try #require(Int(text.dropLast(4)), "\(text)")
            // Linux starts its clock in the middle of the second that it read.
            #expect((before - 2...after + 2).contains(guest), "\(command): \(guest), \(before)")
        }
        machine.send("poweroff -f\n")
        #expect(try machine.wait() == 0)
    }
}
