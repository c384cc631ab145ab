import Bits

/// How often each cluster of the storage is referred to, and which are free.
extension QcowImage {
    /// Reference counts in one block.
    var refcountsPerBlock: UInt64 { (clusterBytes * 8) >> UInt64(header.refcountOrder) }
    var largestRefcount: UInt64 {
        header.refcountOrder == 6 ? .max : 1 << (1 << UInt64(header.refcountOrder)) - 1
    }
    /// An offset has 56 bits.
    private var clusterLimit: UInt64 { 1 << (56 - clusterBits) }

    func refcount(_ cluster: UInt64) throws(HullError) -> UInt64 {
        let block = cluster / refcountsPerBlock
        guard block < UInt64(refcountTable.count),
            let slot = try refcountBlock(refcountTable[Int(block)])
        else { return 0 }
        return Self.number(
            refcountBlocks.slots[slot].bytes, Int(cluster % refcountsPerBlock),
            order: header.refcountOrder)
    }

    /// The cluster's block must exist.
    func setRefcount(_ cluster: UInt64, _ value: UInt64) throws(HullError) {
        let block = cluster / refcountsPerBlock
        guard block < UInt64(refcountTable.count),
            let slot = try refcountBlock(refcountTable[Int(block)])
        else { throw damaged("a cluster without a reference count") }
        let number = Int(cluster % refcountsPerBlock)
        let order = header.refcountOrder
        let bits = 1 << Int(order)
        let start = number * bits / 8
        refcountBlocks.change(slot, start..<start + max(bits / 8, 1)) {
            Self.setNumber(&$0, number, value, order: order)
        }
    }

    private func refcountBlock(_ entry: UInt64) throws(HullError) -> Int? {
        let place = entry & ~511
        if place == 0 { return nil }
        guard place & clusterMask == 0, place < 1 << 56 else {
            throw damaged("reference counts at \(place)")
        }
        if let slot = refcountBlocks.find(place) { return slot }
        let bytes = try storage.bytes(place, header.clusterBytes)
        // Counts may reach the storage at any time: too high ones are only clusters lost.
        if !refcountBlocks.hasRoom { try refcountBlocks.writeDirty(to: storage) }
        return refcountBlocks.insert(place, bytes)
    }

    /// Counts below a byte lie in it from its lowest bits up; larger ones are big-endian.
    static func number(_ bytes: [UInt8], _ index: Int, order: UInt32) -> UInt64 {
        switch order {
        case 0, 1, 2:
            let bits = 1 << Int(order)
            let byte = bytes[index * bits / 8]
            return UInt64(byte >> UInt8(index * bits % 8)) & (1 << UInt64(bits) - 1)
        case 3: return UInt64(bytes[index])
        case 4: return UInt64(bytes.big16(index * 2))
        case 5: return UInt64(bytes.big32(index * 4))
        default: return bytes.big64(index * 8)
        }
    }

    static func setNumber(_ bytes: inout [UInt8], _ index: Int, _ value: UInt64, order: UInt32) {
        switch order {
        case 0, 1, 2:
            let bits = 1 << Int(order)
            let shift = UInt8(index * bits % 8)
            let mask = UInt8(1 << bits - 1) << shift
            let byte = bytes[index * bits / 8]
            bytes[index * bits / 8] =
                byte & ~mask | UInt8(truncatingIfNeeded: value) << shift & mask
        case 3: bytes[index] = UInt8(truncatingIfNeeded: value)
        case 4: bytes.put(index * 2, UInt16(truncatingIfNeeded: value))
        case 5: bytes.put(index * 4, UInt32(truncatingIfNeeded: value))
        default: bytes.put(index * 8, value)
        }
    }

    // MARK: Taking clusters

    /// Takes free clusters that lie behind one another: the first there are, `count` at most.
    func allocate(upTo count: UInt64) throws(HullError) -> ClusterRun {
        var first = firstFree
        while try !isFree(&first) {
            first += 1
            try checkReach(first)
        }
        var run: UInt64 = 1
        while run < count {
            var next = first + run
            // A block of counts that is made there ends the run.
            guard try isFree(&next), next == first + run else { break }
            run += 1
        }
        try take(ClusterRun(first: first, count: run))
        firstFree = first + run
        return ClusterRun(first: first, count: run)
    }

