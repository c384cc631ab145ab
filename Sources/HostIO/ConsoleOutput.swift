import Bits
import Glibc
import Journal
import Synchronization

/// Bytes on their way to a descriptor: gathered, but never for long.
///
/// SAFETY: everything mutable is reached under `monitor` only; the run loop and the key reader both
/// write.
final class ConsoleOutput: @unchecked Sendable {
    /// What is gathered at most before it goes out.
    static let blockBytes = 4096
    /// How old a gathered byte may get while the guest is busy.
    static let lingerNanoseconds: UInt64 = 5_000_000

    private let descriptor: Int32
    private let monitor = Monitor()
    private var gathered: [UInt8] = []
    private var gatheredSince: UInt64 = 0
    private var lastWrite: UInt64 = 0
    private var failure: Int32 = 0
    private let isDirty = Atomic<Bool>(false)
    /// Rung when nobody may wait for the reader of our output any longer.
    private let abandoned: Doorbell
    private let onFailure: @Sendable (Int32) -> Void

    init(_ descriptor: Int32, onFailure: @escaping @Sendable (Int32) -> Void) throws(HullError) {
        self.descriptor = descriptor
        self.onFailure = onFailure
        abandoned = try Doorbell()
        gathered.reserveCapacity(Self.blockBytes)
    }

    func append(_ byte: UInt8) {
        monitor.locked {
            gathered.append(byte)
            settle(sawNewline: byte == UInt8(ascii: "\n"))
        }
    }
    func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        monitor.locked {
            gathered.append(contentsOf: bytes)
            settle(sawNewline: bytes.contains(UInt8(ascii: "\n")))
        }
    }

    /// A lone line goes out at once; a flood of lines goes out by the block.
    private func settle(sawNewline: Bool) {
        if gathered.count >= Self.blockBytes { return writeOut() }
        if gatheredSince == 0 {
            gatheredSince = BoardClock.hostNanoseconds()
            isDirty.store(true, ordering: .relaxed)
        }
        if sawNewline, BoardClock.hostNanoseconds() &- lastWrite > Self.lingerNanoseconds {
            writeOut()
        }
    }

    func flush() {
        guard isDirty.load(ordering: .relaxed) else { return }
        monitor.locked { writeOut() }
    }
    func flushIfDue() {
        guard isDirty.load(ordering: .relaxed) else { return }
        monitor.locked {
            if BoardClock.hostNanoseconds() &- gatheredSince > Self.lingerNanoseconds { writeOut() }
        }
    }

    /// Whoever waits for the descriptor to take bytes gives up, now and from now on.
    func abandon() { abandoned.ring() }

    private func writeOut() {
        var sent = 0
        while sent < gathered.count, failure == 0, waitForRoom() {
            let count = unsafe gathered.withUnsafeBytes { bytes in
                // SAFETY: the range lies inside `bytes`. PIPE_BUF bytes fit after POLLOUT, so a
                // pipe does not block.
                unsafe write(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent },
                    min(bytes.count - sent, Int(PIPE_BUF)))
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR && errno != EAGAIN {
                failure = errno
                onFailure(failure)
            }
        }
        gathered.removeAll(keepingCapacity: true)
        gatheredSince = 0
        lastWrite = BoardClock.hostNanoseconds()
        isDirty.store(false, ordering: .relaxed)
    }

    private func waitForRoom() -> Bool {
        while true {
            var wanted = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: abandoned.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // SAFETY: the call fills the two elements of a local array.
            let count = unsafe poll(&wanted, 2, -1)
            if count < 0 && errno != EINTR { return false }
            if count > 0 {
                // An error is reported by the write that follows.
                if wanted[0].revents != 0 { return true }
                return false
            }
        }
    }
}
