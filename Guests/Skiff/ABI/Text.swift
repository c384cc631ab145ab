/// A piece of output. Without `String`, whose comparison and interpolation bring the tables of
/// Unicode into an image of some tens of kilobytes.
package enum Text: ExpressibleByStringLiteral {
    case literal(StaticString)
    case bytes(ArraySlice<UInt8>)
    case decimal(UInt64)
    case signed(Int64)
    case hex(UInt64)
    /// Tenths, with a decimal point.
    case tenths(UInt64)
    /// The piece in a column so wide; numbers stand on its right, text on its left.
    indirect case column(Int, Text)

    package init(stringLiteral value: StaticString) { self = .literal(value) }
    package static func bytes(_ value: [UInt8]) -> Text { .bytes(value[...]) }

    package func append(to line: inout [UInt8]) {
        switch self {
        case .literal(let text): text.append(to: &line)
        case .bytes(let bytes): line.append(contentsOf: bytes)
        case .decimal(let value): Self.append(value, radix: 10, to: &line)
        case .signed(let value):
            if value < 0 { line.append(UInt8(ascii: "-")) }
            Self.append(value.magnitude, radix: 10, to: &line)
        case .hex(let value):
            line.append(UInt8(ascii: "0"))
            line.append(UInt8(ascii: "x"))
            Self.append(value, radix: 16, to: &line)
        case .tenths(let value):
            Self.append(value / 10, radix: 10, to: &line)
            line.append(UInt8(ascii: "."))
            Self.append(value % 10, radix: 10, to: &line)
        case .column(let width, let text): Self.append(text, width: width, to: &line)
        }
    }

    private static func append(_ text: Text, width: Int, to line: inout [UInt8]) {
        var piece: [UInt8] = []
        text.append(to: &piece)
        let padding = [UInt8](repeating: 32, count: width > piece.count ? width - piece.count : 0)
        switch text {
        case .literal, .bytes: line += piece + padding
        default: line += padding + piece
        }
    }

    private static func append(_ value: UInt64, radix: UInt64, to line: inout [UInt8]) {
        if value >= radix { append(value / radix, radix: radix, to: &line) }
        let digit = UInt8(truncatingIfNeeded: value % radix)
        line.append(digit < 10 ? 48 + digit : 87 + digit)
    }
}

extension StaticString {
    package func append(to line: inout [UInt8]) {
        // SAFETY: a literal's bytes live as long as the image, and the buffer is theirs.
        withUTF8Buffer { unsafe line.append(contentsOf: $0) }
    }
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }
}

extension ArraySlice<UInt8> {
    package func equals(_ text: StaticString) -> Bool { elementsEqual(text.bytes) }

    /// The words between spaces.
    package var words: [ArraySlice<UInt8>] { split(separator: 32) }

    /// The decimal number that these bytes spell.
    package var decimal: UInt64? {
        var value: UInt64 = 0
        for byte in self {
            guard (48...57).contains(byte), value < 1 << 59 else { return nil }
            value = value * 10 + UInt64(byte - 48)
        }
        return isEmpty ? nil : value
    }
}

/// The bytes of several pieces.
package func line(_ parts: [Text]) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts { part.append(to: &bytes) }
    return bytes
}
