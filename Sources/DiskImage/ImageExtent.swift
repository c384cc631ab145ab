import Bits

/// Where a stretch of a drive comes from.
package struct ImageExtent: Sendable {
    package enum Source: Sendable {
        case zeros
        /// These bytes of a storage.
        case data(any ImageStorage, UInt64)
        /// Some bytes of a compressed cluster.
        case packed(PackedCluster, skip: Int)
    }
    package var source: Source
    package var count: UInt64
    /// The image itself has it, and none below it.
    package var isOwn: Bool

    /// Whether `next` simply goes on.
    fileprivate func continues(with next: ImageExtent) -> Bool {
        guard isOwn == next.isOwn else { return false }
        switch (source, next.source) {
        case (.zeros, .zeros): return true
        case (.data(let a, let from), .data(let b, let on)): return a === b && from &+ count == on
        default: return false
        }
    }
}

/// A compressed cluster, and all that unpacking it needs.
package struct PackedCluster: Sendable {
    package let storage: any ImageStorage
    let codec: any ClusterCodec
    let compression: ClusterCompression
    package let offset: UInt64
    let packedCount: Int
    package let clusterBytes: Int
    /// With the offset, names its content.
    package let generation: Int

    package func unpack() throws(HullError) -> [UInt8] {
        try codec.unpack(
            try storage.bytes(offset, packedCount), compression, count: clusterBytes)
    }
}

extension ImageLayer {
    /// Where a stretch of the layer comes from, in order. Beyond its end there are zeros.
    package func extents(
        _ offset: UInt64, _ count: UInt64, isOwn: Bool = false, into result: inout [ImageExtent]
    ) throws(HullError) {
        let end = byteCount
        let inside = offset >= end ? 0 : min(count, end - offset)
        if inside > 0 {
            switch self {
            case .raw(let storage, _):
                result.append(
                    ImageExtent(source: .data(storage, offset), count: inside, isOwn: isOwn))
            case .qcow(let image):
                try image.extents(offset, inside, isOwn: isOwn, into: &result)
            }
        }
        if inside < count {
            result.append(ImageExtent(source: .zeros, count: count - inside, isOwn: isOwn))
        }
    }
}

extension QcowImage {
    /// Where a stretch inside the image comes from, in order.
    package func extents(
        _ offset: UInt64, _ count: UInt64, isOwn: Bool = true, into result: inout [ImageExtent]
    ) throws(HullError) {
        var offset = offset
        var left = count
        while left > 0 {
            let skip = offset & clusterMask
            let entry = try table(offset).map { l2.entry($0, l2Index(offset)) } ?? 0
            // What one entry says, or as many as have nothing to say.
            var part = min(clusterBytes - skip, left)
            switch try state(entry) {
            case .data(let place, _):
                append(.data(storage, place + skip), part, isOwn, &result)
            case .zeros:
                append(.zeros, part, isOwn, &result)
            case .packed(let entry):
                append(.packed(packed(entry), skip: Int(skip)), part, isOwn, &result)
            case .absent:
                part = try absentRun(offset, left)
                if let backing {
                    try backing.extents(offset, part, into: &result)
                } else {
                    append(.zeros, part, false, &result)
                }
            }
            offset += part
            left -= part
        }
    }

    private func append(
        _ source: ImageExtent.Source, _ count: UInt64, _ isOwn: Bool, _ result: inout [ImageExtent]
    ) {
        let next = ImageExtent(source: source, count: count, isOwn: isOwn)
        if let last = result.last, last.continues(with: next) {
            result[result.count - 1].count += count
        } else {
            result.append(next)
        }
    }

    private func packed(_ entry: UInt64) -> PackedCluster {
        let (place, count) = packedPlace(entry)
        return PackedCluster(
            storage: storage, codec: codec, compression: header.compression, offset: place,
            packedCount: count, clusterBytes: header.clusterBytes, generation: packedGeneration)
    }

    /// How far from here on, `limit` bytes at most, the image has nothing of its own.
    private func absentRun(_ offset: UInt64, _ limit: UInt64) throws(HullError) -> UInt64 {
        var end = offset
        let last = offset + limit
        while end < last {
            guard let slot = try table(end) else {
                let reach = clusterBits + clusterBits - 3
                end = min((end >> reach + 1) << reach, last)
                continue
            }
            guard try state(l2.entry(slot, l2Index(end))) == .absent else { break }
            end = min((end >> clusterBits + 1) << clusterBits, last)
        }
        return end - offset
    }

    /// Whether a stretch reads as zeros, as far as tables tell.
    func readsAsZeros(_ offset: UInt64, _ count: UInt64) throws(HullError) -> Bool {
        var found: [ImageExtent] = []
        try extents(offset, count, into: &found)
        return found.allSatisfy { if case .zeros = $0.source { true } else { false } }
    }

    /// The bytes of a stretch inside the image.
    // SAFETY: each part lies inside the array that is filled.
    func content(_ offset: UInt64, _ count: Int) throws(HullError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var found: [ImageExtent] = []
        try extents(offset, UInt64(count), into: &found)
        var at = 0
        for extent in found {
            let range = at..<at + Int(extent.count)
            switch extent.source {
            case .zeros: break
            case .data(let storage, let place):
                try unsafe result.withMutableBytes { buffer throws(HullError) in
                    try unsafe storage.read(
                        place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[range]))
                }
            case .packed(let cluster, let skip):
                let bytes = try cluster.unpack()
                result.replaceSubrange(range, with: bytes[skip..<skip + range.count])
            }
            at = range.upperBound
        }
        return result
    }
}
