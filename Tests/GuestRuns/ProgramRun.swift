import Foundation
import Testing

/// One run of a program, talked to over pipes as a script would.
///
/// SAFETY: the buffer is reached under `lock` alone.
class ProgramRun: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lock = NSCondition()
    private var buffer: [UInt8] = []
    private var isClosed = false
    private var hasEnded = false

    private let endsGroup: Bool

    /// `endsGroup`: what the program started ends with it.
    init(_ program: URL, _ arguments: [String], endsGroup: Bool = false) throws {
        self.endsGroup = endsGroup
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            guard let self else { return }
            lock.lock()
            if data.isEmpty {
                isClosed = true
                handle.readabilityHandler = nil
            }
            buffer += data
            lock.broadcast()
            lock.unlock()
        }
        process.terminationHandler = { [weak self] _ in
            guard let self else { return }
            lock.lock()
            hasEnded = true
            lock.broadcast()
            lock.unlock()
        }
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        if endsGroup { end() } else { process.terminate() }
    }

    private func end() {
        kill(endsGroup ? -process.processIdentifier : process.processIdentifier, SIGKILL)
    }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Memory of the process that the host holds now, in bytes.
    var residentBytes: Int {
        let path = "/proc/\(process.processIdentifier)/statm"
        let words = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: " ")
        return words.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 4096 } ?? 0
    }

    func send(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }
    func closeInput() throws { try input.fileHandleForWriting.close() }

    /// Everything up to and with `text`, which is taken out; nil after `seconds`, or at the end.
    func read(until text: String, seconds: Double = 120) -> String? {
        let wanted = Array(text.utf8)
        let limit = Date(timeIntervalSinceNow: seconds)
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let range = buffer.firstRange(of: wanted) {
                let part = buffer[..<range.upperBound]
                buffer.removeSubrange(..<range.upperBound)
                return String(decoding: part, as: UTF8.self)
            }
            if isClosed || !lock.wait(until: limit) { return nil }
        }
    }

    /// What is left when the process has ended, and its exit code; it is killed after `seconds`.
    func finish(seconds: Double = 120) -> (text: String, code: Int32) {
        let limit = Date(timeIntervalSinceNow: seconds)
        lock.lock()
        while !isClosed, !hasEnded, lock.wait(until: limit) {}
        let isLate = !isClosed && !hasEnded
        // A process that was started at the same time may hold the pipe open beyond this one's end.
        let last = Date(timeIntervalSinceNow: 5)
        while !isClosed, hasEnded, lock.wait(until: last) {}
        let text = String(decoding: buffer, as: UTF8.self)
        lock.unlock()
        if isLate { end() }
        process.waitUntilExit()
        return (text, isLate ? -1 : process.terminationStatus)
    }
}
