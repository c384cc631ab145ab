import Bits
import Effects
import GuestMemory
import Journal
import Parallel
import Synchronization

/// A drive whose requests are carried out by threads of its own, so that no hart waits for a disk. Each
/// thread has a ring in which requests reach it; harts send under their bus's lock, so there is one
/// sender at a time.
///
/// SAFETY: `memory` is set once, before the first request, and `overflow` and `workers` are reached under
/// `monitor` only; the rest does not change, or is atomic.
package final class HostDrive: BlockBackEnd, @unchecked Sendable {
    private let drive: any DriveContent
    private let inbox: EventInbox
    private let lanes: [Lane]
    private let monitor = Monitor()
    private var memory: GuestMemory?
    /// What found no credit in a ring, for whichever thread has time first.
    private var overflow: [BlockRequest] = []
    private let overflowCount = Atomic<Int>(0)
    private let isClosing = Atomic<Bool>(false)
    /// Threads that may have something to do.
    private var workers = 0
    private var threads: [HostThread] = []

    package var byteCount: UInt64 { drive.byteCount }
    package var isReadOnly: Bool { drive.isReadOnly }

    package init(_ drive: any DriveContent, inbox: EventInbox) throws(HullError) {
        self.drive = drive
        self.inbox = inbox
        // Two, so that a slow flush holds up no read.
        lanes = [Lane(), Lane()]
        for lane in lanes {
            do throws(HullError) {
                threads.append(try HostThread("drive") { [self] in work(lane) })
            } catch {
                close()
                throw error
            }
        }
    }

    package convenience init(_ path: String, readOnly: Bool, inbox: EventInbox) throws(HullError) {
        try self.init(try DriveFile(path, readOnly: readOnly), inbox: inbox)
    }

    /// What is read on the caller's thread at most, if the host has it at hand: more takes longer than to
    /// wake another thread.
    private static let atOnceBytes: UInt64 = 64 << 10

    package func reach(_ memory: GuestMemory) -> Bool {
        monitor.locked { self.memory = memory }
        return true
    }

    package func performAtOnce(_ request: BlockRequest) -> Event? {
        guard request.count <= Self.atOnceBytes, let memory,
            let status = drive.performAtOnce(request, memory)
        else { return nil }
        return .block(device: request.device, tag: request.tag, status, data: [])
    }

    /// From one thread at a time.
    package func submit(_ request: BlockRequest) {
        let lane = lane(for: request)
        guard overflowCount.load(ordering: .acquiring) > 0 || !lane.send(request) else { return }
        monitor.locked {
            overflow.append(request)
            overflowCount.store(overflow.count, ordering: .releasing)
        }
        for lane in lanes { lane.bell.ring() }
    }

    /// Reads and writes go where nothing is under way, so that none waits behind a flush while a thread is
    /// free; flushes gather in the second lane.
    private func lane(for request: BlockRequest) -> Lane {
        switch request.operation {
        case .read, .write: lanes[0].isIdle || !lanes[1].isIdle ? lanes[0] : lanes[1]
        case .flush, .discard, .writeZeroes: lanes[1]
        }
    }

    package func close() {
        isClosing.store(true, ordering: .sequentiallyConsistent)
        for lane in lanes { lane.bell.ring() }
        let ended = monitor.locked {
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }

    private func work(_ lane: Lane) {
        monitor.locked { workers += 1 }
        while let request = take(lane) {
            let (status, data) = drive.perform(request, memory)
            lane.finished()
            inbox.post(
                .block(device: request.device, tag: request.tag, status, data: data))
        }
        let isLast = monitor.locked {
            workers -= 1
            return workers == 0
        }
        // A guest that ends without a flush finds what it wrote all the same. The caller of `close` may
        // not be allowed to write any more; this thread is.
        if isLast && !drive.isReadOnly { try? drive.flush() }
    }

    /// The next request, or nil when the drive is closing and none is left.
    private func take(_ lane: Lane) -> BlockRequest? {
        while true {
            // Asked first: what was sent before the close is found afterwards.
            let isClosing = isClosing.load(ordering: .sequentiallyConsistent)
            if let request = lane.receive() ?? takeOverflow(lane) { return request }
            if isClosing { return nil }
            lane.bell.wait()
        }
    }

    private func takeOverflow(_ lane: Lane) -> BlockRequest? {
        guard overflowCount.load(ordering: .acquiring) > 0 else { return nil }
        return monitor.locked {
            guard !overflow.isEmpty else { return nil }
            lane.began()
            defer { overflowCount.store(overflow.count, ordering: .releasing) }
            return overflow.removeFirst()
        }
    }
}

/// The way to one of a drive's threads.
private final class Lane: Sendable {
    /// More than Linux has under way; what is beyond takes a slower way.
    private static let capacity = 128
    private let ring = MessageRing<BlockRequest>(capacity: Lane.capacity)
    let bell = Bell()
    private let underWay = Atomic<Int>(0)

    var isIdle: Bool { underWay.load(ordering: .relaxed) == 0 }
    func began() { underWay.add(1, ordering: .relaxed) }
    func finished() { underWay.subtract(1, ordering: .relaxed) }

    /// False where the thread has not come to what it was sent.
    func send(_ request: BlockRequest) -> Bool {
        guard ring.send(request) else { return false }
        began()
        bell.ring()
        return true
    }
    func receive() -> BlockRequest? { ring.receive() }
}
