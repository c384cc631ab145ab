import Bits

// SAFETY: pointers are the caller's and are handed on in parts that lie inside them.
extension QcowImage {
    /// Where a stretch may be written in place: the place, and how many of the bytes go there. Nil if the
    /// first of them needs a new cluster.
    package func writableRun(_ offset: UInt64, _ count: UInt64) throws(HullError) -> (
        place: UInt64, count: UInt64
    )? {
        guard let slot = try ownedTable(offset) else { return nil }
        let skip = offset & clusterMask
        var index = l2Index(offset)
        guard case .data(let place, true) = try state(l2.entry(slot, index)) else { return nil }
        try checkIsData(place)
        var reach = clusterBytes - skip
        while reach < count, index + 1 < l2Count {
            index += 1
            guard case .data(let next, true) = try state(l2.entry(slot, index)),
                next == place + skip + reach
            else { break }
            reach += clusterBytes
        }
        return (place + skip, min(reach, count))
    }

    /// A table that says that the header is data would have a guest write there.
    private func checkIsData(_ place: UInt64) throws(HullError) {
        let table = header.refcountTableOffset
        let tableEnd = table + UInt64(header.refcountTableClusters) << clusterBits
        let l1End = header.l1Offset + UInt64(header.l1Count) * 8
        guard place != 0, !(table..<tableEnd).contains(place),
            place < header.l1Offset || place >= l1End, l2.find(place) == nil
        else { throw damaged("a table that is data too") }
    }

    /// The second table for a place, if the image may change it.
    private func ownedTable(_ offset: UInt64) throws(HullError) -> Int? {
        guard l1Index(offset) < l1.count, l1[l1Index(offset)] & Entry.ownedBit != 0 else {
            return nil
        }
        return try table(offset)
    }

    /// The second table for a place, made or copied if need be.
    func tableForWriting(_ offset: UInt64) throws(HullError) -> Int {
        if let slot = try ownedTable(offset) { return slot }
        let index = l1Index(offset)
        let old = l1[index] & Entry.placeMask
        let bytes =
            try table(offset).map { l2.slots[$0].bytes }
            ?? [UInt8](repeating: 0, count: header.clusterBytes)
        if !l2.hasRoom { try writeBack() }
        let run = try allocate(upTo: 1)
        touch(run)
        let place = run.first << clusterBits
        l2.forget(place)
        let slot = l2.insert(place, bytes)
        l2.change(slot, 0..<bytes.count) { _ in }
        setL1(index, place | Entry.ownedBit)
        if old != 0 { free(ClusterRun(first: old >> clusterBits, count: 1)) }
        return slot
    }

    func setL1(_ index: Int, _ entry: UInt64) {
        l1[index] = entry
        let dirty = l1Dirty ?? index..<index + 1
        l1Dirty = min(dirty.lowerBound, index)..<max(dirty.upperBound, index + 1)
    }

