import Bits

/// One internal snapshot.
package struct QcowSnapshot: Sendable, Equatable {
    /// As they are stored, whether or not they are text.
    var idBytes: [UInt8]
    var nameBytes: [UInt8]
    package var id: String { String(decoding: idBytes, as: UTF8.self) }
    package var name: String { String(decoding: nameBytes, as: UTF8.self) }
    /// Since 1970.
    package var seconds: UInt32
    package var nanoseconds: UInt32
    /// What the guest had run, in nanoseconds.
    package var guestNanoseconds: UInt64
    package var stateBytes: UInt64
    /// Size of the drive then; nil where nobody wrote it down.
    package var byteCount: UInt64?
    var l1Offset: UInt64
    var l1Count: UInt32
    /// Behind what is known of the extra data.
    var moreExtraData: [UInt8] = []
    var instructionCount: UInt64 = .max
}

extension QcowImage {
    private static let snapshotTableLimit = 64 << 20

    package func snapshots() throws(HullError) -> [QcowSnapshot] { try readSnapshots().list }

    /// By its name, else by its id.
    package func snapshot(named name: String) throws(HullError) -> QcowSnapshot {
        let all = try snapshots()
        guard
            let found = all.first(where: { $0.name == name }) ?? all.first(where: { $0.id == name })
        else {
            let names = all.map(\.name).joined(separator: ", ")
            throw HullError(
                .usage,
                "\(self.name) has no snapshot \(name); "
                    + (all.isEmpty ? "it has none at all." : "it has: \(names)."))
        }
        return found
    }

    /// All snapshots and the length of their table.
    func readSnapshots() throws(HullError) -> (list: [QcowSnapshot], byteCount: UInt64) {
        var result: [QcowSnapshot] = []
        var offset = header.snapshotsOffset
        for _ in 0..<header.snapshotCount {
            offset = (offset + 7) & ~7
            guard offset - header.snapshotsOffset < Self.snapshotTableLimit else {
                throw damaged("snapshots without end")
            }
            let fixed = try storage.bytes(offset, 40)
            let (idCount, nameCount) = (Int(fixed.big16(12)), Int(fixed.big16(14)))
            let extraCount = Int(fixed.big32(36))
            guard extraCount <= 1024 else { throw damaged("a snapshot with much extra data") }
            let rest = try storage.bytes(offset + 40, extraCount + idCount + nameCount)
            let text = rest[extraCount...]
            var snapshot = QcowSnapshot(
                idBytes: Array(text.prefix(idCount)), nameBytes: Array(text.dropFirst(idCount)),
                seconds: fixed.big32(16), nanoseconds: fixed.big32(20),
                guestNanoseconds: fixed.big64(24), stateBytes: UInt64(fixed.big32(32)),
                byteCount: nil, l1Offset: fixed.big64(0), l1Count: fixed.big32(8))
            if extraCount >= 8 { snapshot.stateBytes = rest.big64(0) }
            if extraCount >= 16 { snapshot.byteCount = rest.big64(8) }
            if extraCount >= 24 { snapshot.instructionCount = rest.big64(16) }
            if extraCount > 24 { snapshot.moreExtraData = Array(rest[24..<extraCount]) }
            guard UInt64(snapshot.l1Count) * 8 <= QcowHeader.l1Limit,
                snapshot.l1Offset & clusterMask == 0, snapshot.l1Offset < 1 << 56,
                snapshot.byteCount ?? 0 < 1 << 62
            else { throw damaged("a snapshot without sound tables") }
            result.append(snapshot)
            offset += UInt64(40 + rest.count)
        }
        return (result, offset - header.snapshotsOffset)
    }
}
