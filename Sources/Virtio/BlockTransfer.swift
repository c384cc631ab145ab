import Bits
import Devices
import Effects
import GuestMemory

/// What a request wants (§5.2.6): its first 16 bytes.
struct BlockHeader {
    enum Kind: UInt32 {
        case read = 0
        case write = 1
        case flush = 4
        case identify = 8
        case discard = 11
        case writeZeroes = 13
    }
    static let byteCount: UInt64 = 16

    /// Nil: a kind that does not exist, or not here.
    let type: Kind?
    let sector: UInt64

    /// Nil if there is no header, or no room for the status.
    init?(_ chain: DescriptorChain, _ memory: GuestMemory) {
        guard chain.writableCount >= 1,
            let bytes = BufferList(ranges: chain.readable).gather(
                memory, skipping: 0, count: Self.byteCount)
        else { return nil }
        type = Kind(rawValue: bytes.little32(0))
        sector = bytes.little64(8)
    }
}

/// A request under way: a chain, and what of it is done.
struct BlockTransfer: Sendable, Equatable {
    /// A range of the drive, in bytes.
    struct Extent: Sendable, Equatable {
        var offset: UInt64
        var count: UInt64
    }

    let chain: DescriptorChain
    /// The queue that it came from and goes back to.
    let queue: Int
    /// The back end moves the data itself.
    private let isDirect: Bool
    /// Names the piece that the back end has now.
    var tag: UInt64 = 0
    private let operation: BlockRequest.Operation
    /// What is still to be done; the first is in work.
    private var extents: [Extent] = []
    private var piece = Extent(offset: 0, count: 0)
    private var pieceData: [UInt8] = []
    private var pieceBuffers: [GuestRange] = []
    private var isFlushing = false
    /// A driver without FLUSH takes each write that ended for durable (§5.2.6.2).
    private var flushesAtEnd = false
    /// Bytes of data, or of the drive, that are dealt with.
    private var done: UInt64 = 0
    /// How many of the writable bytes hold what they should.
    var landed: UInt64 = 0
    private var status = BlockStatus.ok

    init(
        _ chain: DescriptorChain, _ header: BlockHeader, queue: Int, drive: VirtioBlock,
        _ memory: GuestMemory
    ) {
        self.chain = chain
        self.queue = queue
        isDirect = drive.movesDirectly
        let (offset, wraps) = header.sector.multipliedReportingOverflow(
            by: VirtioBlock.sectorBytes)
        switch header.type {
        case .read:
            operation = .read
            plan(offset, chain.writableCount - 1, wraps, drive)
        case .write:
            operation = .write
            plan(offset, chain.readableCount - BlockHeader.byteCount, wraps, drive)
            if drive.isReadOnly { refuse(.ioError) }
        case .flush:
            operation = .flush
            isFlushing = true
        case .identify:
            operation = .read
        case .discard:
            operation = .discard
            planSegments(drive, memory, mayUnmap: false)
        case .writeZeroes:
            operation = .writeZeroes
            planSegments(drive, memory, mayUnmap: true)
        case nil:
            operation = .read
            refuse(.unsupported)
        }
    }

    private mutating func refuse(_ status: BlockStatus) {
        self.status = status
        extents = []
        isFlushing = false
        flushesAtEnd = false
    }

    private mutating func plan(
        _ offset: UInt64, _ count: UInt64, _ wraps: Bool, _ drive: VirtioBlock
    ) {
        guard !wraps, count % VirtioBlock.sectorBytes == 0, drive.holds(offset, count) else {
            return refuse(.ioError)
        }
        if count > 0 { extents = [Extent(offset: offset, count: count)] }
    }