    /// Writes the first of these bytes to new clusters, and says how many.
    package func writeToNewClusters(
        _ offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(HullError) -> Int {
        let slot = try tableForWriting(offset)
        let place = l2.slots[slot].offset
        let skip = offset & clusterMask
        let start = offset - skip
        let index = l2Index(offset)
        var wanted: UInt64 = 1
        let most = min(
            (skip + UInt64(bytes.count) + clusterMask) >> clusterBits, UInt64(l2Count - index))
        while wanted < most {
            guard case .data(_, true) = try state(l2.entry(slot, index + Int(wanted))) else {
                wanted += 1
                continue
            }
            break
        }
        let wasUntouched = untouched
        let run = try allocate(upTo: wanted)
        touch(run)
        let count = min(UInt64(bytes.count), run.count << clusterBits - skip)
        let target = run.first << clusterBits
        let end = offset + count
        let runEnd = min(start + run.count << clusterBits, byteCount)
        // Both ends of the clusters keep what they were.
        try copy(start, skip, to: target, isUntouched: run.first >= wasUntouched)
        try copy(
            end, runEnd > end ? runEnd - end : 0, to: target + skip + count,
            isUntouched: run.first + run.count > wasUntouched)
        try unsafe storage.write(
            target + skip, UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]))
        let table = try cachedTable(place)
        for number in 0..<Int(run.count) {
            try replace(
                table, index + number, (target + UInt64(number) << clusterBits) | Entry.ownedBit)
        }
        return Int(count)
    }

    /// Copies what a stretch reads as to its new place; zeros are there where nobody wrote before.
    private func copy(
        _ offset: UInt64, _ count: UInt64, to place: UInt64, isUntouched: Bool
    ) throws(HullError) {
        guard count > 0 else { return }
        if isUntouched, try readsAsZeros(offset, count) { return }
        try storage.write(place, try content(offset, Int(count)))
    }

    /// Gives an entry a new value, and back what it referred to.
    func replace(_ slot: Int, _ index: Int, _ entry: UInt64) throws(HullError) {
        let old = l2.entry(slot, index)
        guard old != entry else { return }
        let run = try clusters(of: old)
        l2.setEntry(slot, index, entry)
        if let run { free(run) }
    }

    /// The clusters of the storage that an entry of a second table refers to.
    func clusters(of entry: UInt64) throws(HullError) -> ClusterRun? {
        switch try state(entry) {
        case .absent, .zeros(kept: nil): return nil
        case .zeros(let kept?): return ClusterRun(first: kept >> clusterBits, count: 1)
        case .data(let place, _): return ClusterRun(first: place >> clusterBits, count: 1)
        case .packed(let entry):
            let (place, count) = packedPlace(entry)
            let first = place >> clusterBits
            return ClusterRun(
                first: first, count: (place + UInt64(count) - 1) >> clusterBits - first + 1)
        }
    }

    // MARK: Zeros

    /// Whole clusters of a stretch give back their places; the stretch then reads as zeros, or, where the
    /// version cannot say so, as it did.
    package func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        let start = (offset + clusterMask) & ~clusterMask
        // The last cluster may be cut by the drive's end.
        let end = offset + count == byteCount ? byteCount : (offset + count) & ~clusterMask
        guard end > start else { return }
        try clear(start, end - start, entry: backing == nil ? 0 : Entry.zeroBit)
    }

    /// Makes a stretch read as zeros.
    package func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        let last = offset + count
        let start = min((offset + clusterMask) & ~clusterMask, last)
        let end = max(last == byteCount ? last : last & ~clusterMask, start)
        try writePlainZeroes(offset, start - offset)
        if backing == nil || header.version >= 3 {
            try clear(start, end - start, entry: backing == nil ? 0 : Entry.zeroBit)
        } else {
            try writePlainZeroes(start, end - start)
        }
        try writePlainZeroes(end, last - end)
    }

    /// Gives whole clusters this entry, which has no place.
    private func clear(_ offset: UInt64, _ count: UInt64, entry: UInt64) throws(HullError) {
        guard entry == 0 || header.version >= 3 else { return }
        var at = offset
        while at < offset + count {
            if entry == 0, try table(at) == nil {
                let reach = clusterBits + clusterBits - 3
                at = (at >> reach + 1) << reach
                continue
            }
            let slot = try tableForWriting(at)
            try replace(slot, l2Index(at), entry)
            at += clusterBytes
        }
    }

    private func writePlainZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        guard count > 0, try !readsAsZeros(offset, count) else { return }
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 16)))
        var done: UInt64 = 0
        while done < count {
            let part = min(count - done, UInt64(zeros.count))
            try unsafe zeros.withBytes { bytes throws(HullError) in
                try unsafe write(
                    offset + done, UnsafeRawBufferPointer(rebasing: bytes[..<Int(part)]))
            }
            done += part
        }
    }

    /// Writes, wherever it goes: for one caller alone.
    package func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let at = offset + UInt64(done)
            if let (place, count) = try writableRun(at, UInt64(rest.count)) {
                try unsafe storage.write(
                    place, UnsafeRawBufferPointer(rebasing: rest[..<Int(count)]))
                done += Int(count)
            } else {
                done += try unsafe writeToNewClusters(at, rest)
            }
        }
    }

    // MARK: Compressed clusters

    /// Writes one whole cluster, or the drive's last, packed where that gains something.
    package func writePacked(_ offset: UInt64, _ content: [UInt8]) throws(HullError) {
        var whole = content
        whole += [UInt8](repeating: 0, count: header.clusterBytes - content.count)
        guard let packed = try codec.pack(whole, header.compression),
            packed.count < header.clusterBytes
        else {
            return try unsafe content.withBytes { bytes throws(HullError) in
                try unsafe write(offset, bytes)
            }
        }
        let slot = try tableForWriting(offset)
        let table = l2.slots[slot].offset
        let place = try packedRoom(UInt64(packed.count))
        try storage.write(place, packed)
        packedEnd = place + UInt64(packed.count)
        let sectors = (place & 511 + UInt64(packed.count) - 1) / 512
        let shift = 62 - (clusterBits - 8)
        try replace(
            try cachedTable(table), l2Index(offset), Entry.packedBit | sectors << shift | place)
    }

    /// A place for packed bytes: behind the last ones where that goes on, else in new clusters.
    private func packedRoom(_ count: UInt64) throws(HullError) -> UInt64 {
        let inside = packedEnd & clusterMask
        if inside > 0 {
            let room = clusterBytes - inside
            let last = packedEnd >> clusterBits
            let references = try refcount(last)
            if references > 0, references < largestRefcount {
                if room >= count {
                    try setRefcount(last, references + 1)
                    return packedEnd
                }
                let run = try allocate(upTo: 1)
                touch(run)
                if run.first == last + 1 {
                    try setRefcount(last, references + 1)
                    return packedEnd
                }
                return run.first << clusterBits
            }
        }
        let run = try allocate(upTo: 1)
        touch(run)
        return run.first << clusterBits
    }

    // MARK: Write-back

    /// Whether tables can be read without writing others to make room.
    package var readsWithoutWriting: Bool { l2.hasRoom }

    package var hasUnwrittenTables: Bool {
        l2.dirtyCount > 0 || refcountBlocks.dirtyCount > 0 || l1Dirty != nil
    }

    /// Writes all tables that changed, in the order that keeps the storage sound. Durable, and with that
    /// ready for `settle`, they are after the storage's next flush.
    package func writeBack() throws(HullError) {
        try refcountBlocks.writeDirty(to: storage)
        if l2.dirtyCount > 0 || l1Dirty != nil {
            // Counts and data first: no table may refer to what a power failure leaves undone.
            try storage.flush()
            let hadTables = l2.dirtyCount > 0
            try l2.writeDirty(to: storage)
            if let dirty = l1Dirty {
                if hadTables { try storage.flush() }
                let start = dirty.lowerBound & ~63
                let end = min((dirty.upperBound + 63) & ~63, l1.count)
                try storage.write(
                    header.l1Offset + UInt64(start) * 8, Self.bytes(Array(l1[start..<end])))
                l1Dirty = nil
            }
        }
        settling += pendingFrees
        pendingFrees = []
    }

    /// All that was written is durable when this returns: for one caller alone.
    package func flush() throws(HullError) {
        guard !isReadOnly else { return }
        try writeBack()
        let count = unsettled
        try storage.flush()
        try settle(count)
    }
}
