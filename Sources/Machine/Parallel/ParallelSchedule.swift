import Bits
import CHost
import Effects
import Glibc
import GuestMemory
import Hart
import Journal
import Parallel
import SBI
import Synchronization

/// Harts that run at the same time, each with an engine on a thread of its own. The machine's thread is
/// the board's: it delivers events, keeps the devices' time and ends the run.
///
/// SAFETY: the machine is reached under the bus's lock, or while all harts are held.
final class ParallelSchedule: @unchecked Sendable {
    unowned let machine: Machine
    let threads: [HartThread]
    private let codeWatch: CodeWatch
    private let memory: GuestMemory

    private enum Order {
        static let run: UInt32 = 0
        static let hold: UInt32 = 1
        static let end: UInt32 = 2
    }
    private let order = Atomic<UInt32>(Order.hold)
    private let boardBell = Bell()
    private let processorCount = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    private var joins: [() -> Void] = []

    init(_ machine: Machine, engines: [any Engine]) {
        self.machine = machine
        memory = machine.memory
        codeWatch = CodeWatch(machine.memory)
        threads = zip(machine.harts, engines).map { HartThread($0, $1) }
        for hart in machine.harts { hart.join(self) }
    }

    // MARK: From the board's thread

    /// Makes the threads, which are held at first.
    func start(_ startThread: StartThread) throws(HullError) {
        guard joins.isEmpty else { return }
        for thread in threads {
            joins.append(
                try startThread("hart \(thread.hart.id)") { [self] in run(thread) })
        }
    }
    /// From here on harts run.
    func release() {
        order.store(Order.run, ordering: .sequentiallyConsistent)
        for thread in threads { thread.bell.ring() }
    }
    /// When this returns no hart runs, and none will before `release`.
    func hold() {
        guard !joins.isEmpty else { return }
        order.store(Order.hold, ordering: .sequentiallyConsistent)
        for thread in threads { thread.call() }
        while !threads.allSatisfy({ $0.isHeld.load(ordering: .sequentiallyConsistent) }) {
            boardBell.wait()
        }
    }
    /// Ends the threads and waits for them.
    func end() {
        order.store(Order.end, ordering: .sequentiallyConsistent)
        for thread in threads { thread.call() }
        for join in joins { join() }
        joins = []
    }

    // MARK: A hart's thread

    private func run(_ thread: HartThread) {
        var clock = clockid_t()
        // SAFETY: the call fills a local.
        if unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0 { thread.threadClock = clock }
        while true {
            look(thread)
            guard obeyHold(thread) else { return }
            if thread.isStopped {
                thread.bell.wait()
                continue
            }
            let now = machine.bus.now
            machine.bus.advance(thread.hart, to: now)
            if thread.isWaiting && !wake(thread, now) { continue }
            let budget = machine.budget(of: thread.hart, now)
            guard thread.enterGuest() else { continue }
            let exit = thread.engine.run(thread.hart, budget: budget)
            thread.leaveGuest()
            machine.answer(exit, thread, self)
        }
    }

    /// Obeys what others have asked for.
    private func look(_ thread: HartThread) {
        if thread.mustLook {
            for order in thread.takeOrders() { obey(order, thread) }
            thread.takeInputs()
        }
        _ = codeWatch.settle { forget($0) }
    }
    private func obey(_ order: HartOrder, _ thread: HartThread) {
        switch order {
        case .fence(let fence): thread.hart.perform(fence)
        case .watch(let page): thread.hart.flushStores(to: page)
        case .forget(let page): thread.engine.forget(page: page)
        case .start(let address, let opaque):
            machine.start(thread.hart, at: address, opaque: opaque)
            (thread.isStopped, thread.isWaiting) = (false, false)
        }
    }

    /// False at the end.
    private func obeyHold(_ thread: HartThread) -> Bool {
        while true {
            switch order.load(ordering: .sequentiallyConsistent) {
            case Order.run: return true
            case Order.end: return false
            default:
                thread.isHeld.store(true, ordering: .sequentiallyConsistent)
                boardBell.ring()
                thread.bell.wait()
                thread.isHeld.store(false, ordering: .sequentiallyConsistent)
            }
        }
    }

