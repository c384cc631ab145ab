import Bits

/// What lies below an image: where it has nothing of its own, that is read.
package indirect enum ImageLayer {
    case raw(any ImageStorage, byteCount: UInt64)
    case qcow(QcowImage)

    package var byteCount: UInt64 {
        switch self {
        case .raw(_, let byteCount): byteCount
        case .qcow(let image): image.byteCount
        }
    }
}

/// An open qcow2 image: where each of its bytes lies, and how a place is found for new ones.
///
/// One caller at a time. What it names as a place for reading or writing in place (`extents`,
/// `writableRun`) may be accessed beside other calls; `settle` must wait for the end of those accesses,
/// since it lets clusters be used again.
///
/// What is written reaches the storage in an order in which the storage is a sound image at each
/// point: reference counts and data, then second tables, then the first table, and then only are
/// clusters freed that nothing refers to any more. What goes wrong in between leaves clusters that
/// nobody uses.
package final class QcowImage {
    package let storage: any ImageStorage
    let codec: any ClusterCodec
    package internal(set) var header: QcowHeader
    package let backing: ImageLayer?
    /// The snapshot that is read instead of what is current.
    package let snapshotName: String?
    package let isReadOnly: Bool

    var l1: [UInt64] = []
    /// Entries of `l1` that differ from the storage.
    var l1Dirty: Range<Int>?
    var l2: TableCache
    var refcountTable: [UInt64] = []
    var refcountBlocks: TableCache
    /// All clusters before this one are in use.
    var firstFree: UInt64 = 0
    /// Clusters from here on were never written: they read as zeros.
    var untouched: UInt64 = 0
    /// Where the next compressed cluster goes, behind the last.
    var packedEnd: UInt64 = 0
    /// Clusters that nothing in memory refers to any more, but the storage may.
    var pendingFrees: [ClusterRun] = []
    /// Clusters that nothing in the storage will refer to after its next flush.
    var settling: [ClusterRun] = []
    /// Changes when the place of a compressed cluster may be used again.
    package internal(set) var packedGeneration = 0

    package var byteCount: UInt64 { header.byteCount }
    package var name: String { storage.name }
    var clusterBytes: UInt64 { UInt64(header.clusterBytes) }
    var clusterBits: UInt64 { UInt64(header.clusterBits) }
    var clusterMask: UInt64 { clusterBytes - 1 }
    /// Entries of a second table.
    var l2Count: Int { header.clusterBytes / 8 }

    /// A range of the storage in clusters.
    struct ClusterRun: Equatable {
        var first: UInt64
        var count: UInt64
    }

    /// What caches may hold, in bytes, each of the two.
    package static let cacheBudget = 16 << 20

    package init(
        _ storage: any ImageStorage, header: QcowHeader, backing: ImageLayer?,
        codec: any ClusterCodec, readOnly: Bool, snapshot: String? = nil,
        cacheBudget: Int = QcowImage.cacheBudget
    ) throws(HullError) {
        self.storage = storage
        self.header = header
        self.backing = backing
        self.codec = codec
        isReadOnly = readOnly || snapshot != nil
        snapshotName = snapshot
        l2 = TableCache(tableBytes: header.clusterBytes, budget: cacheBudget)
        refcountBlocks = TableCache(tableBytes: header.clusterBytes, budget: cacheBudget / 4)
        if let snapshot {
            let found = try self.snapshot(named: snapshot)
            l1 = try loadTable(found.l1Offset, Int(found.l1Count))
            self.header.byteCount = found.byteCount ?? header.byteCount
            self.header.l1Count = found.l1Count
            let needed = QcowHeader.l1Count(byteCount, header.clusterBits)
            guard UInt64(l1.count) >= needed else { throw damaged("a snapshot without its tables") }
        } else {
            l1 = try loadTable(header.l1Offset, Int(header.l1Count))
        }
        if !isReadOnly { try prepareForWriting() }
    }

    /// Reads the header of an image; its backing files are the caller's to find.
    package static func header(of storage: any ImageStorage) throws(HullError) -> QcowHeader {
        let size = try storage.byteCount()
        let first = try storage.bytes(0, Int(min(size, 4096)))
        guard first.count >= 24 else { return try QcowHeader(first, name: storage.name) }
        let bits = first.big32(20)
        guard QcowHeader.clusterBits.contains(Int(bits)) else {
            return try QcowHeader(first, name: storage.name)
        }
        let whole = try storage.bytes(0, Int(min(size, 1 << UInt64(bits))))
        return try QcowHeader(whole, name: storage.name)
    }

    private func prepareForWriting() throws(HullError) {
        guard !storage.isReadOnly else {
            throw HullError(.host, "\(name) cannot be written; attach it read-only.")
        }
        if header.incompatible & QcowHeader.Incompatible.corrupt != 0 {
            throw HullError(
                .format,
                "The qcow2 image \(name) is marked as damaged. qemu-img check -r all may repair it;"
                    + " read-only it can be attached as it is.")
        }
        refcountTable = try loadTable(
            header.refcountTableOffset, Int(header.refcountTableClusters) * l2Count)
        let size = try storage.byteCount()
        untouched = (size + clusterMask) >> clusterBits
        if header.incompatible & QcowHeader.Incompatible.dirty != 0 { try rebuildRefcounts() }
        // What we do not know how to keep true is said to be so no more.
        if header.autoclear != 0 {
            header.autoclear = 0
            try storage.write(88, [UInt8](repeating: 0, count: 8))
        }
    }

    func loadTable(_ offset: UInt64, _ count: Int) throws(HullError) -> [UInt64] {
        guard count > 0 else { return [] }
        let bytes = try storage.bytes(offset, count * 8)
        return (0..<count).map { bytes.big64($0 * 8) }
    }

    func damaged(_ what: String) -> HullError { QcowHeader.damaged(name, what) }

    // MARK: Entries

    enum Entry {
        static let ownedBit: UInt64 = 1 << 63
        static let packedBit: UInt64 = 1 << 62
        static let zeroBit: UInt64 = 1
        static let placeMask: UInt64 = 0x00ff_ffff_ffff_fe00
    }

    /// What an entry of a second table says of its cluster.
    enum ClusterState: Equatable {
        case absent
        /// Reads as zeros; a place may be kept for it.
        case zeros(kept: UInt64?)
        case data(UInt64, isOwned: Bool)
        case packed(UInt64)
    }

    func state(_ entry: UInt64) throws(HullError) -> ClusterState {
        if entry & Entry.packedBit != 0 { return .packed(entry) }
        let place = entry & Entry.placeMask
        guard place & clusterMask == 0 else { throw damaged("a cluster at \(place)") }
        if header.version >= 3, entry & Entry.zeroBit != 0 {
            return .zeros(kept: place == 0 ? nil : place)
        }
        return place == 0 ? .absent : .data(place, isOwned: entry & Entry.ownedBit != 0)
    }

    /// Where a compressed cluster lies: its place and at most so many bytes.
    func packedPlace(_ entry: UInt64) -> (offset: UInt64, count: Int) {
        let shift = 62 - (clusterBits - 8)
        let offset = entry & (1 << shift - 1)
        let sectors = (entry & (Entry.packedBit - 1)) >> shift
        return (offset, Int((sectors + 1) * 512 - offset % 512))
    }

    func l1Index(_ offset: UInt64) -> Int { Int(offset >> (clusterBits + clusterBits - 3)) }
    func l2Index(_ offset: UInt64) -> Int { Int(offset >> clusterBits) & (l2Count - 1) }

    /// The second table for a place of the drive; nil if there is none.
    func table(_ offset: UInt64) throws(HullError) -> Int? {
        let index = l1Index(offset)
        guard index < l1.count else { throw damaged("a first table that is too short") }
        let place = l1[index] & Entry.placeMask
        if place == 0 { return nil }
        guard place & clusterMask == 0 else { throw damaged("a second table at \(place)") }
        return try cachedTable(place)
    }

    func cachedTable(_ place: UInt64) throws(HullError) -> Int {
        if let slot = l2.find(place) { return slot }
        let bytes = try storage.bytes(place, header.clusterBytes)
        if !l2.hasRoom { try writeBack() }
        return l2.insert(place, bytes)
    }
}
