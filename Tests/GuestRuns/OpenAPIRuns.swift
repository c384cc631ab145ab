import Control
import Foundation
import HostIO
import TestKit
import Testing

/// The control socket of a real machine against its description.
@Suite struct OpenAPIRuns {
    private static func document() throws -> JSON {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Docs/openapi.json")
        return try JSON(parsing: Array(try Data(contentsOf: file)))
    }

    /// A request that leads to a status of an operation.
    private struct Example {
        var method: String
        var path: String
        var status: Int
        var body = ""
        var headers = ""
    }

    private static let large = String(repeating: " ", count: 65_537)
    private static let upgrade = "Connection: Upgrade\r\nUpgrade: hull-console\r\n"

    private static let examples =
        [
            Example(method: "get", path: "/v1/machine", status: 200),
            Example(method: "get", path: "/v1/stats", status: 200),
            Example(method: "get", path: "/v1/console", status: 200),
            Example(method: "post", path: "/v1/pause", status: 200, body: "{}"),
            Example(method: "post", path: "/v1/resume", status: 200),
            Example(
                method: "post", path: "/v1/console/input", status: 204, body: #"{"text": "help\n"}"#
            ),
            Example(method: "post", path: "/v1/console/input", status: 400, body: #"{"text": 1}"#),
            Example(
                method: "post", path: "/v1/console/size", status: 204,
                body: #"{"columns": 80, "rows": 24}"#),
            Example(
                method: "post", path: "/v1/console/size", status: 400,
                body: #"{"columns": 0, "rows": 1}"#),
            Example(method: "get", path: "/v1/balloon", status: 200),
            Example(method: "post", path: "/v1/balloon", status: 200, body: #"{"bytes": 4096}"#),
            Example(method: "post", path: "/v1/balloon", status: 400, body: #"{"bytes": -1}"#),
            Example(method: "post", path: "/v1/console/attach", status: 101, headers: upgrade),
            Example(method: "post", path: "/v1/console/attach", status: 426),
            Example(
                method: "post", path: "/v1/console/attach", status: 400, body: "{}",
                headers: upgrade),
        ]
        + ["/v1/pause", "/v1/resume", "/v1/stop"].flatMap { path in
            [#"{"x": 1}"#, "[1]", "{"].map {
                Example(method: "post", path: path, status: 400, body: $0)
            }
        }
        + [
            "/v1/pause", "/v1/resume", "/v1/stop", "/v1/balloon", "/v1/console/input",
            "/v1/console/size",
            "/v1/console/attach",
        ].map { Example(method: "post", path: $0, status: 413, body: large) }
        + [
            Example(method: "post", path: "/v1/stop", status: 400, body: #"{"force": 1}"#),
            Example(method: "post", path: "/v1/stop", status: 202, body: #"{"force": true}"#),
        ]

    /// Statuses that a healthy machine does not give; `ConversationTests` sees them.
    private static let elsewhere: Set<String> = [
        "get /v1/stats 503", "post /v1/pause 503", "post /v1/resume 503", "get /v1/balloon 409",
        "get /v1/balloon 503", "post /v1/balloon 409", "post /v1/balloon 503",
        "post /v1/console/input 503",
    ]

    @Test func theServerKeepsToItsDescription() throws {
        let document = try Self.document()
        let schema = Schema(document: document)
        try Hulls.with { hulls in
            let name = try hulls.start()
            try hulls.expect("skiff> ", on: name)
            let socket = hulls.sockets.appendingPathComponent("\(name).sock").path
            var missing = Self.operations(of: document).subtracting(Self.elsewhere)
            // What is not described.
            for (method, path, status) in [
                ("GET", "/", 404), ("GET", "/v1", 404), ("POST", "/v1/machine/x", 404),
                ("DELETE", "/v1/machine", 405), ("GET", "/v1/stop", 405),
                ("HEAD", "/v1/stats", 405),
                ("OPTIONS", "/v1/pause", 405), ("BREW", "/v1/console", 405),
            ] {
                let answer = try RawAnswer(
                    socket, "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n\r\n")
                #expect(answer.status == status, "\(method) \(path)")
                #expect((answer.headers["allow"] != nil) == (status == 405))
                if method == "HEAD" {
                    #expect(answer.body.isEmpty)
                } else {
                    Self.check(answer, ["$ref": "#/components/schemas/Error"], schema)
                }
            }
            for example in Self.examples {
                let key = "\(example.method) \(example.path) \(example.status)"
                missing.remove(key)
                let close = example.headers.isEmpty ? "Connection: close\r\n" : example.headers
                let answer = try RawAnswer(
                    socket,
                    "\(example.method.uppercased()) \(example.path) HTTP/1.1\r\nHost: hull\r\n\(close)"
                        + "Content-Length: \(example.body.utf8.count)\r\n\r\n\(example.body)",
                    stopsAtHead: example.status == 101)
                #expect(
                    answer.status == example.status,
                    "\(key): \(String(decoding: answer.body, as: UTF8.self))")
                let described = document["paths"]?[example.path]?[example.method]?["responses"]?[
                    String(example.status)]
                try #require(described != nil, "\(key)")
                guard let content = described?["content"] else {
                    #expect(answer.status == 101 || answer.body.isEmpty, "\(key)")
                    continue
                }
                let kind = answer.headers["content-type"] ?? ""
                #expect(content[kind] != nil, "\(key) \(kind)")
                if kind == "application/json", let wanted = content[kind]?["schema"] {
                    Self.check(answer, wanted, schema)
                }
            }
            #expect(missing == [], "nothing asked for these")
        }
    }

    private static func check(_ answer: RawAnswer, _ wanted: JSON, _ schema: Schema) {
        do {
            let findings = schema.findings(try JSON(parsing: answer.body), wanted)
            #expect(findings == [])
        } catch {
            Issue.record("\(error) in \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    private static func operations(of document: JSON) -> Set<String> {
        var result: Set<String> = []
        for path in document["paths"]?.members ?? [] {
            for method in path.value.members {
                for response in method.value["responses"]?.members ?? [] {
                    result.insert("\(method.name) \(path.name) \(response.name)")
                }
            }
        }
        return result
    }

    /// The test's own reader finds what it is there for.
    @Test func theValidatorFindsFaults() throws {
        let schema = Schema(document: try Self.document())
        let machine: JSON = ["$ref": "#/components/schemas/Error"]
        #expect(schema.findings(["error": "x"], machine) == [])
        for wrong: JSON in [["error": ""], ["error": .null], [:], ["error": "x", "y": "z"], .null] {
            #expect(!schema.findings(wrong, machine).isEmpty, "\(wrong)")
        }
        #expect(!schema.findings(.integer(1), ["unheard": "of"]).isEmpty)
    }
}

extension JSON {
    fileprivate var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }
}

/// What came back over a socket for these bytes, read by hand.
struct RawAnswer {
    var status = 0
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    init(_ path: String, _ request: String, stopsAtHead: Bool = false) throws {
        let socket = try RawSocket(path)
        socket.send(Array(request.utf8))
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while let more = socket.receive() {
            bytes += more
            if stopsAtHead, bytes.firstRange(of: end) != nil { break }
        }
        guard let head = bytes.firstRange(of: end) else { return }
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last?.trimmingCharacters(in: .whitespaces) ?? ""
        }
        body = Array(bytes[head.upperBound...])
    }
}

/// A client that may be as rude as it likes.
///
/// SAFETY: pointers handed to the host are to locals that live through each call.
final class RawSocket {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < 108)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let outcome = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(outcome == 0, "\(path)")
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    deinit { close(descriptor) }

    /// What the other end does not take any more is dropped.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// nil: the other end has hung up, or says nothing for a minute.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }
}
