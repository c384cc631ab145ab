import Bits
import GuestMemory
import Synchronization

/// Pages that hold code, where harts run at the same time.
///
/// A hart that was in guest code when a page began to hold code may go on storing to it unseen until
/// it has left guest code once (a grace period in the sense of RCU). Until all such harts have, the
/// page is unsettled: a copy of it is kept, and if it reads otherwise in the end, it was written, and
/// what engines made of it is stale. A fence of fetches waits for that.
struct CodeWatch: ~Copyable {
    private struct Unsettled {
        let page: GuestPhysical
        let copy: [UInt8]
        let number: UInt64
        /// Who may still store unseen.
        var writers: [GracePeriod]
    }
    private struct State {
        var unsettled: [Unsettled] = []
        var next: UInt64 = 0
    }
    private let memory: GuestMemory
    private let state = Mutex(State())
    /// How many pages are unsettled, for a look without the lock.
    private let count = Atomic<Int>(0)

    init(_ memory: GuestMemory) { self.memory = memory }

    /// Before an engine reads code from a page. `watch` tells the others, and returns those who may not
    /// have heard it yet.
    func begin(_ page: GuestPhysical, _ watch: () -> [GracePeriod]) {
        if memory.pageFlags(page).contains(.hasCode), count.load(ordering: .acquiring) == 0 {
            return
        }
        state.withLock { state in
            let isNew = !memory.pageFlags(page).contains(.hasCode)
            guard isNew || state.unsettled.contains(where: { $0.page == page }) else { return }
            // Before the flag, so that nobody takes the page for a settled one.
            count.store(state.unsettled.count + 1, ordering: .sequentiallyConsistent)
            memory.setHasCode(page)
            let writers = watch()
            let range = GuestRange(start: page, count: Page.bytes)
            if !writers.isEmpty, let copy = memory.bytes(range) {
                state.unsettled.append(
                    Unsettled(page: page, copy: copy, number: state.next, writers: writers))
                state.next &+= 1
            }
            count.store(state.unsettled.count, ordering: .sequentiallyConsistent)
        }
    }

    /// Looks whether grace periods are over; `forget` is told of pages that were written meanwhile.
    /// True where none that began before `number` is left.
    func settle(before number: UInt64 = .max, _ forget: (GuestPhysical) -> Void) -> Bool {
        guard count.load(ordering: .acquiring) != 0 else { return true }
        return state.withLock { state in
            for index in state.unsettled.indices {
                state.unsettled[index].writers.removeAll { $0.isOver }
                let item = state.unsettled[index]
                guard item.writers.isEmpty, !memory.holds(item.copy, at: item.page) else {
                    continue
                }
                memory.clearHasCode(item.page)
                forget(item.page)
            }
            state.unsettled.removeAll { $0.writers.isEmpty }
            count.store(state.unsettled.count, ordering: .releasing)
            return !state.unsettled.contains { $0.number < number }
        }
    }

    /// A store to a page that held code was noticed.
    func end(_ page: GuestPhysical, _ forget: (GuestPhysical) -> Void) {
        state.withLock { _ in
            guard memory.pageFlags(page).contains(.hasCode) else { return }
            memory.clearHasCode(page)
            forget(page)
        }
    }

    /// What `settle` has to wait for from here on. Whatever was forgotten before has been told by now.
    func fence() -> UInt64 { state.withLock { $0.next } }
}

/// The time until a hart that was in guest code has left it.
struct GracePeriod {
    private let thread: HartThread
    private let phase: UInt64
    /// nil: it is outside, and looks at its orders before it goes in.
    init?(_ thread: HartThread) {
        guard let phase = thread.phaseInGuest else { return nil }
        self.thread = thread
        self.phase = phase
    }
    var isOver: Bool { thread.phaseInGuest != phase }
}
