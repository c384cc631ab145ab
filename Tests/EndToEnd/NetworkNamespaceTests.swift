import Foundation
import GuestKit
import Hull
import TestKit
import Testing

/// Networks that are set up in a network namespace of the test's own.
@Suite(.serialized, .enabled(if: Guests.hasDebian, "Debian's packages cannot be fetched"))
struct NetworkNamespaceTests {
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
            { EXEC=exec; run "\(NetworkTests.server)" --net tap=t0,mac=52:54:00:aa:bb:cc >console; } &
            jobs=$!
            python3 client http://10.6.0.2
            ip neigh show 10.6.0.2
            kill $jobs
            wait || true
            cat console
            """, ["client": NetworkTests.client])
        let words = outcome.text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(outcome.status == 0 && words.count > 4, "\(outcome.text)\(outcome.errors)")
        NetworkTests.check(outcome.text, words.prefix(4).joined(separator: " "))
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
            ip link add d0 type veth peer name d1
            ip addr add 192.0.2.9/24 dev d0
            ip addr add 192.0.2.53/24 dev d0
            ip addr add fd53::9/64 dev d0 nodad
            ip addr add fd53::53/64 dev d0 nodad
            ip link set d0 up; ip link set d1 up
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
            "ip link add d0 type veth peer name d1; $HULL boot --net tap=d0 2>&1 || true")
        #expect(hull.text.contains("d0 is no tap interface"), "\(hull.text)\(hull.errors)")
        let program = try inNamespace("PATH=/nowhere $HULL boot --net user 2>&1 || true")
        #expect(program.text.contains("apt-get install passt"), "\(program.text)")
        let port = try inNamespace(
            """
            python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 2222)); print("up", flush=True); time.sleep(60)' >up & jobs=$!
            until grep -q up up; do sleep 0.1; done
            ip link add d0 type veth peer name d1; ip addr add 192.0.2.9/24 dev d0; ip link set d0 up; ip link set d1 up
            ip route add default via 192.0.2.1
            $HULL boot --net user,forward=2222:22 2>&1 || true
            """)
        #expect(port.text.contains("2222"), "\(port.text)\(port.errors)")
    }
}
