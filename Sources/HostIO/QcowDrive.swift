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

    package func read(
        _ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(HullError) {
        let (extents, phase) = try entering { () throws(HullError) in
            var found: [ImageExtent] = []
            try image.extents(offset, UInt64(bytes.count), into: &found)
            return found
        }
        defer { leave(phase) }
        var at = 0
        for extent in extents {
            let part = unsafe UnsafeMutableRawBufferPointer(
                rebasing: bytes[at..<at + Int(extent.count)])
            switch extent.source {
            case .zeros: unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
            case .data(let storage, let place): try unsafe storage.read(place, into: part)
            case .packed(let cluster, let skip):
                let content = try unpacked.content(of: cluster)
                unsafe part.copyBytes(from: content[skip..<skip + part.count])
            }
            at += part.count
        }
    }

    package func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let at = offset + UInt64(done)
            let (run, phase) = try entering { () throws(HullError) in
                try image.writableRun(at, UInt64(rest.count))
            }
            defer { leave(phase) }
            if let run {
                try unsafe storage.write(
                    run.place, UnsafeRawBufferPointer(rebasing: rest[..<Int(run.count)]))
                done += Int(run.count)
            } else {
                done += try monitor.locked { () throws(HullError) in
                    // Another request may have made a place by now.
                    if try image.writableRun(at, UInt64(rest.count)) != nil { return 0 }
                    return try unsafe image.writeToNewClusters(at, rest)
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
