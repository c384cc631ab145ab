/// A request of HTTP/1.1 (RFC 9112), read in full.
package struct HTTPRequest: Sendable, Equatable {
    package var method: String
    /// Without the query, percent-decoded.
    package var path: String
    package var query: [String: String]
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The connection stays open for another request.
    package var keepsAlive: Bool
}

/// Header fields by their names in lower case; fields of one name are joined by commas.
package struct HTTPHeaders: Sendable, Equatable {
    private var fields: [String: String] = [:]
    package init() {}

    package subscript(_ name: String) -> String? { fields[name] }
    mutating func add(_ name: String, _ value: String) {
        fields[name] = fields[name].map { "\($0), \(value)" } ?? value
    }
    /// Whether a field is a list that has this word in it.
    package func names(_ word: String, in field: String) -> Bool {
        fields[field]?.split(separator: ",").contains {
            $0.trimmed.lowercased() == word
        } ?? false
    }
}

/// An answer.
package struct HTTPResponse: Sendable, Equatable {
    package enum Body: Sendable, Equatable {
        case none
        case json(JSON)
        case bytes([UInt8])
    }
    package var status: Int
    package var headers: [(name: String, value: String)] = []
    package var body: Body

    package init(_ status: Int, _ body: Body = .none) {
        self.status = status
        self.body = body
    }
    /// An error is a sentence.
    package static func failure(_ status: Int, _ sentence: String) -> HTTPResponse {
        HTTPResponse(status, .json(["error": .string(sentence)]))
    }
    package static func == (left: HTTPResponse, right: HTTPResponse) -> Bool {
        left.status == right.status && left.body == right.body
            && left.headers.map(\.name) == right.headers.map(\.name)
            && left.headers.map(\.value) == right.headers.map(\.value)
    }

    /// The bytes that go out. `keepsAlive`: the connection stays open behind it. `isHead`: the body
    /// is described and not sent (RFC 9110 §9.3.2).
    package func bytes(keepsAlive: Bool, isHead: Bool = false) -> [UInt8] {
        var content: [UInt8] = []
        var kind: String?
        switch body {
        case .none: break
        case .json(let value):
            content = Array((value.compact + "\n").utf8)
            kind = "application/json"
        case .bytes(let bytes):
            content = bytes
            kind = "application/octet-stream"
        }
        var lines = ["HTTP/1.1 \(status) \(Self.reason(status))"]
        lines += headers.map { "\($0.name): \($0.value)" }
        if let kind { lines.append("Content-Type: \(kind)") }
        // RFC 9110 §8.6: none for 1xx and 204.
        if status >= 200 && status != 204 { lines.append("Content-Length: \(content.count)") }
        if status >= 200 && !keepsAlive { lines.append("Connection: close") }
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return isHead ? head : head + content
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 426: "Upgrade Required"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

extension Substring {
    /// Without spaces and tabs around it (RFC 9110 §5.6.3).
    var trimmed: Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return rest
    }
}
