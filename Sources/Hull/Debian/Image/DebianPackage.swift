import Bits
import HostIO

/// A Debian package's contents: its control file, the other files of its control archive, and what it
/// puts into the file system.
package struct DebianPackage {
    package let name: String
    package let architecture: String
    /// Packages of several architectures may be installed side by side.
    package let isSame: Bool
    package let control: String
    /// Scripts, triggers, checksums, by file name.
    package let members: [TarEntry]
    package let files: [TarEntry]

    /// The most bytes that a package may unpack to.
    private static let limit = 2 << 30

    /// Reads a package's file.
    package init(_ path: String) throws(HullError) {
        func archive(_ option: String) throws(HullError) -> [TarEntry] {
            let outcome = try ChildProcess("dpkg-deb", [option, path], outputLimit: Self.limit)
                .run()
            guard outcome.status == 0 else {
                throw HullError(.host, "\(path) could not be unpacked", cause: outcome.errors)
            }
            return try TarReader.entries(outcome.output[...])
        }
        let members = try archive("--ctrl-tarfile")
        guard let control = members.first(where: { $0.path == "control" }) else {
            throw HullError(.format, "\(path) has no control file")
        }
        self.init(
            control: String(decoding: control.content, as: UTF8.self), members: members,
            files: try archive("--fsys-tarfile"))
    }

    package init(control: String, members: [TarEntry], files: [TarEntry]) {
        self.control = control
        self.members = members.filter { $0.kind == .file && $0.path != "control" }
        self.files = files
        name = Self.field("Package", of: control) ?? ""
        architecture = Self.field("Architecture", of: control) ?? ""
        isSame = Self.field("Multi-Arch", of: control) == "same"
    }

    /// The value of a field of one line.
    static func field(_ name: String, of control: String) -> String? {
        for line in control.split(separator: "\n") where line.hasPrefix(name + ":") {
            return String(line.dropFirst(name.count + 1).drop { $0 == " " })
        }
        return nil
    }

    /// The lines of a member that say something.
    func lines(_ member: String) -> [Substring] {
        guard let entry = members.first(where: { $0.path == member }) else { return [] }
        return String(decoding: entry.content, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
    }

    /// Files that people change and upgrades keep, by path without the leading `/`.
    package var configurationFiles: Set<String> {
        Set(
            lines("conffiles").compactMap { $0.split(separator: " ").last }.map {
                String($0.drop { $0 == "/" })
            })
    }

    /// How dpkg's files name it.
    var qualifiedName: String { isSame ? "\(name):\(architecture)" : name }
}
