import Bits
import Effects
import Glibc
import GuestMemory
import HostIO
import Virtio

/// A drive that serves another machine's guest over vhost-user: what stands behind
/// `--vhost-user blk,socket=PATH`. It may be ended at any point and started again; the requests that it
/// worked at are carried out by its successor.
package final class BlockServer {
    private let drive: DriveFile
    private let listener: Int32
    private let path: String

    package init(_ image: String, readOnly: Bool, socket path: String) throws(HullError) {
        drive = try DriveFile(image, readOnly: readOnly)
        self.path = path
        listener = try DeviceSocket.listen(path)
    }
    deinit { close(listener) }

    /// Serves one front end after the other.
    package func run() throws(HullError) {
        while true {
            let socket = DeviceSocket.accept(listener)
            guard socket >= 0 else {
                if errno == EINTR { continue }
                throw HullError(
                    .host, "No connection can be accepted at \(path).", cause: HostCall.reason())
            }
            let connection = VhostConnection(socket)
            // A front end that has nothing to say is not gone.
            connection.patienceNanoseconds = 60_000_000_000
            var service = BlockService(connection, drive)
            service.run()
        }
    }
}

/// One front end's drive.
private struct BlockService {
    private struct Ring {
        var place = ServedDevice.Place()
        /// Addresses as the front end counts them, until its memory is known.
        var addresses: (descriptors: UInt64, used: UInt64, available: UInt64) = (0, 0, 0)
        var kick: Int32 = -1
        var call: Int32 = -1
        var isEnabled = false
        var isStarted = false
    }

    private let connection: VhostConnection
    private let drive: DriveFile
    private var device: ServedDevice
    private var ring = Ring()
    private var regions: [(region: VhostRegion, file: Int32)] = []
    private var notes: (form: VhostInFlight, file: Int32)?
    private var memory: GuestMemoryOwner?
    private var agreedOnProtocol = false
    private var effects = EffectList()

    private static let indirectDescriptors: UInt64 = 1 << 28
    private static let version1: UInt64 = 1 << 32
    /// Above whatever a guest may have.
    private static let notesStart: UInt64 = 1 << 60
    private static let understood: VhostProtocol = [
        .multipleQueues, .replyAcknowledge, .configuration, .inFlight,
    ]

    init(_ connection: VhostConnection, _ drive: DriveFile) {
        self.connection = connection
        self.drive = drive
        device = ServedDevice(
            .block(
                VirtioBlock(
                    device: 0, byteCount: drive.byteCount, isReadOnly: drive.isReadOnly,
                    identification: Array("outside".utf8))))
    }

