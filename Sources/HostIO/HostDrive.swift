import Bits
import Effects
import GuestMemory
import Journal

/// A drive whose requests are carried out by threads of its own, so that no hart waits for a disk.
///
/// SAFETY: everything mutable is reached under `monitor` only.
package final class HostDrive: BlockBackEnd, @unchecked Sendable {
    /// Two, so that a slow flush holds up no read.
    private static let threadCount = 2

    private let drive: any DriveContent
    private let inbox: EventInbox
    private let monitor = Monitor()
    /// Set once, before the first request.
    private var memory: GuestMemory?
    private var queue: [BlockRequest] = []
    /// Index of the first request of `queue` that nobody took.
    private var next = 0
    private var isClosing = false
    /// Threads that may have something to do.
    private var workers = 0
    private var threads: [HostThread] = []

    package var byteCount: UInt64 { drive.byteCount }
    package var isReadOnly: Bool { drive.isReadOnly }

    package init(_ drive: any DriveContent, inbox: EventInbox) throws(HullError) {
        self.drive = drive
        self.inbox = inbox
        for _ in 0..<Self.threadCount {
            do throws(HullError) {
                threads.append(try HostThread("drive") { [self] in work() })
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

    package func submit(_ request: BlockRequest) {
        monitor.locked {
            queue.append(request)
            monitor.signal()
        }
    }

    package func close() {
        let ended = monitor.locked {
            isClosing = true
            monitor.broadcast()
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }

    private func work() {
        monitor.locked { workers += 1 }
        while let request = take() {
            let (status, data) = drive.perform(request, memory)
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
    private func take() -> BlockRequest? {
        monitor.locked {
            while next == queue.count {
                if isClosing { return nil }
                monitor.wait()
            }
            let request = queue[next]
            queue[next].data = []
            next += 1
            if next == queue.count || next == 256 {
                queue.removeFirst(next)
                next = 0
            }
            return request
        }
    }
}