    /// Sleeps a while in `wfi`; true where the hart goes on.
    private func wake(_ thread: HartThread, _ now: UInt64) -> Bool {
        guard thread.hart.canWake else {
            let deadline = machine.bus.nextDeadline(of: thread.hart, now)
            let limit =
                deadline == BoardTimers.never ? nil : machine.bus.clock.nanoseconds(until: deadline)
            let since = BoardClock.hostNanoseconds()
            if !thread.mustLook { thread.bell.wait(timeoutNanoseconds: limit) }
            thread.waitNanoseconds &+= BoardClock.hostNanoseconds() &- since
            return false
        }
        thread.isWaiting = false
        if thread.isSuspended {
            thread.isSuspended = false
            machine.bus.locked(by: thread.hart) { machine.wakeSuspended(thread.hart) }
        }
        return true
    }

    /// The run is over, or starts anew: what a hart asked that of does not return to it.
    func awaitBoard(_ thread: HartThread) {
        machine.inbox.wake()
        while order.load(ordering: .sequentiallyConsistent) == Order.run { thread.bell.wait() }
    }

    /// A hart's firmware call fences another, or itself.
    func fence(_ id: Int, _ fence: RemoteFence, by caller: Int) {
        if fence == .instructions { threads[caller].mustSettle = true }
        guard id != caller else { return threads[id].hart.perform(fence) }
        threads[id].post(.fence(fence), isUrgent: false)
        if let period = GracePeriod(threads[id]) { threads[caller].fenced.append(period) }
    }

    /// Waits until harts that a fence was sent to have left the code they ran before it.
    func awaitFences(_ thread: HartThread) {
        if thread.mustSettle {
            thread.mustSettle = false
            let number = codeWatch.fence()
            var rounds = 0
            while !codeWatch.settle(before: number, { forget($0) }) { Self.pause(&rounds) }
        }
        for period in thread.fenced {
            var rounds = 0
            while !period.isOver { Self.pause(&rounds) }
        }
        thread.fenced.removeAll(keepingCapacity: true)
    }
    private static func pause(_ rounds: inout Int) {
        rounds += 1
        hull_spin_pause()
        // There may be more harts than processors.
        if rounds & 63 == 0 { sched_yield() }
    }

    /// Code of the page is stale for every engine.
    private func forget(_ page: GuestPhysical) {
        for thread in threads { thread.post(.forget(page: page), isUrgent: false) }
    }
    /// Somebody else than a hart wrote there.
    func wrote(_ range: GuestRange) {
        guard memory.hasCode(in: range) else { return }
        for page in memory.codePages(in: range) { codeWatch.end(page) { forget($0) } }
    }
}

extension ParallelSchedule: Peers {
    func watchCode(page: GuestPhysical, by hart: Hart) {
        codeWatch.begin(page) {
            hart.flushStores(to: page)
            var writers: [GracePeriod] = []
            for thread in threads where thread.hart !== hart {
                thread.post(.watch(page: page), isUrgent: false)
                if let period = GracePeriod(thread) { writers.append(period) }
            }
            return writers
        }
    }

    func codeWritten(page: GuestPhysical, by hart: Hart) {
        codeWatch.end(page) { forget($0) }
        // Its own next instruction may be there.
        hart.onCodeWrite(page)
    }

    /// Meanwhile the hart counts as outside of guest code: others may wait for that in turn.
    func instructionFence(by hart: Hart) {
        let thread = threads[hart.id]
        thread.leaveGuest()
        let number = codeWatch.fence()
        var rounds = 0
        repeat {
            look(thread)
            if codeWatch.settle(before: number, { forget($0) }) && thread.enterGuest() { return }
            Self.pause(&rounds)
        } while true
    }

    /// With more harts than processors, the one that is waited for may wait for this one's processor.
    func spin(_ hart: Hart) {
        if threads.count > processorCount { sched_yield() } else { hull_spin_pause() }
    }

    func takeInputs(_ hart: Hart) {
        if threads[hart.id].mustLook { threads[hart.id].takeInputs() }
    }
}
