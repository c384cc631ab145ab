/// What cannot be understood or is too large: the answer, after which the connection is closed,
/// because nobody knows where the next request starts.
package struct HTTPFault: Error, Sendable, Equatable {
    package let status: Int
    package let sentence: String
}

/// Takes the bytes of a connection and gives requests (RFC 9112). It reads no clock and no socket.
package struct HTTPParser: Sendable {
    package static let headLimit = 16 << 10
    package static let bodyLimit = 64 << 10

    /// What comes next on the connection.
    private enum Part: Sendable, Equatable {
        case head
        /// So many bytes of a body whose length was given.
        case body(Int)
        /// The length of a chunk, so many bytes of one, and the line's end behind it.
        case chunkSize
        case chunk(Int)
        case chunkEnd
        /// Fields behind the last chunk, which are read and forgotten.
        case trailer
    }
    private var part = Part.head
    private var request: HTTPRequest?
    private var bytes: [UInt8] = []
    /// How much of `bytes` has been taken.
    private var at = 0
    /// How far the end of a head was looked for, so that no byte is looked at twice.
    private var searched = 0
    private var owesContinue = false

    package init() {}

    /// Nothing of a request has arrived.
    package var isIdle: Bool { part == .head && at == bytes.count }

    package mutating func receive(_ more: [UInt8]) {
        bytes.removeFirst(at)
        searched = max(searched - at, 0)
        at = 0
        bytes += more
    }

    /// What arrived behind the last request: the first bytes of another protocol.
    package mutating func takeRest() -> [UInt8] {
        defer { (bytes, at, searched) = ([], 0, 0) }
        return Array(bytes[at...])
    }

    /// Whether the client waits for a word before it sends its body (RFC 9110 §10.1.1).
    package mutating func takeContinue() -> Bool {
        defer { owesContinue = false }
        return owesContinue
    }

    /// The next request; nil until more has arrived.
    package mutating func next() throws(HTTPFault) -> HTTPRequest? {
        while true {
            let moved: Bool =
                switch part {
                case .head: try readHead()
                case .body(let left): try readBody(left)
                case .chunkSize: try readChunkSize()
                case .chunk(let left): try readChunk(left)
                case .chunkEnd: try readChunkEnd()
                case .trailer: try readTrailer()
                }
            guard moved else { return nil }
            if part == .head, let complete = request {
                request = nil
                owesContinue = false
                return complete
            }
        }
    }

    // MARK: The head

    /// Lines up to an empty one; nil until it is there. Line ends are CRLF, or LF alone (§2.2).
    private mutating func lines() throws(HTTPFault) -> [Substring]? {
        var index = max(searched, at)
        while index < bytes.count {
            if bytes[index] == 0x0a {
                let before = bytes[at..<index]
                let isEmpty = before.isEmpty || before.elementsEqual([0x0d])
                if isEmpty || before.hasSuffix([0x0a]) || before.hasSuffix([0x0a, 0x0d]) {
                    let block = Array(bytes[at...index])
                    at = index + 1
                    searched = at
                    return try Self.split(block)
                }
            }
            index += 1
        }
        searched = index
        guard bytes.count - at <= Self.headLimit else {
            throw HTTPFault(
                status: 431, sentence: "The head of a request is at most \(Self.headLimit) bytes.")
        }
        return nil
    }

    private static func split(_ block: [UInt8]) throws(HTTPFault) -> [Substring] {
        guard block.count <= headLimit else {
            throw HTTPFault(
                status: 431, sentence: "The head of a request is at most \(headLimit) bytes.")
        }
        guard block.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || [0x09, 0x0a, 0x0d].contains($0) }),
            let text = String(validating: block, as: UTF8.self)
        else {
            throw HTTPFault(
                status: 400, sentence: "The head of a request holds bytes that are no text.")
        }
        // A CR that ends no line could mean another line to another reader (§2.2).
        for index in block.indices where block[index] == 0x0d && block[index + 1] != 0x0a {
            throw HTTPFault(status: 400, sentence: "A carriage return stands alone in the head.")
        }
        // CRLF is one Character of Swift.
        return text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            .filter { !$0.isEmpty }
    }

    private mutating func readHead() throws(HTTPFault) -> Bool {
        guard let lines = try lines() else { return false }
        // An empty line before a request is skipped (§2.2).
        guard let first = lines.first else { return at < bytes.count }
        var made = try Self.requestLine(first)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy(Self.isToken)
            else { throw HTTPFault(status: 400, sentence: "\"\(line)\" is no header field.") }
            let value = line[line.index(after: colon)...].trimmed
            made.headers.add(line[..<colon].lowercased(), String(value))
        }
        if made.headers.names("close", in: "connection") { made.keepsAlive = false }
        request = made
        part = try bodyPart(of: made)
        return true
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func requestLine(_ line: Substring) throws(HTTPFault) -> HTTPRequest {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].utf8.allSatisfy(isToken),
            words[2].hasPrefix("HTTP/")
        else { throw HTTPFault(status: 400, sentence: "\"\(line)\" is no request line of HTTP.") }
        guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            throw HTTPFault(
                status: 505, sentence: "HTTP/1.1 is spoken here, and not \(words[2]).")
        }
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = PercentCoding.decode(target[0]), path.hasPrefix("/") else {
            throw HTTPFault(status: 400, sentence: "\"\(words[1])\" is no path.")
        }
        var query: [String: String] = [:]
        for pair in target.count > 1 ? target[1].split(separator: "&") : [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(parts[0]),
                let value = PercentCoding.decode(parts.count > 1 ? parts[1] : "")
            else { throw HTTPFault(status: 400, sentence: "\"\(pair)\" is no query.") }
            query[name] = value
        }
        return HTTPRequest(
            method: String(words[0]), path: path, query: query, headers: HTTPHeaders(), body: [],
            keepsAlive: words[2] == "HTTP/1.1")
    }

    // MARK: The body

    private static let tooLarge = HTTPFault(
        status: 413, sentence: "The body of a request is at most \(bodyLimit) bytes.")

    /// RFC 9112 §6.3.
    private mutating func bodyPart(of request: HTTPRequest) throws(HTTPFault) -> Part {
        let length = request.headers["content-length"]
        if let coding = request.headers["transfer-encoding"] {
            // Both together are how requests are smuggled (§6.1).
            guard length == nil else {
                throw HTTPFault(
                    status: 400, sentence: "A body has a length or a transfer coding, not both.")
            }
            guard coding.lowercased() == "chunked" else {
                throw HTTPFault(
                    status: 501, sentence: "The transfer coding \(coding) is not known here.")
            }
            owesContinue = request.headers.names("100-continue", in: "expect")
            return .chunkSize
        }
        guard let length else { return .head }
        guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw HTTPFault(status: 400, sentence: "\"\(length)\" is no length of a body.")
        }
        guard let count = Int(length), count <= Self.bodyLimit else { throw Self.tooLarge }
        owesContinue = count > 0 && request.headers.names("100-continue", in: "expect")
        return count == 0 ? .head : .body(count)
    }

    private mutating func take(_ most: Int) -> Int {
        let count = min(most, bytes.count - at)
        request?.body += bytes[at..<at + count]
        at += count
        searched = at
        return count
    }

    private mutating func readBody(_ left: Int) throws(HTTPFault) -> Bool {
        let count = take(left)
        part = count == left ? .head : .body(left - count)
        return count == left
    }

    /// A line of a chunked body; nil until it is there.
    private mutating func line() throws(HTTPFault) -> String? {
        guard let end = bytes[at...].firstIndex(of: 0x0a) else {
            guard bytes.count - at <= 1024 else {
                throw HTTPFault(status: 400, sentence: "A line between chunks is too long.")
            }
            return nil
        }
        var content = bytes[at..<end]
        if content.last == 0x0d { content = content.dropLast() }
        at = end + 1
        searched = at
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func readChunkSize() throws(HTTPFault) -> Bool {
        guard let line = try line() else { return false }
        let digits = line.prefix { $0 != ";" }[...].trimmed
        guard !digits.isEmpty, digits.utf8.count <= 8, digits.allSatisfy(\.isHexDigit),
            let count = Int(digits, radix: 16)
        else { throw HTTPFault(status: 400, sentence: "\"\(line)\" is no size of a chunk.") }
        guard count + (request?.body.count ?? 0) <= Self.bodyLimit else { throw Self.tooLarge }
        part = count == 0 ? .trailer : .chunk(count)
        return true
    }

    private mutating func readChunk(_ left: Int) throws(HTTPFault) -> Bool {
        let count = take(left)
        part = count == left ? .chunkEnd : .chunk(left - count)
        return count == left
    }

    private mutating func readChunkEnd() throws(HTTPFault) -> Bool {
        guard let line = try line() else { return false }
        guard line.isEmpty else {
            throw HTTPFault(status: 400, sentence: "A chunk is longer than its size.")
        }
        part = .chunkSize
        return true
    }

    private mutating func readTrailer() throws(HTTPFault) -> Bool {
        guard let line = try line() else { return false }
        if line.isEmpty { part = .head }
        return true
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}

/// `%2F` and the like (RFC 3986 §2.1).
package enum PercentCoding {
    package static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(
                    String(decoding: [high, low], as: UTF8.self), radix: 16),
                high != UInt8(ascii: "+"), high != UInt8(ascii: "-")
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    package static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return result
    }
}
