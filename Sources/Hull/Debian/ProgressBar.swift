import Glibc
import HostIO

/// Shows on standard error how far something long is: one line that is drawn again on a terminal, a
/// line for each step elsewhere.
package struct ProgressBar {
    private let descriptor: Int32
    private let isTerminal: Bool
    private var shown = ""
    private var step = ""

    package init(descriptor: Int32 = 2) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    package mutating func show(_ progress: DebianArchive.Progress) {
        guard isTerminal else {
            if progress.step != step { write(progress.step + "…\n") }
            step = progress.step
            return
        }
        if !step.isEmpty && progress.step != step { write("\n") }
        step = progress.step
        let line = Self.line(for: progress, columns: columns)
        // `ESC [ K` clears what a longer line left.
        if line != shown { write("\r" + line + "\u{1b}[K") }
        shown = line
    }

    /// Goes on to a fresh line.
    package mutating func finish() {
        if isTerminal && !step.isEmpty { write("\n") }
        step = ""
    }

    /// `Downloading x  [#####.....]  45 %  50 of 112 MB`, cut to the terminal's width.
    package static func line(for progress: DebianArchive.Progress, columns: Int) -> String {
        var line = progress.step
        let megabyte: UInt64 = 1_000_000
        if let total = progress.totalBytes, total > 0 {
            let done = min(progress.doneBytes, total)
            let percent = Int(done &* 100 / total)
            let figures =
                if let unit = progress.unit {
                    " \(done) of \(total) \(unit)"
                } else {
                    " \(percent) % of \((total + megabyte - 1) / megabyte) MB"
                }
            let room = min(30, columns - line.count - figures.count - 5)
            if room >= 5 {
                let filled = room * percent / 100
                let bar = String(repeating: "#", count: filled)
                line += " [" + bar + String(repeating: ".", count: room - filled) + "]"
            }
            line += figures
        } else if progress.doneBytes > 0 {
            line += " \((progress.doneBytes + megabyte - 1) / megabyte) MB"
        }
        return String(line.prefix(max(columns - 1, 20)))
    }

    private var columns: Int {
        var size = winsize()
        // SAFETY: the call fills a local.
        let result = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size)
        return result == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func write(_ text: String) { HostFile.writeAll(descriptor, Array(text.utf8)) }
}
