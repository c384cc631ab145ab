import Effects
import Glibc
import Synchronization

/// The door for the outside: host threads post events, the run loop takes them. Asking whether there
/// is something costs one load.
///
/// SAFETY: the mutex and the condition are allocated once, are freed with the last reference, and
/// guard `posted`, which nothing else reaches.
@safe @usableFromInline
package final class EventInbox: @unchecked Sendable {
    @usableFromInline let waiting = Atomic<Int>(0)
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var posted: [Event] = []
    private var isAwoken = false

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // A wait must not end early or late because somebody sets the host's wall clock.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// From any thread; never blocks for longer than a drain takes.
    package func post(_ event: Event) {
        locked {
            posted.append(event)
            waiting.store(posted.count, ordering: .releasing)
            unsafe _ = pthread_cond_signal(condition)
        }
    }

    /// Ends a wait that goes on now, or the next one, without an event.
    package func wake() {
        locked {
            isAwoken = true
            unsafe _ = pthread_cond_signal(condition)
        }
    }

    /// May be asked as often as one likes.
    @inlinable package var isEmpty: Bool { waiting.load(ordering: .relaxed) == 0 }

    /// Takes everything, in the order of posting.
    package func drain() -> [Event] {
        locked {
            let taken = posted
            posted.removeAll()
            waiting.store(0, ordering: .releasing)
            return taken
        }
    }

    /// Sleeps until something is posted, `wake()` is called or the time is up (nil: no limit). Says
    /// whether there is something to drain.
    package func wait(timeoutNanoseconds: UInt64? = nil) -> Bool {
        let deadline = timeoutNanoseconds.map { timeout in
            let (sum, overflow) = BoardClock.hostNanoseconds().addingReportingOverflow(timeout)
            return overflow ? UInt64(Int64.max) : min(sum, UInt64(Int64.max))
        }
        return locked {
            while posted.isEmpty && !isAwoken {
                guard let deadline else {
                    unsafe _ = pthread_cond_wait(condition, mutex)
                    continue
                }
                var until = timespec(
                    tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
                let outcome = unsafe pthread_cond_timedwait(condition, mutex, &until)
                if outcome == ETIMEDOUT { break }
            }
            isAwoken = false
            return !posted.isEmpty
        }
    }
}
