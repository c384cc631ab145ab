import Bits
import Glibc
import GuestMemory
import NineP

/// The memory in which a back end notes which requests it works at, so that its successor finds them.
final class VhostNotes {
    let descriptor: Int32
    let form: VhostInFlight
    init(_ descriptor: Int32, _ form: VhostInFlight) {
        self.descriptor = descriptor
        self.form = form
    }
    deinit { close(descriptor) }
}

/// Where a ring's parts are and where it goes on.
struct RingPlace {
    let size: UInt16
    let base: UInt16
    let descriptors: UInt64
    let available: UInt64
    let used: UInt64
    init(_ queue: ShadowQueue) {
        size = queue.size
        base = queue.ringBase
        descriptors = queue.descriptors.rawValue
        available = queue.available.rawValue
        used = queue.used.rawValue
    }
}

/// What was agreed with one back end over one connection.
final class VhostLink {
    typealias Failure = VhostConnection.Failure

    private let connection: VhostConnection
    private let plan: VhostFrontEnd.Plan
    /// On which the other side speaks by itself.
    private var channel: VhostConnection?
    private let agreed: VhostProtocol
    private let offersProtocol: Bool
    let features: UInt64
    private(set) var configuration: [UInt8] = []
    private(set) var notes: VhostNotes?

    private static let indirectDescriptors: UInt64 = 1 << 28
    private static let version1: UInt64 = 1 << 32
    private static let understood: VhostProtocol = [
        .multipleQueues, .replyAcknowledge, .backEndRequests, .configuration, .inFlight,
    ]

    init(_ connection: VhostConnection, _ plan: VhostFrontEnd.Plan, notes: VhostNotes? = nil)
        throws(Failure)
    {
        self.connection = connection
        self.plan = plan
        self.notes = notes
        features = try connection.askNumber(.getFeatures)
        offersProtocol = features & VhostProtocol.offer != 0
        guard features & Self.version1 != 0 else {
            throw .nonsense("features without version 1 of virtio")
        }
        var agreed: VhostProtocol = []
        if offersProtocol {
            let offered = VhostProtocol(rawValue: try connection.askNumber(.getProtocolFeatures))
            agreed = offered.intersection(Self.understood)
            // An older server wants to be told of this one before it acknowledges anything.
            try connection.tell(.setProtocolFeatures, VhostMessage.number(agreed.rawValue))
        }
        self.agreed = agreed
        connection.acknowledges = agreed.contains(.replyAcknowledge)
        if agreed.contains(.multipleQueues) {
            let most = try connection.askNumber(.getQueueCount)
            guard most >= UInt64(plan.queueCount) else {
                throw .nonsense("a count of \(most) queues where \(plan.queueCount) are needed")
            }
        }
        try connection.tell(.setOwner)
        if agreed.contains(.backEndRequests) { try openChannel() }
        if let known = plan.configuration {
            configuration = known
        } else {
            configuration = try readConfiguration()
        }
    }

    var sockets: [Int32] { [connection.socket] + (channel.map { [$0.socket] } ?? []) }
    var hasTables: Bool { features & Self.indirectDescriptors != 0 }
    /// Whether the back end's successor can find out what it worked at.
    var keepsNotes: Bool { agreed.contains(.inFlight) }

