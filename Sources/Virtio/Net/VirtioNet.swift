import Devices
import Effects
import Ethernet
import GuestMemory

/// A network card (virtio 1.2 §5.1). Frames that the guest sends leave as `Effect.transmit`; frames
/// for it arrive as `Event.frames` and wait here until the guest has given buffers. Both ways are
/// bounded: the guest's queue is left alone while too much is under way, and the back end may have
/// only so many frames here that `Effect.framesTaken` has not told it of.
package struct VirtioNet: DeviceModel {
    var id: UInt32 { 1 }
    static let receiveQueueSize: UInt16 = 1024
    static let transmitQueueSize: UInt16 = 256
    static let controlQueueSize: UInt16 = 64
    package static let largestPairCount = 16
    /// With so many bytes under way, further frames stay in the queue.
    static let underWayLimit = 2 << 20
    /// A batch that has grown to this is handed over.
    static let batchBytes = 512 << 10

    /// Number of the slot.
    let device: Int
    let permanentMAC: MACAddress
    /// The largest packet of IP that the link carries; nil: the guest is told nothing.
    let mtu: UInt16?
    /// How many pairs of queues there are.
    let pairCount: Int

    // MARK: Stored state

    var linkIsUp = true
    var announces = false
    var filter: FrameFilter
    /// How many pairs the driver uses.
    var activePairs = 1
    /// What the driver takes unfinished, as it was negotiated or as the control queue says.
    var accepted: FrameOffloads = []
    /// The back end knows of `accepted`.
    var isConfigured = false
    /// Bytes that the back end has not sent yet.
    var underWay = 0
    /// A queue holds frames for which there was no room under way.
    var isStalled = false
    /// Frames that have arrived; the first `nextFrame` of the first batch are dealt with.
    var waiting: [FrameBatch] = []
    var nextFrame = 0
    /// Bytes of frames that are dealt with and that the back end does not know of.
    var owed = 0
    /// By the number of a connection: the pair that the driver last sent a frame of it on.
    var steering: [UInt8] = []

    package init(device: Int, mac: MACAddress, mtu: UInt16? = nil, pairCount: Int = 1) {
        self.device = device
        permanentMAC = mac
        self.mtu = mtu
        self.pairCount = max(1, min(pairCount, Self.largestPairCount))
        filter = FrameFilter(mac: mac)
    }

    // MARK: Queues

    /// Receive and transmit in turns, the control queue last (§5.1.2).
    var queueSizes: [UInt16] {
        let pairs = (0..<pairCount).flatMap { _ in
            [Self.receiveQueueSize, Self.transmitQueueSize]
        }
        return pairs + [Self.controlQueueSize]
    }

    enum Purpose: Equatable { case receive, transmit, control, none }

    /// Without MQ the control queue is the third, whatever the device could offer.
    func purpose(of queue: Int, _ features: Features) -> Purpose {
        let pairs = features.contains(.netQueues) ? pairCount : 1
        if queue < pairs * 2 { return queue & 1 == 0 ? .receive : .transmit }
        return queue == pairs * 2 && features.contains(.netControl) ? .control : .none
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard rings.isLive else { return }
        if !isConfigured {
            isConfigured = true
            accepted = rings.features.acceptedOffloads
            effects.append(.acceptOffloads(device: device, accepted))
        }
        switch purpose(of: queue, rings.features) {
        case .receive: receive(&rings, memory, &effects)
        case .transmit: transmit(queue, &rings, memory, &effects)
        case .control: control(queue, &rings, memory, &effects)
        case .none: break
        }
    }

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch event {
        case .frames(_, let batch):
            waiting.append(batch)
            receive(&rings, memory, &effects)
        case .transmitted(_, let bytes):
            underWay = max(0, underWay - bytes)
            guard isStalled else { return }
            isStalled = false
            for queue in rings.queues.indices
            where purpose(of: queue, rings.features) == .transmit {
                transmit(queue, &rings, memory, &effects)
            }
        case .link(_, let isUp):
            guard isUp != linkIsUp else { return }
            linkIsUp = isUp
            announces = isUp && rings.features.contains(.netAnnounce)
            rings.configurationChanged(&effects)
        default: break
        }
    }

    /// Frames that have arrived were for the driver that is gone.
    mutating func forget() {
        for (index, batch) in waiting.enumerated() {
            let done = index == 0 && nextFrame > 0 ? batch.range(nextFrame - 1).upperBound : 0
            owed += batch.bytes.count - done
        }
        waiting.removeAll()
        nextFrame = 0
        isStalled = false
    }

    mutating func reset() {
        forget()
        filter = FrameFilter(mac: permanentMAC)
        activePairs = 1
        accepted = []
        isConfigured = false
        announces = false
        steering = []
    }

    /// What was under way is lost, as frames may be.
    mutating func resubmit(_ effects: inout EffectList) {
        underWay = 0
        owed = 0
        effects.append(.acceptOffloads(device: device, accepted))
    }
}

