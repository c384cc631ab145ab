import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// A full Debian: single commands in it, and the whole system from its own disk.
@Suite(.serialized, .enabled(if: Guests.hasFullDebian, "Debian's packages cannot be fetched"))
struct FullDebianTests {
    private func run(
        _ command: [String], _ options: [String] = [], input: String = ""
    ) throws -> ProcessOutcome {
        try Toolchain.runBuilt(
            "hull",
            ["run", "debian", "--memory", "512M", "--timeout", "300"] + options + ["--"] + command,
            input: Array(input.utf8))
    }

    /// A machine that starts what is on a disk; the disk stays as it is.
    static func started(fromDisk path: String, harts: Int) throws -> VirtualMachine {
        var configuration = Configuration(image: path)
        configuration.memoryBytes = 512 << 20
        configuration.hartCount = harts
        configuration.timeoutSeconds = 600
        try configuration.startFromDisk { _ in }
        configuration.discardsDriveWrites = true
        let machine = try VirtualMachine(configuration)
        try machine.start()
        return machine
    }

    @Test func outputErrorsAndExitCodeAreTheCommands() throws {
        let outcome = try run(["sh", "-c", "echo out; echo err >&2; uname -m; exit 7"])
        #expect(outcome.status == 7)
        #expect(outcome.text == "out\nriscv64\n")
        #expect(outcome.errors == "err\n")
    }

    @Test func inputEndsAndWordsStayWords() throws {
        let outcome = try run(
            [
                "sh", "-c", "sha256sum; printf '%s|' \"$@\"", "sh", "two words", "it's",
                "\"$HOME\"\n",
            ],
            input: String(repeating: "0123456789\n", count: 30_000))
        let digest = try Toolchain.run(
            "sha256sum", [],
            input: Array(String(repeating: "0123456789\n", count: 30_000).utf8)
        ).text
        #expect(outcome.text == digest + "two words|it's|\"$HOME\"\n|", "\(outcome.errors)")
        #expect(outcome.status == 0)
    }

    @Test func muchOutputArrivesWhole() throws {
        let outcome = try run(["seq", "1", "200000"])
        #expect(outcome.text == (1...200_000).map { "\($0)\n" }.joined())
    }

    @Test func whatIsNotThereIs127() throws {
        #expect(try run(["no-such-program"]).status == 127)
    }

    @Test func whatACommandLeavesBehindEndsWithIt() throws {
        let outcome = try run(["sh", "-c", "sleep 1000 & sleep 1000 & echo started"])
        #expect(outcome.text == "started\n" && outcome.status == 0, "\(outcome.errors)")
    }

    @Test func theDiskStaysAsItWas() throws {
        #expect(
            try run(["sh", "-c", "touch /root/mark && sync && test -e /root/mark"]).status == 0)
        #expect(try run(["test", "-e", "/root/mark"]).status == 1)
    }

    @Test func aProgramIsCompiledAndRun() throws {
        let outcome = try run(
            ["sh", "-c", "cd /tmp && gcc -O2 -x c - && ./a.out"], ["--harts", "2"],
            input: "#include <stdio.h>\nint main() { puts(\"compiled\"); return 3; }\n")
        #expect(outcome.text == "compiled\n" && outcome.status == 3, "\(outcome.errors)")
    }

    @Test func packagesAreAllConfiguredAndOwnedAsTheyShouldBe() throws {
        let outcome = try run([
            "sh", "-c",
            "dpkg --audit; dpkg -l | grep -c ^ii; stat -c '%U:%G %a' /usr/bin/su /usr/bin/chage"
                + " /usr/bin/ssh-agent /etc/shadow /tmp; find / -xdev ! -user root | grep -v _apt",
        ])
        let lines = outcome.text.split(separator: "\n").map(String.init)
        #expect((lines.first.flatMap { Int($0) } ?? 0) > 150, "\(outcome.text)")
        #expect(
            lines.dropFirst().prefix(5) == [
                "root:root 4755", "root:shadow 2755", "root:_ssh 2755", "root:shadow 640",
                "root:root 1777",
            ], "\(outcome.text)")
    }

    /// U-Boot finds the disk's own kernel, systemd starts, and `poweroff` ends the run with 0.
    @Test(arguments: [1, 2, 4])
    func theSystemBootsFromItsDisk(_ harts: Int) throws {
        let image = try Guests.fullDebian.get()
        let machine = try Self.started(fromDisk: image.disk, harts: harts)
        try machine.read(until: "debian login: ", timeoutSeconds: 400)
        machine.send("root\n")
        try machine.read(until: ":~# ", timeoutSeconds: 120)
        machine.send(
            "echo harts=$(nproc); systemctl is-system-running --wait;"
                + " systemctl --failed --no-legend\n")
        let text = try machine.read(until: ":~# ", timeoutSeconds: 200)
        #expect(text.contains("harts=\(harts)\r\n"), "\(text)")
        #expect(text.contains("\nrunning\r\n"), "\(text)")
        machine.send("poweroff\n")
        #expect(try machine.wait() == 0)
    }
}
