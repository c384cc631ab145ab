import Foundation
import GuestKit
import TestKit
import Testing

/// A full Debian that was left running, and what reaches it from outside.
@Suite(.serialized, .enabled(if: Guests.hasFullDebian, "Debian's packages cannot be fetched"))
struct FullDebianRuns {
    /// Whether apt's configuration here leads to a mirror now.
    private var reachesMirror: Bool {
        (try? Toolchain.run(
            "sh",
            [
                "-c",
                "p=$(apt-config shell p Acquire::http::Proxy); eval \"$p\"; export http_proxy=$p;"
                    + " python3 -c 'import urllib.request as u;"
                    + " u.urlopen(\"http://deb.debian.org/debian/dists/trixie/InRelease\", timeout=20)'",
            ]
        ).status) == 0
    }

    /// A shell by ssh without a question, files both ways, packages from a mirror; then the power
    /// button.
    @Test func itIsWorkedInOverSSH() throws {
        let image = try Guests.fullDebian.get()
        try Hulls.with { hulls in
            let port = try Toolchain.freePort()
            // A disk of one's own on top of the image, whose keys fit.
            let disk = hulls.folder.appendingPathComponent("mine.qcow2").path
            let made = try hulls.run([
                "image", "create", "-f", "qcow2", "-b", image.disk, disk,
            ])
            #expect(made.status == 0, "\(made.errors)")
            let started = try hulls.run([
                "boot", disk, "--name", "debian", "--detach", "--harts", "2", "--memory", "1G",
                "--net",
                "user,forward=\(port):22", "--timeout", "600",
            ])
            try #require(started.status == 0 && started.text == "debian\n", "\(started.errors)")
            try hulls.expect("debian login: ", on: "debian")

            let outcome = try hulls.run(
                ["ssh", "debian", "cat; uname -m; echo bad >&2; exit 7"], input: "to the guest\n")
            #expect(outcome.status == 7)
            #expect(outcome.text == "to the guest\nriscv64\n" && outcome.errors == "bad\n")

            let file = hulls.folder.appendingPathComponent("file")
            try Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
                .write(to: file)
            #expect(try hulls.run(["cp", file.path, "debian:/root/file"]).status == 0)
            let back = hulls.folder.appendingPathComponent("back")
            #expect(try hulls.run(["cp", "debian:/root/file", back.path]).status == 0)
            #expect(try Data(contentsOf: file) == Data(contentsOf: back))

            if reachesMirror {
                // A mirror that keeps a part of the archive late is no fault of the guest's.
                let update = try hulls.run([
                    "ssh", "debian",
                    "sed -i 's/ trixie-updates//' /etc/apt/sources.list.d/debian.sources"
                        + " && apt-get -q update && apt-get -qy install hello && hello",
                ])
                #expect(update.status == 0, "\(update.text.suffix(1500))\(update.errors)")
                #expect(update.text.hasSuffix("Hello, world!\n"))
            }
            let stop = try hulls.run(["stop", "debian", "--timeout", "120"])
            #expect(stop.status == 0 && stop.errors == "", "\(stop.errors)")
            #expect(hulls.running == [])
        }
    }

    /// A shell at a terminal: keys, colours, the window's size, and the terminal as it was afterwards.
    @Test func aShellRunsAtATerminal() throws {
        _ = try Guests.fullDebian.get()
        try withTemporaryFolder { folder in
            try TerminalScreen.with(columns: 101, rows: 37, in: folder) { screen in
                try screen.type("\(HullRun.binary.path) run debian", "Enter")
                try screen.wait(for: "root@debian:~#")
                try screen.type("stty size; tty", "Enter")
                try screen.wait(for: "37 101")
                try screen.wait(for: "/dev/hvc0")
                try screen.type("exit 5", "Enter")
                try screen.wait(for: "logout")
                try screen.type("echo code=$?; stty -a", "Enter")
                try screen.wait(for: "code=5")
                try screen.wait(for: " icanon")
            }
        }
    }
}
