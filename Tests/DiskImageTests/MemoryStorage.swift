import Bits
import DiskImage
import TestKit

/// Bytes in memory that remember what was written since the last flush, so that a test can ask what a
/// crash at any point leaves.
///
/// SAFETY: tests call it from one thread; pointers are used for the length of a call.
final class MemoryStorage: ImageStorage, @unchecked Sendable {
    enum Change {
        case write(UInt64, [UInt8])
        case resize(UInt64)
        case zero(UInt64, UInt64)
        case flush
    }
    let name = "image"
    var isReadOnly = false
    private(set) var content: [UInt8]
    /// Everything that happened since `startLog`.
    private(set) var log: [Change] = []
    var isLogging = false
    /// What discarded clusters read as, so that nobody relies on them.
    var discardsToGarbage = true

    init(_ content: [UInt8] = []) { self.content = content }

    func byteCount() throws(HullError) -> UInt64 { UInt64(content.count) }

    func read(_ offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws(HullError) {
        for index in 0..<bytes.count {
            let (at, overflow) = offset.addingReportingOverflow(UInt64(index))
            let isInside = !overflow && at < UInt64(content.count)
            unsafe bytes[index] = isInside ? content[Int(at)] : 0
        }
    }

    func write(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) throws(HullError) {
        guard offset < 1 << 28 else { throw HullError(.host, "image is full.") }
        apply(.write(offset, unsafe Array(bytes)))
    }
    func flush() throws(HullError) { if isLogging { log.append(.flush) } }
    func resize(to byteCount: UInt64) throws(HullError) { apply(.resize(byteCount)) }
    func discard(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        guard discardsToGarbage, offset < UInt64(content.count) else { return }
        let count = min(count, UInt64(content.count) - offset)
        apply(.write(offset, [UInt8](repeating: 0xdb, count: Int(count))))
    }
    func writeZeroes(_ offset: UInt64, _ count: UInt64) throws(HullError) {
        apply(.zero(offset, count))
    }

    func startLog() {
        log = []
        isLogging = true
    }

    private func apply(_ change: Change) {
        if isLogging { log.append(change) }
        Self.carryOut(change, &content)
    }

    static func after(_ content: [UInt8], _ changes: [Change]) -> [UInt8] {
        var content = content
        for change in changes { carryOut(change, &content) }
        return content
    }

    static func carryOut(_ change: Change, _ content: inout [UInt8]) {
        switch change {
        case .write(let offset, let bytes):
            let end = Int(offset) + bytes.count
            if end > content.count { content += [UInt8](repeating: 0, count: end - content.count) }
            content.replaceSubrange(Int(offset)..<end, with: bytes)
        case .resize(let size):
            if Int(size) < content.count {
                content.removeLast(content.count - Int(size))
            } else {
                content += [UInt8](repeating: 0, count: Int(size) - content.count)
            }
        case .zero(let offset, let count):
            carryOut(.write(offset, [UInt8](repeating: 0, count: Int(count))), &content)
        case .flush: break
        }
    }
}

/// Packs runs of one byte, and nothing else: enough to have compressed clusters without a library.
struct ToyCodec: ClusterCodec {
    func unpack(
        _ input: [UInt8], _ compression: ClusterCompression, count: Int
    ) throws(HullError) -> [UInt8] {
        guard let byte = input.first else { throw HullError(.format, "nothing is packed here.") }
        return [UInt8](repeating: byte, count: count)
    }
    func pack(
        _ input: [UInt8], _ compression: ClusterCompression
    ) throws(HullError) -> [UInt8]? {
        guard let byte = input.first, input.allSatisfy({ $0 == byte }) else { return nil }
        return [byte, 1, 2, 3]
    }
}

extension QcowImage {
    func bytes(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
        var found: [ImageExtent] = []
        try extents(offset, UInt64(count), into: &found)
        var result: [UInt8] = []
        for extent in found {
            switch extent.source {
            case .zeros: result += [UInt8](repeating: 0, count: Int(extent.count))
            case .data(let storage, let place):
                result += try storage.bytes(place, Int(extent.count))
            case .packed(let cluster, let skip):
                result += try cluster.unpack()[skip..<skip + Int(extent.count)]
            }
        }
        return result
    }

    func put(_ offset: UInt64, _ bytes: [UInt8]) throws {
        try unsafe bytes.withBytes { buffer throws(HullError) in try unsafe write(offset, buffer) }
    }

    /// Opens what lies in a storage; SAFETY: as `write` asks, the buffer lives through the call.
    static func open(
        _ storage: MemoryStorage, backing: ImageLayer? = nil, readOnly: Bool = false,
        cacheBudget: Int = QcowImage.cacheBudget
    ) throws -> QcowImage {
        try QcowImage(
            storage, header: try QcowImage.header(of: storage), backing: backing,
            codec: ToyCodec(), readOnly: readOnly, cacheBudget: cacheBudget)
    }
}
