import Bits
import CHost
import Glibc
import Journal
import NineP

/// A Unix socket on which vhost-user messages and descriptors travel. Each call blocks, but for no longer
/// than `patience`: the other side may be stopped, or want us to wait.
package final class VhostConnection {
    package enum Failure: Error, Equatable {
        /// The other side is gone.
        case closed
        /// It said nothing for too long.
        case silent
        /// It said what the specification does not allow.
        case nonsense(String)
    }

    package let socket: Int32
    package var patienceNanoseconds: UInt64 = 5_000_000_000
    /// The other side answers whatever it is told, once both have agreed on that.
    package var acknowledges = false

    package init(_ socket: Int32) {
        self.socket = socket
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
    }
    deinit { close(socket) }

    package static func connect(to path: String) -> VhostConnection? {
        // SAFETY: the path lives through the call.
        let socket = unsafe hull_unix_connect(path)
        return socket < 0 ? nil : VhostConnection(socket)
    }

    // MARK: Bytes

    private func wait(for events: Int32, until deadline: UInt64) throws(Failure) {
        while true {
            let now = BoardClock.hostNanoseconds()
            guard now < deadline else { throw .silent }
            var wanted = pollfd(fd: socket, events: Int16(events), revents: 0)
            let milliseconds = Int32(min((deadline - now) / 1_000_000 + 1, 10_000))
            // SAFETY: the call fills a local.
            let count = unsafe poll(&wanted, 1, milliseconds)
            if count > 0 { return }
            if count < 0 && errno != EINTR { throw .closed }
        }
    }

    private var deadline: UInt64 {
        BoardClock.hostNanoseconds().addingReportingOverflow(patienceNanoseconds).partialValue
    }

    package func send(_ message: VhostMessage) throws(Failure) {
        let bytes = message.header + message.payload
        let deadline = deadline
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, until: deadline)
            let descriptors = sent == 0 ? message.descriptors : []
            let count = unsafe bytes.withUnsafeBytes { all in
                // SAFETY: the range lies inside `all`; the descriptors are counted.
                unsafe hull_send_descriptors(
                    socket, all.baseAddress.map { unsafe $0 + sent }, all.count - sent,
                    descriptors, descriptors.count)
            }
            if count > 0 {
                sent += count
            } else if count == 0 || errno != EAGAIN {
                throw .closed
            }
        }
    }

    private func receive(
        _ count: Int, until deadline: UInt64, _ descriptors: inout [Int32]
    ) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        while got < count {
            try wait(for: POLLIN, until: deadline)
            var found = [Int32](repeating: -1, count: 8)
            var foundCount = 0
            let part = unsafe bytes.withUnsafeMutableBytes { all in
                // SAFETY: the range lies inside `all`, and there is room for eight descriptors.
                unsafe hull_receive_descriptors(
                    socket, all.baseAddress.map { unsafe $0 + got }, count - got, &found,
                    &foundCount)
            }
            descriptors += found.prefix(foundCount)
            if part > 0 {
                got += part
            } else if part == 0 || errno != EAGAIN {
                throw .closed
            }
        }
        return bytes
    }

    package func receive() throws(Failure) -> VhostMessage {
        let deadline = deadline
        var descriptors: [Int32] = []
        do throws(Failure) {
            let header = try receive(VhostMessage.headerBytes, until: deadline, &descriptors)
            var reader = MessageReader(header[...])
            guard let kind = reader.word(), let flags = reader.word(), let count = reader.word(),
                flags & 3 == VhostMessage.version
            else { throw .nonsense("a message of another version") }
            guard count <= VhostMessage.longestPayload else {
                throw .nonsense("a message of \(count) bytes")
            }
            let payload = try receive(Int(count), until: deadline, &descriptors)
            return VhostMessage(
                kind: kind, flags: flags, payload: payload, descriptors: descriptors)
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
    }

    // MARK: The front end's side

    /// Says something, and hears how it went where the other side tells.
    package func tell(
        _ kind: VhostMessage.Kind, _ payload: [UInt8] = [], descriptors: [Int32] = []
    ) throws(Failure) {
        let flags = acknowledges ? VhostMessage.needsReply : 0
        try send(VhostMessage(kind, flags: flags, payload, descriptors: descriptors))
        guard acknowledges else { return }
        let outcome = try number(of: try reply(to: kind), kind)
        guard outcome == 0 else { throw .nonsense("error \(outcome) for \(kind)") }
    }

    /// Asks something whose answer carries what was asked for.
    package func ask(
        _ kind: VhostMessage.Kind, _ payload: [UInt8] = []
    ) throws(Failure) -> VhostMessage {
        try send(VhostMessage(kind, payload))
        return try reply(to: kind)
    }

    /// A number is all that comes back.
    package func askNumber(_ kind: VhostMessage.Kind) throws(Failure) -> UInt64 {
        try number(of: try ask(kind), kind)
    }

    private func number(of answer: VhostMessage, _ kind: VhostMessage.Kind) throws(Failure)
        -> UInt64
    {
        for descriptor in answer.descriptors { close(descriptor) }
        guard let number = answer.number else {
            throw .nonsense("an answer of \(answer.payload.count) bytes to \(kind)")
        }
        return number
    }

    private func reply(to kind: VhostMessage.Kind) throws(Failure) -> VhostMessage {
        let answer = try receive()
        guard answer.kind == kind.rawValue, answer.flags & VhostMessage.reply != 0 else {
            for descriptor in answer.descriptors { close(descriptor) }
            throw .nonsense("message \(answer.kind) where the answer to \(kind) was expected")
        }
        return answer
    }
}