    /// Until the front end is gone, or says what makes no sense.
    mutating func run() {
        while true {
            var polled = [
                pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ring.isStarted ? ring.kick : -1, events: Int16(POLLIN), revents: 0),
            ]
            // SAFETY: the call fills the elements of a local array.
            guard unsafe poll(&polled, 2, -1) >= 0 || errno == EINTR else { break }
            if polled[1].revents != 0 {
                DeviceSocket.silence(ring.kick)
                serve()
            }
            guard polled[0].revents != 0 else { continue }
            do throws(VhostConnection.Failure) {
                try hear(try connection.receive())
            } catch {
                break
            }
        }
        for file in [ring.kick, ring.call, notes?.file ?? -1] where file >= 0 { close(file) }
        for region in regions { close(region.file) }
    }

    // MARK: Requests

    private mutating func serve() {
        guard let memory = memory?.memory, ring.isStarted else { return }
        device.serve(0, memory, &effects)
        while !effects.isEmpty {
            var step = EffectList()
            swap(&step, &effects)
            var answers: [Event] = []
            var calls = false
            step.drain { effect in
                switch effect {
                case .submit(let request):
                    let (status, data) = drive.perform(request)
                    answers.append(.block(device: 0, tag: request.tag, status, data: data))
                case .raise: calls = true
                default: break
                }
            }
            for answer in answers { device.deliver(answer, memory, &effects) }
            if calls {
                device.acknowledge()
                DeviceSocket.ring(ring.call)
            }
        }
    }

    private mutating func startIfReady() -> Bool {
        guard !ring.isStarted, ring.isEnabled || !agreedOnProtocol, ring.kick >= 0 else {
            return true
        }
        guard mapMemory(), let memory = memory?.memory,
            let descriptors = guest(ring.addresses.descriptors),
            let used = guest(ring.addresses.used), let available = guest(ring.addresses.available)
        else { return false }
        ring.place.descriptors = descriptors
        ring.place.used = used
        ring.place.available = available
        let kept = notes.map {
            InFlightNotes(
                at: GuestPhysical(Self.notesStart + $0.form.offset % 4096),
                queueCount: Int($0.form.queueCount), queueSize: $0.form.queueSize)
        }
        ring.isStarted = device.start(0, at: ring.place, notes: kept, memory)
        if ring.isStarted { serve() }
        return ring.isStarted
    }

    private func guest(_ user: UInt64) -> GuestPhysical? {
        for (region, _) in regions where user >= region.user && user - region.user < region.count {
            return GuestPhysical(region.guest &+ (user - region.user))
        }
        return nil
    }

    /// The guest's memory and the notes, as one map.
    private mutating func mapMemory() -> Bool {
        guard memory == nil else { return true }
        var requests: [MemslotRequest] = []
        var sources = regions.map { ($0.region.guest, $0.region.count, $0.region.offset, $0.file) }
        if let (form, file) = notes {
            sources.append(
                (Self.notesStart, (form.count + 4095) & ~4095, form.offset & ~4095, file))
        }
        for (start, count, offset, file) in sources {
            // A file that is shorter than its region would end us when it is touched.
            guard let end = DeviceSocket.fileSize(file), offset <= end, count <= end - offset,
                let place = Int(exactly: offset)
            else { return false }
            let copy = dup(file)
            guard copy >= 0 else { return false }
            requests.append(
                MemslotRequest(
                    GuestRange(start: GuestPhysical(start), count: count),
                    backing: .file(copy, offset: place)))
        }
        guard let mapped = try? GuestMemory(requests) else { return false }
        memory = GuestMemoryOwner(mapped)
        return true
    }

    // MARK: What the front end says

    private mutating func hear(_ message: VhostMessage) throws(VhostConnection.Failure) {
        guard let kind = VhostMessage.Kind(rawValue: message.kind) else {
            for file in message.descriptors { close(file) }
            throw .nonsense("message \(message.kind)")
        }
        if kind == .getInFlight { return try makeNotes(message) }
        if let answer = answer(kind, message) { return try connection.send(answer) }
        let isFine = try take(kind, message)
        if message.wantsReply {
            try connection.send(message.answer(VhostMessage.number(isFine ? 0 : 1)))
        } else if !isFine {
            throw .nonsense("\(kind)")
        }
    }

    /// The answer to a question; nil for what is no question.
    private mutating func answer(_ kind: VhostMessage.Kind, _ message: VhostMessage)
        -> VhostMessage?
    {
        switch kind {
        case .getFeatures:
            let all =
                device.features | Self.indirectDescriptors | Self.version1 | VhostProtocol.offer
            return message.answer(VhostMessage.number(all))
        case .getProtocolFeatures:
            return message.answer(VhostMessage.number(Self.understood.rawValue))
        case .getQueueCount: return message.answer(VhostMessage.number(1))
        case .getRingBase:
            let base = device.stop(0)
            ring.isStarted = false
            ring.isEnabled = false
            return message.answer(VhostMessage.pair(0, UInt32(base)))
        case .getConfiguration:
            var payload = Array(message.payload.prefix(12))
            let count = max(message.payload.count - 12, 0)
            payload += device.configuration.prefix(count)
            payload += [UInt8](repeating: 0, count: max(message.payload.count - payload.count, 0))
            return message.answer(payload)
        default: return nil
        }
    }

    /// Memory for notes, which the front end keeps from then on.
    private func makeNotes(_ message: VhostMessage) throws(VhostConnection.Failure) {
        guard var form = VhostInFlight(message.payload), form.queueCount <= 64 else {
            throw .nonsense("a wish for notes that makes no sense")
        }
        let bytes = InFlightNotes.byteCount(
            queueCount: Int(form.queueCount), queueSize: form.queueSize)
        form.count = (max(bytes, 1) + 4095) & ~4095
        form.offset = 0
        let range = GuestRange(start: GuestPhysical(0), count: form.count)
        guard let fresh = try? GuestMemory([MemslotRequest(range, backing: .shared)]),
            let slot = fresh.sharedSlots.first
        else { throw .nonsense("a wish for notes that the host cannot fulfil") }
        let owner = GuestMemoryOwner(fresh)
        try withExtendedLifetime(owner) { () throws(VhostConnection.Failure) in
            try connection.send(message.answer(form.payload, descriptors: [slot.descriptor]))
        }
    }

    /// Carries out an order; false: it makes no sense.
    private mutating func take(_ kind: VhostMessage.Kind, _ message: VhostMessage)
        throws(VhostConnection.Failure) -> Bool
    {
        var files = message.descriptors
        defer { for file in files { close(file) } }
        switch kind {
        case .setFeatures:
            guard let features = message.number else { return false }
            device.accept(features: features)
        case .setProtocolFeatures: agreedOnProtocol = true
        case .setOwner, .setBackEndChannel, .setRingError, .setConfiguration: break
        case .setMemoryTable:
            guard let table = VhostRegion.table(of: message.payload), table.count == files.count
            else { return false }
            for region in regions { close(region.file) }
            regions = Array(zip(table, files))
            memory = nil
            files = []
        case .setInFlight:
            guard let form = VhostInFlight(message.payload), files.count == 1 else { return false }
            if let old = notes { close(old.file) }
            notes = (form, files.removeFirst())
            memory = nil
        case .setRingSize, .setRingBase, .setRingEnable:
            guard let (index, number) = message.pair, index == 0 else { return false }
            switch kind {
            case .setRingSize: ring.place.size = UInt16(clamping: number)
            case .setRingBase: ring.place.base = UInt16(truncatingIfNeeded: number)
            default: ring.isEnabled = number != 0
            }
            return kind == .setRingEnable ? startIfReady() : true
        case .setRingAddresses:
            guard message.payload.count == 40 else { return false }
            let fields = stride(from: 8, to: 32, by: 8).map { at in
                (0..<8).reduce(UInt64(0)) { $0 | UInt64(message.payload[at + $1]) << ($1 * 8) }
            }
            ring.addresses = (fields[0], fields[1], fields[2])
        case .setRingKick, .setRingCall:
            guard let number = message.number, number & 0xff == 0 else { return false }
            // Bit 8: there is none, and one has to look again and again.
            let file = number & 0x100 == 0 && !files.isEmpty ? files.removeFirst() : -1
            let old = kind == .setRingKick ? ring.kick : ring.call
            if old >= 0 { close(old) }
            if kind == .setRingKick { ring.kick = file } else { ring.call = file }
            return kind == .setRingKick ? startIfReady() : true
        default: return false
        }
        return true
    }
}
