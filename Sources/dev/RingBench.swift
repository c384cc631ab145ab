import Bits
import Glibc
import HostIO
import Parallel

/// What it costs that one thread tells another something: by the ring that drives' threads have, and by
/// a list under a lock with a condition, which they had before.
struct RingBench {
    private static let count = 400_000

    func run() throws(HullError) -> String {
        let ring = MessageRing<Request>(capacity: 128)
        let bell = Bell()
        let byRing = try Self.measure {
            while !ring.send($0) { sched_yield() }
            bell.ring()
        } receive: {
            while true {
                if let request = ring.receive() { return request }
                bell.wait()
            }
        }
        let list = RequestList()
        let byList = try Self.measure {
            list.add($0)
        } receive: {
            list.take()
        }
        return """
            | one thread tells another | ns of the host's processors for each message |
            | --- | --: |
            | ring of cache lines, with credits | \(byRing) |
            | list under a lock, with a condition | \(byList) |

            """
    }

    fileprivate struct Request: Sendable {
        var numbers: (Int, Int, Int) = (1, 2, 3)
        var buffers: [Int] = []
    }

    private static func measure(
        send: @escaping @Sendable (Request) -> Void, receive: () -> Request
    ) throws(HullError) -> Int {
        let started = clock()
        let sender = try HostThread("ring") {
            for number in 0..<count { send(Request(numbers: (number, 0, 0))) }
        }
        for _ in 0..<count { _ = receive() }
        sender.join()
        return Int(Double(clock() - started) / Double(CLOCKS_PER_SEC) * 1e9) / count
    }
}

/// SAFETY: everything mutable is reached under `monitor` only.
private final class RequestList: @unchecked Sendable {
    private let monitor = Monitor()
    private var requests: [RingBench.Request] = []
    private var next = 0

    func add(_ request: RingBench.Request) {
        monitor.locked {
            requests.append(request)
            monitor.signal()
        }
    }
    func take() -> RingBench.Request {
        monitor.locked {
            while next == requests.count { monitor.wait() }
            defer {
                next += 1
                if next == requests.count || next == 256 {
                    requests.removeFirst(next)
                    next = 0
                }
            }
            return requests[next]
        }
    }
}
