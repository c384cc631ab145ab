import Bits
import Effects
import Glibc
import GuestMemory
import HostIO
import Journal
import Synchronization
import TestKit
import Testing

/// A back end that is honest as far as it is told to be.
///
/// SAFETY: made by the test, used by one thread of its own.
final class ScriptedBackEnd: @unchecked Sendable {
    /// How an answer is spoilt.
    enum Mischief: CaseIterable {
        case wrongKind, tooShort, tooLong, noReplyFlag, badVersion, enormous, closes, garbage,
            strangerWithDescriptors, refuses
    }

    private let connection: VhostConnection
    private var numbers: SeededNumbers
    /// Out of a hundred answers.
    private let spoilt: UInt64
    private var memory: GuestMemory?
    private var used: [UInt64: UInt64] = [:]
    private var calls: [UInt64: Int32] = [:]
    let protocolFeatures: VhostProtocol
    private let kinds = Mutex<[VhostMessage.Kind]>([])
    var heard: [VhostMessage.Kind] { kinds.withLock { $0 } }
    /// It is gone when it is told that.
    private let last: VhostMessage.Kind?

    init(
        _ socket: Int32, seed: UInt64, spoilt: UInt64,
        protocolFeatures: VhostProtocol = [.replyAcknowledge, .configuration, .inFlight],
        endsAt last: VhostMessage.Kind? = nil
    ) {
        self.last = last
        connection = VhostConnection(socket)
        connection.patienceNanoseconds = 2_000_000_000
        numbers = SeededNumbers(seed: seed)
        self.spoilt = spoilt
        self.protocolFeatures = protocolFeatures
    }
    deinit {
        memory?.release()
        for call in calls.values { close(call) }
    }

    func run() {
        // Others hold on to this object.
        defer { shutdown(connection.socket, Int32(SHUT_RDWR)) }
        while let message = try? connection.receive() {
            guard let kind = VhostMessage.Kind(rawValue: message.kind) else { return }
            kinds.withLock { $0.append(kind) }
            if kind == last { break }
            let answer = answer(kind, message)
            if numbers.next() % 100 < spoilt {
                guard spoil(answer ?? message.answer([])) else { return }
            } else if let answer {
                guard (try? connection.send(answer)) != nil else { return }
            } else if message.wantsReply {
                guard (try? connection.send(message.answer(VhostMessage.number(0)))) != nil else {
                    return
                }
            }
            for file in answer?.descriptors ?? [] { close(file) }
            if spoilt > 0, numbers.next() % 4 == 0 { scribble() }
        }
    }

    private func answer(_ kind: VhostMessage.Kind, _ message: VhostMessage) -> VhostMessage? {
        switch kind {
        case .getFeatures:
            return message.answer(VhostMessage.number(1 << 32 | 1 << 28 | 1 << 9 | 1 << 30))
        case .getProtocolFeatures:
            return message.answer(VhostMessage.number(protocolFeatures.rawValue))
        case .getRingBase: return message.answer(VhostMessage.pair(Int(message.payload[0]), 0))
        case .getConfiguration: return message.answer(message.payload)
        case .getInFlight:
            let range = GuestRange(start: GuestPhysical(0), count: 4096)
            guard let notes = try? GuestMemory([MemslotRequest(range, backing: .shared)]) else {
                return nil
            }
            defer { notes.release() }
            let file = dup(notes.sharedSlots[0].descriptor)
            let form = VhostInFlight(count: 4096, offset: 0, queueCount: 1, queueSize: 256)
            return message.answer(form.payload, descriptors: [file])
        case .setMemoryTable:
            let table = VhostRegion.table(of: message.payload) ?? []
            memory?.release()
            memory = try? GuestMemory(
                zip(table, message.descriptors).map {
                    MemslotRequest(
                        GuestRange(start: GuestPhysical($0.guest), count: $0.count),
                        backing: .file($1, offset: Int($0.offset)))
                })
            return nil
        case .setRingAddresses:
            let fields = (0..<8).map { UInt64(message.payload[16 + $0]) << UInt64($0 * 8) }
            used[UInt64(message.payload[0])] = fields.reduce(0, |)
        case .setRingCall: calls[UInt64(message.payload[0])] = message.descriptors.first
        default: for file in message.descriptors { close(file) }
        }
        return nil
    }

    /// Writes nonsense into the ring of completions, and says that there are some.
    private func scribble() {
        guard let memory, let (queue, ring) = used.first else { return }
        for offset in stride(from: UInt64(0), to: 64, by: 4) {
            _ = memory.store32(GuestPhysical(ring + offset), UInt32(numbers.next() % 300))
        }
        DeviceSocket.ring(calls[queue] ?? -1)
    }

