import Bits
import HostIO

extension DebianArchive {
    /// apt's name for all packages that no system can be without.
    package static let essential = "?essential"

    /// Downloads packages with all that they depend on, as if into an empty system, and returns the
    /// files in the order in which apt would unpack them.
    package func fetchClosure(
        of packages: [String], progress: (Progress) -> Void
    ) throws(HullError) -> [String] {
        progress(Progress(step: "Resolving dependencies"))
        let install = ["install", "-y", "--no-install-recommends"] + packages
        let listing = try apt("apt-get", install + ["--print-uris"])
        let rows = Self.rows(listing.text)
        guard listing.status == 0, !rows.isEmpty else { throw unresolved(listing.errors) }
        let place = "\(folder)/cache/archives"
        let total = rows.reduce(0) { $0 + $1.bytes }
        let step = "Downloading \(rows.count) packages of Debian \(suite)"
        func report() {
            let done = Self.bytes(in: place) + Self.bytes(in: place + "/partial")
            progress(Progress(step: step, doneBytes: min(done, total), totalBytes: total))
        }
        report()
        let outcome = try apt("apt-get", install + ["--download-only"], tick: report)
        let files = rows.map { "\(place)/\($0.file)" }
        guard outcome.status == 0, files.allSatisfy(HostFolder.exists) else {
            throw unreachable(outcome.errors)
        }
        progress(Progress(step: step, doneBytes: total, totalBytes: total))
        return files
    }

    /// The lines that apt prints instead of downloading: `'address' file size hash`.
    package static func rows(_ text: String) -> [(file: String, bytes: UInt64)] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 3, words[0].hasPrefix("'"), let bytes = UInt64(words[2]),
                !words[1].contains("/")
            else { return nil }
            return (String(words[1]), bytes)
        }
    }

    /// apt knows no such package, or no set that fits together.
    private func unresolved(_ errors: String) -> HullError {
        let lines = errors.split(separator: "\n").filter { $0.hasPrefix("E:") }
        return HullError(
            .usage, "Debian \(suite) has no such set of packages for \(architecture)",
            cause: lines.map { String($0.dropFirst(3)) }.joined(separator: "; "))
    }
}
