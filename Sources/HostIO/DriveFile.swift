import Bits
import DiskImage
import Effects

/// What a drive reads and writes: a raw image, or one of tables. Any thread may call it, and calls may
/// go on beside each other; the bounds are checked by `perform`.
package protocol DriveContent: AnyObject, Sendable {
    var byteCount: UInt64 { get }
    var isReadOnly: Bool { get }
    /// What lies behind one another on the drive goes to these places in turn.
    func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError)
    /// The same if that takes no waiting for a disk or for others; false: nothing is known of the places.
    func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool
    func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError)
    func flush() throws(HullError)
    func discard(_ offset: UInt64, _ count: UInt64) throws(HullError)
    func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError)
}

/// A raw image or a block device.
///
/// The drive is a whole number of sectors. Where the file is not, its last sector ends in zeros, and
/// a write to that sector makes the file longer.
package final class DriveFile: DriveContent {
    package static let sectorBytes: UInt64 = 512

    package var path: String { storage.name }
    package var isReadOnly: Bool { storage.isReadOnly }
    /// Size of the drive: the file's, rounded up to a sector.
    package let byteCount: UInt64
    private let storage: FileStorage
    /// Nobody said that the image is raw: it was told by its first bytes. A guest that writes another
    /// format's header there would have the next start open what that header names.
    private let keepsFirstBytesRaw: Bool

    package init(_ storage: FileStorage, isProbed: Bool = false) throws(HullError) {
        let size = try storage.byteCount()
        guard size > 0 else {
            throw HullError(
                .format,
                "The drive \(storage.name) is empty; give it a size first, as in:"
                    + " truncate -s 1G \(storage.name).")
        }
        let (rounded, overflow) = size.addingReportingOverflow(Self.sectorBytes - 1)
        guard !overflow else {
            throw HullError(.format, "\(storage.name) is too large for a drive.")
        }
        byteCount = rounded / Self.sectorBytes * Self.sectorBytes
        self.storage = storage
        keepsFirstBytesRaw = isProbed
    }

    package convenience init(_ path: String, readOnly: Bool) throws(HullError) {
        try self.init(try FileStorage(path, readOnly: readOnly))
    }

    package func read(_ offset: UInt64, scattered parts: [MemoryPart]) throws(HullError) {
        try storage.read(offset, scattered: parts)
    }

    package func readAtOnce(_ offset: UInt64, scattered parts: [MemoryPart]) -> Bool {
        storage.readAtOnce(offset, scattered: parts)
    }

    package func write(_ offset: UInt64, gathered parts: [MemoryPart]) throws(HullError) {
        if offset == 0, keepsFirstBytesRaw {
            // Buffers may be as short as the guest likes.
            var all = PartQueue(parts)
            let first = all.take(ImageFormat.probeBytes).bytes
            guard !ImageFormat.looksForeign(first) else {
                throw HullError(
                    .usage,
                    "The guest wrote the header of another format to the raw drive \(path); attach it"
                        + " with format=raw if it may.")
            }
        }
        try storage.write(offset, gathered: parts)
    }

    package func flush() throws(HullError) { try storage.flush() }
    package func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try storage.discard(offset, count)
    }
    package func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try storage.writeZeroes(offset, count)
    }
}
