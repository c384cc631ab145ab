import Bits

/// What a check of an image found.
package struct ImageCheck: Sendable, Equatable {
    /// Clusters that are counted too high: room that nobody uses.
    package var leaked: UInt64 = 0
    /// Sentences about what could lose data.
    package var faults: [String] = []
    /// Clusters that something refers to.
    package var used: UInt64 = 0
}

extension QcowImage {
    /// How often each cluster of the storage is referred to, by all tables of the image.
    struct References {
        var counts: [UInt32]
        /// So many clusters are believed in, and no more.
        let limit: UInt64
        var faults: [String] = []

        mutating func add(_ run: ClusterRun, _ what: String) {
            guard run.first + run.count <= UInt64(counts.count) else {
                // Data beyond the file's end reads as zeros; tables there are none.
                guard run.first < limit, run.first + run.count <= limit else {
                    return fault("\(what) outside the file")
                }
                counts += [UInt32](
                    repeating: 0, count: Int(run.first + run.count) - counts.count)
                return add(run, what)
            }
            for cluster in run.first..<run.first + run.count { counts[Int(cluster)] &+= 1 }
        }
        mutating func fault(_ what: String) {
            if faults.count < 32 { faults.append(what) }
        }
    }

    /// Walks all tables.
    func references() throws(HullError) -> References {
        let size = try storage.byteCount()
        let clusters = (size + clusterMask) >> clusterBits
        guard clusters < 1 << 31 else {
            throw HullError(.unsupported, "\(name) is too large to be checked here.")
        }
        var found = References(
            counts: [UInt32](repeating: 0, count: Int(clusters)), limit: clusters + 1 << 20)
        found.add(ClusterRun(first: 0, count: 1), "the header")
        found.add(
            run(header.refcountTableOffset, UInt64(header.refcountTableClusters) << clusterBits),
            "the table of counts")
        for entry in refcountTable where entry & ~511 != 0 {
            guard entry < 1 << 56 else {
                found.fault("a block of counts outside the file")
                continue
            }
            found.add(run(entry & ~511, clusterBytes), "a block of counts")
        }
        try addTables(l1, header.l1Offset, isCurrent: true, &found)
        let (snapshots, tableBytes) = try readSnapshots()
        if tableBytes > 0 { found.add(run(header.snapshotsOffset, tableBytes), "the snapshots") }
        for snapshot in snapshots {
            let table = try loadTable(snapshot.l1Offset, Int(snapshot.l1Count))
            try addTables(table, snapshot.l1Offset, isCurrent: false, &found)
        }
        return found
    }

    func run(_ offset: UInt64, _ count: UInt64) -> ClusterRun {
        let first = offset >> clusterBits
        return ClusterRun(
            first: first, count: (offset &+ count &+ clusterMask) >> clusterBits &- first)
    }

    private func addTables(
        _ table: [UInt64], _ offset: UInt64, isCurrent: Bool, _ found: inout References
    ) throws(HullError) {
        if !table.isEmpty { found.add(run(offset, UInt64(table.count) * 8), "a first table") }
        for entry in table {
            let place = entry & Entry.placeMask
            if place == 0 { continue }
            guard place & clusterMask == 0 else {
                found.fault("a second table at \(place)")
                continue
            }
            found.add(ClusterRun(first: place >> clusterBits, count: 1), "a second table")
            let bytes: [UInt8]
            if let slot = l2.find(place) {
                bytes = l2.slots[slot].bytes
            } else {
                bytes = try storage.bytes(place, header.clusterBytes)
            }
            for number in 0..<l2Count {
                let entry = bytes.big64(number * 8)
                if entry == 0 { continue }
                do throws(HullError) {
                    if let run = try clusters(of: entry) { found.add(run, "a cluster") }
                } catch {
                    found.fault("an entry 0x\(String(entry, radix: 16)) that means nothing")
                }
            }
        }
    }

    /// Compares the counts with what refers to clusters, and the marks of sole ownership with both. The
    /// image must be open for writing, since only then the counts are read.
    package func check() throws(HullError) -> ImageCheck {
        let found = try references()
        var result = ImageCheck()
        result.faults = found.faults
        for cluster in found.counts.indices {
            let (wanted, counted) = (UInt64(found.counts[cluster]), try refcount(UInt64(cluster)))
            if wanted > 0 { result.used += 1 }
            if counted > wanted { result.leaked += 1 }
            if counted < wanted, result.faults.count < 32 {
                result.faults.append(
                    "cluster \(cluster) is referred to \(wanted) times and counted \(counted) times"
                )
            }
        }
        for entry in l1 where entry & Entry.placeMask != 0 {
            let place = entry & Entry.placeMask
            try checkOwnership(entry, place, "second table", &result)
            let slot = try cachedTable(place)
            for number in 0..<l2Count {
                let entry = l2.entry(slot, number)
                guard case .data(let place, _) = try state(entry) else { continue }
                try checkOwnership(entry, place, "cluster", &result)
            }
        }
        return result
    }

    private func checkOwnership(
        _ entry: UInt64, _ place: UInt64, _ what: String, _ result: inout ImageCheck
    ) throws(HullError) {
        let isOwned = entry & Entry.ownedBit != 0
        guard try isOwned != (refcount(place >> clusterBits) == 1), result.faults.count < 32 else {
            return
        }
        result.faults.append(
            "the \(what) at \(place) is wrongly marked as \(isOwned ? "" : "not ")owned")
    }

    /// Counts anew what refers to each cluster: the image was not closed, and its counts were left behind
    /// (lazy reference counts).
    func rebuildRefcounts() throws(HullError) {
        let found = try references()
        guard found.faults.isEmpty else { throw damaged(found.faults[0]) }
        // New blocks of counts go behind everything.
        untouched = max(untouched, UInt64(found.counts.count))
        firstFree = untouched
        guard UInt64(found.counts.count) <= UInt64(refcountTable.count) * refcountsPerBlock else {
            throw damaged("more clusters than it can count")
        }
        for cluster in UInt64(0)..<UInt64(found.counts.count) {
            let wanted = UInt64(found.counts[Int(cluster)])
            guard wanted <= largestRefcount else { throw damaged("a cluster with too many users") }
            if try refcount(cluster) == wanted { continue }
            try makeBlock(counting: cluster)
            try setRefcount(cluster, wanted)
        }
        firstFree = 0
        try refcountBlocks.writeDirty(to: storage)
        try storage.flush()
        header.incompatible &= ~QcowHeader.Incompatible.dirty
        var field: [UInt8] = []
        field.append(big: header.incompatible)
        try storage.write(72, field)
        try storage.flush()
    }
}
