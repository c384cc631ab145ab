import Bits
import CHost
import Glibc
import HostIO
import Parallel
import Synchronization

/// How three locks fare with one thread and with several: the one that the bus has, and the two simpler
/// ones that it could have.
struct LockBench {
    private static let secondsEach = 0.5

    /// Rows for a table, one for each number of threads.
    func run() throws(HullError) -> String {
        var lines = [
            "| threads | test-and-set | test-and-test-and-set | MCS |",
            "| --: | --: | --: | --: |",
        ]
        for threads in [1, 2, 4, 8] {
            let plain = try Self.measure(threads) { SpinLock(looksFirst: false) }
            let looking = try Self.measure(threads) { SpinLock(looksFirst: true) }
            let queue = try Self.measure(threads) { QueueLock(threads) }
            lines.append("| \(threads) | \(cell(plain)) | \(cell(looking)) | \(cell(queue)) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func cell(_ result: Outcome) -> String {
        let spread = Double(result.most) / Double(max(result.least, 1))
        return "\(Self.decimal(result.millions)) (\(Self.decimal(result.processorNanoseconds)) ns, "
            + "\(Self.decimal(spread)) ×)"
    }
    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private struct Outcome {
        var millions = 0.0
        /// Of the process's processor time, for each acquisition.
        var processorNanoseconds = 0.0
        var most = 0
        var least = 0
    }

    private static func measure(_ threads: Int, _ make: () -> any BenchLock)
        throws(HullError) -> Outcome
    {
        let lock = make()
        let isOver = Atomic<Bool>(false)
        let counts = (0..<threads).map { _ in Counter() }
        let shared = Counter()
        let started = clock()
        var running: [HostThread] = []
        for thread in 0..<threads {
            running.append(
                try HostThread("lock \(thread)") {
                    while !isOver.load(ordering: .relaxed) {
                        lock.acquire(thread)
                        // As long as a short access to a device.
                        for _ in 0..<20 { shared.value &+= 1 }
                        lock.release(thread)
                        counts[thread].value += 1
                    }
                })
        }
        usleep(UInt32(secondsEach * 1e6))
        isOver.store(true, ordering: .relaxed)
        for thread in running { thread.join() }
        let used = Double(clock() - started) / Double(CLOCKS_PER_SEC)
        let values = counts.map(\.value)
        let total = values.reduce(0, +)
        return Outcome(
            millions: Double(total) / secondsEach / 1e6,
            processorNanoseconds: used * 1e9 / Double(max(total, 1)), most: values.max() ?? 0,
            least: values.min() ?? 0)
    }
}

/// SAFETY: one thread writes at a time, and it is read when that has ended.
private final class Counter: @unchecked Sendable { var value = 0 }

private protocol BenchLock: Sendable {
    func acquire(_ thread: Int)
    func release(_ thread: Int)
}

private final class SpinLock: BenchLock {
    private let isHeld = Atomic<Bool>(false)
    private let looksFirst: Bool
    init(looksFirst: Bool) { self.looksFirst = looksFirst }

    func acquire(_ thread: Int) {
        var rounds = 0
        while true {
            if !looksFirst || !isHeld.load(ordering: .relaxed),
                !isHeld.exchange(true, ordering: .acquiring)
            {
                return
            }
            hull_spin_pause()
            rounds += 1
            if rounds & 2047 == 0 { sched_yield() }
        }
    }
    func release(_ thread: Int) { isHeld.store(false, ordering: .releasing) }
}

private final class QueueLock: BenchLock {
    private let lock: MCSLock
    init(_ threads: Int) { lock = MCSLock(places: threads) }
    func acquire(_ thread: Int) { lock.acquire(MCSLock.Place(thread)) }
    func release(_ thread: Int) { lock.release(MCSLock.Place(thread)) }
}
