import Control
import Effects
import Journal
import Synchronization

/// A console that several people see and type at: the terminal or the log that a machine was started
/// with, and whoever attaches through the control socket.
///
/// SAFETY: everything mutable is reached under `monitor` only.
package final class SharedConsole: ConsoleBackEnd, ConsoleDoor, @unchecked Sendable {
    /// What is kept of the output, for those who come later and those who read slowly.
    private static let keptBytes = 256 << 10
    /// Typed through the control socket and not taken by the guest.
    private static let windowBytes = 64 << 10
    /// How old output may get while the guest is busy.
    private static let lingerNanoseconds: UInt64 = 3_000_000

    package let device: Int
    private let first: any ConsoleBackEnd
    private let inbox: EventInbox

    private let monitor = Monitor()
    private var kept: [UInt8] = []
    /// The position of the first byte in `kept`.
    private var keptFrom: UInt64 = 0
    private var outstanding = 0
    private var waitsForRoom = false
    private var bell: Doorbell?
    private let isNews = Atomic<Bool>(false)
    private let watcherCount = Atomic<Int>(0)
    private let lastRing = Atomic<UInt64>(0)

    package init(device: Int, _ first: any ConsoleBackEnd, inbox: EventInbox) {
        self.device = device
        self.first = first
        self.inbox = inbox
    }

    /// Rung when there is news for those who attached.
    func attach(_ bell: Doorbell) { monitor.locked { self.bell = bell } }
    var watchers: Int {
        get { watcherCount.load(ordering: .relaxed) }
        set { watcherCount.store(newValue, ordering: .relaxed) }
    }

    // MARK: What the run loop calls

    package func output(_ byte: UInt8) {
        first.output(byte)
        monitor.locked {
            kept.append(byte)
            trim()
        }
        isNews.store(true, ordering: .relaxed)
    }
    package func output(_ bytes: [UInt8]) {
        first.output(bytes)
        monitor.locked {
            kept += bytes
            trim()
        }
        isNews.store(true, ordering: .relaxed)
    }
    package func flush() {
        first.flush()
        if isNews.load(ordering: .relaxed) { tell() }
    }
    package func flushIfDue() {
        first.flushIfDue()
        guard isNews.load(ordering: .relaxed), watchers > 0 else { return }
        let now = BoardClock.hostNanoseconds()
        if now &- lastRing.load(ordering: .relaxed) > Self.lingerNanoseconds { tell() }
    }
    /// What came through the control socket counts as taken first; in the end both sums are right.
    package func inputTaken(_ count: Int) {
        let (ours, ring) = monitor.locked {
            let ours = min(count, outstanding)
            outstanding -= ours
            let ring = waitsForRoom && outstanding <= Self.windowBytes / 2
            if ring { waitsForRoom = false }
            return (ours, ring)
        }
        if ring { monitor.locked { bell }?.ring() }
        if count > ours { first.inputTaken(count - ours) }
    }

    /// Twice as much as is kept at most, so that the beginning is seldom cut off.
    private func trim() {
        guard kept.count > 2 * Self.keptBytes else { return }
        let excess = kept.count - Self.keptBytes
        kept.removeFirst(excess)
        keptFrom &+= UInt64(excess)
    }

    private func tell() {
        isNews.store(false, ordering: .relaxed)
        guard watchers > 0 else { return }
        lastRing.store(BoardClock.hostNanoseconds(), ordering: .relaxed)
        monitor.locked { bell }?.ring()
    }

    // MARK: What the control socket calls

    package var position: UInt64 { monitor.locked { keptFrom &+ UInt64(kept.count) } }

    package func output(from position: UInt64, limit: Int) -> ConsolePiece {
        monitor.locked {
            let end = keptFrom &+ UInt64(kept.count)
            let start = min(max(position, keptFrom), end)
            let index = Int(start &- keptFrom)
            let bytes = Array(kept[index..<min(kept.count, index + limit)])
            return ConsolePiece(
                bytes: bytes, next: start &+ UInt64(bytes.count),
                skipped: start > position ? start &- position : 0)
        }
    }

    package func claimRoom(_ wanted: Int) -> Int {
        monitor.locked {
            let count = min(wanted, Self.windowBytes - outstanding)
            outstanding += count
            waitsForRoom = count < wanted
            return count
        }
    }

    package func type(_ bytes: [UInt8]) {
        if !bytes.isEmpty { inbox.post(.input(device: device, bytes)) }
    }

    package func resize(columns: Int, rows: Int) {
        inbox.post(.resize(device: device, columns: columns, rows: rows))
    }
}
