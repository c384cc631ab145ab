import Bits
import Effects
import Hart
import Journal

/// The machine's own thread, where each hart has another.
extension Machine {
    /// How long printed bytes are gathered, in nanoseconds.
    private static let gatheringNanoseconds: UInt64 = 5_000_000

    func runBoard(_ schedule: ParallelSchedule, _ startThread: StartThread) throws(HullError)
        -> EndOfRun
    {
        try schedule.start(startThread)
        defer { schedule.end() }
        schedule.release()
        /// Harts are held for as long as the machine is paused.
        var isHeld = false
        while true {
            if supervisor.isAsked {
                if !isHeld { schedule.hold() }
                supervisor.visit(self)
                if !isPaused { schedule.release() }
                isHeld = isPaused
            }
            let pause = bus.lockedByBoard { boardTurn() }
            guard bus.lockedByBoard({ bus.end != nil }) else {
                _ = inbox.wait(timeoutNanoseconds: isHeld ? nil : pause)
                continue
            }
            if !isHeld { schedule.hold() }
            if let end = try ending() { return end }
            if !isHeld { schedule.release() }
        }
    }

    /// Delivers events and tells devices the time; how long nothing else happens by itself (nil: for
    /// ever).
    private func boardTurn() -> UInt64? {
        if !inbox.isEmpty { deliverEvents() }
        let now = bus.now
        bus.advanceDevices(to: now)
        var pause: UInt64?
        if bus.timers.deviceDeadline != BoardTimers.never {
            pause = bus.clock.nanoseconds(until: bus.timers.deviceDeadline)
        }
        guard let since = bus.shared?.outputSince else { return pause }
        let age = BoardClock.hostNanoseconds() &- since
        guard age < Self.gatheringNanoseconds else {
            for port in bus.backEnds.consoles { port.backEnd.flush() }
            bus.shared?.flushed()
            return pause
        }
        return min(pause ?? .max, Self.gatheringNanoseconds - age)
    }

    /// What a hart may run: until its own next timer, or so long that nobody waits for it in vain.
    func budget(of hart: Hart, _ now: UInt64) -> UInt64 {
        budget(until: bus.nextDeadline(of: hart, now), now)
    }

    /// Does what a hart left guest code for.
    func answer(_ exit: Exit, _ thread: HartThread, _ schedule: ParallelSchedule) {
        switch exit {
        case .waitForInterrupt: thread.isWaiting = true
        case .firmwareCall:
            let isOver = bus.locked(by: thread.hart) {
                answerCall(thread.hart)
                thread.isStopped = isStopped(thread.hart)
                return bus.end != nil
            }
            if isOver { schedule.awaitBoard(thread) }
            schedule.awaitFences(thread)
            // It may have been the last one's call to end.
            if thread.isStopped { inbox.wake() }
        case .requested:
            let isOver = bus.locked(by: thread.hart) {
                htif?.poll(memory, bus)
                return bus.end != nil
            }
            inbox.wake()
            if isOver { schedule.awaitBoard(thread) }
        case .debugStop, .budget, .timer: break
        }
    }
}
