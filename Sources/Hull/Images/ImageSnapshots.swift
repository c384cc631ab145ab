import Bits
import DiskImage
import HostIO

/// What `hull image snapshot` and `hull image resize` do to an image that nobody uses.
package enum ImageChange {
    case createSnapshot(String)
    case applySnapshot(String)
    case deleteSnapshot(String)
    case resize(to: UInt64, shrinks: Bool)

    package func run(_ opening: ImageOpening) throws(HullError) {
        let file = try ImageFile(opening)
        switch (self, file.layer) {
        case (.resize(let size, let shrinks), .raw(_, let old)):
            try Self.checkShrink(opening.path, size, old, shrinks)
            try file.storage.resize(to: (size + 511) & ~511)
        case (.resize(let size, let shrinks), .qcow(let image)):
            try Self.checkShrink(opening.path, size, image.byteCount, shrinks)
            try image.resize(to: size)
        case (_, .raw):
            throw HullError(
                .usage,
                "\(opening.path) is a raw image, which has no snapshots; convert it to qcow2 first."
            )
        case (.createSnapshot(let name), .qcow(let image)):
            let now = HostClock.realNanoseconds()
            try image.createSnapshot(
                name, seconds: UInt32(truncatingIfNeeded: now / 1_000_000_000),
                nanoseconds: UInt32(now % 1_000_000_000))
        case (.applySnapshot(let name), .qcow(let image)): try image.applySnapshot(name)
        case (.deleteSnapshot(let name), .qcow(let image)): try image.deleteSnapshot(name)
        }
    }

    private static func checkShrink(
        _ path: String, _ size: UInt64, _ old: UInt64, _ shrinks: Bool
    ) throws(HullError) {
        guard size > 0, size < 1 << 62 else {
            throw HullError(.usage, "An image of \(size) bytes cannot be made.")
        }
        guard size >= old || shrinks else {
            throw HullError(
                .usage,
                "\(path) has \(old) bytes; what lies beyond \(size) would be lost. Add --shrink if it may."
            )
        }
    }
}
