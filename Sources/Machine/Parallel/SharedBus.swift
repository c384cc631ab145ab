import Hart
import Journal
import Parallel

/// What a bus needs where harts run at the same time: its lock, and a way to wake the board's thread.
///
/// Devices are small state machines, and an access to one is short: one lock serves them all, in the
/// order in which harts came.
final class SharedBus {
    unowned let schedule: ParallelSchedule
    private let lock: MCSLock
    private let board: MCSLock.Place
    private let inbox: EventInbox
    /// When something was printed that has not been flushed; under the lock.
    private(set) var outputSince: UInt64?

    init(_ schedule: ParallelSchedule, _ inbox: EventInbox) {
        self.schedule = schedule
        self.inbox = inbox
        lock = MCSLock(places: schedule.threads.count + 1)
        board = MCSLock.Place(schedule.threads.count)
    }

    func acquire(_ hart: Hart) { lock.acquire(MCSLock.Place(hart.id)) }
    func release(_ hart: Hart) {
        lock.release(MCSLock.Place(hart.id))
        // What the access changed is seen by the hart's next instruction.
        schedule.takeInputs(hart)
    }
    func acquireForBoard() { lock.acquire(board) }
    func releaseForBoard() { lock.release(board) }

    func wakeBoard() { inbox.wake() }

    /// Has the board's thread flush soon: prompts have no newline.
    func noteOutput() {
        guard outputSince == nil else { return }
        outputSince = BoardClock.hostNanoseconds()
        wakeBoard()
    }
    func flushed() { outputSince = nil }
}

extension SystemBus {
    func share(with schedule: ParallelSchedule, _ inbox: EventInbox) {
        shared = SharedBus(schedule, inbox)
    }
    /// The body alone reaches devices and firmware meanwhile.
    func locked<Result>(by hart: Hart, _ body: () -> Result) -> Result {
        shared?.acquire(hart)
        defer { shared?.release(hart) }
        return body()
    }
    func lockedByBoard<Result>(_ body: () -> Result) -> Result {
        shared?.acquireForBoard()
        defer { shared?.releaseForBoard() }
        return body()
    }
}
