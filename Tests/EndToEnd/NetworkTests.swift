import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Debian's unmodified kernel, whose network leads through each kind of back end.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct NetworkTests {
    /// A web server with 4 MiB of noise, and a page that says the digest of what is sent to it.
    private static let server =
        "mkdir -p /srv/cgi-bin; head -c 4194304 /dev/urandom > /srv/out; cd /srv/cgi-bin;"
        + " echo '#!/bin/sh' > sum; echo 'echo Content-type: text/plain; echo; sha256sum' >> sum;"
        + " chmod +x sum; sha256sum /srv/out; ip addr show dev eth0; httpd -p 80 -h /srv;"
        + " echo is serving; sleep 600"

    /// Fetches what the server has, and sends it back: prints the digest here and the one there.
    private static let client = """
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
    private func check(_ text: String, _ answers: String) {
        let words = answers.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.count == 4, "\(answers)")
        guard words.count == 4 else { return }
        #expect(words[0] == "4194304" && text.contains("\(words[1])  /srv/out"), "\(text)")
        #expect(words[2] == words[3])
    }

    private func freePort() throws -> UInt16 {
        let text = try Toolchain.run(
            "python3",
            [
                "-c",
                "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])",
            ]
        ).text
        return try #require(UInt16(text.filter { $0 != "\n" }))
    }

    @Test(arguments: Configuration.Engine.allCases)
    func aGuestIsReachedThroughAForward(_ engine: Configuration.Engine) throws {
        let port = try freePort()
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
        check(text, answers.text)
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
            "wget -q -O /tmp/x http://10.5.0.SERVER/out && sha256sum /tmp/x &&"
            + " wget -q -O - --post-file=/tmp/x http://10.5.0.SERVER/cgi-bin/sum; echo fetched; sleep 600"
        let first = try guest(1, Self.server)
        let digest = try Self.digest(try first.read(until: "is serving", timeoutSeconds: 300))
        let second = try guest(
            2,
            Self.server.replacing(
                "sleep 600", with: fetch.replacing("SERVER", with: "1")))
        let seen = try second.read(until: "fetched", timeoutSeconds: 300)
        #expect(seen.components(separatedBy: digest).count == 3, "\(seen)")
        first.stop()
        _ = try first.wait()
        let third = try guest(3, fetch.replacing("SERVER", with: "2"))
        let seenThen = try third.read(until: "fetched", timeoutSeconds: 300)
        #expect(seenThen.components(separatedBy: try Self.digest(seen)).count == 3, "\(seenThen)")
        for machine in [second, third] {
            machine.stop()
            _ = try machine.wait()
        }
    }

    private static func digest(_ text: String) throws -> String {
        let line = text.split(whereSeparator: \.isNewline).first { $0.contains("  /srv/out") }
        return String(try #require(line).prefix(64))
    }

    // MARK: In a network namespace of the test's own

    /// A shell script in namespaces where it may set up networks, with the command's path as `$HULL`
    /// and the guest's files as `$KERNEL` and `$INITRD`.
    private func inNamespace(_ script: String, _ files: [String: String] = [:]) throws
        -> ProcessOutcome
    {
        let guest = try Guests.debian.get()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let hull = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent("hull").path
        return try withTemporaryFolder { folder in
            for (name, text) in files {
                try text.write(
                    to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            }
            let settings = """
                set -eu
                HULL="\(hull)"; KERNEL="\(guest.kernel)"; INITRD="\(guest.initialRAMDisk)"
                run() { # options, then the guest's command
                    command=$1; shift
                    $EXEC $HULL boot $KERNEL --initrd $INITRD --memory 256M --timeout 300 "$@" \\
                        --append "console=ttyS0 quiet $address hull.run=\\"$command\\"" </dev/null
                }
                address= EXEC= jobs=
                trap 'kill $jobs 2>/dev/null || true' EXIT
                ip link set lo up

                """
            let user = geteuid() == 0 ? [] : ["-r"]
            return try Toolchain.run(
                "unshare", user + ["-n", "-m", "sh", "-c", settings + script], in: folder)
        }
    }

    @Test func aGuestIsBehindATapInterface() throws {
        let outcome = try inNamespace(
            """
            ip tuntap add t0 mode tap vnet_hdr
            ip addr add 10.6.0.1/24 dev t0
            ip link set t0 up
            address=hull.ip=10.6.0.2/24
            { EXEC=exec; run "\(Self.server)" --net tap=t0,mac=52:54:00:aa:bb:cc >console; } &
            jobs=$!
            python3 client http://10.6.0.2
            ip neigh show 10.6.0.2
            kill $jobs
            wait || true
            cat console
            """, ["client": Self.client])
        let words = outcome.text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(outcome.status == 0 && words.count > 4, "\(outcome.text)\(outcome.errors)")
        check(outcome.text, words.prefix(4).joined(separator: " "))
        #expect(outcome.text.contains("52:54:00:aa:bb:cc"))
    }

    /// A network with a name server and IPv6, made of this test's own parts.
    @Test func namesAndIPv6LeadThroughTheUserNetwork() throws {
        let servers = """
            import http.server, os, socket, threading
            class Server6(http.server.HTTPServer):
                address_family = socket.AF_INET6
            class Page(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    body = b'it is version ' + (b'6' if ':' in self.client_address[0] else b'4')
                    self.send_response(200)
                    self.send_header('Content-Length', str(len(body)))
                    self.end_headers()
                    self.wfile.write(body + b'')
                def log_message(self, *rest): pass
            names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            names.bind(('192.0.2.53', 53))
            def answer():
                while True:
                    question, sender = names.recvfrom(512)
                    end = question.index(0, 12) + 5
                    kind = question[end - 4:end - 2]
                    reply = question[:2] + b'\\x81\\x80\\0\\1\\0' + (b'\\1' if kind in (b'\\0\\1', b'\\0\\x1c') else b'\\0') + b'\\0\\0\\0\\0' + question[12:end]
                    if kind == b'\\0\\1':
                        reply += b'\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4' + bytes([192, 0, 2, 53])
                    if kind == b'\\0\\x1c':
                        reply += b'\\xc0\\x0c\\0\\x1c\\0\\1\\0\\0\\0\\x3c\\0\\x10' + socket.inet_pton(socket.AF_INET6, 'fd53::53')
                    names.sendto(reply, sender)
            threading.Thread(target=answer, daemon=True).start()
            threading.Thread(target=Server6(('fd53::53', 80), Page).serve_forever, daemon=True).start()
            http.server.HTTPServer(('192.0.2.53', 80), Page).serve_forever()
            """
        let outcome = try inNamespace(
            """
            ip link add d0 type dummy
            ip addr add 192.0.2.9/24 dev d0
            ip addr add 192.0.2.53/24 dev d0
            ip addr add fd53::9/64 dev d0 nodad
            ip addr add fd53::53/64 dev d0 nodad
            ip link set d0 up
            ip route add default via 192.0.2.1 dev d0
            ip -6 route add default via fd53::1 dev d0
            echo nameserver 192.0.2.53 >names
            mount --bind names /etc/resolv.conf
            python3 servers & jobs=$!
            run "for i in 1 2 3 4 5 6 7 8 9; do ip -6 route | grep -q default && break; sleep 1; done;\\
             nslookup test.hull; wget -q -O - http://test.hull/; echo; wget -q -O - http://192.0.2.53/;\\
             echo; wget -q -O - http://[fd53::53]/; echo; ip addr; ip -6 route; cat /etc/resolv.conf" --net user
            """, ["servers": servers])
        #expect(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
        #expect(outcome.text.contains("it is version 4"), "\(outcome.text)\(outcome.errors)")
        #expect(outcome.text.contains("it is version 6"), "\(outcome.text)")
        #expect(outcome.text.contains("fd53::53") && outcome.text.contains("192.0.2.53"))
    }

    @Test func whatIsMissingIsSaid() throws {
        let hull = try inNamespace(
            "ip link add d0 type dummy; $HULL boot --net tap=d0 2>&1 || true")
        #expect(hull.text.contains("d0 is no tap interface"), "\(hull.text)\(hull.errors)")
        let program = try inNamespace("PATH=/nowhere $HULL boot --net user 2>&1 || true")
        #expect(program.text.contains("apt-get install passt"), "\(program.text)")
        let port = try inNamespace(
            """
            python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 2222)); print("up", flush=True); time.sleep(60)' >up & jobs=$!
            until grep -q up up; do sleep 0.1; done
            ip link add d0 type dummy; ip addr add 192.0.2.9/24 dev d0; ip link set d0 up
            ip route add default via 192.0.2.1
            $HULL boot --net user,forward=2222:22 2>&1 || true
            """)
        #expect(port.text.contains("2222"), "\(port.text)\(port.errors)")
    }
}
