/// What a property holds, before it becomes bytes.
package enum FDTValue: Sendable {
    case empty
    case u32(UInt32)
    case u64(UInt64)
    case string(String)
    case strings([String])
    case cells([UInt32])
    case phandle(FDTPhandle)
    case bytes([UInt8])

    /// Two-cell pairs of address and size, as `reg` has them under a node whose `#address-cells`
    /// and `#size-cells` are both 2.
    package static func reg(_ ranges: (address: UInt64, size: UInt64)...) -> FDTValue {
        var cells: [UInt32] = []
        for range in ranges {
            for value in [range.address, range.size] {
                cells.append(UInt32(truncatingIfNeeded: value >> 32))
                cells.append(UInt32(truncatingIfNeeded: value))
            }
        }
        return .cells(cells)
    }

    /// The value as it stands in the blob.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .empty: break
        case .u32(let value): bytes.appendBigEndian(value)
        case .u64(let value):
            bytes.appendBigEndian(UInt32(truncatingIfNeeded: value >> 32))
            bytes.appendBigEndian(UInt32(truncatingIfNeeded: value))
        case .string(let value): bytes.appendTerminated(value)
        case .strings(let values): for value in values { bytes.appendTerminated(value) }
        case .cells(let values): for value in values { bytes.appendBigEndian(value) }
        case .phandle(let value): bytes.appendBigEndian(value.rawValue)
        case .bytes(let value): bytes = value
        }
        return bytes
    }
}

/// A node's number by which other nodes refer to it.
package struct FDTPhandle: Equatable, Sendable {
    package var rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// An entry of `reg`.
package struct FDTRange: Equatable, Sendable {
    package var address: UInt64
    package var size: UInt64
    package init(address: UInt64, size: UInt64) {
        self.address = address
        self.size = size
    }
}

/// Why bytes are not a flattened device tree, and where in them this was seen.
package struct FDTError: Error, Sendable {
    package var reason: StaticString
    package var offset: Int
    package init(_ reason: StaticString, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// The tokens of the structure block (Devicetree Specification 0.4, 5.4.1).
enum FDTToken {
    static let beginNode: UInt32 = 1
    static let endNode: UInt32 = 2
    static let property: UInt32 = 3
    static let nop: UInt32 = 4
    static let end: UInt32 = 9
}

/// The header (5.2): ten big-endian words.
enum FDTHeader {
    static let magic: UInt32 = 0xd00d_feed
    static let version: UInt32 = 17
    static let lastCompatibleVersion: UInt32 = 16
    static let count = 40
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: UInt32) {
        append(UInt8(truncatingIfNeeded: value >> 24))
        append(UInt8(truncatingIfNeeded: value >> 16))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    mutating func appendTerminated(_ string: String) {
        append(contentsOf: string.utf8)
        append(0)
    }

    mutating func pad(toMultipleOf alignment: Int) {
        while count % alignment != 0 { append(0) }
    }
}
