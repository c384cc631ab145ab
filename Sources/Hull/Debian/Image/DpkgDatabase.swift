import Bits

/// What dpkg would know after it had unpacked packages and configured none: `/var/lib/dpkg`.
package struct DpkgDatabase {
    private var status = ""
    private var fileTriggers = ""
    private var namedTriggers: [String: String] = [:]

    static let folder = "var/lib/dpkg"

    package init() {}

    /// Notes a package, and returns the files that dpkg keeps for it.
    package mutating func add(_ package: DebianPackage) -> [(
        path: String, isExecutable: Bool, content: [UInt8]
    )] {
        status += Self.stanza(package) + "\n"
        noteTriggers(package)
        let prefix = "\(Self.folder)/info/\(package.qualifiedName)."
        var result = package.members.map { member in
            (prefix + member.path, member.permissions & 0o100 != 0, Array(member.content))
        }
        let list = package.files.map { $0.path.isEmpty ? "/.\n" : "/\($0.path)\n" }
        result.append((prefix + "list", false, Array(list.joined().utf8)))
        return result
    }

    /// The files for all packages together.
    package var files: [(path: String, content: [UInt8])] {
        var result = [
            ("status", status), ("available", ""), ("info/format", "1\n"), ("diversions", ""),
            ("statoverride", ""), ("triggers/File", fileTriggers), ("triggers/Unincorp", ""),
        ]
        result += namedTriggers.sorted { $0.key < $1.key }.map { ("triggers/\($0.key)", $0.value) }
        return result.map { ("\(Self.folder)/\($0.0)", Array($0.1.utf8)) }
    }

    /// The control file's fields with the state between them. The checksums of configuration files are
    /// not known before they are configured; dpkg then calls them new.
    private static func stanza(_ package: DebianPackage) -> String {
        var text = ""
        for line in package.control.split(separator: "\n") {
            text += line + "\n"
            if line.hasPrefix("Package:") { text += "Status: install ok unpacked\n" }
        }
        let configuration = package.configurationFiles.sorted()
        guard !configuration.isEmpty else { return text }
        return text + "Conffiles:\n" + configuration.map { " /\($0) newconffile\n" }.joined()
    }

    /// "interest" in a path or a name, which other packages or file changes activate
    /// (deb-triggers(5)).
    private mutating func noteTriggers(_ package: DebianPackage) {
        for line in package.lines("triggers") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0].hasPrefix("interest") else { continue }
            let waits = words[0] != "interest-noawait"
            let name = package.qualifiedName + (waits ? "" : "/noawait")
            if words[1].hasPrefix("/") {
                fileTriggers += "\(words[1]) \(name)\n"
            } else {
                namedTriggers[String(words[1]), default: ""] += name + "\n"
            }
        }
    }
}
