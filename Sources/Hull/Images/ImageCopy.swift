import Bits
import DiskImage
import HostIO

/// Told how far something is: bytes done, of how many.
package typealias ImageProgress = (_ done: UInt64, _ total: UInt64) -> Void

/// Where a copy goes.
private enum CopyTarget {
    case raw(any ImageStorage)
    case qcow(QcowImage)

    // SAFETY: the bytes live through the calls.
    func write(_ offset: UInt64, _ bytes: [UInt8], _ range: Range<Int>) throws(HullError) {
        switch self {
        case .raw(let storage): try storage.write(offset, bytes, range)
        case .qcow(let image):
            try unsafe bytes.withBytes { all throws(HullError) in
                try unsafe image.write(offset, UnsafeRawBufferPointer(rebasing: all[range]))
            }
        }
    }

    func flush() throws(HullError) {
        switch self {
        case .raw(let storage): try storage.flush()
        case .qcow(let image): try image.flush()
        }
    }
}

/// Copies what an image holds into a new one: `hull image convert`.
package struct ImageConversion {
    package var source: ImageOpening
    package var target: ImageCreation
    /// Packs each cluster.
    package var compresses = false

    /// Of the drive, copied at once.
    private static let pieceBytes: UInt64 = 1 << 20

    package init(_ source: ImageOpening, to target: ImageCreation) {
        self.source = source
        self.target = target
        self.source.isReadOnly = true
    }

    package func run(_ progress: ImageProgress) throws(HullError) {
        guard !compresses || target.format == .qcow2 else {
            throw HullError(.usage, "Only qcow2 images can be compressed; add -O qcow2.")
        }
        if ImageIdentity(of: source.path).map({ $0 == ImageIdentity(of: target.path) }) == true {
            throw HullError(.usage, "\(source.path) cannot be converted into itself.")
        }
        let from = try ImageFile(source)
        var creation = target
        creation.byteCount = from.layer.byteCount
        try creation.run()
        let into = try Self.open(creation)
        let total = from.layer.byteCount
        var done: UInt64 = 0
        let unit = max(Self.pieceBytes, UInt64(target.clusterBytes))
        while done < total {
            progress(done, total)
            let part = min(unit, total - done)
            try copy(from.layer, done, part, into)
            done += part
        }
        try into.flush()
        progress(total, total)
    }

    private static func open(_ creation: ImageCreation) throws(HullError) -> CopyTarget {
        var opening = ImageOpening(creation.path)
        opening.format = creation.format
        let file = try ImageFile(opening)
        switch file.layer {
        case .raw: return .raw(file.storage)
        case .qcow(let image): return .qcow(image)
        }
    }

    private func copy(
        _ layer: ImageLayer, _ offset: UInt64, _ count: UInt64, _ into: CopyTarget
    ) throws(HullError) {
        guard let bytes = try layer.content(offset, count) else { return }
        if compresses, case .qcow(let image) = into {
            for start in stride(from: 0, to: bytes.count, by: target.clusterBytes) {
                let part = bytes[start..<min(start + target.clusterBytes, bytes.count)]
                if part.contains(where: { $0 != 0 }) {
                    try image.writePacked(offset + UInt64(start), Array(part))
                }
            }
            return
        }
        for range in Self.runs(bytes) {
            try into.write(offset + UInt64(range.lowerBound), bytes, range)
        }
    }

    /// The parts of these bytes that are not zeros, in steps of 4 KiB.
    private static func runs(_ bytes: [UInt8]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for start in stride(from: 0, to: bytes.count, by: 4096) {
            let range = start..<min(start + 4096, bytes.count)
            guard isNotZero(bytes, range) else { continue }
            if let last = result.last, last.upperBound == start {
                result[result.count - 1] = last.lowerBound..<range.upperBound
            } else {
                result.append(range)
            }
        }
        return result
    }

    // SAFETY: whole words of the range are read, and what is left byte by byte.
    private static func isNotZero(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        unsafe bytes.withUnsafeBytes { all in
            let words = range.lowerBound + range.count / 8 * 8
            var sum: UInt64 = 0
            for at in stride(from: range.lowerBound, to: words, by: 8) {
                sum |= unsafe all.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            }
            for at in words..<range.upperBound { sum |= unsafe UInt64(all[at]) }
            return sum != 0
        }
    }
}

extension ImageLayer {
    /// The bytes of a stretch; nil where tables say that it is all zeros.
    // SAFETY: each part lies inside the array that is filled.
    fileprivate func content(_ offset: UInt64, _ count: UInt64) throws(HullError) -> [UInt8]? {
        var found: [ImageExtent] = []
        try extents(offset, count, into: &found)
        if found.allSatisfy({ if case .zeros = $0.source { true } else { false } }) { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        try unsafe bytes.withMutableBytes { all throws(HullError) in
            var at = 0
            for extent in found {
                let part = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: all[at..<at + Int(extent.count)])
                switch extent.source {
                case .zeros: break
                case .data(let storage, let place): try unsafe storage.read(place, into: part)
                case .packed(let cluster, let skip):
                    unsafe part.copyBytes(from: try cluster.unpack()[skip..<skip + part.count])
                }
                at += part.count
            }
        }
        return bytes
    }
}

/// Writes what an overlay holds into the image below it, and leaves the overlay empty:
/// `hull image commit`.
package struct ImageCommit {
    private let path: String
    package init(_ path: String) { self.path = path }

    package func run(_ progress: ImageProgress) throws(HullError) {
        var opening = ImageOpening(path)
        opening.writesBacking = true
        guard case .qcow(let overlay) = try ImageFile(opening).layer, let backing = overlay.backing
        else {
            throw HullError(.usage, "\(path) has no backing file that it could be written into.")
        }
        let total = overlay.byteCount
        let below: CopyTarget =
            switch backing {
            case .raw(let storage, _): .raw(storage)
            case .qcow(let image): .qcow(image)
            }
        if backing.byteCount < total { try grow(below, to: total) }
        var done: UInt64 = 0
        while done < total {
            progress(done, total)
            let part = min(1 << 20, total - done)
            try copy(overlay, done, part, below)
            done += part
        }
        // The overlay gives its clusters back only when the other image is safe.
        try below.flush()
        guard overlay.header.snapshotCount == 0 else { return progress(total, total) }
        try overlay.empty()
        progress(total, total)
    }

    private func grow(_ target: CopyTarget, to size: UInt64) throws(HullError) {
        switch target {
        case .raw(let storage): try storage.resize(to: size)
        case .qcow(let image): try image.resize(to: size)
        }
    }

    private func copy(
        _ overlay: QcowImage, _ offset: UInt64, _ count: UInt64, _ target: CopyTarget
    ) throws(HullError) {
        var found: [ImageExtent] = []
        try overlay.extents(offset, count, into: &found)
        var at = offset
        for extent in found {
            defer { at += extent.count }
            guard extent.isOwn else { continue }
            if case .zeros = extent.source {
                switch target {
                case .raw(let storage): try storage.writeZeroes(at, extent.count)
                case .qcow(let image): try image.writeZeroes(at, extent.count)
                }
            } else if let bytes = try ImageLayer.qcow(overlay).content(at, extent.count) {
                try target.write(at, bytes, 0..<bytes.count)
            }
        }
    }
}
