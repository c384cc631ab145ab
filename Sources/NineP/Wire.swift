/// Fields out of a message: little-endian, and nil where it is too short (9P2000, intro(5)).
package struct MessageReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    package var isAtEnd: Bool { at == bytes.endIndex }

    private mutating func number(_ count: Int) -> UInt64? {
        guard bytes.endIndex - at >= count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[at + index]) << UInt64(index * 8) }
        at += count
        return value
    }
    package mutating func byte() -> UInt8? { number(1).map { UInt8(truncatingIfNeeded: $0) } }
    package mutating func half() -> UInt16? { number(2).map { UInt16(truncatingIfNeeded: $0) } }
    package mutating func word() -> UInt32? { number(4).map { UInt32(truncatingIfNeeded: $0) } }
    package mutating func double() -> UInt64? { number(8) }

    /// So many bytes, which are not copied.
    package mutating func data(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard UInt64(bytes.endIndex - at) >= count else { return nil }
        defer { at += Int(count) }
        return bytes[at..<(at + Int(count))]
    }
    /// A string: its length in two bytes, then its bytes, which are those of a file name.
    package mutating func string() -> [UInt8]? {
        half().flatMap { data(UInt64($0)) }.map(Array.init)
    }
}

/// A message under construction. Its first seven bytes are its length, its type and its tag.
package struct MessageWriter {
    package static let headerBytes = 7
    package private(set) var bytes: [UInt8]

    package init(_ type: UInt8, tag: UInt16, capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
        word(0)
        byte(type)
        half(tag)
    }
    /// A message whose data are there already, behind room for its header and its fields.
    package init(adopting bytes: consuming [UInt8], _ type: UInt8, tag: UInt16) {
        self.bytes = bytes
        patch(4, UInt64(type), 1)
        patch(5, UInt64(tag), 2)
    }

    private mutating func number(_ value: UInt64, _ count: Int) {
        for index in 0..<count {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
        }
    }
    package mutating func byte(_ value: UInt8) { bytes.append(value) }
    package mutating func half(_ value: UInt16) { number(UInt64(value), 2) }
    package mutating func word(_ value: UInt32) { number(UInt64(value), 4) }
    package mutating func double(_ value: UInt64) { number(value, 8) }
    package mutating func data(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
    /// A string; what is longer than its length can say is cut.
    package mutating func string(_ text: [UInt8]) {
        half(UInt16(clamping: text.count))
        data(text.prefix(Int(UInt16.max)))
    }
    package mutating func identity(_ identity: FileIdentity) {
        byte(identity.kind.rawValue)
        word(identity.version)
        double(identity.path)
    }

    /// Writes over bytes that are there.
    package mutating func patch(_ offset: Int, _ value: UInt64, _ count: Int) {
        for index in 0..<count where offset + index < bytes.count {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
        }
    }

    /// The whole message, its length filled in.
    package consuming func finished() -> [UInt8] {
        patch(0, UInt64(bytes.count), 4)
        return bytes
    }
}

/// What tells one file from another on the wire (a "qid").
package struct FileIdentity: Sendable, Equatable {
    package enum Kind: UInt8, Sendable { case file = 0, link = 2, folder = 0x80 }
    package var kind: Kind
    /// Changes with the file; 0 would forbid the client to keep any of its bytes.
    package var version: UInt32
    package var path: UInt64
    package init(kind: Kind, version: UInt32, path: UInt64) {
        self.kind = kind
        self.version = version
        self.path = path
    }
}
