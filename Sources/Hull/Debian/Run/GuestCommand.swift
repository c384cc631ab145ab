import HostIO

/// A command for a guest that has a whole system on its disk, and what is around it.
package struct GuestCommand: Sendable, Equatable {
    /// The program and its arguments; empty is a login shell.
    package var words: [String]
    package var environment: [(name: String, value: String)] {
        var all = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root"), ("LANG", "C.UTF-8"),
        ]
        if let terminal { all.append(("TERM", terminal)) }
        return all
    }
    /// Where it starts, in the guest.
    package var folder = "/root"
    /// The kind of terminal it runs on; nil: its input and output are streams.
    package var terminal: String?
    /// Tags of shared folders, and where they are mounted.
    package var shares: [Share] = []
    /// The network is brought up before.
    package var hasNetwork = false
    /// What the kernel and `/init` say is shown.
    package var showsConsole = false
    /// What the command writes to the disk stays.
    package var keepsDisk = false

    package struct Share: Sendable, Equatable {
        package var tag: String
        package var place: String
        package var isReadOnly: Bool
        package init(tag: String, place: String, isReadOnly: Bool) {
            self.tag = tag
            self.place = place
            self.isReadOnly = isReadOnly
        }
    }

    package init(_ words: [String]) { self.words = words }

    /// The archive that is unpacked behind the initial file system: `/init` and its settings, and the
    /// command as a script, in which any word stands as it is.
    package var initialFiles: [UInt8] {
        var archive = CPIOArchive()
        archive.file("init", Array(Self.initialProgram.utf8), isExecutable: true)
        archive.file("sbin/dhcp", Array(Self.dhcpProgram.utf8), isExecutable: true)
        archive.folder("hull")
        archive.file("hull/settings", Array(settings.utf8))
        archive.file("hull/command", Array(script.utf8))
        return archive.finished()
    }

    private var settings: String {
        var lines = [
            "terminal=\(Self.quoted(terminal ?? ""))", "network=\(hasNetwork ? 1 : 0)",
            "keeps=\(keepsDisk ? 1 : 0)", showsConsole ? "set -x" : ":",
        ]
        lines.append("shares() {")
        for share in shares {
            let options = share.isReadOnly ? "ro" : "rw"
            lines.append(
                "share \(Self.quoted(share.tag)) \(Self.quoted(share.place)) \(options)")
        }
        lines.append(":; }")
        return lines.map { $0 + "\n" }.joined()
    }

    private var script: String {
        var lines = environment.map { "export \($0.name)=\(Self.quoted($0.value))" }
        lines.append("cd \(Self.quoted(folder)) || exit 126")
        let words = words.isEmpty ? ["/bin/bash", "-l"] : words
        lines.append("exec " + words.map(Self.quoted).joined(separator: " "))
        return lines.map { $0 + "\n" }.joined()
    }

    /// A word that a POSIX shell takes as it is.
    static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
}
