import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Debian's unmodified kernel, whose network leads through each kind of back end.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct NetworkTests {
    /// A web server with 4 MiB of noise, and a page that says the digest of what is sent to it.
    static let server =
        "mkdir -p /srv/cgi-bin; head -c 4194304 /dev/urandom > /srv/out; cd /srv/cgi-bin;"
        + " echo '#!/bin/sh' > sum; echo 'echo Content-type: text/plain; echo; sha256sum' >> sum;"
        + " chmod +x sum; sha256sum /srv/out; ip addr show dev eth0; httpd -p 80 -h /srv;"
        + " echo is serving; sleep 600"

    /// Fetches what the server has, and sends it back: prints the digest here and the one there.
    static let client = """
        import hashlib, sys, time, urllib.request
        base = sys.argv[1]
        def call(path, data=None):
            for attempt in range(50):
                try:
                    return urllib.request.urlopen(base + path, data, 20).read()
                except OSError:
                    time.sleep(0.1)
            sys.exit('nobody answers')
        data = call('/out')
        print(len(data), hashlib.sha256(data).hexdigest())
        data += data[:1234567]
        print(hashlib.sha256(data).hexdigest(), call('/cgi-bin/sum', data).decode().split()[0])
        """

    /// Checks both directions of a server in the guest, whose console said `text` so far.
    static func check(_ text: String, _ answers: String) {
        let words = answers.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.count == 4, "\(answers)")
        guard words.count == 4 else { return }
        #expect(words[0] == "4194304" && text.contains("\(words[1])  /srv/out"), "\(text)")
        #expect(words[2] == words[3])
    }

    @Test(arguments: Configuration.Engine.allCases)
    func aGuestIsReachedThroughAForward(_ engine: Configuration.Engine) throws {
        let port = try Toolchain.freePort()
        let machine = try VirtualMachine(
            try LinuxTests.configuration("quiet hull.run=\"\(Self.server)\"") {
                $0.engine = engine
                $0.networks = [.init(.user([.init(from: port, to: 80)]))]
            })
        try machine.start()
        let text = try machine.read(until: "is serving", timeoutSeconds: 300)
        // By DHCP, and by router advertisements where the host has IPv6.
        #expect(text.contains("inet "), "\(text)")
        let answers = try Toolchain.run("python3", ["-c", Self.client, "http://127.0.0.1:\(port)"])
        #expect(answers.status == 0, "\(answers.errors)")
        Self.check(text, answers.text)
        machine.stop()
        _ = try machine.wait()
    }

    /// Two machines on a switch; then the first one ends and a third comes.
    @Test func guestsMeetOnASwitch() throws {
        let name = "test-\(UInt32.random(in: 0 ... .max))"
        func guest(_ number: Int, _ command: String) throws -> VirtualMachine {
            let machine = try VirtualMachine(
                try LinuxTests.configuration(
                    "quiet hull.ip=10.5.0.\(number)/24 hull.run=\"\(command)\""
                ) {
                    $0.memoryBytes = 256 << 20
                    $0.networks = [.init(.switched(name))]
                })
            try machine.start()
            return machine
        }
        let fetch =
            "wget -q -O /tmp/x http://10.5.0.SERVER/out && sha256sum /tmp/x; echo fetched; sleep 600"
        let first = try guest(1, Self.server)
        let digest = try Self.digest(try first.read(until: "is serving", timeoutSeconds: 300))
        let second = try guest(
            2,
            Self.server.replacing(
                "sleep 600", with: fetch.replacing("SERVER", with: "1")))
        let seen = try second.read(until: "fetched", timeoutSeconds: 300)
        #expect(seen.components(separatedBy: digest).count == 2, "\(seen)")
        first.stop()
        _ = try first.wait()
        let third = try guest(3, fetch.replacing("SERVER", with: "2"))
        let seenThen = try third.read(until: "fetched", timeoutSeconds: 300)
        #expect(seenThen.components(separatedBy: try Self.digest(seen)).count == 2, "\(seenThen)")
        for machine in [second, third] {
            machine.stop()
            _ = try machine.wait()
        }
    }

    private static func digest(_ text: String) throws -> String {
        let line = text.split(whereSeparator: \.isNewline).first { $0.contains("  /srv/out") }
        return String(try #require(line).prefix(64))
    }
}
