import Bits
import DiskImage

/// How an image file is to be opened.
package struct ImageOpening: Sendable {
    package var path: String
    package var isReadOnly = false
    /// Nil: told by the first bytes.
    package var format: ImageFormat?
    /// Past the host's page cache.
    package var bypassesCache = false
    /// An internal snapshot to read instead of what is current.
    package var snapshot: String?
    /// The image right below is opened for writing too.
    package var writesBacking = false
    package init(_ path: String) { self.path = path }
}

/// An image file that is open, with all files below it.
package struct ImageFile {
    package let layer: ImageLayer
    package let format: ImageFormat
    package let storage: FileStorage
    /// Nobody said that it is raw.
    package let isProbed: Bool

    /// Longer chains are taken for a mistake.
    package static let chainLimit = 64

    package init(_ opening: ImageOpening) throws(HullError) {
        var above: [ImageIdentity] = []
        try self.init(opening, above: &above)
    }

    private init(_ opening: ImageOpening, above: inout [ImageIdentity]) throws(HullError) {
        try Self.checkChain(opening.path, above)
        storage = try FileStorage(
            opening.path, readOnly: opening.isReadOnly, bypassesCache: opening.bypassesCache)
        above.append(storage.identity)
        isProbed = opening.format == nil
        let first = try storage.bytes(0, ImageFormat.probeBytes)
        let found = opening.format
        format = if let found { found } else { try ImageFormat.probe(first, name: opening.path) }
        switch format {
        case .raw:
            guard opening.snapshot == nil else {
                throw HullError(.usage, "\(opening.path) is a raw image, which has no snapshots.")
            }
            layer = .raw(storage, byteCount: try storage.byteCount())
        case .qcow2:
            let header = try QcowImage.header(of: storage)
            let backing = try Self.backing(of: header, opening, above: &above)
            layer = .qcow(
                try QcowImage(
                    storage, header: header, backing: backing,
                    codec: HostCodec(loading: header.compression),
                    readOnly: opening.isReadOnly, snapshot: opening.snapshot))
        }
    }

    private static func checkChain(_ path: String, _ above: [ImageIdentity]) throws(HullError) {
        guard above.count < chainLimit else {
            throw HullError(
                .format, "\(path) lies below \(above.count) images; \(chainLimit) may be stacked.")
        }
        guard let identity = ImageIdentity(of: path), above.contains(identity) else { return }
        throw HullError(
            .format,
            "\(path) lies below itself: the backing files run in a circle. hull image info"
                + " shows what each image names.")
    }

    /// What lies below an image, for reading.
    private static func backing(
        of header: QcowHeader, _ opening: ImageOpening, above: inout [ImageIdentity]
    ) throws(HullError) -> ImageLayer? {
        guard let name = header.backingName else { return nil }
        var below = ImageOpening(try path(of: name, besides: opening.path))
        below.isReadOnly = !opening.writesBacking
        below.bypassesCache = opening.bypassesCache
        if let text = header.backingFormat {
            guard let format = ImageFormat(rawValue: text) else {
                throw HullError(
                    .unsupported,
                    "\(opening.path) lies on a \(text) image, and only raw and qcow2 work here.")
            }
            below.format = format
        }
        do throws(HullError) {
            return try ImageFile(below, above: &above).layer
        } catch {
            throw HullError(
                error.code, "\(opening.path) needs its backing file. \(error.message)",
                cause: error.cause)
        }
    }

    /// A backing file's path: relative ones start where the image lies.
    package static func path(of name: String, besides image: String) throws(HullError) -> String {
        var name = name
        if name.hasPrefix("file:") { name = String(name.dropFirst(5)) }
        let beforeSlash = name.prefix { $0 != "/" }
        guard !beforeSlash.contains(":"), !name.isEmpty, !name.utf8.contains(0) else {
            throw HullError(
                .unsupported, "\(image) lies on \(name), and only files work here as backing.")
        }
        if name.hasPrefix("/") { return name }
        guard let slash = image.lastIndex(of: "/") else { return name }
        return image[...slash] + name
    }
}

extension ImageFile {
    /// The drive that a machine sees.
    package func drive() throws(HullError) -> any DriveContent {
        switch layer {
        case .raw: try DriveFile(storage, isProbed: isProbed)
        case .qcow(let image): QcowDrive(image)
        }
    }

    /// The drive, with what is written to it kept in a file that is gone at the end.
    package static func temporaryDrive(_ opening: ImageOpening) throws(HullError)
        -> any DriveContent
    {
        var below = opening
        below.isReadOnly = true
        let base = try ImageFile(below)
        if opening.isReadOnly { return try base.drive() }
        let storage = try FileStorage(temporaryFor: opening.path)
        // What a raw file's last sector lacks reads as zeros.
        let header = try QcowImage.create(
            QcowChoice(byteCount: base.layer.byteCount), in: storage)
        return QcowDrive(
            try QcowImage(
                storage, header: header, backing: base.layer, codec: HostCodec(), readOnly: false))
    }
}
