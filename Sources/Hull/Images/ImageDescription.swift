import Bits
import DiskImage
import HostIO

/// What `hull image info` says of an image.
package struct ImageDescription {
    package let path: String
    package let format: ImageFormat
    package let byteCount: UInt64
    /// What the file takes on the host's disk.
    package let allocatedBytes: UInt64
    package let header: QcowHeader?
    package let snapshots: [QcowSnapshot]

    /// Looks at the image alone; the files below it need not be there.
    package init(_ path: String, format: ImageFormat? = nil) throws(HullError) {
        self.path = path
        let storage = try FileStorage(path, readOnly: true)
        let first = try storage.bytes(0, ImageFormat.probeBytes)
        self.format = if let format { format } else { try ImageFormat.probe(first, name: path) }
        allocatedBytes = try storage.allocatedBytes()
        guard self.format == .qcow2 else {
            byteCount = try storage.byteCount()
            header = nil
            snapshots = []
            return
        }
        let header = try QcowImage.header(of: storage)
        byteCount = header.byteCount
        self.header = header
        snapshots = try QcowImage(
            storage, header: header, backing: nil, codec: HostCodec(), readOnly: true
        ).snapshots()
    }

    package var text: String {
        var lines = [
            "image: \(path)", "format: \(format.rawValue)",
            "virtual size: \(Self.size(byteCount)) (\(byteCount) bytes)",
            "disk size: \(Self.size(allocatedBytes))",
        ]
        if let header {
            lines.append("version: \(header.version)")
            lines.append("cluster size: \(header.clusterBytes)")
            lines.append("compression: \(header.compression == .zstd ? "zstd" : "zlib")")
            lines.append("reference counts: \(1 << Int(header.refcountOrder)) bits")
            let marks = header.marks
            if !marks.isEmpty { lines.append("marks: \(marks.joined(separator: ", "))") }
            if let backing = header.backingName {
                lines.append(
                    "backing file: \(backing)" + (header.backingFormat.map { " (\($0))" } ?? ""))
            }
        }
        return lines.joined(separator: "\n") + "\n" + snapshotTable
    }

    /// Empty without snapshots.
    package var snapshotTable: String {
        guard !snapshots.isEmpty else { return "" }
        let rows =
            [["id", "name", "made", "drive", "state"]]
            + snapshots.map {
                [
                    $0.id, $0.name, Self.date($0.seconds), Self.size($0.byteCount ?? byteCount),
                    Self.size($0.stateBytes),
                ]
            }
        let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            "  "
                + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ")
        }
        return "snapshots:\n" + lines.joined(separator: "\n") + "\n"
    }

    /// With the keys of `qemu-img info --output=json`.
    package var json: String {
        var fields = [
            "\"filename\": \(Self.quoted(path))", "\"format\": \"\(format.rawValue)\"",
            "\"virtual-size\": \(byteCount)", "\"actual-size\": \(allocatedBytes)",
        ]
        if let header {
            fields.append("\"cluster-size\": \(header.clusterBytes)")
            fields.append("\"version\": \(header.version)")
            fields.append(
                "\"compression-type\": \"\(header.compression == .zstd ? "zstd" : "zlib")\"")
            fields.append("\"refcount-bits\": \(1 << Int(header.refcountOrder))")
            fields.append("\"dirty-flag\": \(header.marks.contains("not closed"))")
            if let backing = header.backingName {
                fields.append("\"backing-filename\": \(Self.quoted(backing))")
            }
            if let format = header.backingFormat {
                fields.append("\"backing-filename-format\": \(Self.quoted(format))")
            }
            let list = snapshots.map {
                "{\"id\": \(Self.quoted($0.id)), \"name\": \(Self.quoted($0.name)), \"date-sec\": "
                    + "\($0.seconds), \"date-nsec\": \($0.nanoseconds), \"vm-state-size\": "
                    + "\($0.stateBytes)}"
            }
            fields.append("\"snapshots\": [\(list.joined(separator: ", "))]")
        }
        return "{\n    " + fields.joined(separator: ",\n    ") + "\n}\n"
    }

    /// RFC 8259 §7.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `1.5 GiB`.
    package static func size(_ bytes: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = 0
        var value = bytes
        var tenths: UInt64 = 0
        while value >= 1024, unit + 1 < units.count {
            tenths = (value & 1023) * 10 / 1024
            value /= 1024
            unit += 1
        }
        return tenths == 0 ? "\(value) \(units[unit])" : "\(value).\(tenths) \(units[unit])"
    }

    /// The day and the hour, in universal time.
    private static func date(_ seconds: UInt32) -> String {
        HostClock.text(seconds: UInt64(seconds))
    }
}

extension QcowHeader {
    /// Feature bits that people may want to know of.
    fileprivate var marks: [String] {
        var marks: [String] = []
        if incompatible & Incompatible.dirty != 0 { marks.append("not closed") }
        if incompatible & Incompatible.corrupt != 0 { marks.append("damaged") }
        if compatible & Self.lazyRefcounts != 0 { marks.append("lazy reference counts") }
        return marks
    }
}
