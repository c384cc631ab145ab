import Bits
import DiskImage
import HostIO

/// What `hull image create` is asked for.
package struct ImageCreation {
    package var path: String
    package var format = ImageFormat.raw
    /// Nil: as long as the backing file.
    package var byteCount: UInt64?
    package var backing: String?
    package var backingFormat: ImageFormat?
    package var clusterBytes = 1 << 16
    package var refcountBits = 16
    package var compression = ClusterCompression.deflate
    package var lazyRefcounts = false
    package var version: UInt32 = 3
    /// A file that is there may be replaced.
    package var replaces = false

    package init(_ path: String) { self.path = path }

    package func run() throws(HullError) {
        try check()
        var choice = QcowChoice(byteCount: 0)
        choice.backingName = backing
        choice.backingFormat = backingFormat
        var below: ImageFile?
        if let backing {
            var opening = ImageOpening(try ImageFile.path(of: backing, besides: path))
            opening.isReadOnly = true
            opening.format = backingFormat
            let file = try ImageFile(opening)
            // Written down, so that the next start need not guess.
            choice.backingFormat = file.format
            below = file
        }
        guard let byteCount = byteCount ?? below?.layer.byteCount else {
            throw HullError(
                .usage,
                "How large is \(path) to be? Give a size, as in: hull image create \(path) 8G")
        }
        choice.byteCount = byteCount
        choice.clusterBits = clusterBytes.trailingZeroBitCount
        choice.refcountOrder = UInt32(refcountBits.trailingZeroBitCount)
        choice.compression = compression
        choice.lazyRefcounts = lazyRefcounts
        choice.version = version
        let storage = try FileStorage(creating: path)
        switch format {
        case .raw: try storage.resize(to: (byteCount + 511) & ~511)
        case .qcow2: _ = try QcowImage.create(choice, in: storage)
        }
    }

    private func check() throws(HullError) {
        try Self.refuseToReplace(path, replaces)
        if let byteCount, !(1..<1 << 62).contains(byteCount) {
            throw HullError(.usage, "An image of \(byteCount) bytes cannot be made.")
        }
        guard format == .qcow2 || backing == nil else {
            throw HullError(.usage, "A raw image has no backing file; add -f qcow2.")
        }
        guard clusterBytes.nonzeroBitCount == 1, refcountBits.nonzeroBitCount == 1 else {
            throw HullError(
                .usage, "The sizes of clusters and of reference counts are powers of two.")
        }
    }

    static func refuseToReplace(_ path: String, _ replaces: Bool) throws(HullError) {
        guard !replaces, let size = HostFolder.size(path), size > 0 else { return }
        throw HullError(
            .usage, "\(path) is there already; remove it, name another file, or add --force.")
    }
}
