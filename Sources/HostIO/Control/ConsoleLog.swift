import Bits
import Glibc
import Journal

/// The console of a machine that nobody sits at: its output goes to a file, which stays small.
///
/// SAFETY: the run loop alone writes; paths and bytes live through each call.
package final class ConsoleLog: ConsoleBackEnd, @unchecked Sendable {
    /// What a guest prints beyond this is only on the console: the thread that writes may open no
    /// other file, and a folder for sockets often lies in memory.
    private static let limitBytes = 16 << 20
    private static let blockBytes = 4096
    private static let lingerNanoseconds: UInt64 = 50_000_000

    private let path: String
    private var descriptors: [Int32] = []
    private var gathered: [UInt8] = []
    private var gatheredSince: UInt64 = 0
    private var written = 0

    package init(_ path: String) { self.path = path }

    /// A new file, which these descriptors write to from now on; the console uses the first.
    package func begin(on descriptors: [Int32]) throws(HullError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        let file = unsafe open(path, flags, 0o600)
        guard file >= 0 else { throw HostFile.cannot("written", path) }
        for descriptor in descriptors { dup2(file, descriptor) }
        close(file)
        self.descriptors = descriptors
        written = 0
    }

    package func output(_ byte: UInt8) {
        gathered.append(byte)
        settle()
    }
    package func output(_ bytes: [UInt8]) {
        gathered += bytes
        settle()
    }
    private func settle() {
        if gathered.count >= Self.blockBytes { return flush() }
        if gatheredSince == 0 { gatheredSince = BoardClock.hostNanoseconds() }
    }
    package func flush() {
        guard !gathered.isEmpty, let descriptor = descriptors.first else { return }
        // A full disk costs the log, and not the machine.
        if written < Self.limitBytes {
            HostFile.writeAll(descriptor, gathered)
            written += gathered.count
            if written >= Self.limitBytes {
                HostFile.writeAll(descriptor, Array("\n[hull: the log is full]\n".utf8))
            }
        }
        gathered.removeAll(keepingCapacity: true)
        gatheredSince = 0
    }
    package func flushIfDue() {
        guard !gathered.isEmpty else { return }
        if BoardClock.hostNanoseconds() &- gatheredSince > Self.lingerNanoseconds { flush() }
    }
    package func inputTaken(_ count: Int) {}
}
