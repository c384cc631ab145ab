import CHost
import Synchronization

/// A queue lock (Mellor-Crummey and Scott, "Algorithms for scalable synchronization on shared-memory
/// multiprocessors", 1991, figure 5): threads get it in the order in which they came, and each waits
/// at a place of its own, so that a release disturbs one cache line of one waiter. A waiter that has
/// spun for a while sleeps, because there can be more harts than processors.
///
/// SAFETY: the words lie in one allocation that lives as long as the lock; each is an atomic, reached
/// through atomic operations only.
@safe
package final class MCSLock: @unchecked Sendable {
    /// One who takes part. A place is used by one thread at a time, and not again before it released.
    package struct Place: Sendable, Hashable {
        fileprivate let index: Int
        package init(_ index: Int) { self.index = index }
    }

    /// A line of its own, so that nobody else's word shares it.
    private struct Node: ~Copyable {
        /// The place behind in the queue, plus one; 0: none.
        let next = Atomic<Int>(0)
        let state = Atomic<UInt32>(0)
        // Two lines, as the processor prefetches them in pairs.
        private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
        private let padding2: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
            (0, 0, 0, 0, 0, 0, 0, 0)
    }
    private enum State {
        static let granted: UInt32 = 0
        static let waiting: UInt32 = 1
        static let sleeping: UInt32 = 2
    }

    /// How often a waiter looks before it sleeps.
    private static let patience = 2000

    private let nodes: UnsafeMutablePointer<Node>
    private let count: Int
    /// The last in the queue, plus one; 0: the lock is free.
    private let tail = Atomic<Int>(0)

    package init(places count: Int) {
        self.count = count
        unsafe nodes = .allocate(capacity: count)
        for index in 0..<count { unsafe (nodes + index).initialize(to: Node()) }
    }
    deinit {
        unsafe nodes.deinitialize(count: count)
        unsafe nodes.deallocate()
    }

    package func withLock<Result, Failure: Error>(
        _ place: Place, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire(place)
        defer { release(place) }
        return try body()
    }

    package func acquire(_ place: Place) {
        let node = unsafe nodes + place.index
        unsafe node.pointee.next.store(0, ordering: .relaxed)
        // Before the node is to be found: whoever finds it may grant at once.
        unsafe node.pointee.state.store(State.waiting, ordering: .relaxed)
        let before = tail.exchange(place.index + 1, ordering: .acquiringAndReleasing)
        guard before != 0 else { return }
        // Releasing, so that who grants finds `state` as it was set, and not the grant overwritten:
        // without this order the wait could last for ever.
        unsafe (nodes + (before - 1)).pointee.next.store(place.index + 1, ordering: .releasing)
        for _ in 0..<Self.patience {
            if unsafe node.pointee.state.load(ordering: .acquiring) == State.granted { return }
            hull_spin_pause()
        }
        let slept = unsafe node.pointee.state.compareExchange(
            expected: State.waiting, desired: State.sleeping, ordering: .acquiring)
        guard slept.exchanged else { return }
        let word = unsafe Self.word(of: node)
        while unsafe node.pointee.state.load(ordering: .acquiring) != State.granted {
            unsafe hull_futex_wait(word, State.sleeping, -1)
        }
    }

    package func release(_ place: Place) {
        let node = unsafe nodes + place.index
        var next = unsafe node.pointee.next.load(ordering: .acquiring)
        if next == 0 {
            if tail.compareExchange(
                expected: place.index + 1, desired: 0, ordering: .releasing
            ).exchanged {
                return
            }
            // Somebody is between its two steps into the queue.
            repeat {
                hull_spin_pause()
                next = unsafe node.pointee.next.load(ordering: .acquiring)
            } while next == 0
        }
        let granted = unsafe nodes + (next - 1)
        let state = unsafe granted.pointee.state.exchange(State.granted, ordering: .releasing)
        // The word outlives the wait: nodes live as long as the lock.
        if state == State.sleeping { unsafe hull_futex_wake(Self.word(of: granted)) }
    }

    private static func word(of node: UnsafeMutablePointer<Node>) -> UnsafePointer<UInt32> {
        let offset = MemoryLayout<Atomic<Int>>.stride
        return unsafe UnsafeRawPointer(node).advanced(by: offset).assumingMemoryBound(
            to: UInt32.self)
    }
}
