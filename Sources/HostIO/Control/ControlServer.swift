import Bits
import CHost
import Control
import Glibc
import Journal

/// Serves a machine's control socket on a thread of its own. What clients say is a `Conversation`'s
/// business; here bytes come and go, and nobody waits for anybody.
///
/// SAFETY: everything mutable belongs to the server's thread, but for `isClosing`, which is reached
/// under `monitor`. Pointers handed to the host are to locals and arrays that live through the call.
package final class ControlServer: @unchecked Sendable {
    /// More clients wait in the listener's queue.
    private static let clientLimit = 256
    /// How long the rest of a request may take to arrive.
    private static let requestNanoseconds: UInt64 = 10_000_000_000

    private struct Client {
        let descriptor: Int32
        var conversation: Conversation
        /// When the request that has not fully arrived began.
        var waitsSince: UInt64?
        var isGone = false
    }

    private let listener: Int32
    private let machine: any ControlledMachine
    private let console: SharedConsole
    private let claim: NameClaim
    private let bell: Doorbell
    private let user = Int64(geteuid())
    private var clients: [Client] = []
    private let monitor = Monitor()
    private var isClosing = false
    private var hasEnded = false

    /// Listens under a name, which it gives back at its end; `console` rings when there is more.
    package init(
        _ claim: NameClaim, _ machine: any ControlledMachine, _ console: SharedConsole
    ) throws(HullError) {
        self.machine = machine
        self.console = console
        self.claim = claim
        bell = try Doorbell()
        listener = try UnixSocket.listen(claim.folder.socket(claim.name))
        console.attach(bell)
        // At its end it removes the socket and the lock.
        let files = FileRights([claim.folder.path: .removeFile])
        try HostThread("control", files: files) { [self] in run() }.detach()
    }

    /// Sends what clients still wait for, and hangs up; who does not read is not waited for.
    package func close() {
        monitor.locked { isClosing = true }
        bell.ring()
        let deadline = BoardClock.hostNanoseconds() &+ 2_000_000_000
        monitor.locked {
            while !hasEnded && BoardClock.hostNanoseconds() < deadline {
                monitor.wait(untilNanoseconds: deadline)
            }
        }
    }

    // MARK: The thread

    private func run() {
        while !(monitor.locked { isClosing }) { turn() }
        lastWords()
        for client in clients { Glibc.close(client.descriptor) }
        Glibc.close(listener)
        claim.release()
        monitor.locked {
            hasEnded = true
            monitor.broadcast()
        }
    }

    /// What is on its way goes out within a second.
    private func lastWords() {
        let deadline = BoardClock.hostNanoseconds() &+ 1_000_000_000
        for index in clients.indices { clients[index].conversation.step() }
        while clients.contains(where: { !$0.isGone && !$0.conversation.pending.isEmpty }),
            BoardClock.hostNanoseconds() < deadline
        {
            var wanted = clients.map {
                pollfd(
                    fd: $0.isGone || $0.conversation.pending.isEmpty ? -1 : $0.descriptor,
                    events: Int16(POLLOUT), revents: 0)
            }
            guard unsafe poll(&wanted, nfds_t(wanted.count), 100) > 0 else { continue }
            for index in clients.indices where wanted[index].revents != 0 { send(index) }
        }
    }

    /// One wait, and what it brought.
    private func turn() {
        var wanted = [
            pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: clients.count < Self.clientLimit ? listener : -1, events: Int16(POLLIN),
                revents: 0),
        ]
        for client in clients {
            var events: Int32 = 0
            if client.conversation.wantsInput { events |= POLLIN }
            if !client.conversation.pending.isEmpty { events |= POLLOUT }
            wanted.append(pollfd(fd: client.descriptor, events: Int16(events), revents: 0))
        }
        let isSomebodySlow = clients.contains { $0.waitsSince != nil }
        guard unsafe poll(&wanted, nfds_t(wanted.count), isSomebodySlow ? 1000 : -1) >= 0 else {
            return
        }
        if wanted[0].revents != 0 {
            bell.silence()
            for index in clients.indices { clients[index].conversation.step() }
        }
        for index in clients.indices {
            let happened = Int32(wanted[index + 2].revents)
            if happened & (POLLERR | POLLNVAL) != 0 { clients[index].isGone = true }
            // A client that hung up is read to its end first.
            if happened & (POLLIN | POLLHUP) != 0 {
                receive(index, hungUp: happened & POLLHUP != 0)
            }
            send(index)
            watchTheClock(index)
        }
        clients.removeAll { client in
            let ends = client.isGone || client.conversation.isOver
            if ends { Glibc.close(client.descriptor) }
            return ends
        }
        if wanted[1].revents != 0 { accept() }
        console.watchers = clients.count { $0.conversation.isConsole }
    }

    private func accept() {
        let descriptor = hull_socket_accept(listener)
        guard descriptor >= 0 else { return }
        // The socket's mode keeps others out; the superuser may come in.
        let peer = hull_socket_peer_user(descriptor)
        guard peer == user || peer == 0 else {
            Glibc.close(descriptor)
            return
        }
        clients.append(Client(descriptor: descriptor, conversation: Conversation(machine)))
    }

    private func receive(_ index: Int, hungUp: Bool) {
        guard clients[index].conversation.wantsInput else {
            if hungUp { clients[index].isGone = true }
            return
        }
        switch HostFile.readSome(clients[index].descriptor, 16 << 10) {
        case .bytes(let bytes): clients[index].conversation.receive(bytes)
        case .tryAgain: break
        case .end:
            clients[index].conversation.endInput()
            if hungUp { clients[index].isGone = true }
        case .failed: clients[index].isGone = true
        }
    }

    private func send(_ index: Int) {
        let pending = clients[index].conversation.pending
        guard !clients[index].isGone, !pending.isEmpty else { return }
        let count = UnixSocket.send(clients[index].descriptor, pending)
        if count < 0 {
            clients[index].isGone = true
        } else {
            clients[index].conversation.sent(count)
        }
    }

    private func watchTheClock(_ index: Int) {
        guard clients[index].conversation.isMidRequest else {
            clients[index].waitsSince = nil
            return
        }
        let now = BoardClock.hostNanoseconds()
        guard let since = clients[index].waitsSince else {
            clients[index].waitsSince = now
            return
        }
        if now &- since > Self.requestNanoseconds { clients[index].conversation.giveUp() }
    }
}
