import Control
import Foundation
import GuestKit
import TestKit
import Testing

/// `hull stop` and a real Linux.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct StopRuns {
    private func boot(_ hulls: Hulls) throws -> String {
        let started = try hulls.run(
            ["debian", "--detach", "--memory", "256M", "--timeout", "280", "--append", "quiet"])
        try #require(started.status == 0, "\(started.errors)")
        #expect(started.text == "debian\n")
        try hulls.expect("~ # ", on: "debian")
        return "debian"
    }

    private func log(_ hulls: Hulls) throws -> String {
        try String(
            contentsOf: hulls.sockets.appendingPathComponent("debian.log"), encoding: .utf8)
    }

    /// The guest hears the power button, and shuts down itself; also when it stood still before.
    @Test func linuxShutsDownByItself() throws {
        try Hulls.with { hulls in
            let name = try boot(hulls)
            #expect(try hulls.run(["pause", name]).status == 0)
            let stop = try hulls.run(["stop", name, "--timeout", "120"])
            #expect(stop.status == 0 && stop.errors == "", "\(stop.errors)")
            #expect(hulls.running == [])
            let log = try log(hulls)
            #expect(log.contains("Power down") && log.contains("exit code 0"), "\(log.suffix(500))")
        }
    }

    @Test func memoryIsTakenAndGivenBack() throws {
        try Hulls.with { hulls in
            let name = try boot(hulls)
            #expect(
                try hulls.run(["balloon", name]).text
                    == "debian: 256M of 256M in the guest's hands, 0M given up\n")
            let taken = try hulls.run(["balloon", name, "160M"])
            #expect(
                taken.text == "debian: 160M of 256M in the guest's hands, 96M given up\n",
                "\(taken.errors)")
            let back = try hulls.run(["balloon", name, "all"])
            #expect(back.text == "debian: 256M of 256M in the guest's hands, 0M given up\n")
            #expect(try hulls.run(["balloon", name, "many"]).status == 64)
        }
    }

    @Test func forceDoesNotAsk() throws {
        try Hulls.with { hulls in
            let name = try boot(hulls)
            #expect(try hulls.run(["stop", name, "--force"]).status == 0)
            #expect(hulls.running == [])
            #expect(!(try log(hulls)).contains("Power down"))
        }
    }

    /// Linux's own clock stands still with the machine.
    @Test func linuxDoesNotNoticeAPause() throws {
        try Hulls.with { hulls in
            let name = try boot(hulls)
            func uptime() throws -> Double {
                let mark = "up" + String(UInt64.random(in: 0..<1_000_000))
                let line = "echo \(mark)=$(cut -d' ' -f1 /proc/uptime)=\n"
                _ = try hulls.client(name).ask("POST", "/v1/console/input", ["text": .string(line)])
                try hulls.expect("\n\(mark)=", on: name)
                let text = String(
                    decoding: try #require(try hulls.client(name).ask("GET", "/v1/console")).body,
                    as: UTF8.self)
                let value = text.components(separatedBy: "\(mark)=").last?.components(
                    separatedBy: "=")
                return try #require(Double(value?.first ?? ""))
            }
            let before = try uptime()
            let started = Date()
            #expect(try hulls.run(["pause", name]).status == 0)
            sleep(3)
            #expect(try hulls.run(["resume", name]).status == 0)
            let after = try uptime()
            // However slow this host is: the pause is missing in what the guest counts.
            #expect(after > before)
            #expect(after - before < Date().timeIntervalSince(started) - 2.5)
        }
    }
}
