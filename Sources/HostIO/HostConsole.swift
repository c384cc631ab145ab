import Bits
import CHost
import Effects
import Glibc
import Journal

/// A console on two descriptors: a terminal, a pipe, a file, or nothing at all.
///
/// SAFETY: everything mutable is reached under `monitor` only.
package final class HostConsole: ConsoleBackEnd, @unchecked Sendable {
    /// Input that the guest has not taken is at most this much; the rest stays with the host.
    package static let windowBytes = 4096
    /// Only for a terminal, which is read even while the guest takes nothing: the keys are on it.
    private static let typeAheadBytes = 1 << 20

    package let device: Int
    private let input: Int32
    private let inbox: EventInbox
    private let keysAreOurs: Bool
    private let sizeSource: Int32?
    private let out: ConsoleOutput
    private let bell: Doorbell

    private let monitor = Monitor()
    private var room = HostConsole.windowBytes
    private var readerWaitsForRoom = false
    private var isClosed = false

    /// Starts to read at once. On a terminal, raw mode is the caller's business; the keys after
    /// Ctrl-A are ours if `keys` says so.
    package init(
        device: Int, input: Int32 = 0, output: Int32 = 1, keys: Bool? = nil, inbox: EventInbox
    ) throws(HullError) {
        self.device = device
        self.input = input
        self.inbox = inbox
        keysAreOurs = keys ?? Terminal.isOne(input)
        sizeSource = [output, input].first { Terminal.isOne($0) }
        bell = try Doorbell()
        hull_signals_ignore_broken_pipes()
        out = try ConsoleOutput(output) { [inbox] code in
            // Standard output is gone; standard error may still be there.
            let sentence =
                "hull: the console's output cannot be written: \(HostCall.reason(code)).\n"
            HostFile.writeAll(2, Array(sentence.utf8))
            inbox.post(.stop(exitCode: code == EPIPE ? 128 + UInt8(SIGPIPE) : 1))
        }
        postSize()
        try HostThread("console-input") { [self] in
            var reader = Reader(console: self)
            reader.run()
        }.detach()
    }

    // MARK: What the run loop calls

    package func output(_ bytes: [UInt8]) { out.append(bytes) }
    package func output(_ byte: UInt8) { out.append(byte) }
    package func flush() { out.flush() }
    package func flushIfDue() { out.flushIfDue() }

    package func inputTaken(_ count: Int) {
        guard count > 0 else { return }
        let wake = monitor.locked {
            room += count
            // Not for each byte: the reader has enough to do once half of the window is free.
            guard readerWaitsForRoom, room >= Self.windowBytes / 2 else { return false }
            readerWaitsForRoom = false
            return true
        }
        if wake { bell.ring() }
    }

    /// Tells the guest how large the terminal is.
    package func postSize() {
        guard let sizeSource, let size = Terminal.size(sizeSource) else { return }
        inbox.post(.resize(device: device, columns: size.columns, rows: size.rows))
    }

    /// Whoever waits for a stuck reader of our output gives up: the end was asked for.
    package func abandonOutput() { out.abandon() }

    /// Writes what is left and lets the reader thread end.
    package func close() {
        flush()
        monitor.locked { isClosed = true }
        bell.ring()
    }

    // MARK: What the reader thread calls

    /// How much may be posted now; if nothing, `inputTaken` will ring.
    fileprivate func claimRoom(_ wanted: Int) -> Int {
        monitor.locked {
            let count = min(room, wanted)
            room -= count
            readerWaitsForRoom = count < wanted
            return count
        }
    }
    fileprivate var mayEnd: Bool { monitor.locked { isClosed } }

    fileprivate func obey(_ command: PrefixKeys.Command) {
        switch command {
        case .quit:
            abandonOutput()
            inbox.post(.stop(exitCode: 0))
        case .list: say("\n" + PrefixKeys.list)
        case .detach:
            say(
                "\n[This machine lives in this terminal; hull boot --detach starts one that does not.]\n"
            )
        }
    }

    private func say(_ text: String) {
        out.append(Array(text.utf8))
        out.flush()
    }

    /// The reader thread's own state.
    private struct Reader {
        let console: HostConsole
        var keys = PrefixKeys()
        /// Read from the host and not yet posted.
        var held: [UInt8] = []
        var inputEnded = false

        mutating func run() {
            while !console.mayEnd {
                post()
                if inputEnded && held.isEmpty {
                    console.inbox.post(.inputClosed(device: console.device))
                    return
                }
                waitAndRead()
            }
        }

        private mutating func post() {
            while !held.isEmpty {
                let count = console.claimRoom(held.count)
                guard count > 0 else { return }
                let bytes = Array(held.prefix(count))
                held.removeFirst(count)
                console.inbox.post(.input(device: console.device, bytes))
            }
        }

        private mutating func waitAndRead() {
            let most = console.keysAreOurs ? HostConsole.typeAheadBytes : 1
            let wantsInput = !inputEnded && held.count < most
            var wanted = [
                pollfd(fd: console.bell.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(
                    fd: wantsInput ? console.input : -1, events: Int16(POLLIN), revents: 0),
            ]
            // SAFETY: the call fills the two elements of a local array.
            guard unsafe poll(&wanted, 2, -1) > 0 else { return }
            if wanted[0].revents != 0 { console.bell.silence() }
            if wanted[1].revents != 0 { readSome() }
        }

        private mutating func readSome() {
            let bytes: [UInt8]
            switch HostFile.readSome(console.input, HostConsole.windowBytes) {
            case .bytes(let read): bytes = read
            case .tryAgain: return
            // A terminal that hangs up says EIO; a closed descriptor EBADF.
            case .end, .failed: return inputEnded = true
            }
            guard console.keysAreOurs else { return held.append(contentsOf: bytes) }
            let (forGuest, commands) = keys.take(bytes)
            held.append(contentsOf: forGuest)
            for command in commands { console.obey(command) }
        }
    }
}
