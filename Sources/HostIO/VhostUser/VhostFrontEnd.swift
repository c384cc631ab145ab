import Bits
import CHost
import Effects
import Glibc
import GuestMemory
import Journal

/// A device in another process, reached by vhost-user. A thread of its own talks with that process and
/// waits for its calls; harts write requests into the rings and kick.
///
/// SAFETY: `queues`, `wanted`, `settings` and the counts of orders are reached under `monitor`; the rest
/// is used by the thread alone once it runs, and by who made this before.
package final class VhostFrontEnd: RemoteBackEnd, @unchecked Sendable {
    package struct Plan: Sendable {
        /// What sentences call the other side.
        package var name: String
        package var deviceID: UInt32
        package var queueCount: Int
        /// A power of two.
        package var queueSize: UInt16
        /// What the driver reads, where the back end does not say.
        package var configuration: [UInt8]?
        /// How much the back end is asked for otherwise.
        package var configurationBytes: Int
        /// Whether to wait for the back end when it is gone.
        package var reconnects: Bool
        package init(
            name: String, deviceID: UInt32, queueCount: Int, queueSize: UInt16 = 256,
            configuration: [UInt8]? = nil, configurationBytes: Int = 0, reconnects: Bool
        ) {
            self.name = name
            self.deviceID = deviceID
            self.queueCount = queueCount
            self.queueSize = queueSize
            self.configuration = configuration
            self.configurationBytes = configurationBytes
            self.reconnects = reconnects
        }
    }

    private enum State { case idle, running, closing }

    let plan: Plan
    private let inbox: EventInbox
    private let complain: @Sendable (String) -> Void
    private let connect: @Sendable () -> VhostConnection?
    private let ended: @Sendable () -> Void
    private let monitor = Monitor()
    private let bell: Doorbell
    private let kicks: [Doorbell]
    private let calls: [Doorbell]
    private var thread: HostThread?

    package let features: UInt64
    package let configuration: [UInt8]
    package var deviceID: UInt32 { plan.deviceID }
    package var queueSizes: [UInt16] {
        [UInt16](repeating: plan.queueSize, count: plan.queueCount)
    }

    private var device = 0
    private var guest: GuestMemory?
    private let rings: GuestMemoryOwner
    private var queues: [ShadowQueue] = []
    /// Nil while the other side is gone.
    private var link: VhostLink?
    /// What a back end noted before it was gone.
    private var notes: VhostNotes?
    private let usesTables: Bool
    private let keepsNotes: Bool
    private var hasFailed = false

    private var wanted = State.idle
    private var accepted: UInt64 = 0
    private var settings: [(offset: UInt64, bytes: [UInt8])] = []
    /// Counts orders, and which of them the thread has carried out.
    private var orders = 0
    private var ordersDone = 0

    /// Where the rings are, as the back end counts addresses: far above all RAM.
    private static let ringStart: UInt64 = 1 << 48

    /// Connects, and learns what the device is. `ended` is called on a thread of its own when the
    /// connection is given up for good.
    package init(
        _ plan: Plan, inbox: EventInbox, complain: @escaping @Sendable (String) -> Void,
        connect: @escaping @Sendable () -> VhostConnection?,
        ended: @escaping @Sendable () -> Void = {}
    ) throws(HullError) {
        self.ended = ended
        self.plan = plan
        self.inbox = inbox
        self.complain = complain
        self.connect = connect
        bell = try Doorbell()
        var bells: [Doorbell] = []
        for _ in 0..<(plan.queueCount * 2) { bells.append(try Doorbell()) }
        kicks = Array(bells.prefix(plan.queueCount))
        calls = Array(bells.suffix(plan.queueCount))
        guard let connection = Self.firstConnection(plan, connect) else {
            throw HullError(
                .host, "\(plan.name) cannot be reached; start it first.",
                cause: HostCall.reason())
        }
        let link: VhostLink
        do throws(VhostConnection.Failure) {
            link = try VhostLink(connection, plan)
        } catch {
            throw HullError(.host, Self.sentence(error, plan))
        }
        self.link = link
        features = link.features
        configuration = link.configuration
        usesTables = link.hasTables
        keepsNotes = link.keepsNotes
        let share = ShadowQueue.byteCount(plan.queueSize)
        let memory = try GuestMemory([
            MemslotRequest(
                GuestRange(
                    start: GuestPhysical(Self.ringStart), count: share * UInt64(plan.queueCount)),
                backing: .shared)
        ])
        rings = GuestMemoryOwner(memory)
        for index in 0..<plan.queueCount {
            queues.append(
                ShadowQueue(
                    memory, usesTables: usesTables,
                    at: GuestPhysical(Self.ringStart + share * UInt64(index)),
                    size: plan.queueSize))
        }
    }

    /// Who starts both sides at once need not wait for the other one.
    private static func firstConnection(_ plan: Plan, _ connect: () -> VhostConnection?)
        -> VhostConnection?
    {
        for _ in 0..<(plan.reconnects ? 20 : 0) {
            if let connection = connect() { return connection }
            usleep(UInt32(retryMilliseconds) * 1000)
        }
        return connect()
    }

    private static func sentence(_ failure: VhostConnection.Failure, _ plan: Plan) -> String {
        switch failure {
        case .closed: "\(plan.name) closed the connection."
        case .silent: "\(plan.name) did not answer for five seconds."
        case .nonsense(let what): "\(plan.name) sent \(what), which vhost-user does not allow."
        }
    }

    // MARK: What harts ask

    package func attach(_ memory: GuestMemory, device: Int) throws(HullError) {
        guest = memory
        self.device = device
        thread = try HostThread("vhost-user") { [self] in work() }
    }

    package func start(features: UInt64) {
        order {
            wanted = .running
            accepted = features
            for index in queues.indices { queues[index].clear() }
        }
    }

    package func submit(_ request: RemoteRequest) {
        monitor.locked {
            guard wanted == .running, queues.indices.contains(request.queue) else { return }
            queues[request.queue].add(request)
            if queues[request.queue].wantsKick { kicks[request.queue].ring() }
        }
    }

    package func stop() {
        let number = order { wanted = .idle }
        monitor.locked {
            while ordersDone < number { monitor.wait() }
        }
    }

    package func configure(offset: UInt64, _ bytes: [UInt8]) {
        order { settings.append((offset, bytes)) }
    }

    package func close() {
        order { wanted = .closing }
        thread?.join()
        thread = nil
    }

    @discardableResult
    private func order(_ change: () -> Void) -> Int {
        let number = monitor.locked {
            change()
            orders += 1
            return orders
        }
        bell.ring()
        return number
    }

    // MARK: The thread

    private func work() {
        var state = State.idle
        while true {
            let (next, number, changes) = monitor.locked {
                defer { settings = [] }
                return (wanted, orders, settings)
            }
            do throws(VhostConnection.Failure) {
                for change in changes { try link?.configure(change.offset, change.bytes) }
                if state == .running, next != .running { try link?.stop() }
                if next == .running, state != .running {
                    // Notes of a former life are of requests that nobody waits for.
                    notes = nil
                    try start(again: false)
                }
            } catch {
                lose(error)
            }
            state = next
            monitor.locked {
                ordersDone = number
                monitor.broadcast()
            }
            if state == .closing {
                link = nil
                return ended()
            }
            wait(state)
        }
    }

    private func start(again: Bool) throws(VhostConnection.Failure) {
        guard let link, let guest else { return }
        let places = monitor.locked {
            if again && !keepsNotes { for index in queues.indices { queues[index].resubmit() } }
            return queues.map { RingPlace($0) }
        }
        try link.start(
            features: accepted, memory: guest.sharedSlots + rings.memory.sharedSlots,
            rings: places, kicks: kicks, calls: calls, again: again)
        notes = link.notes
        // What became available before the other side listened.
        for kick in kicks { kick.ring() }
    }

    /// Waits for orders, calls and what the other side says by itself.
    private func wait(_ state: State) {
        var polled = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
        polled += calls.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        for socket in link?.sockets ?? [] {
            polled.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
        }
        let retries = link == nil && plan.reconnects && !hasFailed
        // SAFETY: the call fills the elements of a local array.
        unsafe _ = poll(&polled, nfds_t(polled.count), retries ? Self.retryMilliseconds : -1)
        if polled[0].revents != 0 { bell.silence() }
        for index in calls.indices where polled[index + 1].revents != 0 {
            calls[index].silence()
            collect(index)
        }
        if retries { return comeBack(state) }
        guard polled.dropFirst(calls.count + 1).contains(where: { $0.revents != 0 }) else {
            return
        }
        do throws(VhostConnection.Failure) {
            if let bytes = try link?.news() { post(.configured(bytes)) }
        } catch {
            lose(error)
        }
    }
    private static let retryMilliseconds: Int32 = 50

    private func collect(_ index: Int) {
        let found = monitor.locked {
            let collected = queues[index].collect()
            if collected?.hasMore == true, queues[index].wantsKick { kicks[index].ring() }
            return collected?.found
        }
        guard let found else {
            return lose(.nonsense("a completion of a request that it was not given"))
        }
        if !found.isEmpty { post(.completed(queue: index, found)) }
    }

    private func post(_ news: RemoteNews) { inbox.post(.remote(device: device, news)) }

    /// The other side is gone, or is not to be talked with any more.
    private func lose(_ failure: VhostConnection.Failure) {
        guard link != nil else { return }
        link = nil
        // What it finished before counts.
        for index in calls.indices { collect(index) }
        let waits = plan.reconnects && failure == .closed
        complain(
            Self.sentence(failure, plan)
                + (waits ? " Its device waits until it is back." : " Its device has failed."))
        guard !waits else { return }
        hasFailed = true
        post(.failed)
    }

    private func comeBack(_ state: State) {
        guard let connection = connect() else { return }
        do throws(VhostConnection.Failure) {
            let fresh = try VhostLink(connection, plan, notes: notes)
            guard fresh.features & accepted == accepted, fresh.hasTables == usesTables,
                fresh.keepsNotes == keepsNotes, fresh.configuration.count == configuration.count
            else { throw .nonsense("other features than before") }
            link = fresh
            if state == .running { try start(again: true) }
            complain("\(plan.name) is back.")
            if fresh.configuration != configuration { post(.configured(fresh.configuration)) }
        } catch .closed {
            // One that dies again at once is waited for again.
            link = nil
        } catch {
            hasFailed = true
            link = nil
            complain(Self.sentence(error, plan) + " Its device has failed.")
            post(.failed)
        }
    }
}
