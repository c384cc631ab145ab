import Bits
import Devices
import Effects
import GuestMemory

/// A drive (virtio 1.2 §5.2). It knows its drive's size and nothing else of it.
package struct VirtioBlock: DeviceModel {
    var id: UInt32 { 2 }
    var queueSizes: [UInt16] { Array(repeating: Self.queueSize, count: queueCount) }
    static let queueSize: UInt16 = 256
    static let sectorBytes: UInt64 = 512
    /// A request larger than this is carried out piece by piece.
    static let pieceBytes: UInt64 = 4 << 20
    /// With so much under way, further requests stay in the queue.
    static let underWayLimit: UInt64 = 32 << 20
    static let identificationBytes = 20

    /// Number of the slot.
    let device: Int
    let byteCount: UInt64
    let isReadOnly: Bool
    /// What get-id says; at most 20 bytes count.
    let identification: [UInt8]
    /// One for each hart that may want to have requests of its own; they share nothing but the drive.
    let queueCount: Int
    package static let queueLimit = 16
    /// The back end reads and writes guest memory itself.
    let movesDirectly: Bool

    private(set) var underWay: [BlockTransfer] = []
    private var underWayBytes: UInt64 = 0
    /// Grows by one with each request to the back end, and never starts again: so a tag is of this
    /// life of the device, or it is stale.
    private var nextTag: UInt64 = 0
    /// Requests of former lives that the back end has not ended. A write among them must not land
    /// on top of one that follows.
    private var stale: [UInt64] = []

    /// `byteCount` is a multiple of 512.
    package init(
        device: Int, byteCount: UInt64, isReadOnly: Bool, identification: [UInt8],
        queueCount: Int = 1, movesDirectly: Bool = false
    ) {
        self.queueCount = min(max(queueCount, 1), Self.queueLimit)
        self.movesDirectly = movesDirectly
        self.device = device
        self.byteCount = byteCount / Self.sectorBytes * Self.sectorBytes
        self.isReadOnly = isReadOnly
        self.identification = Array(identification.prefix(Self.identificationBytes))
    }

    // MARK: The queue

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard stale.isEmpty else { return }
        while underWayBytes < Self.underWayLimit, let chain = rings.take(queue, memory, &effects) {
            guard let header = BlockHeader(chain, memory) else {
                // Without a header and a status byte there is no way to say what is wrong.
                rings.fail(&effects)
                break
            }
            var transfer = BlockTransfer(chain, header, queue: queue, drive: self, memory)
            if rings.features.rawValue & Bit.flush == 0 { transfer.demandFlushAtEnd() }
            if header.type == .identify {
                transfer.landed = identify(chain, memory, &effects)
            }
            if transfer.prepare(memory) {
                submit(&transfer, &effects)
                underWayBytes += transfer.cost
                underWay.append(transfer)
            } else {
                transfer.finish(&rings, memory, &effects)
            }
        }
        rings.announce(queue, memory, &effects)
    }

    /// Looks into each queue, since there is room for more; `first` has waited least.
    private mutating func serveAll(
        after first: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        for step in 1...queueCount {
            serve((first + step) % queueCount, &rings, memory, &effects)
        }
    }

    private mutating func submit(_ transfer: inout BlockTransfer, _ effects: inout EffectList) {
        transfer.tag = nextTag
        nextTag &+= 1
        effects.append(.submit(transfer.request(device: device)))
    }

    private func identify(
        _ chain: DescriptorChain, _ memory: GuestMemory, _ effects: inout EffectList
    ) -> UInt64 {
        var text = identification
        text.append(contentsOf: repeatElement(0, count: Self.identificationBytes - text.count))
        let room = min(UInt64(text.count), chain.writableCount &- 1)
        BufferList(ranges: chain.writable).scatter(
            Array(text.prefix(Int(room))), memory, skipping: 0, &effects)
        return room
    }

    // MARK: Completions

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard case .block(_, let tag, let status, let data) = event else { return }
        if let index = stale.firstIndex(of: tag) {
            stale.remove(at: index)
            return serveAll(after: 0, &rings, memory, &effects)
        }
        guard let index = underWay.firstIndex(where: { $0.tag == tag }) else { return }
        var transfer = underWay.remove(at: index)
        underWayBytes -= transfer.cost
        guard rings.isLive else { return }
        transfer.take(status, data, memory, &effects)
        if transfer.prepare(memory) {
            submit(&transfer, &effects)
            underWayBytes += transfer.cost
            underWay.insert(transfer, at: index)
            return
        }
        transfer.finish(&rings, memory, &effects)
        serveAll(after: transfer.queue, &rings, memory, &effects)
    }

    mutating func forget() {
        for transfer in underWay { stale.append(transfer.tag) }
        underWay.removeAll()
        underWayBytes = 0
    }

    mutating func resubmit(_ effects: inout EffectList) {
        stale.removeAll()
        for transfer in underWay { effects.append(.submit(transfer.request(device: device))) }
    }
}

extension VirtioBlock {
    // MARK: What the driver reads (§5.2.3, §5.2.4)

    enum Bit {
        static let segmentMaximum: UInt64 = 1 << 2
        static let readOnly: UInt64 = 1 << 5
        static let blockSize: UInt64 = 1 << 6
        static let flush: UInt64 = 1 << 9
        static let topology: UInt64 = 1 << 10
        static let multipleQueues: UInt64 = 1 << 12
        static let discard: UInt64 = 1 << 13
        static let writeZeroes: UInt64 = 1 << 14
    }

    var features: Features {
        var bits = Bit.segmentMaximum | Bit.blockSize | Bit.flush | Bit.topology
        if queueCount > 1 { bits |= Bit.multipleQueues }
        return Features(
            rawValue: bits | (isReadOnly ? Bit.readOnly : Bit.discard | Bit.writeZeroes))
    }

    /// Segments of a discard or a write-zeroes, and the sectors of each.
    static let rangeSegmentLimit: UInt64 = 16
    static let rangeSectorLimit: UInt64 = 1 << 21
    /// 4 KiB, as most disks and all pages are: 2³ sectors.
    private static let physicalBlockExponent: UInt64 = 3

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: byteCount / Self.sectorBytes, bytes: 8)
        bytes.append(little: 0, bytes: 4)  // size_max: not offered
        // Header and status take a descriptor each.
        bytes.append(little: UInt64(Self.queueSize) - 2, bytes: 4)
        bytes.append(little: 0, bytes: 4)  // geometry: not offered
        bytes.append(little: Self.sectorBytes, bytes: 4)
        bytes.append(little: Self.physicalBlockExponent, bytes: 1)
        bytes.append(little: 0, bytes: 1)  // alignment_offset
        bytes.append(little: 1 << Self.physicalBlockExponent, bytes: 2)  // min_io_size
        bytes.append(little: 0, bytes: 4)  // opt_io_size
        bytes.append(little: 0, bytes: 2)  // writeback: not offered; unused
        bytes.append(little: UInt64(queueCount), bytes: 2)  // num_queues
        bytes.append(little: isReadOnly ? 0 : Self.rangeSectorLimit, bytes: 4)
        bytes.append(little: isReadOnly ? 0 : Self.rangeSegmentLimit, bytes: 4)
        bytes.append(little: 1 << Self.physicalBlockExponent, bytes: 4)
        bytes.append(little: isReadOnly ? 0 : Self.rangeSectorLimit, bytes: 4)
        bytes.append(little: isReadOnly ? 0 : Self.rangeSegmentLimit, bytes: 4)
        bytes.append(little: isReadOnly ? 0 : 1, bytes: 4)  // write_zeroes_may_unmap
        return bytes
    }
}
