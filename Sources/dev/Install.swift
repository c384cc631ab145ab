import Bits
import FoundationEssentials
import HostIO

/// Installs one self-contained binary with its shell completions and manual page.
struct Install {
    private let prefix: String

    init(_ arguments: [String]) throws(HullError) {
        guard arguments.count == 2, arguments[0] == "--prefix", !arguments[1].isEmpty else {
            throw HullError(.usage, "usage: dev install --prefix DIR (make install PREFIX=DIR)")
        }
        prefix = arguments[1]
    }

    /// Built apart, so that the build for tests stays as it is.
    private static let build = [
        "build", "-c", "release", "--static-swift-stdlib", "-Xlinker", "-s", "--product", "hull",
        "--scratch-path", ".build-install",
    ]

    func run() throws(HullError) {
        guard try ChildProcess("swift", Self.build).runAttached() == 0 else {
            throw HullError(.host, "the build failed")
        }
        let binary = ".build-install/release/hull"
        try put(contents(of: binary), at: "bin/hull", mode: 0o755)
        for (shell, place) in [
            ("bash", "share/bash-completion/completions/hull"),
            ("zsh", "share/zsh/site-functions/_hull"),
            ("fish", "share/fish/vendor_completions.d/hull.fish"),
        ] {
            try put(output(binary, ["--generate-completion-script", shell]), at: place)
        }
        let help = try output(binary, ["--experimental-dump-help"])
        try put(Array(try ManualPage(help: help).roff.utf8), at: "share/man/man1/hull.1")
        say("Installed \(prefix)/bin/hull")
    }

    private func output(_ program: String, _ arguments: [String]) throws(HullError) -> [UInt8] {
        let outcome = try ChildProcess(program, arguments).run()
        guard outcome.status == 0 else {
            throw HullError(
                .host, "\(program) \(arguments.joined(separator: " ")) failed: \(outcome.errors)")
        }
        return outcome.output
    }

    private func contents(of path: String) throws(HullError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw HullError(.host, "cannot read \(path)", cause: "\(error)")
        }
    }

    private func put(_ bytes: [UInt8], at place: String, mode: Int = 0o644) throws(HullError) {
        let path = "\(prefix)/\(place)"
        let files = FileManager.default
        do {
            let folder = URL(filePath: path).deletingLastPathComponent()
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            // Beside it, then renamed: a running binary is not written to.
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
            try files.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        } catch {
            throw HullError(.host, "cannot write \(path)", cause: "\(error)")
        }
    }
}
