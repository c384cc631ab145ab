import Bits

/// One file, folder or link of a tar archive.
package struct TarEntry: Equatable {
    package enum Kind: Equatable {
        case file
        case folder
        case symbolicLink(to: String)
        /// Another name of a file that came before.
        case hardLink(to: String)
        case device(isBlock: Bool, major: UInt32, minor: UInt32)
        case pipe
    }

    /// From the root on, without a leading `/` or `./`; empty for the root itself.
    package var path: String
    package var kind: Kind
    package var permissions: UInt16
    package var user: UInt32
    package var group: UInt32
    package var modified: UInt32
    package var content: ArraySlice<UInt8>

    package init(
        path: String, kind: Kind, permissions: UInt16, user: UInt32, group: UInt32,
        modified: UInt32, content: ArraySlice<UInt8>
    ) {
        self.path = path
        self.kind = kind
        self.permissions = permissions
        self.user = user
        self.group = group
        self.modified = modified
        self.content = content
    }
}

/// Reads archives in the formats that GNU tar writes (POSIX.1 pax, "ustar", and GNU's long names).
package struct TarReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int
    private var longName: String?
    private var longLink: String?

    private static let blockBytes = 512

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    /// All entries of an archive.
    package static func entries(_ bytes: ArraySlice<UInt8>) throws(HullError) -> [TarEntry] {
        var reader = TarReader(bytes)
        var result: [TarEntry] = []
        while let entry = try reader.next() { result.append(entry) }
        return result
    }

    /// The next entry; nil at the end.
    package mutating func next() throws(HullError) -> TarEntry? {
        while true {
            guard let block = take(Self.blockBytes) else {
                throw Self.damaged("its end is missing")
            }
            // The end is a block of zeroes, or two.
            if block.allSatisfy({ $0 == 0 }) { return nil }
            let header = Header(block)
            guard header.hasGoodSum else { throw Self.damaged("a header's checksum is wrong") }
            guard let count = header.number(124, 12), count <= UInt64(bytes.count),
                let content = take(Int(count))
            else { throw Self.damaged("an entry is cut off") }
            skipPadding(Int(count))
            switch header.kind {
            case UInt8(ascii: "L"): longName = Header.text(content)
            case UInt8(ascii: "K"): longLink = Header.text(content)
            case UInt8(ascii: "x"): extend(content)
            case UInt8(ascii: "g"): continue
            default:
                defer { (longName, longLink) = (nil, nil) }
                return try entry(header, content)
            }
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, bytes.endIndex - at >= count else { return nil }
        defer { at += count }
        return bytes[at..<at + count]
    }

    private mutating func skipPadding(_ count: Int) {
        let rest = count % Self.blockBytes
        if rest > 0 { at = min(bytes.endIndex, at + Self.blockBytes - rest) }
    }

    /// pax: records of the form `length key=value\n`.
    private mutating func extend(_ content: ArraySlice<UInt8>) {
        for record in content.split(separator: UInt8(ascii: "\n")) {
            let parts = String(decoding: record, as: UTF8.self).split(separator: " ", maxSplits: 1)
            guard let pair = parts.last?.split(separator: "=", maxSplits: 1), pair.count == 2 else {
                continue
            }
            if pair[0] == "path" { longName = String(pair[1]) }
            if pair[0] == "linkpath" { longLink = String(pair[1]) }
        }
    }

    private func entry(
        _ header: Header, _ content: ArraySlice<UInt8>
    ) throws(HullError) -> TarEntry {
        let link = longLink ?? header.text(157, 100)
        let kind: TarEntry.Kind
        switch header.kind {
        case UInt8(ascii: "0"), 0: kind = .file
        case UInt8(ascii: "1"): kind = .hardLink(to: Self.relative(link))
        case UInt8(ascii: "2"): kind = .symbolicLink(to: link)
        case UInt8(ascii: "3"), UInt8(ascii: "4"):
            kind = .device(
                isBlock: header.kind == UInt8(ascii: "4"), major: header.word(329, 8),
                minor: header.word(337, 8))
        case UInt8(ascii: "5"): kind = .folder
        case UInt8(ascii: "6"): kind = .pipe
        default: throw Self.damaged("an entry's type is not known")
        }
        let path = Self.relative(longName ?? header.name)
        guard !path.split(separator: "/").contains("..") else {
            throw Self.damaged("an entry's path leads outside")
        }
        return TarEntry(
            path: path, kind: kind,
            permissions: UInt16(truncatingIfNeeded: header.word(100, 8) & 0o7777),
            user: header.word(108, 8), group: header.word(116, 8),
            modified: header.word(136, 12), content: content)
    }

    /// `./usr/bin/` becomes `usr/bin`.
    private static func relative(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private static func damaged(_ what: String) -> HullError {
        HullError(.format, "The tar archive is damaged: \(what).")
    }
}

/// The 512 bytes before each entry.
private struct Header {
    private let bytes: [UInt8]
    init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    var kind: UInt8 { bytes[156] }

    var name: String {
        let name = text(0, 100)
        // POSIX continues the name before it; GNU uses the place for other things.
        let prefix = bytes[257..<263].elementsEqual("ustar\0".utf8) ? text(345, 155) : ""
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    func text(_ offset: Int, _ count: Int) -> String { Self.text(bytes[offset..<offset + count]) }

    /// Octal digits, or GNU's binary form where the first bit is set.
    func number(_ offset: Int, _ count: Int) -> UInt64? {
        let field = bytes[offset..<offset + count]
        if bytes[offset] & 0x80 != 0 {
            return field.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = Self.text(field).filter { $0 != " " }
        return digits.isEmpty ? 0 : UInt64(digits, radix: 8)
    }
    func word(_ offset: Int, _ count: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: number(offset, count) ?? 0)
    }

    /// The sum of all bytes, the sum's own eight taken as spaces.
    var hasGoodSum: Bool {
        let sum = bytes.indices.reduce(UInt64(0)) {
            $0 + ((148..<156).contains($1) ? 0x20 : UInt64(bytes[$1]))
        }
        return number(148, 8) == sum
    }
}
