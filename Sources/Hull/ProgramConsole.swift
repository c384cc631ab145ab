import Effects
import HostIO
import Journal

/// A console whose other end is the embedding program.
///
/// SAFETY: everything mutable is reached under `monitor` only.
final class ProgramConsole: ConsoleBackEnd, @unchecked Sendable {
    private let device: Int
    private let inbox: EventInbox
    private let monitor = Monitor()
    /// Printed and not read.
    private var printed: [UInt8] = []
    private var isClosed = false

    init(device: Int, inbox: EventInbox) {
        self.device = device
        self.inbox = inbox
    }

    // MARK: The program's side

    func send(_ bytes: [UInt8]) { inbox.post(.input(device: device, bytes)) }

    func read(until wanted: [UInt8], timeoutSeconds: Double) throws(VirtualMachineError) -> String {
        let deadline = BoardClock.hostNanoseconds() &+ UInt64(max(timeoutSeconds, 0) * 1e9)
        var searched = 0
        while true {
            let step: ReadStep = monitor.locked {
                if let end = find(wanted, from: searched) {
                    defer { printed.removeFirst(end) }
                    return .found(Array(printed[..<end]))
                }
                searched = max(0, printed.count - wanted.count + 1)
                if isClosed { return .ended(printed) }
                let now = BoardClock.hostNanoseconds()
                guard now < deadline else { return .late(printed) }
                monitor.wait(untilNanoseconds: deadline)
                return .more
            }
            switch step {
            case .found(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .more: continue
            case .ended(let rest): throw Self.missing(wanted, "The machine ended", rest)
            case .late(let rest): throw Self.missing(wanted, "The time was up", rest)
            }
        }
    }

    private enum ReadStep {
        case found([UInt8])
        case more
        case ended([UInt8])
        case late([UInt8])
    }

    private static func missing(_ wanted: [UInt8], _ what: String, _ rest: [UInt8])
        -> VirtualMachineError
    {
        VirtualMachineError(
            "\(what) before the guest printed \"\(String(decoding: wanted, as: UTF8.self))\"; the last"
                + " it printed was \"\(String(decoding: rest.suffix(500), as: UTF8.self))\".")
    }

    /// The index behind the first occurrence of `wanted`.
    private func find(_ wanted: [UInt8], from start: Int) -> Int? {
        guard printed.count >= wanted.count else { return nil }
        var at = start
        while at + wanted.count <= printed.count {
            if printed[at..<at + wanted.count].elementsEqual(wanted) { return at + wanted.count }
            at += 1
        }
        return nil
    }

    func readAvailable() -> String {
        monitor.locked {
            defer { printed = [] }
            return String(decoding: printed, as: UTF8.self)
        }
    }

    func close() {
        monitor.locked {
            isClosed = true
            monitor.broadcast()
        }
    }

    // MARK: The machine's side

    func output(_ bytes: [UInt8]) {
        monitor.locked {
            printed += bytes
            monitor.broadcast()
        }
    }
    func output(_ byte: UInt8) {
        monitor.locked {
            printed.append(byte)
            monitor.broadcast()
        }
    }
    func flush() {}
    func flushIfDue() {}
    func inputTaken(_ count: Int) {}
}
