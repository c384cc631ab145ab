import Bits

/// Making, applying and deleting internal snapshots, and another size. The image is not in use.
extension QcowImage {
    /// Keeps what the drive holds now under a name.
    package func createSnapshot(
        _ name: String, seconds: UInt32, nanoseconds: UInt32
    ) throws(HullError) {
        var all = try snapshots()
        guard !name.isEmpty, name.utf8.count < 256 else {
            throw HullError(.usage, "A snapshot's name has 1 to 255 bytes.")
        }
        if all.contains(where: { $0.name == name }) {
            throw HullError(.usage, "\(self.name) has a snapshot \(name) already; delete it first.")
        }
        guard all.count < QcowHeader.snapshotLimit else {
            throw HullError(.usage, "\(self.name) has too many snapshots; delete one.")
        }
        try flush()
        try share(l1)
        for index in l1.indices where l1[index] & Entry.ownedBit != 0 {
            setL1(index, l1[index] & ~Entry.ownedBit)
        }
        try writeBack()
        let id = (all.compactMap { UInt64($0.id) }.max() ?? 0) &+ 1
        all.append(
            QcowSnapshot(
                idBytes: Array(String(id).utf8), nameBytes: Array(name.utf8), seconds: seconds,
                nanoseconds: nanoseconds,
                guestNanoseconds: 0, stateBytes: 0, byteCount: byteCount,
                l1Offset: try storeTable(l1), l1Count: UInt32(l1.count)))
        try storeSnapshots(all)
    }

    /// The drive is again what it was when the snapshot was made.
    package func applySnapshot(_ name: String) throws(HullError) {
        let found = try snapshot(named: name)
        try flush()
        let size = found.byteCount ?? byteCount
        var table = try loadTable(found.l1Offset, Int(found.l1Count))
        let needed = Int(QcowHeader.l1Count(size, header.clusterBits))
        guard table.count >= needed else { throw damaged("a snapshot without its tables") }
        if table.isEmpty { table = [0] }
        for index in table.indices { table[index] &= ~Entry.ownedBit }
        try share(table)
        let old = (table: l1, run: run(header.l1Offset, UInt64(l1.count) * 8))
        try writeBack()
        try switchTable(table, size: size)
        try drop(old.table)
        free(old.run)
        try flush()
        try claimOwnership()
    }

    package func deleteSnapshot(_ name: String) throws(HullError) {
        let found = try snapshot(named: name)
        try flush()
        let table = try loadTable(found.l1Offset, Int(found.l1Count))
        try storeSnapshots(try snapshots().filter { $0.idBytes != found.idBytes })
        try drop(table)
        if !table.isEmpty { free(run(found.l1Offset, UInt64(table.count) * 8)) }
        try flush()
        try claimOwnership()
    }

    // MARK: References

    /// Each cluster that a first table reaches has one reference more, and no entry is its only one.
    private func share(_ table: [UInt64]) throws(HullError) {
        for entry in table where entry & Entry.placeMask != 0 {
            let place = entry & Entry.placeMask
            try raise(ClusterRun(first: place >> clusterBits, count: 1))
            for number in 0..<l2Count {
                let slot = try cachedTable(place)
                let entry = l2.entry(slot, number)
                if entry == 0 { continue }
                if let run = try clusters(of: entry) { try raise(run) }
                if entry & Entry.ownedBit != 0, entry & Entry.packedBit == 0 {
                    l2.setEntry(try cachedTable(place), number, entry & ~Entry.ownedBit)
                }
            }
        }
    }

    private func raise(_ run: ClusterRun) throws(HullError) {
        for cluster in run.first..<run.first + run.count {
            let count = try refcount(cluster)
            guard count > 0 else { throw damaged("a cluster in use that is counted as free") }
            guard count < largestRefcount else {
                throw HullError(
                    .unsupported,
                    "The reference counts of \(name) are too short for another snapshot; convert it to"
                        + " an image with longer ones.")
            }
            try setRefcount(cluster, count + 1)
        }
    }

    /// Each cluster that a first table reaches has one reference less, from the next `settle` on.
    private func drop(_ table: [UInt64]) throws(HullError) {
        for entry in table where entry & Entry.placeMask != 0 {
            let place = entry & Entry.placeMask
            let slot = try cachedTable(place)
            for number in 0..<l2Count {
                if let run = try clusters(of: l2.entry(slot, number)) { free(run) }
            }
            free(ClusterRun(first: place >> clusterBits, count: 1))
        }
    }

    /// Where an entry of the current tables is the only reference to its cluster again, it says so.
    private func claimOwnership() throws(HullError) {
        for index in l1.indices {
            let place = l1[index] & Entry.placeMask
            guard place != 0, try refcount(place >> clusterBits) == 1 else { continue }
            if l1[index] & Entry.ownedBit == 0 { setL1(index, l1[index] | Entry.ownedBit) }
            for number in 0..<l2Count {
                let entry = l2.entry(try cachedTable(place), number)
                guard entry & (Entry.ownedBit | Entry.packedBit) == 0,
                    let run = try clusters(of: entry), try refcount(run.first) == 1
                else { continue }
                l2.setEntry(try cachedTable(place), number, entry | Entry.ownedBit)
            }
        }
        try flush()
    }

