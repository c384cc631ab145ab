/// A JSON value (RFC 8259). Members of objects keep their order, so that people can read the text.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSON
        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A count, which JSON's readers take as a signed number.
    package init(_ count: UInt64) { self = .integer(Int64(clamping: count)) }
    package init(_ count: Int) { self = .integer(Int64(count)) }
    package init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// A member of an object by its name; nil for other values.
    package subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
    package var isTrue: Bool { self == .bool(true) }
    package var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON {
    /// The text in one line.
    package var compact: String {
        var writer = JSONWriter(indents: false)
        writer.write(self, depth: 0)
        return writer.text
    }
    /// The text in lines, for people.
    package var readable: String {
        var writer = JSONWriter(indents: true)
        writer.write(self, depth: 0)
        return writer.text
    }
}

private struct JSONWriter {
    let indents: Bool
    var text = ""

    mutating func write(_ value: JSON, depth: Int) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON has neither infinities nor NaNs.
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let string): quote(string)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                separate(index, depth)
                write(element, depth: depth + 1)
            }
            close("]", isEmpty: elements.isEmpty, depth)
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                separate(index, depth)
                quote(member.name)
                text += indents ? ": " : ":"
                write(member.value, depth: depth + 1)
            }
            close("}", isEmpty: members.isEmpty, depth)
        }
    }

    private mutating func separate(_ index: Int, _ depth: Int) {
        if index > 0 { text += "," }
        newline(depth + 1)
    }
    private mutating func close(_ bracket: String, isEmpty: Bool, _ depth: Int) {
        if !isEmpty { newline(depth) }
        text += bracket
    }

    private mutating func newline(_ depth: Int) {
        if indents { text += "\n" + String(repeating: "  ", count: depth) }
    }

    private mutating func quote(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