    /// False: the connection is over.
    private func spoil(_ answer: VhostMessage) -> Bool {
        var answer = answer
        let kinds = Mischief.allCases
        switch kinds[Int(numbers.next() % UInt64(kinds.count))] {
        case .wrongKind: answer.kind &+= 1
        case .tooShort: answer.payload = Array(answer.payload.dropLast(3))
        case .tooLong: answer.payload += [1, 2, 3, 4, 5]
        case .noReplyFlag: answer.flags = 1
        case .badVersion: answer.flags = 6
        case .enormous: answer.payload = [UInt8](repeating: 7, count: 5000)
        case .closes: return false
        case .garbage:
            let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
            return unsafe send(connection.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0
        case .strangerWithDescriptors: answer.descriptors += [0, 1, 2]
        case .refuses: answer.payload = VhostMessage.number(22)
        }
        let sent = (try? connection.send(answer)) != nil
        return sent
    }
}

/// What the front end tells people.
final class Complaints: Sendable {
    private let texts = Mutex<[String]>([])
    func add(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock { $0 } }
}

@Suite(.serialized) struct VhostFrontEndTests {
    private struct Rig {
        let inbox = EventInbox()
        let complaints = Complaints()
        let memory: GuestMemoryOwner
        var backEnds: [HostThread] = []

        init() throws {
            memory = GuestMemoryOwner(
                try GuestMemory(
                    ram: GuestRange(start: GuestPhysical(0x8000_0000), count: 1 << 20),
                    backing: .shared))
        }

        /// A front end whose back end is one of these, then the next, then none.
        mutating func frontEnd(
            _ backEnds: [(Int32) -> ScriptedBackEnd], reconnects: Bool = false,
            patience: UInt64 = 300_000_000
        ) throws(HullError) -> VhostFrontEnd {
            var sockets: [Int32] = []
            for make in backEnds {
                var ends: [Int32] = [0, 0]
                let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
                let made = unsafe socketpair(AF_UNIX, kind, 0, &ends)
                precondition(made == 0, "no sockets")
                sockets.append(ends[0])
                let backEnd = make(ends[1])
                self.backEnds.append(try HostThread("back end") { backEnd.run() })
            }
            let box = SocketBox(sockets, patience: patience)
            let plan = VhostFrontEnd.Plan(
                name: "The test", deviceID: 2, queueCount: 1, configurationBytes: 60,
                reconnects: reconnects)
            return try VhostFrontEnd(plan, inbox: inbox, complain: complaints.add) { box.next() }
        }
        func join() { for thread in backEnds { thread.join() } }
    }

    private final class SocketBox: Sendable {
        private let left: Mutex<[Int32]>
        private let patience: UInt64
        init(_ sockets: [Int32], patience: UInt64) {
            left = Mutex(sockets)
            self.patience = patience
        }
        deinit { left.withLock { for socket in $0 { close(socket) } } }
        func next() -> VhostConnection? {
            guard let socket = left.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                return nil
            }
            let connection = VhostConnection(socket)
            connection.patienceNanoseconds = patience
            return connection
        }
    }

    private static let request = RemoteRequest(
        queue: 0, tag: 7,
        readable: [GuestRange(start: GuestPhysical(0x8000_0000), count: 16)],
        writable: [GuestRange(start: GuestPhysical(0x8000_1000), count: 513)])

