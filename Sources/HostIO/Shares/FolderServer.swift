import Bits
import CHost
import Effects
import Glibc
import Journal
import NineP

/// Serves a folder over 9P on a thread of its own, so that no hart waits for a file. One thread: requests
/// are carried out in their order, and the numbers of open files need no lock.
///
/// SAFETY: `session` is used by the thread alone; the queue is reached under `monitor`.
package final class FolderServer: ShareBackEnd, @unchecked Sendable {
    package let name: String
    private let inbox: EventInbox
    private let monitor = Monitor()
    private var session: Session<HostTree>
    private var queue: [ShareRequest] = []
    private var isClosing = false
    private var thread: HostThread?

    package init(_ tree: HostTree, name: String, isReadOnly: Bool, inbox: EventInbox)
        throws(HullError)
    {
        self.name = name
        self.inbox = inbox
        session = Session(tree, isReadOnly: isReadOnly)
        Self.allowManyFiles()
        let files = FileRights([tree.path: isReadOnly ? [.read, .list] : .serve])
        thread = try HostThread("share", files: files) { [self] in work() }
    }

    package func submit(_ request: ShareRequest) {
        monitor.locked {
            queue.append(request)
            monitor.signal()
        }
    }

    package func close() {
        monitor.locked {
            isClosing = true
            monitor.broadcast()
        }
        thread?.join()
        thread = nil
    }

    private func work() {
        while let requests = take() {
            for request in requests {
                let answer = session.answer(request.message, limit: request.answerLimit)
                inbox.post(.share(device: request.device, tag: request.tag, answer: answer))
            }
        }
    }

    private func take() -> [ShareRequest]? {
        monitor.locked {
            while queue.isEmpty {
                if isClosing { return nil }
                monitor.wait()
            }
            defer { queue = [] }
            return queue
        }
    }

    /// Each file that the guest has open is one of ours: as many as the host lets us have.
    private static func allowManyFiles() {
        var limit = rlimit()
        // SAFETY: both calls are given a local.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
