import Bits
import Control
import Glibc

/// The other end of a machine's control socket.
package struct ControlClient: Sendable {
    package let name: String
    private let path: String
    private let timeoutSeconds: Int

    package init(_ name: String, _ folder: RuntimeFolder, timeoutSeconds: Int = 15) {
        self.name = name
        self.timeoutSeconds = timeoutSeconds
        path = folder.socket(name)
    }

    package struct Answer: Sendable {
        package let status: Int
        package let body: [UInt8]
        /// The sentence of an answer that is an error.
        package var sentence: String {
            (try? JSON(parsing: body))?["error"]?.text ?? "The answer's status is \(status)."
        }
    }

    /// Asks once; nil: nobody is there any more.
    package func ask(
        _ method: String, _ path: String, _ body: JSON? = nil
    ) throws(HullError) -> Answer? {
        guard let socket = try UnixSocket.connect(self.path, timeoutSeconds: timeoutSeconds) else {
            return nil
        }
        defer { close(socket) }
        let content = body.map { Array($0.compact.utf8) } ?? []
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: hull\r
            Connection: close\r
            Content-Length: \(content.count)\r
            \r

            """
        guard UnixSocket.sendAll(socket, Array(head.utf8) + content) else { return nil }
        let (received, isWhole) = read(socket) { _ in false }
        guard isWhole else {
            throw HullError(
                .host,
                "The machine \(name) did not answer within \(timeoutSeconds) seconds; it may be"
                    + " stopped or its host very busy.")
        }
        // It ended before it answered.
        guard let (status, start) = Self.head(received) else { return nil }
        return Answer(status: status, body: Array(received[start...]))
    }

    /// The console as a stream: the descriptor and the first bytes; nil: nobody is there.
    package func attach(input: Bool, history: Bool) throws(HullError) -> (Int32, [UInt8])? {
        guard let socket = try UnixSocket.connect(path, timeoutSeconds: timeoutSeconds) else {
            return nil
        }
        let head = """
            POST /v1/console/attach?input=\(input)&history=\(history) HTTP/1.1\r
            Host: hull\r
            Connection: Upgrade\r
            Upgrade: \(ControlRoutes.upgrade)\r
            \r

            """
        _ = UnixSocket.sendAll(socket, Array(head.utf8))
        let (received, _) = read(socket) { Self.head($0) != nil }
        guard let (status, start) = Self.head(received) else {
            close(socket)
            return nil
        }
        guard status == 101 else {
            close(socket)
            throw HullError(
                .host, "The machine \(name) does not give its console; its answer is \(status).")
        }
        return (socket, Array(received[start...]))
    }

    /// All bytes until the end, or until `isEnough`; and whether that came in time.
    private func read(
        _ socket: Int32, until isEnough: ([UInt8]) -> Bool
    ) -> (bytes: [UInt8], isWhole: Bool) {
        var received: [UInt8] = []
        while !isEnough(received) {
            switch HostFile.readSome(socket, 64 << 10) {
            case .bytes(let bytes): received += bytes
            case .tryAgain where errno == EINTR: continue
            case .tryAgain: return (received, false)
            case .end, .failed: return (received, true)
            }
        }
        return (received, true)
    }

    /// The status and where the body starts.
    private static func head(_ bytes: [UInt8]) -> (status: Int, body: Int)? {
        let end: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
        guard bytes.starts(with: "HTTP/1.1 ".utf8) else { return nil }
        for index in bytes.indices where bytes[index...].starts(with: end) {
            let digits = String(decoding: bytes[9..<12], as: UTF8.self)
            return Int(digits).map { ($0, index + 4) }
        }
        return nil
    }
}
