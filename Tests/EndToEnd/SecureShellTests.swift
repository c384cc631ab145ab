import Control
import Foundation
import Hull
import TestKit
import Testing

/// What `hull ssh` and `hull cp` ask the host's own programs for.
@Suite struct SecureShellTests {
    private func machine(_ forwards: [ForwardedPort], folder: String? = nil) -> MachineDescription {
        MachineDescription(
            name: "box", process: 1, state: .running, image: "disk", arguments: "", harts: 1,
            memoryBytes: 1, uptimeSeconds: 1, startedAt: 1, engine: "translator", version: "0",
            forwards: forwards, folder: folder)
    }
    private let forward = [
        ForwardedPort(hostPort: 80, guestPort: 80), ForwardedPort(hostPort: 2222, guestPort: 22),
    ]

    @Test func withoutAWayInItSaysHowToMakeOne() throws {
        for ports in [[], [forward[0]]] {
            let error = #expect(throws: (any Error).self) {
                try SecureShell(machine(ports), known: "/tmp/nowhere")
            }
            #expect("\(String(describing: error))".contains("forward=2222:22"))
        }
    }

    @Test func keysOfTheImageAreUsed() throws {
        try withTemporaryFolder { folder in
            let keys = folder.appendingPathComponent("ssh")
            try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
            try Data("key".utf8).write(to: keys.appendingPathComponent("id_ed25519"))
            try Data("# who\ndebian,10.0.2.15 ssh-ed25519 AAAA root@debian\n@revoked x\n".utf8)
                .write(to: keys.appendingPathComponent("known_hosts"))
            let known = folder.appendingPathComponent("box.known_hosts").path
            let shell = try SecureShell(machine(forward, folder: folder.path), known: known)
            #expect(
                try String(contentsOfFile: known, encoding: .utf8) == "hull-box ssh-ed25519 AAAA\n")
            let words = shell.shell(user: "root", ["ls", "-l", "a b"])
            #expect(words.suffix(7) == ["-p", "2222", "root@127.0.0.1", "--", "ls", "-l", "a b"])
            for option in [
                "HostKeyAlias=hull-box", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes",
            ] {
                #expect(words.contains(option), "\(words)")
            }
            #expect(words.contains(keys.appendingPathComponent("id_ed25519").path))
            let copy = shell.copy(user: "me", CopyPlace("box:/etc"), CopyPlace("-x"))
            #expect(copy.suffix(4) == ["-P", "2222", "me@127.0.0.1:/etc", "./-x"])
            // The program itself takes them: it prints its configuration and connects nowhere.
            let check = try Toolchain.run("ssh", ["-G"] + shell.shell(user: "root", []))
            #expect(
                check.status == 0 && check.text.contains("hostkeyalias hull-box"), "\(check.errors)"
            )
        }
    }

    @Test func anUnknownHostIsAcceptedOnceAndThenKept() throws {
        let shell = try SecureShell(machine(forward), known: "/tmp/with space/known")
        let words = shell.shell(user: "root", [])
        #expect(words.contains("StrictHostKeyChecking=accept-new") && !words.contains("-i"))
        #expect(words.contains("UserKnownHostsFile=\"/tmp/with space/known\""))
    }

    @Test func placesAreTakenAsScpTakesThem() {
        #expect(CopyPlace("box:/a:b") == CopyPlace(machine: "box", path: "/a:b"))
        #expect(CopyPlace("box:") == CopyPlace(machine: "box", path: ""))
        for path in ["file", "./a:b", "/a/b:c", ":x", "dir/"] {
            #expect(CopyPlace(path) == CopyPlace(machine: nil, path: path))
        }
    }
}