    /// Takes exactly `count` clusters that lie behind one another.
    func allocate(exactly count: UInt64) throws(HullError) -> ClusterRun {
        if count == 1 { return try allocate(upTo: 1) }
        var first = firstFree
        var run: UInt64 = 0
        while run < count {
            var next = first + run
            if try isFree(&next), next == first + run {
                run += 1
            } else {
                first = next + (next == first + run ? 1 : 0)
                run = 0
                try checkReach(first)
            }
        }
        try take(ClusterRun(first: first, count: count))
        return ClusterRun(first: first, count: count)
    }

    /// Where far more clusters are counted than the storage has, something is wrong; and looking through
    /// all of them would take for ever.
    private func checkReach(_ cluster: UInt64) throws(HullError) {
        guard cluster <= untouched + 1 << 20 else {
            throw damaged("reference counts for clusters that do not exist")
        }
    }

    private func take(_ run: ClusterRun) throws(HullError) {
        for cluster in run.first..<run.first + run.count { try setRefcount(cluster, 1) }
    }

    /// Makes the block that counts a cluster, which may be in use: the block goes to `firstFree` or
    /// behind it.
    func makeBlock(counting cluster: UInt64) throws(HullError) {
        let block = cluster / refcountsPerBlock
        guard refcountTable[Int(block)] & ~511 == 0 else { return }
        let run = try allocate(upTo: 1)
        if refcountTable[Int(block)] & ~511 != 0 { return try setRefcount(run.first, 0) }
        try writeBlock(block, [UInt8](repeating: 0, count: header.clusterBytes), at: run.first)
    }

    /// Whether nothing refers to a cluster. Where it has no block of counts yet, one is made, which may
    /// take the cluster itself: then the next is looked at.
    private func isFree(_ cluster: inout UInt64) throws(HullError) -> Bool {
        guard cluster < clusterLimit - 1 else {
            throw HullError(.host, "The qcow2 image \(name) has no more room.")
        }
        let block = cluster / refcountsPerBlock
        if block >= UInt64(refcountTable.count) { try growRefcountTable(beyond: block) }
        if refcountTable[Int(block)] & ~511 == 0 {
            try makeRefcountBlock(block, at: cluster)
            cluster += 1
            return try isFree(&cluster)
        }
        return try refcount(cluster) == 0
    }

    /// The new block lies in the range that it counts, and counts itself.
    private func makeRefcountBlock(_ block: UInt64, at cluster: UInt64) throws(HullError) {
        var bytes = [UInt8](repeating: 0, count: header.clusterBytes)
        Self.setNumber(
            &bytes, Int(cluster % refcountsPerBlock), 1, order: header.refcountOrder)
        try writeBlock(block, bytes, at: cluster)
    }

    private func writeBlock(_ block: UInt64, _ bytes: [UInt8], at cluster: UInt64) throws(HullError)
    {
        let place = cluster << clusterBits
        try storage.write(place, bytes)
        touch(ClusterRun(first: cluster, count: 1))
        // Its content first: the table must not name what is not there.
        try storage.flush()
        refcountTable[Int(block)] = place
        var entry: [UInt8] = []
        entry.append(big: place)
        try storage.write(header.refcountTableOffset + block * 8, entry)
        // It may have been a table before it was freed.
        l2.forget(place)
        if !refcountBlocks.hasRoom { try refcountBlocks.writeDirty(to: storage) }
        refcountBlocks.forget(place)
        _ = refcountBlocks.insert(place, bytes)
    }

