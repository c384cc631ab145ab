import Bits
import Control
import HostIO

/// How ssh and scp reach a machine's guest: by the port of the host that leads to its port 22, with
/// the keys that lie beside its image, so that nobody is asked anything.
package struct SecureShell: Sendable {
    private static let guestPort = 22
    package let machine: MachineDescription
    private let options: [String]
    private let port: Int

    /// `known` is where this machine's host keys are written, for ssh to read.
    package init(_ machine: MachineDescription, known: String) throws(HullError) {
        self.machine = machine
        guard let forward = machine.forwards.first(where: { $0.guestPort == Self.guestPort }) else {
            throw HullError(
                .usage,
                "No port of this host leads to port 22 of \(machine.name); start it with --net"
                    + " user,forward=2222:22, and an ssh server inside.")
        }
        port = forward.hostPort
        let keys = machine.folder.map { $0 + "/ssh" }
        let alias = "hull-" + machine.name
        var options = ["UserKnownHostsFile=\(Self.quoted(known))", "HostKeyAlias=\(alias)"]
        options += ["GlobalKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        if let hosts = keys.flatMap({ try? HostFile.read($0 + "/known_hosts", limitBytes: 1 << 20) }
        ) {
            let text = Self.knownHosts(String(decoding: hosts, as: UTF8.self), alias: alias)
            try HostFile.write(known, Array(text.utf8))
            options.append("StrictHostKeyChecking=yes")
        } else {
            // Nobody knows its key before the first visit; afterwards it must stay the same.
            options.append("StrictHostKeyChecking=accept-new")
        }
        var arguments = options.flatMap { ["-o", $0] }
        if let key = keys.map({ $0 + "/id_ed25519" }), HostFolder.exists(key) {
            arguments += ["-o", "IdentitiesOnly=yes", "-i", key]
        }
        self.options = arguments
    }

    /// Host keys under a name of ours, whatever hosts they were written down for.
    package static func knownHosts(_ text: String, alias: String) -> String {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("#") }
            guard
                let kind = words.firstIndex(where: {
                    $0.hasPrefix("ssh-") || $0.hasPrefix("ecdsa-")
                }),
                kind + 1 < words.count
            else { return nil }
            return "\(alias) \(words[kind]) \(words[kind + 1])\n"
        }.joined()
    }

    /// ssh's own configuration splits values at spaces.
    private static func quoted(_ path: String) -> String {
        path.contains(" ") ? "\"\(path)\"" : path
    }

    /// `ssh` with a command, or without one with a shell.
    package func shell(user: String, _ command: [String]) -> [String] {
        options + ["-p", String(port), "\(user)@127.0.0.1"]
            + (command.isEmpty ? [] : ["--"] + command)
    }

    /// `scp`, folders and all.
    package func copy(user: String, _ from: CopyPlace, _ to: CopyPlace) -> [String] {
        options + ["-q", "-r", "-p", "-P", String(port)]
            + [from, to].map { $0.text(user: user, host: "127.0.0.1") }
    }
}

/// `FILE` or `NAME:FILE`.
package struct CopyPlace: Sendable, Equatable {
    package var machine: String?
    package var path: String

    package init(machine: String?, path: String) {
        self.machine = machine
        self.path = path
    }

    package init(_ text: String) {
        // As scp does: a path with a slash before the colon is a file of this host.
        if let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            !text[..<colon].contains("/")
        {
            machine = String(text[..<colon])
            path = String(text[text.index(after: colon)...])
        } else {
            path = text
        }
    }

    func text(user: String, host: String) -> String {
        if machine != nil { return "\(user)@\(host):\(path)" }
        // A name that looks like a host's or like an option is a file all the same.
        return path.hasPrefix("/") ? path : "./" + path
    }
}
