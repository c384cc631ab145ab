import Bits
import HostIO

/// Debian's packages of one suite and architecture, fetched through the machine's own apt, which
/// checks signatures. Works in a folder of its own, as any user.
package struct DebianArchive {
    package let suite: String
    package let architecture: String
    /// Holds apt's lists and state, and the packages.
    package let folder: String
    package let mirror: String
    private let keyring: String

    /// What is going on, for whoever waits.
    package struct Progress: Equatable, Sendable {
        package var step: String
        package var doneBytes: UInt64 = 0
        /// Nil where nobody knows.
        package var totalBytes: UInt64?
        /// What is counted is not bytes but these.
        package var unit: String?

        package init(
            step: String, doneBytes: UInt64 = 0, totalBytes: UInt64? = nil, unit: String? = nil
        ) {
            self.step = step
            self.doneBytes = doneBytes
            self.totalBytes = totalBytes
            self.unit = unit
        }
    }

    /// Where Debian's archive keyring lies, by the versions of the package debian-archive-keyring.
    private static let keyrings = [
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "/usr/share/keyrings/debian-archive-keyring.pgp",
    ]

    /// `mirror` and `keyring` are found on this machine when they are not given.
    package init(
        suite: String, architecture: String, folder: String, mirror: String? = nil,
        keyring: String? = nil
    ) throws(HullError) {
        for program in ["apt-get", "apt-cache", "dpkg-deb"] where !ChildProcess.exists(program) {
            throw HullError(
                .host,
                "fetching Debian's packages needs \(program), which this machine does not have; boot a"
                    + " kernel of your own with `hull boot IMAGE --initrd FILE`")
        }
        guard let keyring = keyring ?? Self.keyrings.first(where: HostFolder.exists),
            HostFolder.exists(keyring)
        else {
            throw HullError(
                .host,
                "Debian's archive keyring is not on this machine, so packages could not be checked;"
                    + " install the package debian-archive-keyring")
        }
        self.suite = suite
        self.architecture = architecture
        try HostFolder.create(folder)
        self.folder = try HostFolder.absolute(folder)
        self.keyring = keyring
        self.mirror = if let mirror { mirror } else { try Self.configuredMirror() }
        for part in ["lists/partial", "cache/archives/partial", "state", "packages"] {
            try HostFolder.create("\(self.folder)/\(part)")
        }
        try HostFile.write("\(self.folder)/state/status", [])
        let source = "deb [signed-by=\(keyring)] \(self.mirror) \(suite) main\n"
        try HostFile.write("\(self.folder)/sources.list", Array(source.utf8))
    }

    /// The Debian mirror that the machine's apt is set up for.
    private static func configuredMirror() throws(HullError) -> String {
        let outcome = try ChildProcess(
            "apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
        ).run()
        let mirrors = outcome.text.split(separator: "\n").map(String.init)
        let mirror = mirrors.first { $0.hasSuffix("/debian/") || $0.hasSuffix("/debian") }
        guard let mirror else {
            throw HullError(
                .host,
                "apt on this machine names no Debian mirror (\(mirrors.count) other sources); add one"
                    + " to its sources, or boot a kernel of your own with `hull boot`")
        }
        return mirror
    }

    func apt(
        _ program: String, _ arguments: [String], in place: String? = nil, tick: () -> Void = {}
    ) throws(HullError) -> ChildProcess.Outcome {
        let settings = [
            "Dir::Etc::sourcelist=\(folder)/sources.list", "Dir::Etc::sourceparts=/dev/null",
            "Dir::State=\(folder)/state", "Dir::State::status=\(folder)/state/status",
            "Dir::State::lists=\(folder)/lists", "Dir::Cache=\(folder)/cache",
            "APT::Architecture=\(architecture)", "APT::Architectures=\(architecture)",
            // Files are fetched as this user, whose folder no other may be able to enter.
            "APT::Sandbox::User=", "Acquire::Retries=3", "Acquire::Languages=none",
        ]
        let command = [program, "-qq"] + settings.flatMap { ["-o", $0] } + arguments
        // apt downloads to where it runs.
        return try ChildProcess(
            "sh", ["-c", "cd \"$0\" && exec \"$@\"", place ?? folder] + command,
            environment: ["LC_ALL": "C"]
        ).run(tick: tick)
    }

    /// Fetches the lists of packages, unless they are there.
    package func update(progress: (Progress) -> Void) throws(HullError) {
        guard !HostFolder.names("\(folder)/lists").contains(where: { $0.contains("Packages") })
        else {
            return
        }
        let step = "Fetching the package lists of Debian \(suite) for \(architecture)"
        progress(Progress(step: step))
        let lists = "\(folder)/lists/partial"
        let outcome = try apt("apt-get", ["update"]) {
            progress(Progress(step: step, doneBytes: Self.bytes(in: lists)))
        }
        guard outcome.status == 0 else { throw unreachable(outcome.errors) }
    }

    func unreachable(_ errors: String) -> HullError {
        let lines = errors.split(separator: "\n").filter {
            $0.hasPrefix("E:") || $0.hasPrefix("W:")
        }
        let cause = lines.first.map { String($0.dropFirst(3)) } ?? errors
        if errors.contains("NO_PUBKEY") || errors.contains("is not signed") {
            return HullError(
                .host,
                "the signature of Debian \(suite) could not be checked with \(keyring); bring the"
                    + " package debian-archive-keyring up to date", cause: cause)
        }
        return HullError(
            .host,
            "Debian's mirror could not be reached; is there a network, and does `apt-get update` work?",
            cause: cause)
    }

    /// The package that a virtual or meta package leads to first.
    package func firstDependency(of package: String) throws(HullError) -> String {
        let outcome = try apt("apt-cache", ["depends", package])
        let words = outcome.text.split(whereSeparator: \.isWhitespace)
        guard let at = words.firstIndex(of: "Depends:"), at + 1 < words.count else {
            throw HullError(
                .host, "Debian \(suite) has no package \(package) for \(architecture)",
                cause: outcome.errors)
        }
        return String(words[at + 1])
    }

    /// Downloads packages and returns the files, in the same order.
    package func fetch(
        _ packages: [String], progress: (Progress) -> Void
    ) throws(HullError) -> [String] {
        let place = "\(folder)/packages"
        let listing = try apt("apt-get", ["download", "--print-uris"] + packages, in: place)
        // One line for each: 'address' file size hash
        let rows = listing.text.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { $0.count >= 3 }
        guard listing.status == 0, rows.count == packages.count else {
            throw unreachable(listing.errors)
        }
        let files = rows.map { "\(place)/\($0[1])" }
        let total = rows.reduce(0) { $0 + (UInt64($1[2]) ?? 0) }
        let step = "Downloading \(packages.joined(separator: " and "))"
        func report() {
            // apt writes in this folder, or in its own folder for files that are not complete.
            let done = Self.bytes(in: place) + Self.bytes(in: "\(folder)/cache/archives/partial")
            progress(Progress(step: step, doneBytes: min(done, total), totalBytes: total))
        }
        report()
        let outcome = try apt("apt-get", ["download"] + packages, in: place, tick: report)
        guard outcome.status == 0, files.allSatisfy(HostFolder.exists) else {
            throw unreachable(outcome.errors)
        }
        progress(Progress(step: step, doneBytes: total, totalBytes: total))
        return try files.indices.map { index throws(HullError) in
            // The listing is sorted as apt likes; a package's file begins with its name.
            guard let file = files.first(where: { $0.hasPrefix("\(place)/\(packages[index])_") })
            else {
                throw HullError(.host, "apt did not download \(packages[index])")
            }
            return file
        }
    }

    /// Unpacks a package's files into a folder.
    package static func unpack(_ file: String, into folder: String) throws(HullError) {
        try HostFolder.create(folder)
        let outcome = try ChildProcess("dpkg-deb", ["-x", file, folder]).run()
        guard outcome.status == 0 else {
            throw HullError(.host, "\(file) could not be unpacked", cause: outcome.errors)
        }
    }

    static func bytes(in folder: String) -> UInt64 {
        HostFolder.names(folder).reduce(0) { $0 + (HostFolder.size("\(folder)/\($1)") ?? 0) }
    }
}
