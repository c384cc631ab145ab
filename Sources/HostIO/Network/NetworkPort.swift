import Bits
import Effects
import Glibc
import Journal

/// What carries frames: used by the thread of its port alone.
protocol FrameLink: AnyObject, Sendable {
    /// What becomes ready when there are frames, or when more can be sent.
    func polled(receives: Bool, sends: Bool) -> [pollfd]
    var mtu: UInt16? { get }
    /// Sends frames from `next` on and returns the first that found no room, or the count.
    func send(_ batch: FrameBatch, from next: Int) throws(LinkEnd) -> Int
    /// What has arrived, up to a batch; empty where nothing has.
    func receive() throws(LinkEnd) -> FrameBatch
    /// The guest takes frames that are unfinished in these ways.
    func accept(_ offloads: FrameOffloads)
    func close()
    /// Which files its thread changes at its end.
    var files: FileRights { get }
}

extension FrameLink {
    var files: FileRights { FileRights() }

    /// For a link with one descriptor.
    func polled(_ descriptor: Int32, receives: Bool, sends: Bool) -> [pollfd] {
        let events = (receives ? POLLIN : 0) | (sends ? POLLOUT : 0)
        return events == 0 ? [] : [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
    }
}

/// The other side is gone, and why.
struct LinkEnd: Error {
    let reason: String
}

/// A network card's back end: a thread that carries frames between a link and the inbox, so that
/// neither waits for the other.
///
/// SAFETY: everything mutable is reached under `monitor` only.
package final class NetworkPort: NetworkBackEnd, @unchecked Sendable {
    /// How many bytes of frames may wait for the guest. Beyond, they wait in the link, which slows
    /// their sender down or loses them, as a network does.
    private static let window = 2 << 20

    /// How often a link that has no room is asked again.
    private static let patienceMilliseconds: Int32 = 20

    private let device: Int
    private let link: any FrameLink
    private let inbox: EventInbox
    private let bell: Doorbell
    private let monitor = Monitor()
    private var outgoing: [FrameBatch] = []
    private var accepted: FrameOffloads?
    /// Bytes that were delivered and that the guest has not taken.
    private var outstanding = 0
    /// The thread sleeps, and for what.
    private var isAsleep = false
    private var sleepsWithoutRoom = false
    private var isClosing = false
    private var thread: HostThread?

    package var mtu: UInt16? { link.mtu }

    init(device: Int, _ link: any FrameLink, inbox: EventInbox) throws(HullError) {
        self.device = device
        self.link = link
        self.inbox = inbox
        bell = try Doorbell()
        thread = try HostThread("network", files: link.files) { [self] in
            work()
            link.close()
        }
    }

    // MARK: What the machine does

    package func transmit(_ batch: FrameBatch) {
        tell {
            outgoing.append(batch)
            return true
        }
    }
    package func accept(_ offloads: FrameOffloads) {
        tell {
            accepted = offloads
            return true
        }
    }
    package func taken(_ bytes: Int) {
        tell {
            outstanding -= bytes
            return sleepsWithoutRoom && outstanding < Self.window
        }
    }
    package func close() {
        tell {
            isClosing = true
            return true
        }
        let ended = monitor.locked {
            defer { thread = nil }
            return thread
        }
        ended?.join()
    }

    /// Changes what the thread looks at, and wakes it where that matters to it.
    private func tell(_ change: () -> Bool) {
        let mustRing = monitor.locked {
            guard change(), isAsleep else { return false }
            isAsleep = false
            return true
        }
        if mustRing { bell.ring() }
    }

    // MARK: What the thread does

    private struct Work {
        var outgoing: [FrameBatch]
        var accepted: FrameOffloads?
        var hasRoom: Bool
        var isClosing: Bool
    }

    private func takeWork() -> Work {
        monitor.locked {
            defer {
                outgoing = []
                accepted = nil
                isAsleep = false
            }
            return Work(
                outgoing: outgoing, accepted: accepted, hasRoom: outstanding < Self.window,
                isClosing: isClosing)
        }
    }

    private func work() {
        var sending = SendingFrames()
        do throws(LinkEnd) {
            while true {
                let work = takeWork()
                if let accepted = work.accepted { link.accept(accepted) }
                sending.batches += work.outgoing
                // Before something is sent: who has just come to a switch is to get it too.
                let hasReceived = work.hasRoom ? try deliver() : false
                let sent = try sending.send(over: link)
                if sent > 0 { inbox.post(.transmitted(device: device, bytes: sent)) }
                if work.isClosing { return }
                if hasReceived { continue }
                sleep(hasRoom: work.hasRoom, wantsToSend: !sending.batches.isEmpty)
            }
        } catch {
            inbox.post(.link(device: device, isUp: false))
            HostFile.writeAll(
                2,
                Array("hull: the network card in slot \(device) is cut off: \(error.reason)\n".utf8)
            )
            discard(sending)
        }
    }

    private func deliver() throws(LinkEnd) -> Bool {
        let batch = try link.receive()
        guard !batch.isEmpty else { return false }
        monitor.locked { outstanding += batch.bytes.count }
        inbox.post(.frames(device: device, batch))
        return true
    }

    /// Until the machine says something, or the link can do what is wanted of it.
    private func sleep(hasRoom: Bool, wantsToSend: Bool, isCutOff: Bool = false) {
        let maySleep = monitor.locked {
            guard outgoing.isEmpty, accepted == nil, !isClosing,
                hasRoom || isCutOff || outstanding >= Self.window
            else { return false }
            isAsleep = true
            sleepsWithoutRoom = !hasRoom
            return true
        }
        guard maySleep else { return }
        // With nothing wanted, an end of the link would be told again and again.
        let ends = link.polled(receives: hasRoom, sends: wantsToSend)
        var polled = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)] + ends
        // SAFETY: an array and its count.
        unsafe _ = poll(
            &polled, UInt(polled.count), wantsToSend ? Self.patienceMilliseconds : -1)
        if polled[0].revents != 0 { bell.silence() }
    }

    /// After the link's end: what the guest sends is lost.
    private func discard(_ rest: SendingFrames) {
        var lost = rest.batches
        while true {
            let work = takeWork()
            lost += work.outgoing
            let bytes = lost.reduce(0) { $0 + $1.bytes.count }
            if bytes > 0 { inbox.post(.transmitted(device: device, bytes: bytes)) }
            lost = []
            if work.isClosing { return }
            sleep(hasRoom: false, wantsToSend: false, isCutOff: true)
        }
    }
}

/// Frames that a link has not taken yet.
private struct SendingFrames {
    var batches: [FrameBatch] = []
    /// The first frame of the first batch that is to go.
    private var next = 0

    /// Sends what goes now, and says how many bytes of whole batches are done with.
    mutating func send(over link: any FrameLink) throws(LinkEnd) -> Int {
        var sent = 0
        while let batch = batches.first {
            next = try link.send(batch, from: next)
            guard next == batch.count else { break }
            sent += batch.bytes.count
            batches.removeFirst()
            next = 0
        }
        return sent
    }
}
