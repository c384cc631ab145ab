import CHost
import Synchronization

/// Where one thread sleeps until another rings, or until a time is over. A ring before the sleep ends
/// it at once.
///
/// SAFETY: the word lies in an allocation of its own that lives as long as the bell, and is reached
/// through atomic operations only.
@safe
package final class Bell: @unchecked Sendable {
    private enum State {
        static let silent: UInt32 = 0
        static let rung: UInt32 = 1
        static let sleeping: UInt32 = 2
    }
    private let state: UnsafeMutablePointer<Atomic<UInt32>>

    package init() {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: Atomic(State.silent))
    }
    deinit {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// From any thread. Costs a system call only where somebody sleeps.
    package func ring() {
        let before = unsafe state.pointee.exchange(State.rung, ordering: .sequentiallyConsistent)
        if before == State.sleeping { unsafe hull_futex_wake(word) }
    }

    /// Takes back a ring that nobody waited for.
    package func silence() {
        unsafe state.pointee.store(State.silent, ordering: .sequentiallyConsistent)
    }

    /// For one thread at a time; nil: no limit.
    package func wait(timeoutNanoseconds: UInt64? = nil) {
        let slept = unsafe state.pointee.compareExchange(
            expected: State.silent, desired: State.sleeping, ordering: .sequentiallyConsistent)
        if slept.exchanged {
            let limit = timeoutNanoseconds.map { Int64(clamping: $0) } ?? -1
            unsafe hull_futex_wait(word, State.sleeping, limit)
        }
        silence()
    }

    private var word: UnsafePointer<UInt32> {
        unsafe UnsafeRawPointer(state).assumingMemoryBound(to: UInt32.self)
    }
}