extension VirtioNet {
    // MARK: What the driver reads (§5.1.3, §5.1.4)

    var features: Features {
        var offered: Features = [
            .netChecksum, .netGuestChecksum, .netControlOffloads, .netMAC, .netGuestTCP4,
            .netGuestTCP6, .netGuestCongestion, .netHostTCP4, .netHostTCP6, .netHostCongestion,
            .netMergeable, .netStatus, .netControl, .netControlReceive, .netControlVLAN,
            .netControlReceiveExtra, .netAnnounce, .netControlMAC, .netGuestUDP4, .netGuestUDP6,
            .netHostUDP,
        ]
        if mtu != nil { offered.insert(.netMTU) }
        if pairCount > 1 { offered.insert(.netQueues) }
        return offered
    }

    var configuration: [UInt8] {
        var bytes = permanentMAC.bytes
        bytes.append(little: (linkIsUp ? 1 : 0) | (announces ? 2 : 0), bytes: 2)
        bytes.append(little: UInt64(pairCount), bytes: 2)
        bytes.append(little: UInt64(mtu ?? 0), bytes: 2)
        return bytes
    }
}

/// The feature bits of a network card (§5.1.3).
extension Features {
    static let netChecksum = Self(rawValue: 1 << 0)
    static let netGuestChecksum = Self(rawValue: 1 << 1)
    static let netControlOffloads = Self(rawValue: 1 << 2)
    static let netMTU = Self(rawValue: 1 << 3)
    static let netMAC = Self(rawValue: 1 << 5)
    static let netGuestTCP4 = Self(rawValue: 1 << 7)
    static let netGuestTCP6 = Self(rawValue: 1 << 8)
    static let netGuestCongestion = Self(rawValue: 1 << 9)
    static let netHostTCP4 = Self(rawValue: 1 << 11)
    static let netHostTCP6 = Self(rawValue: 1 << 12)
    static let netHostCongestion = Self(rawValue: 1 << 13)
    static let netMergeable = Self(rawValue: 1 << 15)
    static let netStatus = Self(rawValue: 1 << 16)
    static let netControl = Self(rawValue: 1 << 17)
    static let netControlReceive = Self(rawValue: 1 << 18)
    static let netControlVLAN = Self(rawValue: 1 << 19)
    static let netControlReceiveExtra = Self(rawValue: 1 << 20)
    static let netAnnounce = Self(rawValue: 1 << 21)
    static let netQueues = Self(rawValue: 1 << 22)
    static let netControlMAC = Self(rawValue: 1 << 23)
    static let netGuestUDP4 = Self(rawValue: 1 << 54)
    static let netGuestUDP6 = Self(rawValue: 1 << 55)
    static let netHostUDP = Self(rawValue: 1 << 56)

    private static let guestOffloads: [(Self, FrameOffloads)] = [
        (.netGuestChecksum, .checksum), (.netGuestTCP4, .tcp4), (.netGuestTCP6, .tcp6),
        (.netGuestCongestion, .tcpCongestion), (.netGuestUDP4, .udp4), (.netGuestUDP6, .udp6),
    ]
    static let netGuestOffloads = guestOffloads.reduce(into: Self()) { $0.formUnion($1.0) }
    /// What the driver takes unfinished. Segments mean nothing without checksums (§5.1.3.1).
    var acceptedOffloads: FrameOffloads {
        guard contains(.netGuestChecksum) else { return [] }
        return Self.guestOffloads.reduce(into: []) { if contains($1.0) { $0.insert($1.1) } }
    }
    /// What the driver may leave to the device.
    var hostOffloads: FrameOffloads {
        guard contains(.netChecksum) else { return [] }
        var offloads = FrameOffloads.checksum
        if contains(.netHostTCP4) { offloads.insert(.tcp4) }
        if contains(.netHostTCP6) { offloads.insert(.tcp6) }
        if contains(.netHostCongestion) { offloads.insert(.tcpCongestion) }
        if contains(.netHostUDP) { offloads.formUnion([.udp4, .udp6]) }
        return offloads
    }
    /// The header is shorter for a driver that knows neither version 1 nor mergeable buffers
    /// (§5.1.6.1).
    var frameHeaderCount: Int {
        isDisjoint(with: [.netMergeable, .version1])
            ? FrameHeader.byteCount - 2 : FrameHeader.byteCount
    }
}
