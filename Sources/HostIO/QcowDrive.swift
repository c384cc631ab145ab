import Bits
import DiskImage

/// A drive on a qcow2 image. Tables are looked at under a lock; data are read and written in place beside
/// each other.
///
/// SAFETY: `image` and the counts are reached under `monitor`; buffers are handed on in parts that lie
/// inside them.
package final class QcowDrive: DriveContent, @unchecked Sendable {
    package let byteCount: UInt64
    package let isReadOnly: Bool
    private let image: QcowImage
    private let storage: any ImageStorage
    private let monitor = Monitor()
    /// Lets one flush run at a time.
    private let flushing = Monitor()
    /// Accesses in place that are under way, by the phase in which they looked at the tables.
    private var underWay = [0, 0]
    private var phase = 0
    private let unpacked: UnpackedClusters

    package init(_ image: QcowImage) {
        self.image = image
        storage = image.storage
        byteCount = image.byteCount
        isReadOnly = image.isReadOnly
        unpacked = UnpackedClusters()
    }

    /// Enters a phase, in which no cluster that `look` names is used for something else.
    private func entering<Found>(
        _ look: () throws(HullError) -> Found
    ) throws(HullError) -> (Found, phase: Int) {
        try monitor.locked { () throws(HullError) in
            let found = try look()
            underWay[phase] += 1
            return (found, phase)
        }
    }

    private func leave(_ phase: Int) {
        monitor.locked {
            underWay[phase] -= 1
            if underWay[phase] == 0 { monitor.broadcast() }
        }
    }

    package func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError) {
        let (extents, phase) = try entering { () throws(HullError) in
            var found: [ImageExtent] = []
            try image.extents(offset, UInt64(parts.byteCount), into: &found)
            return found
        }
        defer { leave(phase) }
        var rest = PartQueue(parts)
        for extent in extents {
            let places = rest.take(Int(extent.count))
            switch extent.source {
            case .zeros: places.fillWithZeros()
            case .data(let storage, let place): try storage.read(place, scattered: places)
            case .packed(let cluster, let skip):
                places.fill(from: try unpacked.content(of: cluster)[skip...])
            }
        }
    }

    /// All of it under the lock: that is shorter than to enter and leave.
    package func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool {
        let done = monitor.tryLocked { () -> Bool in
            var extents: [ImageExtent] = []
            // The caller may be a hart, which writes nothing.
            guard image.readsWithoutWriting else { return false }
            do throws(HullError) {
                try image.extents(offset, UInt64(parts.byteCount), into: &extents)
            } catch { return false }
            var rest = PartQueue(parts)
            for extent in extents {
                let places = rest.take(Int(extent.count))
                switch extent.source {
                case .zeros: places.fillWithZeros()
                case .data(let storage, let place):
                    guard storage.readAtOnce(place, scattered: places) else { return false }
                case .packed: return false
                }
            }
            return true
        }
        return done ?? false
    }

    package func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError) {
        var rest = PartQueue(parts)
        var left = parts.byteCount
        var at = offset
        while left > 0 {
            let (run, phase) = try entering { () throws(HullError) in
                try image.writableRun(at, UInt64(left))
            }
            defer { leave(phase) }
            let count: Int
            if let run {
                count = Int(run.count)
                try storage.write(run.place, gathered: rest.take(count))
            } else {
                count = min(left, Self.newPieceBytes)
                try writeToNewClusters(at, rest.take(count))
            }
            at += UInt64(count)
            left -= count
        }
    }

    /// How much is written at once where new clusters are needed.
    private static let newPieceBytes = 2 << 20

    /// One request at a time: parts of it may have found a place in between.
    private func writeToNewClusters(_ offset: UInt64, _ parts: [MemoryPart]) throws(HullError) {
        let joined = parts.count > 1 ? parts.bytes : []
        try monitor.locked { () throws(HullError) in
            if joined.isEmpty, let part = parts.first {
                try unsafe image.write(offset, part.source)
            } else {
                try unsafe joined.withBytes { all throws(HullError) in
                    try unsafe image.write(offset, all)
                }
            }
        }
    }

    /// What ended before it is durable when this returns.
    package func flush() throws(HullError) {
        try flushing.locked { () throws(HullError) in
            // Most of the time goes here, where nobody has to wait for it.
            if monitor.locked({ image.hasUnwrittenTables }) { try storage.flush() }
            let count = try monitor.locked { () throws(HullError) in
                try image.writeBack()
                return image.unsettled
            }
            try storage.flush()
            guard count > 0 else { return }
            try monitor.locked { () throws(HullError) in
                let before = phase
                phase ^= 1
                while underWay[before] > 0 { monitor.wait() }
                try image.settle(count)
            }
        }
    }

    package func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try monitor.locked { () throws(HullError) in try image.discard(offset, count) }
    }

    package func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try monitor.locked { () throws(HullError) in try image.writeZeroes(offset, count) }
    }
}

/// The clusters that were unpacked last.
///
/// SAFETY: everything is reached under `monitor`.
private final class UnpackedClusters: @unchecked Sendable {
    private struct Key: Hashable {
        let storage: ObjectIdentifier
        let offset: UInt64
        let generation: Int
    }
    private let monitor = Monitor()
    private var held: [(key: Key, content: [UInt8])] = []
    private static let budget = 4 << 20

    func content(of cluster: PackedCluster) throws(HullError) -> [UInt8] {
        let key = Key(
            storage: ObjectIdentifier(cluster.storage), offset: cluster.offset,
            generation: cluster.generation)
        if let found = monitor.locked({ held.first { $0.key == key }?.content }) { return found }
        let content = try cluster.unpack()
        monitor.locked {
            held.append((key, content))
            let limit = min(max(Self.budget / cluster.clusterBytes, 2), 64)
            if held.count > limit { held.removeFirst() }
        }
        return content
    }
}