    // MARK: Tables

    /// Writes a first table to a new place.
    private func storeTable(_ table: [UInt64]) throws(HullError) -> UInt64 {
        let bytes = max(UInt64(table.count) * 8, 8)
        let run = try allocate(exactly: (bytes + clusterMask) >> clusterBits)
        touch(run)
        try storage.write(run.first << clusterBits, Self.bytes(table.isEmpty ? [0] : table))
        return run.first << clusterBits
    }

    private func switchTable(_ table: [UInt64], size: UInt64) throws(HullError) {
        let place = try storeTable(table)
        try refcountBlocks.writeDirty(to: storage)
        try storage.flush()
        header.byteCount = size
        header.l1Count = UInt32(table.count)
        header.l1Offset = place
        l1 = table
        l1Dirty = nil
        try storeSize()
    }

    /// Size and first table lie behind one another in the header: one write changes all.
    private func storeSize() throws(HullError) {
        var fields: [UInt8] = []
        fields.append(big: header.byteCount)
        fields.append(big: UInt32(0))
        fields.append(big: header.l1Count)
        fields.append(big: header.l1Offset)
        try storage.write(24, fields)
        try storage.flush()
    }

    private func storeSnapshots(_ list: [QcowSnapshot]) throws(HullError) {
        var bytes: [UInt8] = []
        for snapshot in list { snapshot.append(to: &bytes) }
        let (_, oldBytes) = try readSnapshots()
        let old = run(header.snapshotsOffset, oldBytes)
        var place: UInt64 = 0
        if !list.isEmpty {
            let run = try allocate(exactly: (UInt64(bytes.count) + clusterMask) >> clusterBits)
            touch(run)
            place = run.first << clusterBits
            try storage.write(place, bytes)
        }
        try writeBack()
        try storage.flush()
        var fields: [UInt8] = []
        fields.append(big: UInt32(list.count))
        fields.append(big: place)
        try storage.write(60, fields)
        if oldBytes > 0 { free(old) }
        header.snapshotCount = UInt32(list.count)
        header.snapshotsOffset = place
        try flush()
    }

    // MARK: Size

    /// Makes the drive longer, with zeros at its end, or shorter.
    package func resize(to size: UInt64) throws(HullError) {
        let size = (size + 511) & ~511
        let old = byteCount
        guard size > 0, size < 1 << 62 else {
            throw HullError(.usage, "An image of \(size) bytes cannot be made.")
        }
        guard header.version >= 3 || header.snapshotCount == 0 else {
            throw HullError(
                .unsupported,
                "\(name) is of version 2, where snapshots do not remember their size: delete them first."
            )
        }
        let needed = QcowHeader.l1Count(size, header.clusterBits)
        guard needed * 8 <= QcowHeader.l1Limit else {
            throw HullError(.usage, "\(size) bytes are too many for clusters of \(clusterBytes).")
        }
        if size < old {
            let start = min((size + clusterMask) & ~clusterMask, old)
            if start > size { try writeZeroes(size, min(start, old) - size) }
            if start < old { try clearBeyond(start, old) }
            try flush()
            header.byteCount = size
            return try storeSize()
        }
        if needed > UInt64(l1.count) {
            try flush()
            let oldRun = run(header.l1Offset, UInt64(l1.count) * 8)
            let longer = l1 + [UInt64](repeating: 0, count: Int(needed) - l1.count)
            try switchTable(longer, size: old)
            free(oldRun)
        }
        // Neither what lies below nor the rest of the last cluster may come to light.
        header.byteCount = size
        let end = min(max((old + clusterMask) & ~clusterMask, backing?.byteCount ?? 0), size)
        if end > old { try writeZeroes(old, end - old) }
        try flush()
        try storeSize()
    }

    /// Whole clusters lose their places, and what lies below shows nowhere.
    private func clearBeyond(_ start: UInt64, _ end: UInt64) throws(HullError) {
        var at = start
        while at < end {
            guard try table(at) != nil else {
                let reach = clusterBits + clusterBits - 3
                at = (at >> reach + 1) << reach
                continue
            }
            let slot = try tableForWriting(at)
            try replace(slot, l2Index(at), 0)
            at += clusterBytes
        }
    }

    /// The image has nothing of its own any more: it reads as what lies below it.
    package func empty() throws(HullError) {
        try clearBeyond(0, byteCount)
        try flush()
    }
}

extension QcowSnapshot {
    fileprivate func append(to bytes: inout [UInt8]) {
        bytes.append(big: l1Offset)
        bytes.append(big: l1Count)
        bytes.append(big: UInt16(idBytes.count))
        bytes.append(big: UInt16(nameBytes.count))
        bytes.append(big: seconds)
        bytes.append(big: nanoseconds)
        bytes.append(big: guestNanoseconds)
        bytes.append(
            big: UInt32(truncatingIfNeeded: stateBytes > UInt64(UInt32.max) ? 0 : stateBytes))
        bytes.append(big: UInt32(byteCount == nil ? 8 : 24 + moreExtraData.count))
        bytes.append(big: stateBytes)
        if let byteCount {
            bytes.append(big: byteCount)
            bytes.append(big: instructionCount)
            bytes += moreExtraData
        }
        bytes += idBytes + nameBytes
        bytes += [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }
}