    /// The segments of a discard or a write-zeroes (§5.2.6, struct virtio_blk_discard_write_zeroes).
    private mutating func planSegments(
        _ drive: VirtioBlock, _ memory: GuestMemory, mayUnmap: Bool
    ) {
        guard !drive.isReadOnly else { return refuse(.ioError) }
        let segmentBytes: UInt64 = 16
        let count = chain.readableCount - BlockHeader.byteCount
        guard count > 0, count % segmentBytes == 0,
            count / segmentBytes <= VirtioBlock.rangeSegmentLimit,
            let bytes = BufferList(ranges: chain.readable).gather(
                memory, skipping: BlockHeader.byteCount, count: count)
        else { return refuse(.ioError) }
        for start in stride(from: 0, to: bytes.count, by: Int(segmentBytes)) {
            let (offset, wraps) = bytes.little64(start).multipliedReportingOverflow(
                by: VirtioBlock.sectorBytes)
            let sectors = UInt64(bytes.little32(start + 8))
            let flags = bytes.little32(start + 12)
            // "The device MUST set the status byte to UNSUPP for … any unknown flag" and for
            // unmap in a discard (§5.2.6.2).
            guard flags & ~(mayUnmap ? 1 : 0) == 0 else { return refuse(.unsupported) }
            let bytes = sectors * VirtioBlock.sectorBytes
            guard !wraps, sectors <= VirtioBlock.rangeSectorLimit, drive.holds(offset, bytes)
            else { return refuse(.ioError) }
            if bytes > 0 { extents.append(Extent(offset: offset, count: bytes)) }
        }
    }

    mutating func demandFlushAtEnd() {
        flushesAtEnd = operation != .read && operation != .flush && !extents.isEmpty
    }

    // MARK: Pieces

    /// Whether the piece in work moves data: what it costs in memory.
    var cost: UInt64 {
        isFlushing || operation == .discard || operation == .writeZeroes ? 0 : piece.count
    }

    /// Sets up the next piece; false if there is none.
    mutating func prepare(_ memory: GuestMemory) -> Bool {
        pieceData = []
        pieceBuffers = []
        guard let extent = extents.first else {
            if flushesAtEnd {
                flushesAtEnd = false
                isFlushing = true
            }
            return isFlushing
        }
        let movesData = operation == .read || operation == .write
        piece = Extent(
            offset: extent.offset,
            count: movesData ? min(extent.count, VirtioBlock.pieceBytes) : extent.count)
        guard movesData else { return true }
        if isDirect {
            let buffers =
                operation == .read
                ? BufferList(ranges: chain.writable).slice(skipping: done, count: piece.count)
                : BufferList(ranges: chain.readable).slice(
                    skipping: BlockHeader.byteCount + done, count: piece.count)
            guard let buffers else {
                refuse(.ioError)
                return false
            }
            pieceBuffers = buffers
            return true
        }
        guard operation == .write else { return true }
        guard
            let data = BufferList(ranges: chain.readable).gather(
                memory, skipping: BlockHeader.byteCount + done, count: piece.count)
        else {
            refuse(.ioError)
            return false
        }
        pieceData = data
        return true
    }

    func request(device: Int) -> BlockRequest {
        isFlushing
            ? BlockRequest(device: device, tag: tag, operation: .flush, offset: 0, count: 0)
            : BlockRequest(
                device: device, tag: tag, operation: operation, offset: piece.offset,
                count: piece.count, data: pieceData, buffers: pieceBuffers)
    }

    /// The back end ended the piece in work.
    mutating func take(
        _ status: BlockStatus, _ data: [UInt8], _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        guard status == .ok else { return refuse(status) }
        if isFlushing {
            isFlushing = false
            return
        }
        if operation == .read, isDirect {
            for range in pieceBuffers { effects.append(.wrote(range)) }
            landed += piece.count
        } else if operation == .read {
            guard UInt64(data.count) == piece.count,
                BufferList(ranges: chain.writable).scatter(
                    data, memory, skipping: done, &effects)
            else { return refuse(.ioError) }
            landed += piece.count
        }
        done += piece.count
        extents[0].offset += piece.count
        extents[0].count -= piece.count
        if extents[0].count == 0 { extents.removeFirst() }
    }

    /// Returns the chain to the driver: the status is the last byte of its buffers.
    func finish(_ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList) {
        let buffers = BufferList(ranges: chain.writable)
        let room = chain.writableCount - 1
        // The driver is told that all of it was written, so all of it is.
        if landed < room {
            buffers.zero(memory, skipping: landed, count: room - landed, &effects)
        }
        buffers.scatter([status.rawValue], memory, skipping: room, &effects)
        rings.complete(queue, chain, written: chain.writableCount, memory, &effects)
    }
}

extension VirtioBlock {
    func holds(_ offset: UInt64, _ count: UInt64) -> Bool {
        offset <= byteCount && count <= byteCount - offset
    }
}
