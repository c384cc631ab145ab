import Bits

/// The header of a qcow2 image (QEMU's docs/interop/qcow2.txt), versions 2 and 3.
package struct QcowHeader: Sendable, Equatable {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]
    static let clusterBits = 9...21
    /// What QEMU allows too.
    static let l1Limit: UInt64 = 32 << 20
    static let refcountTableLimit: UInt64 = 8 << 20
    static let backingNameLimit = 1023
    static let snapshotLimit: UInt32 = 65536

    package enum Incompatible {
        package static let dirty: UInt64 = 1 << 0
        package static let corrupt: UInt64 = 1 << 1
        package static let externalData: UInt64 = 1 << 2
        package static let compressionType: UInt64 = 1 << 3
        package static let extendedL2: UInt64 = 1 << 4
        static let known = dirty | corrupt | compressionType
    }
    package static let lazyRefcounts: UInt64 = 1 << 0

    /// An extension that we need not understand stays where it is.
    package struct Extension: Sendable, Equatable {
        package var type: UInt32
        package var data: [UInt8]
        package static let backingFormat: UInt32 = 0xe279_2aca
        package static let featureNames: UInt32 = 0x6803_f857
        package static let encryption: UInt32 = 0x0537_be77
        package static let externalData: UInt32 = 0x4441_5441
    }

    package var version: UInt32 = 3
    package var backingName: String?
    package var clusterBits = 16
    package var byteCount: UInt64 = 0
    package var l1Count: UInt32 = 0
    package var l1Offset: UInt64 = 0
    package var refcountTableOffset: UInt64 = 0
    package var refcountTableClusters: UInt32 = 0
    package var snapshotCount: UInt32 = 0
    package var snapshotsOffset: UInt64 = 0
    package var incompatible: UInt64 = 0
    package var compatible: UInt64 = 0
    package var autoclear: UInt64 = 0
    package var refcountOrder: UInt32 = 4
    package var compression = ClusterCompression.deflate
    package var extensions: [Extension] = []

    package var clusterBytes: Int { 1 << clusterBits }
    package var backingFormat: String? {
        extensions.first { $0.type == Extension.backingFormat }
            .map { String(decoding: $0.data, as: UTF8.self) }
    }

    package init() {}

    // MARK: Reading

    /// `bytes` are the first of the file: a cluster's worth, or all there are.
    package init(_ bytes: [UInt8], name: String) throws(HullError) {
        guard bytes.count >= 72, bytes.starts(with: Self.magic) else {
            throw HullError(
                .format, "\(name) is no qcow2 image: it does not begin with one's header.")
        }
        version = bytes.big32(4)
        guard version == 2 || version == 3 else {
            throw HullError(
                .unsupported, "\(name) is a qcow2 image of version \(version); 2 and 3 work here.")
        }
        clusterBits = Int(bytes.big32(20))
        guard Self.clusterBits.contains(clusterBits) else {
            throw Self.damaged(name, "clusters of 2^\(clusterBits) bytes")
        }
        byteCount = bytes.big64(24)
        guard bytes.big32(32) == 0 else { throw Self.encrypted(name) }
        l1Count = bytes.big32(36)
        l1Offset = bytes.big64(40)
        refcountTableOffset = bytes.big64(48)
        refcountTableClusters = bytes.big32(56)
        snapshotCount = bytes.big32(60)
        snapshotsOffset = bytes.big64(64)
        var end = 72
        if version == 3 { end = try readVersion3(bytes, name) }
        try readBacking(bytes, name, &end)
        try check(name)
    }

    private mutating func readVersion3(_ bytes: [UInt8], _ name: String) throws(HullError) -> Int {
        guard bytes.count >= 104 else { throw Self.damaged(name, "a header that is cut short") }
        incompatible = bytes.big64(72)
        compatible = bytes.big64(80)
        autoclear = bytes.big64(88)
        refcountOrder = bytes.big32(96)
        let headerBytes = Int(bytes.big32(100))
        guard headerBytes >= 104, headerBytes <= min(bytes.count, clusterBytes),
            headerBytes % 8 == 0
        else { throw Self.damaged(name, "a header of \(headerBytes) bytes") }
        if incompatible & Incompatible.externalData != 0 {
            throw HullError(
                .unsupported,
                "\(name) keeps its data in another file, which does not work here. Convert it, as in:"
                    + " qemu-img convert -O qcow2 \(name) NEW.")
        }
        if incompatible & Incompatible.extendedL2 != 0 {
            throw HullError(
                .unsupported,
                "\(name) has subclusters (extended_l2=on), which do not work here. Convert it, as in:"
                    + " qemu-img convert -O qcow2 \(name) NEW.")
        }
        let unknown = incompatible & ~Incompatible.known
        guard unknown == 0 else {
            throw HullError(
                .unsupported,
                "\(name) needs features of qcow2 that do not exist here: bits 0x"
                    + String(unknown, radix: 16) + ". A newer Hull may open it.")
        }
        let packing = headerBytes > 104 ? bytes[104] : 0
        guard (packing != 0) == (incompatible & Incompatible.compressionType != 0),
            let compression = ClusterCompression(rawValue: packing)
        else { throw Self.damaged(name, "compression type \(packing)") }
        self.compression = compression
        return headerBytes
    }

    private mutating func readBacking(
        _ bytes: [UInt8], _ name: String, _ end: inout Int
    ) throws(HullError) {
        let (offset, count) = (bytes.big64(8), Int(bytes.big32(16)))
        var limit = min(bytes.count, clusterBytes)
        if offset != 0 {
            guard count <= Self.backingNameLimit, offset >= 72, offset <= UInt64(limit),
                Int(offset) + count <= limit
            else { throw Self.damaged(name, "the name of its backing file outside the header") }
            if count > 0 {
                backingName = String(
                    decoding: bytes[Int(offset)..<Int(offset) + count], as: UTF8.self)
            }
            limit = Int(offset)
        }
        while end + 8 <= limit {
            let (type, length) = (bytes.big32(end), Int(bytes.big32(end + 4)))
            if type == 0 { break }
            end += 8
            guard length <= limit - end else {
                throw Self.damaged(name, "a header extension of \(length) bytes")
            }
            guard type != Extension.encryption else { throw Self.encrypted(name) }
            extensions.append(Extension(type: type, data: Array(bytes[end..<end + length])))
            end += (length + 7) & ~7
        }
    }

    /// What holds in every image that can be worked with.
    private func check(_ name: String) throws(HullError) {
        func isPlace(_ offset: UInt64) -> Bool {
            offset & UInt64(clusterBytes - 1) == 0 && offset < 1 << 56
        }
        guard refcountOrder <= 6 else {
            throw Self.damaged(name, "reference counts of 2^\(refcountOrder) bits")
        }
        guard byteCount < 1 << 62 else { throw Self.damaged(name, "a size of \(byteCount) bytes") }
        let needed = Self.l1Count(byteCount, clusterBits)
        guard UInt64(l1Count) * 8 <= Self.l1Limit, UInt64(l1Count) >= needed else {
            throw Self.damaged(
                name, "a first table of \(l1Count) entries, where \(needed) are needed")
        }
        guard isPlace(l1Offset), l1Count == 0 || l1Offset != 0 else {
            throw Self.damaged(name, "a first table at \(l1Offset)")
        }
        guard isPlace(refcountTableOffset), refcountTableOffset != 0, refcountTableClusters > 0,
            UInt64(refcountTableClusters) << UInt64(clusterBits) <= Self.refcountTableLimit
        else {
            throw Self.damaged(
                name,
                "a table of reference counts of \(refcountTableClusters) clusters at"
                    + " \(refcountTableOffset)")
        }
        guard snapshotCount <= Self.snapshotLimit,
            snapshotCount == 0 || isPlace(snapshotsOffset) && snapshotsOffset != 0
        else { throw Self.damaged(name, "\(snapshotCount) snapshots at \(snapshotsOffset)") }
    }

    /// How many entries the first table needs for a drive of that size.
    static func l1Count(_ byteCount: UInt64, _ clusterBits: Int) -> UInt64 {
        let shift = UInt64(clusterBits + clusterBits - 3)
        return (byteCount >> shift) + (byteCount & (1 << shift - 1) == 0 ? 0 : 1)
    }

    static func damaged(_ name: String, _ what: String) -> HullError {
        HullError(
            .format,
            "The qcow2 image \(name) is damaged: it has \(what). qemu-img check may repair it.")
    }
    private static func encrypted(_ name: String) -> HullError {
        HullError(
            .unsupported,
            "\(name) is encrypted, which does not work here. Convert it with qemu-img, which asks for"
                + " its secret.")
    }

    // MARK: Writing

    /// The first bytes of a new image; nil if they need more than a cluster.
    package func encoded() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: version == 3 ? 112 : 72)
        bytes.replaceSubrange(0..<4, with: Self.magic)
        bytes.put(4, version)
        bytes.put(20, UInt32(clusterBits))
        bytes.put(24, byteCount)
        bytes.put(36, l1Count)
        bytes.put(40, l1Offset)
        bytes.put(48, refcountTableOffset)
        bytes.put(56, refcountTableClusters)
        bytes.put(60, snapshotCount)
        bytes.put(64, snapshotsOffset)
        if version == 3 {
            bytes.put(72, incompatible)
            bytes.put(80, compatible)
            bytes.put(88, autoclear)
            bytes.put(96, refcountOrder)
            bytes.put(100, UInt32(112))
            bytes[104] = compression.rawValue
        }
        for item in extensions {
            bytes.append(big: item.type)
            bytes.append(big: UInt32(item.data.count))
            bytes += item.data
            bytes += [UInt8](repeating: 0, count: (8 - item.data.count % 8) % 8)
        }
        // Type 0 ends them.
        bytes += [UInt8](repeating: 0, count: 8)
        if let backingName {
            bytes.put(8, UInt64(bytes.count))
            bytes.put(16, UInt32(backingName.utf8.count))
            bytes += Array(backingName.utf8)
        }
        return bytes.count <= clusterBytes ? bytes : nil
    }
}
