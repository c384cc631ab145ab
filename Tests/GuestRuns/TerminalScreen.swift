import Foundation
import TestKit
import Testing

/// A real terminal (tmux) with a shell in it, which a test looks at and types on.
struct TerminalScreen {
    private let socket: String

    /// `environment` are words for `env`; the prompt is "$ ".
    static func with(
        columns: Int, rows: Int, in folder: URL, environment: [String] = [],
        _ body: (TerminalScreen) throws -> Void
    ) throws {
        let screen = TerminalScreen(socket: folder.appendingPathComponent("tmux").path)
        let shell = (["env"] + environment + ["PS1='$ '", "sh"]).joined(separator: " ")
        try screen.tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", "\(columns)", "-y", "\(rows)",
            shell)
        defer { _ = try? screen.tmux("kill-server") }
        try body(screen)
    }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> String {
        // Its server lives on, and must hold no descriptor that the test waits for.
        let start = "import subprocess, sys; subprocess.run(['tmux'] + sys.argv[1:])"
        return try Toolchain.run("python3", ["-c", start, "-S", socket] + arguments).text
    }

    /// Keys by tmux's names for them, and texts.
    func type(_ keys: String...) throws {
        for key in keys { try tmux("send-keys", "-t", "t", key) }
    }

    /// What the terminal showed so far, once it shows this.
    @discardableResult
    func wait(for text: String) throws -> String {
        var shown = ""
        let limit = Date(timeIntervalSinceNow: 120)
        while Date() < limit {
            shown = try tmux("capture-pane", "-p", "-S", "-", "-t", "t")
            if shown.contains(text) { return shown }
            usleep(100_000)
        }
        Issue.record("no \(text) in \(shown)")
        return shown
    }
}