    @Test func ringsAreSetUpInOrder() throws {
        var rig = try Rig()
        let script = Mutex<ScriptedBackEnd?>(nil)
        let frontEnd = try rig.frontEnd([
            { socket in
                let made = ScriptedBackEnd(socket, seed: 1, spoilt: 0)
                script.withLock { $0 = made }
                return made
            }
        ])
        try frontEnd.attach(rig.memory.memory, device: 3)
        frontEnd.start(features: 1 << 9)
        frontEnd.submit(Self.request)
        #expect(until { script.withLock { $0?.heard.contains(.setRingEnable) ?? false } })
        frontEnd.stop()
        frontEnd.close()
        rig.join()
        let heard = script.withLock { $0?.heard ?? [] }
        #expect(
            heard == [
                .getFeatures, .getProtocolFeatures, .setProtocolFeatures, .setOwner,
                .getConfiguration, .setFeatures, .getInFlight, .setInFlight, .setMemoryTable,
                .setRingSize, .setRingBase, .setRingAddresses, .setRingKick, .setRingCall,
                .setRingEnable, .getRingBase,
            ])
        #expect(rig.complaints.all == [])
    }

    /// Waits for what other threads do.
    private func until(_ condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            usleep(5000)
        }
        return false
    }

    /// One that is gone in the middle is waited for, and its successor is given everything again, by its
    /// notes or by a fresh ring.
    @Test(arguments: [VhostProtocol.configuration, [.configuration, .inFlight]])
    func aSuccessorIsGivenTheRings(_ features: VhostProtocol) throws {
        var rig = try Rig()
        let second = Mutex<ScriptedBackEnd?>(nil)
        let frontEnd = try rig.frontEnd(
            [
                {
                    ScriptedBackEnd(
                        $0, seed: 1, spoilt: 0, protocolFeatures: features,
                        endsAt: .setRingEnable)
                },
                { socket in
                    let made = ScriptedBackEnd(
                        socket, seed: 1, spoilt: 0, protocolFeatures: features)
                    second.withLock { $0 = made }
                    return made
                },
            ], reconnects: true)
        try frontEnd.attach(rig.memory.memory, device: 3)
        frontEnd.start(features: 0)
        frontEnd.submit(Self.request)
        #expect(until { rig.complaints.all.count == 2 })
        #expect(rig.complaints.all.first?.contains("waits until it is back") == true)
        #expect(rig.complaints.all.last == "The test is back.")
        frontEnd.close()
        rig.join()
        let heard = second.withLock { $0?.heard ?? [] }
        #expect(heard.contains(.setRingEnable) && !heard.contains(.getInFlight))
        #expect(heard.contains(.setInFlight) == features.contains(.inFlight))
        #expect(rig.inbox.drain().isEmpty)
    }

    @Test func aDeviceThatDoesNotWaitHasFailed() throws {
        var rig = try Rig()
        let frontEnd = try rig.frontEnd([
            { ScriptedBackEnd($0, seed: 1, spoilt: 0, endsAt: .setMemoryTable) }
        ])
        try frontEnd.attach(rig.memory.memory, device: 3)
        frontEnd.start(features: 0)
        #expect(until { !rig.inbox.isEmpty })
        #expect(rig.inbox.drain() == [.remote(device: 3, .failed)])
        #expect(rig.complaints.all == ["The test closed the connection. Its device has failed."])
        frontEnd.stop()
        frontEnd.close()
        rig.join()
    }

    @Test func aBackEndWithoutConfigurationIsRefusedInASentence() throws {
        var rig = try Rig()
        do throws(HullError) {
            _ = try rig.frontEnd([
                { ScriptedBackEnd($0, seed: 1, spoilt: 0, protocolFeatures: []) }
            ])
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains("The test sent"), "\(error)")
        }
        rig.join()
    }

    /// Whatever a back end says and writes, it ends in a sentence, or in a device that has failed.
    @Test func aMaliciousBackEndHarmsNothing() throws {
        var refused = 0
        var failed = 0
        var fine = 0
        for seed in 0..<UInt64(Effort.rounds(60)) {
            var rig = try Rig()
            do throws(HullError) {
                let frontEnd = try rig.frontEnd([
                    { ScriptedBackEnd($0, seed: seed, spoilt: seed % 3 == 0 ? 3 : 12) }
                ])
                try frontEnd.attach(rig.memory.memory, device: 3)
                for _ in 0..<2 {
                    frontEnd.start(features: 1 << 9)
                    for tag in 0..<20 as Range<UInt64> {
                        var request = Self.request
                        request.tag = tag
                        frontEnd.submit(request)
                    }
                    frontEnd.stop()
                }
                frontEnd.close()
                var tags: [UInt64] = []
                var hasFailed = false
                for case .remote(3, let news) in rig.inbox.drain() {
                    switch news {
                    case .completed(_, let completions): tags += completions.map(\.tag)
                    case .failed: hasFailed = true
                    case .configured: break
                    }
                }
                // Nothing is returned that was not given, and nothing twice in a life.
                #expect(tags.allSatisfy { $0 < 20 } && tags.count <= 40)
                #expect(hasFailed == !rig.complaints.all.isEmpty)
                if hasFailed { failed += 1 } else { fine += 1 }
            } catch {
                #expect(error.message.hasPrefix("The test "), "\(error)")
                refused += 1
            }
            rig.join()
        }
        #expect(refused > 3 && failed > 3, "\(refused) refused, \(failed) failed, \(fine) fine")
    }

    @Test func messagesThatAreNoneAreRefused() throws {
        let finding = fuzz(
            seed: 3, rounds: Effort.rounds(2000),
            corpus: [
                VhostMessage(.getFeatures).header,
                VhostMessage(.setFeatures, VhostMessage.number(1)).header
                    + VhostMessage.number(1),
            ]
        ) { input, _ in
            var ends: [Int32] = [0, 0]
            let kind = Int32(SOCK_STREAM.rawValue)
            guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return "no sockets" }
            let connection = VhostConnection(ends[0])
            let sent = unsafe send(ends[1], input, input.count, Int32(MSG_NOSIGNAL))
            close(ends[1])
            let message = try? connection.receive()
            if let message, message.payload.count > 4096 { return "\(message.payload.count)" }
            return sent == input.count ? nil : "not sent"
        }
        #expect(finding == nil)
    }
}