    /// Moves the table to behind all that it counts now, with the blocks that count its new place.
    private func growRefcountTable(beyond block: UInt64) throws(HullError) {
        let start = UInt64(refcountTable.count) * refcountsPerBlock
        let entries = max(block + 1, UInt64(refcountTable.count) * 3 / 2)
        var tableClusters = (entries * 8 + clusterMask) >> clusterBits
        var blocks: UInt64 = 1
        while blocks * refcountsPerBlock < blocks + tableClusters {
            blocks += 1
            let least = (UInt64(refcountTable.count) + blocks) * 8
            tableClusters = max(tableClusters, (least + clusterMask) >> clusterBits)
        }
        guard tableClusters << clusterBits <= QcowHeader.refcountTableLimit,
            start + blocks + tableClusters < clusterLimit
        else {
            throw HullError(
                .host, "The qcow2 image \(name) has no more room; convert it to larger clusters.")
        }
        var table = refcountTable
        for index in 0..<blocks {
            var bytes = [UInt8](repeating: 0, count: header.clusterBytes)
            for number in 0..<refcountsPerBlock
            where index * refcountsPerBlock + number < blocks + tableClusters {
                Self.setNumber(&bytes, Int(number), 1, order: header.refcountOrder)
            }
            let place = (start + index) << clusterBits
            try storage.write(place, bytes)
            table.append(place)
        }
        let padding = Int(tableClusters) * l2Count - table.count
        table += [UInt64](repeating: 0, count: padding)
        let place = (start + blocks) << clusterBits
        try storage.write(place, Self.bytes(table))
        touch(ClusterRun(first: start, count: blocks + tableClusters))
        // What counts so far must be in the old blocks before the new table names them.
        try refcountBlocks.writeDirty(to: storage)
        try storage.flush()
        var fields: [UInt8] = []
        fields.append(big: place)
        fields.append(big: UInt32(tableClusters))
        try storage.write(48, fields)
        let old = ClusterRun(
            first: header.refcountTableOffset >> clusterBits,
            count: UInt64(header.refcountTableClusters))
        header.refcountTableOffset = place
        header.refcountTableClusters = UInt32(tableClusters)
        refcountTable = table
        free(old)
    }

    static func bytes(_ table: [UInt64]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: table.count * 8)
        for (index, entry) in table.enumerated() { bytes.put(index * 8, entry) }
        return bytes
    }

    /// These clusters are about to be written.
    func touch(_ run: ClusterRun) { untouched = max(untouched, run.first + run.count) }

    // MARK: Giving them back

    /// Nothing in memory refers to these clusters any more.
    func free(_ run: ClusterRun) {
        if let last = pendingFrees.last, last.first + last.count == run.first {
            pendingFrees[pendingFrees.count - 1].count += run.count
        } else {
            pendingFrees.append(run)
        }
    }

    /// How much of `settling` the next flush of the storage covers.
    package var unsettled: Int { settling.count }

    /// After a flush of the storage: the first `count` runs of clusters that were given back before it may
    /// be used again, unless something else refers to them too.
    package func settle(_ count: Int) throws(HullError) {
        let runs = settling.prefix(count)
        settling.removeFirst(runs.count)
        if !runs.isEmpty { packedGeneration += 1 }
        for run in runs {
            var start = run.first
            for cluster in run.first..<run.first + run.count where try !release(cluster) {
                try discard(start..<cluster)
                start = cluster + 1
            }
            try discard(start..<run.first + run.count)
        }
        // So that an image that nobody touches any more has no room that it does not use.
        try refcountBlocks.writeDirty(to: storage)
    }

    /// One reference less; says whether that was the last.
    private func release(_ cluster: UInt64) throws(HullError) -> Bool {
        let count = try refcount(cluster)
        guard count > 0 else { throw damaged("a cluster in use that is counted as free") }
        try setRefcount(cluster, count - 1)
        if count == 1 { firstFree = min(firstFree, cluster) }
        return count == 1
    }

    private func discard(_ clusters: Range<UInt64>) throws(HullError) {
        guard !clusters.isEmpty else { return }
        if clusters.contains(packedEnd >> clusterBits) { packedEnd = 0 }
        for cluster in clusters {
            l2.forget(cluster << clusterBits)
            refcountBlocks.forget(cluster << clusterBits)
        }
        try storage.discard(
            clusters.lowerBound << clusterBits, UInt64(clusters.count) << clusterBits)
    }
}
