import Bits
import Effects
import Glibc
import Hart
import Parallel
import SBI
import Synchronization

/// What others have a hart do before its next instruction.
enum HartOrder {
    case fence(RemoteFence)
    /// Stores to this page must be noticed from now on.
    case watch(page: GuestPhysical)
    /// Code of this page is stale.
    case forget(page: GuestPhysical)
    case start(address: UInt64, opaque: UInt64)
}

/// A hart that runs on a thread of its own: where it is, and what others tell it.
///
/// SAFETY: hart, engine and the flags below them belong to the thread while the machine runs, and to
/// the board's thread while it holds all harts; the rest is atomic or under a lock.
final class HartThread: @unchecked Sendable {
    let hart: Hart
    let engine: any Engine
    /// Sits in `wfi`.
    var isWaiting = false
    /// Firmware has suspended it, and is to be told when it wakes.
    var isSuspended = false
    /// Firmware has not started it, or has stopped it.
    var isStopped = false
    /// Harts that a fence was sent to and that are still to leave the code they ran before it.
    var fenced: [GracePeriod] = []
    /// How long it sat in `wfi`.
    var waitNanoseconds: UInt64 = 0
    /// The host's clock of the thread's own time.
    var threadClock: clockid_t?
    /// It is to wait until no page that holds code is unsettled.
    var mustSettle = false

    let bell = Bell()
    /// Even: outside of guest code. Each change adds one, so that a change is seen.
    private let phase = Atomic<UInt64>(0)
    /// There is something to look at before guest code runs on.
    private let isCalled = Atomic<Bool>(false)
    let isHeld = Atomic<Bool>(false)
    private let levels = Atomic<UInt64>(0)
    private let rises = Atomic<UInt64>(0)
    private let orders = Mutex<[HartOrder]>([])

    init(_ hart: Hart, _ engine: any Engine) {
        self.hart = hart
        self.engine = engine
    }

    /// Its firmware lets it sleep until an interrupt.
    func suspend() { (isWaiting, isSuspended) = (true, true) }

    // MARK: From any thread

    /// `isUrgent`: one that sleeps wakes for it; otherwise it is obeyed before its next instruction.
    func post(_ order: HartOrder, isUrgent: Bool) {
        orders.withLock { $0.append(order) }
        if isUrgent { call() } else { isCalled.store(true, ordering: .sequentiallyConsistent) }
    }
    /// Has it look, soon.
    func call() {
        isCalled.store(true, ordering: .sequentiallyConsistent)
        bell.ring()
    }
    func setInput(_ line: HartLine, _ level: Bool) {
        let bit = UInt64(1) &<< UInt64(line.rawValue)
        if line == .supervisorSoftware {
            // An edge: software clears the bit.
            guard level else { return }
            rises.bitwiseOr(bit, ordering: .sequentiallyConsistent)
        } else if level {
            levels.bitwiseOr(bit, ordering: .sequentiallyConsistent)
        } else {
            levels.bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
        }
        call()
    }

    /// Which stay in guest code this is; nil: it is outside.
    var phaseInGuest: UInt64? {
        let now = phase.load(ordering: .sequentiallyConsistent)
        return now & 1 == 0 ? nil : now
    }

    // MARK: From its own thread, or while it is held

    var mustLook: Bool { isCalled.load(ordering: .sequentiallyConsistent) }

    /// False where there is something to look at first.
    func enterGuest() -> Bool {
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        guard mustLook else { return true }
        leaveGuest()
        return false
    }
    func leaveGuest() { phase.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    func takeInputs() {
        let risen = rises.exchange(0, ordering: .acquiringAndReleasing)
        hart.setInputs(levels: levels.load(ordering: .acquiring), rises: risen)
    }
    func takeOrders() -> [HartOrder] {
        isCalled.store(false, ordering: .sequentiallyConsistent)
        return orders.withLock { orders in
            guard !orders.isEmpty else { return [] }
            defer { orders.removeAll(keepingCapacity: true) }
            return orders
        }
    }
    /// As after power-on.
    func forgetAll() {
        _ = takeOrders()
        levels.store(0, ordering: .relaxed)
        rises.store(0, ordering: .relaxed)
        (isWaiting, isSuspended, isStopped) = (false, false, false)
        fenced = []
    }
}
