import Bits
import CHost
import Control
import Glibc
import Journal

/// Waiting for something that others do, with a limit.
package struct Pause: Sendable {
    private let deadline: UInt64
    package init(seconds: Double) {
        deadline = BoardClock.hostNanoseconds() &+ UInt64(min(max(seconds, 0), 1e9) * 1e9)
    }
    /// A short sleep; false when the time is up.
    package func nap() -> Bool {
        guard BoardClock.hostNanoseconds() < deadline else { return false }
        usleep(20_000)
        return true
    }
}

/// A person, or a pipe, at the console of a machine that another process runs.
///
/// SAFETY: pointers handed to the host are to locals that live through each call.
package struct ConsoleVisit {
    package enum Ending: Sendable, Equatable {
        /// The machine has ended.
        case machineEnded
        /// The keys said so, or the input was at its end.
        case left
        /// The keys said that the machine is to end.
        case quit
        /// A signal.
        case signal(UInt8)
    }

    private let socket: Int32
    private let first: [UInt8]
    private let client: ControlClient
    private var keys = PrefixKeys()
    private var typed: [UInt8] = []
    private var inputEnded = false
    private var size: (columns: Int, rows: Int)?

    package init(_ socket: Int32, _ first: [UInt8], _ client: ControlClient) {
        self.socket = socket
        self.first = first
        self.client = client
    }

    package consuming func run() throws(HullError) -> Ending {
        var visit = self
        return try visit.stay()
    }

    private mutating func stay() throws(HullError) -> Ending {
        defer { close(socket) }
        let inbox = EventInbox()
        try HostSignals.install(inbox: inbox, console: nil)
        let isTerminal = Terminal.isOne(0)
        if isTerminal { try Terminal.makeRaw(0) }
        defer { Terminal.restore() }
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        guard HostFile.writeAll(1, first) else { return .left }
        while true {
            for case .stop(let code) in inbox.drain() { return .signal(code) }
            if isTerminal { tellSize() }
            if let ending = turn(isTerminal) { return ending }
        }
    }

    private mutating func turn(_ isTerminal: Bool) -> Ending? {
        let reads = !inputEnded && typed.count < 64 << 10
        var wanted = [
            pollfd(
                fd: socket, events: Int16(typed.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0),
            pollfd(fd: reads ? 0 : -1, events: Int16(POLLIN), revents: 0),
        ]
        // Signals and a new size of the window are looked at five times a second.
        guard unsafe poll(&wanted, 2, 200) > 0 else { return nil }
        if wanted[1].revents != 0 {
            switch HostFile.readSome(0, 4096) {
            case .bytes(let bytes): if let ending = take(bytes, isTerminal) { return ending }
            case .tryAgain: break
            case .end, .failed:
                inputEnded = true
                // A person's terminal is gone; a pipe that is empty still wants the answers.
                if isTerminal { return .left }
                if typed.isEmpty { shutdown(socket, Int32(SHUT_WR)) }
            }
        }
        if Int32(wanted[0].revents) & (POLLIN | POLLHUP | POLLERR) != 0 {
            switch HostFile.readSome(socket, 64 << 10) {
            case .bytes(let bytes): if !HostFile.writeAll(1, bytes) { return .left }
            case .tryAgain: break
            case .end, .failed: return .machineEnded
            }
        }
        if !typed.isEmpty, Int32(wanted[0].revents) & POLLOUT != 0 {
            let count = UnixSocket.send(socket, typed)
            if count < 0 { return .machineEnded }
            typed.removeFirst(count)
            if inputEnded && typed.isEmpty { shutdown(socket, Int32(SHUT_WR)) }
        }
        return nil
    }

    private mutating func take(_ bytes: [UInt8], _ isTerminal: Bool) -> Ending? {
        guard isTerminal else {
            typed += bytes
            return nil
        }
        let (forGuest, commands) = keys.take(bytes)
        typed += forGuest
        for command in commands {
            switch command {
            case .quit: return .quit
            case .detach: return .left
            case .list: HostFile.writeAll(1, Array(("\n" + PrefixKeys.list).utf8))
            }
        }
        return nil
    }

    private mutating func tellSize() {
        guard let now = Terminal.size(0), now != size ?? (0, 0) else { return }
        size = now
        _ = try? client.ask(
            "POST", "/v1/console/size", ["columns": JSON(now.columns), "rows": JSON(now.rows)])
    }
}
