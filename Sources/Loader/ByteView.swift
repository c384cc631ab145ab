/// Reads little-endian fields of a file that nobody has checked: what lies outside is nil.
struct ByteView {
    let bytes: [UInt8]
    var count: UInt64 { UInt64(bytes.count) }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether `length` bytes from `offset` on lie inside the file.
    func holds(_ offset: UInt64, _ length: UInt64) -> Bool {
        offset <= count && count &- offset >= length
    }
    func read(_ offset: UInt64, width: UInt64) -> UInt64? {
        guard holds(offset, width) else { return nil }
        var value: UInt64 = 0
        for index in 0..<Int(width) {
            value |= UInt64(bytes[Int(offset) + index]) << UInt64(8 * index)
        }
        return value
    }
    func half(_ offset: UInt64) -> UInt64? { read(offset, width: 2) }
    func word(_ offset: UInt64) -> UInt64? { read(offset, width: 4) }
    func double(_ offset: UInt64) -> UInt64? { read(offset, width: 8) }

    /// Whether the bytes at `offset` are those of `magic`.
    func has(_ magic: StaticString, at offset: UInt64 = 0) -> Bool {
        magic.withUTF8Buffer { magic in
            guard holds(offset, UInt64(magic.count)) else { return false }
            // SAFETY: the index stays below the buffer's count.
            for index in 0..<magic.count where unsafe bytes[Int(offset) + index] != magic[index] {
                return false
            }
            return true
        }
    }
    func has(_ magic: [UInt8], at offset: UInt64 = 0) -> Bool {
        guard holds(offset, UInt64(magic.count)) else { return false }
        return bytes[Int(offset)...].starts(with: magic)
    }
}

/// A number the way messages show addresses: `0x80200000`.
func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// A count of bytes for people: `12 KiB`, `128 MiB`.
package func readableSize(_ bytes: UInt64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var value = bytes
    var unit = 0
    while value >= 10240 && unit < units.count - 1 || value >= 1024 && value % 1024 == 0 && unit < 4
    {
        value /= 1024
        unit += 1
    }
    return "\(value) \(units[unit])"
}
