import Control
import TestKit
import Testing

@Suite struct HTTPTests {
    /// All requests in a text, and the fault that ended it.
    private func read(_ text: String, pieces: Int = .max) -> ([HTTPRequest], HTTPFault?) {
        var parser = HTTPParser()
        var requests: [HTTPRequest] = []
        var rest = Array(text.utf8)[...]
        do throws(HTTPFault) {
            while !rest.isEmpty {
                parser.receive(Array(rest.prefix(pieces)))
                rest = rest.dropFirst(pieces)
                while let request = try parser.next() { requests.append(request) }
            }
        } catch {
            return (requests, error)
        }
        return (requests, nil)
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func requestsAreReadInAnyPieces(_ pieces: Int) throws {
        let text =
            "\r\nGET /a%20b?x=1&y=%2f HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a:  2 \r\n\r\n"
            + "POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
            + "POST /c HTTP/1.1\nTransfer-Encoding: chunked\n\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
            + "GET /last HTTP/1.0\r\n\r\n"
        let (requests, fault) = read(text, pieces: pieces)
        #expect(fault == nil)
        try #require(requests.count == 4)
        #expect(requests[0].path == "/a b" && requests[0].query == ["x": "1", "y": "/"])
        #expect(requests[0].headers["x-a"] == "1, 2" && requests[0].keepsAlive)
        #expect(requests[1].method == "POST" && requests[1].body == Array("hello".utf8))
        #expect(requests[2].body == Array("abcde".utf8))
        #expect(requests[3].path == "/last" && !requests[3].keepsAlive)
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\n\r\n", 400), ("GET /% HTTP/1.1\r\n\r\n", 400),
        ("GET /%ff HTTP/1.1\r\n\r\n", 400), ("G\u{1}T / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n a: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\na : b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\na: b\rc: d\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", 413),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
    ])
    func whatIsNoRequestIsRefused(_ text: String, _ status: Int) {
        #expect(read(text).1?.status == status)
        #expect(read(text, pieces: 1).1?.status == status)
    }

    @Test func aHeadWithoutEndIsRefused() {
        let long = "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 4000)
        #expect(read(long, pieces: 1000).1?.status == 431)
        #expect(read(long + "\r\n").1?.status == 431)
        #expect(read(String(repeating: "x", count: 20_000), pieces: 100).1?.status == 431)
    }

    @Test func percentCodingGoesBothWays() {
        #expect(PercentCoding.encode("a b/é") == "a%20b%2F%C3%A9")
        #expect(PercentCoding.decode("a%20b%2F%C3%A9") == "a b/é")
        for bad in ["%", "%1", "%zz", "%+1", "%-1"] {
            #expect(PercentCoding.decode(bad[...]) == nil)
        }
    }

    /// However a stream is cut, the same requests come out of it.
    @Test func piecesDoNotMatter() {
        let corpus = [
            "GET /v1/machine HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/stats HTTP/1.1\r\n\r\n",
            "POST /v1/stop HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"force\":true}GET / HTTP/1.1\r\n\r\n",
            "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        ].map { Array($0.utf8) }
        let finding = fuzz(
            seed: Effort.seeds[1], rounds: Effort.rounds(5000), corpus: corpus
        ) { input, round in
            let text = String(decoding: input, as: UTF8.self)
            let whole = read(text)
            let cut = read(text, pieces: 1 + round % 9)
            return whole.0 == cut.0 && whole.1 == cut.1 ? nil : "\(whole) is not \(cut)"
        }
        #expect(finding == nil, "\(String(describing: finding))")
    }
}
