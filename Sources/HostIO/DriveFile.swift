import Bits
import DiskImage
import Effects

/// What a drive reads and writes: a raw image, or one of tables. Any thread may call it, and calls may
/// go on beside each other; the bounds are checked by `perform`.
package protocol DriveContent: AnyObject, Sendable {
    var byteCount: UInt64 { get }
    var isReadOnly: Bool { get }
    func read(_ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws(HullError)
    /// What lies behind one another on the drive goes to these places in turn.
    func read(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) throws(HullError)
    /// The same if that takes no waiting for a disk or for others; false: nothing is known of the places.
    func readAtOnce(_ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]) -> Bool
    func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError)
    func write(_ offset: UInt64, gathered parts: [UnsafeRawBufferPointer]) throws(HullError)
    func flush() throws(HullError)
    func discard(_ offset: UInt64, _ count: UInt64) throws(HullError)
    func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError)
}

// SAFETY: the parts are handed on one by one.
extension DriveContent {
    package func read(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) throws(HullError) {
        var at = offset
        for unsafepart in unsafe parts {
            try unsafe read(at, into: part)
            at += UInt64(part.count)
        }
    }
    package func readAtOnce(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) -> Bool { false }
    package func write(
        _ offset: UInt64, gathered parts: [UnsafeRawBufferPointer]
    ) throws(HullError) {
        var at = offset
        for unsafepart in unsafe parts {
            try unsafe write(at, part)
            at += UInt64(part.count)
        }
    }
}

/// A raw image or a block device.
///
/// SAFETY: buffers are looked at and handed on.
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

    package func read(
        _ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(HullError) {
        try unsafe storage.read(offset, into: bytes)
    }

    package func read(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) throws(HullError) {
        try unsafe storage.read(offset, scattered: parts)
    }

    package func readAtOnce(
        _ offset: UInt64, scattered parts: [UnsafeMutableRawBufferPointer]
    ) -> Bool {
        unsafe storage.readAtOnce(offset, scattered: parts)
    }

    package func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError) {
        if offset == 0 { try unsafe checkFirstBytes([bytes]) }
        try unsafe storage.write(offset, bytes)
    }

    package func write(
        _ offset: UInt64, gathered parts: [UnsafeRawBufferPointer]
    ) throws(HullError) {
        if offset == 0 { try unsafe checkFirstBytes(parts) }
        try unsafe storage.write(offset, gathered: parts)
    }

    /// Buffers may be as short as the guest likes.
    private func checkFirstBytes(_ parts: [UnsafeRawBufferPointer]) throws(HullError) {
        guard keepsFirstBytesRaw else { return }
        var first: [UInt8] = []
        for unsafepart in unsafe parts where first.count < ImageFormat.probeBytes {
            unsafe first += part.prefix(ImageFormat.probeBytes - first.count)
        }
        guard ImageFormat.looksForeign(first) else { return }
        throw HullError(
            .usage,
            "The guest wrote the header of another format to the raw drive \(path); attach it with"
                + " format=raw if it may.")
    }

    package func flush() throws(HullError) { try storage.flush() }
    package func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try storage.discard(offset, count)
    }
    package func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        try storage.writeZeroes(offset, count)
    }
}
