import Bits

/// What a new qcow2 image is to be.
package struct QcowChoice: Sendable {
    package var byteCount: UInt64
    package var version: UInt32 = 3
    package var clusterBits = 16
    package var refcountOrder: UInt32 = 4
    package var compression = ClusterCompression.deflate
    package var lazyRefcounts = false
    package var backingName: String?
    package var backingFormat: ImageFormat?

    package init(byteCount: UInt64) { self.byteCount = byteCount }
}

extension QcowImage {
    /// Writes an empty image into an empty storage.
    package static func create(
        _ choice: QcowChoice, in storage: any ImageStorage
    ) throws(HullError) -> QcowHeader {
        var header = QcowHeader()
        header.version = choice.version
        header.clusterBits = choice.clusterBits
        header.byteCount = (choice.byteCount + 511) & ~511
        header.refcountOrder = choice.refcountOrder
        header.backingName = choice.backingName
        header.compression = choice.compression
        if choice.compression != .deflate {
            header.incompatible |= QcowHeader.Incompatible.compressionType
        }
        if choice.lazyRefcounts { header.compatible |= QcowHeader.lazyRefcounts }
        if let format = choice.backingFormat {
            header.extensions.append(
                .init(
                    type: QcowHeader.Extension.backingFormat, data: Array(format.rawValue.utf8)))
        }
        guard QcowHeader.clusterBits.contains(choice.clusterBits),
            choice.version == 3
                || choice.version == 2 && choice.refcountOrder == 4
                    && choice.compression == .deflate && !choice.lazyRefcounts,
            choice.refcountOrder <= 6
        else {
            throw HullError(
                .usage,
                "A qcow2 image has clusters of 512 to 2M bytes and reference counts of 1 to 64 bits;"
                    + " version 2 has 16, and neither zstd nor lazy reference counts.")
        }
        try layOut(&header, storage)
        return header
    }

    /// Header, table of reference counts, its first block, first table: one behind the other.
    private static func layOut(
        _ header: inout QcowHeader, _ storage: any ImageStorage
    ) throws(HullError) {
        let cluster = UInt64(header.clusterBytes)
        let l1Count = QcowHeader.l1Count(header.byteCount, header.clusterBits)
        guard l1Count * 8 <= QcowHeader.l1Limit else {
            throw HullError(
                .usage,
                "\(header.byteCount) bytes are too many for clusters of \(cluster); use larger ones."
            )
        }
        let l1Clusters = max(1, (l1Count * 8 + cluster - 1) / cluster)
        let perBlock = (cluster * 8) >> UInt64(header.refcountOrder)
        var blocks: UInt64 = 1
        var tableClusters: UInt64 = 1
        while blocks * perBlock < 1 + tableClusters + blocks + l1Clusters {
            blocks += 1
            tableClusters = (blocks * 8 + cluster - 1) / cluster
        }
        let used = 1 + tableClusters + blocks + l1Clusters
        header.refcountTableOffset = cluster
        header.refcountTableClusters = UInt32(tableClusters)
        header.l1Count = UInt32(max(l1Count, 1))
        header.l1Offset = (1 + tableClusters + blocks) * cluster
        guard let first = header.encoded() else {
            throw HullError(
                .usage, "The backing file's name does not fit into a cluster of \(cluster) bytes.")
        }
        var table: [UInt64] = []
        for index in 0..<blocks {
            var bytes = [UInt8](repeating: 0, count: header.clusterBytes)
            for number in 0..<perBlock where index * perBlock + number < used {
                setNumber(&bytes, Int(number), 1, order: header.refcountOrder)
            }
            let place = (1 + tableClusters + index) * cluster
            try storage.write(place, bytes)
            table.append(place)
        }
        try storage.write(cluster, bytes(table))
        // The first table ends the file with zeros.
        try storage.resize(to: used * cluster)
        try storage.write(0, first)
        try storage.flush()
    }
}