    private func openChannel() throws(Failure) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        // SAFETY: writes two descriptors into the array of two.
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return }
        let own = VhostConnection(ends[0])
        own.patienceNanoseconds = 1_000_000_000
        channel = own
        defer { close(ends[1]) }
        try connection.tell(.setBackEndChannel, descriptors: [ends[1]])
    }

    // MARK: The device's configuration

    private func readConfiguration() throws(Failure) -> [UInt8] {
        guard agreed.contains(.configuration) else {
            throw .nonsense("no offer to tell the device's configuration")
        }
        var fields = VhostMessage.Fields()
        for value in [0, UInt32(plan.configurationBytes), 0] { fields.word(value) }
        let request = fields.bytes + [UInt8](repeating: 0, count: plan.configurationBytes)
        let answer = try connection.ask(.getConfiguration, request)
        for descriptor in answer.descriptors { close(descriptor) }
        guard answer.payload.count == request.count else {
            throw .nonsense("a configuration of \(answer.payload.count) bytes")
        }
        return Array(answer.payload.dropFirst(fields.bytes.count))
    }

    func configure(_ offset: UInt64, _ bytes: [UInt8]) throws(Failure) {
        guard agreed.contains(.configuration) else { return }
        var fields = VhostMessage.Fields()
        for value in [UInt32(truncatingIfNeeded: offset), UInt32(bytes.count), 0] {
            fields.word(value)
        }
        try connection.tell(.setConfiguration, fields.bytes + bytes)
    }

    /// Hears what the other side says by itself: a new configuration, or nil. Its end is an error.
    func news() throws(Failure) -> [UInt8]? {
        guard !Self.isReadable(connection.socket) else {
            // It says nothing here that it was not asked for.
            let message = try connection.receive()
            for descriptor in message.descriptors { close(descriptor) }
            throw .nonsense("message \(message.kind) that nobody asked for")
        }
        guard let channel, Self.isReadable(channel.socket) else { return nil }
        let message: VhostMessage
        do throws(Failure) {
            message = try channel.receive()
        } catch {
            // The channel alone may end; the device goes on.
            if error != .closed { throw error }
            self.channel = nil
            return nil
        }
        for descriptor in message.descriptors { close(descriptor) }
        // VHOST_USER_BACKEND_CONFIG_CHANGE_MSG; other kinds are for features that were not agreed on.
        let isChange = message.kind == 2
        if message.wantsReply {
            try channel.send(message.answer(VhostMessage.number(isChange ? 0 : 1)))
        }
        return isChange && plan.configuration == nil ? try readConfiguration() : nil
    }

    private static func isReadable(_ socket: Int32) -> Bool {
        var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        // SAFETY: the call fills a local.
        return unsafe poll(&polled, 1, 0) > 0
    }

    // MARK: Rings

    /// `again`: a successor goes on where a back end that is gone left off.
    func start(
        features accepted: UInt64, memory: [SharedSlot], rings: [RingPlace], kicks: [Doorbell],
        calls: [Doorbell], again: Bool
    ) throws(Failure) {
        let own = Self.version1 | features & (Self.indirectDescriptors | VhostProtocol.offer)
        try connection.tell(.setFeatures, VhostMessage.number(accepted | own))
        if keepsNotes { try agreeOnNotes(rings, again) }
        // Addresses of ours, by which rings are named, are those of the guest: one map serves both.
        let regions = memory.map {
            VhostRegion(
                guest: $0.range.start.rawValue, count: $0.range.count,
                user: $0.range.start.rawValue, offset: 0)
        }
        try connection.tell(
            .setMemoryTable, VhostRegion.table(regions), descriptors: memory.map(\.descriptor))
        for (index, ring) in rings.enumerated() {
            try connection.tell(.setRingSize, VhostMessage.pair(index, UInt32(ring.size)))
            try connection.tell(.setRingBase, VhostMessage.pair(index, UInt32(ring.base)))
            var addresses = VhostMessage.Fields()
            addresses.word(UInt32(index))
            addresses.word(0)
            for value in [ring.descriptors, ring.used, ring.available, 0] {
                addresses.double(value)
            }
            try connection.tell(.setRingAddresses, addresses.bytes)
            let name = VhostMessage.number(UInt64(index))
            try connection.tell(.setRingKick, name, descriptors: [kicks[index].descriptor])
            try connection.tell(.setRingCall, name, descriptors: [calls[index].descriptor])
        }
        // Without protocol features a ring is enabled from the start.
        guard offersProtocol else { return }
        for index in rings.indices {
            try connection.tell(.setRingEnable, VhostMessage.pair(index, 1))
        }
    }

    private func agreeOnNotes(_ rings: [RingPlace], _ again: Bool) throws(Failure) {
        if !again || notes == nil {
            let form = VhostInFlight(
                count: 0, offset: 0, queueCount: UInt16(clamping: rings.count),
                queueSize: plan.queueSize)
            let answer = try connection.ask(.getInFlight, form.payload)
            guard answer.descriptors.count == 1, let found = VhostInFlight(answer.payload),
                found.count > 0
            else {
                for descriptor in answer.descriptors { close(descriptor) }
                throw .nonsense("no memory for notes of requests under way")
            }
            notes = VhostNotes(answer.descriptors[0], found)
        }
        guard let notes else { return }
        try connection.tell(.setInFlight, notes.form.payload, descriptors: [notes.descriptor])
    }

    /// The back end lets go of the rings before it answers.
    func stop() throws(Failure) {
        for index in 0..<plan.queueCount {
            let answer = try connection.ask(.getRingBase, VhostMessage.pair(index, 0))
            for descriptor in answer.descriptors { close(descriptor) }
            guard let pair = answer.pair, pair.0 == UInt32(index) else {
                throw .nonsense("an answer of \(answer.payload.count) bytes to getRingBase")
            }
        }
    }
}
