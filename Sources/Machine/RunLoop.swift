import Bits
import Effects
import Hart
import Journal

extension Machine {
    /// How many instructions a hart runs before somebody looks at clocks and the inbox.
    /// Harts that wait for each other want shorter turns.
    private var slice: UInt64 { harts.count == 1 ? 100_000 : 20_000 }
    /// Near a deadline of the host's clock slices are shorter: instructions for each tick of 100 ns.
    static let instructionsPerTick: UInt64 = 50
    static let shortestSlice: UInt64 = 2_000

    /// Runs until the guest or the outside ends it.
    package func run() throws(HullError) -> EndOfRun {
        if let parallel, let startThread {
            return try runBoard(parallel, startThread)
        }
        while true {
            if let end = try step() { return end }
        }
    }

    /// One turn of one hart, or one wait.
    package func step() throws(HullError) -> EndOfRun? {
        switch try beginTurn() {
        case .run(let hart, let budget):
            runTurn(harts[hart], budget)
            // A guest that polls for input never waits, and its prompt has no newline.
            for port in bus.backEnds.consoles { port.backEnd.flushIfDue() }
        case .wait: waitForEvent()
        case .end(let end): return end
        case .reset: return nil
        }
        return bus.end == nil ? nil : try ending()
    }

    /// Tells devices and harts what time it is, and says for how many instructions that holds.
    func advanceTime() -> UInt64 {
        let now = bus.now
        bus.advance(to: now)
        let next = bus.nextDeadline(now)
        guard next != BoardTimers.never else { return slice }
        if let exact = bus.clock.instructions(until: next, retired: bus.retired) {
            return min(max(exact, 1), slice)
        }
        return budget(until: next, now)
    }
    /// What a hart may run before a deadline of the host's clock.
    func budget(until next: UInt64, _ now: UInt64) -> UInt64 {
        let ticks = next > now ? next &- now : 0
        guard ticks < slice / Self.instructionsPerTick else { return slice }
        return max(ticks &* Self.instructionsPerTick, Self.shortestSlice)
    }

    /// The next hart in turn that has something to run.
    func nextHart() -> Hart? {
        for _ in harts {
            let hart = harts[turn]
            turn = turn + 1 < harts.count ? turn + 1 : 0
            if isStopped(hart) { continue }
            if isWaiting[hart.id] {
                guard hart.canWake else { continue }
                isWaiting[hart.id] = false
                wakeSuspended(hart)
            }
            return hart
        }
        return nil
    }

    @discardableResult
    func runTurn(_ hart: Hart, _ budget: UInt64) -> Exit {
        let exit =
            tracer?.stepsEachInstruction == true
            ? tracer?.run(hart, budget: budget, engines[0]) ?? .budget
            : engines[0].run(hart, budget: budget)
        if htif != nil { htif?.poll(memory, bus) }
        switch exit {
        case .waitForInterrupt: isWaiting[hart.id] = true
        case .firmwareCall: answerCall(hart)
        case .debugStop: stoppedHart = hart.id
        case .budget, .timer, .requested: break
        }
        return exit
    }

    /// No hart has anything to run: time passes, or the outside says something.
    package func waitForEvent() {
        for port in bus.backEnds.consoles { port.backEnd.flush() }
        if isPaused {
            _ = inbox.wait()
            return
        }
        let since = BoardClock.hostNanoseconds()
        defer { waitNanoseconds &+= BoardClock.hostNanoseconds() &- since }
        // What was over before this is no deadline any more: harts hear of it first.
        let now = bus.now
        bus.advance(to: now)
        guard !harts.contains(where: { !isStopped($0) && $0.canWake }) else { return }
        let deadline = bus.nextDeadline(now)
        guard deadline != BoardTimers.never else {
            _ = inbox.wait()
            return
        }
        if let nanoseconds = bus.clock.nanoseconds(until: deadline) {
            _ = inbox.wait(timeoutNanoseconds: nanoseconds)
        } else {
            // A network answers in its own time, so waits for it are real ones.
            let ticks = deadline &- min(deadline, bus.now)
            let nanoseconds = min(ticks, BoardClock.ticksPerSecond) &* BoardClock.nanosecondsPerTick
            if !bus.backEnds.networks.isEmpty, inbox.wait(timeoutNanoseconds: nanoseconds) {
                return
            }
            bus.clock.skip(to: deadline, retired: bus.retired)
        }
    }

    /// When time follows instructions, requests take none of it: a run does not depend on how fast
    /// the host's disk is.
    func waitForBackEnds() {
        while bus.backEnds.requestsUnderWay > 0 && bus.end == nil {
            _ = inbox.wait()
            deliverEvents()
        }
    }

    func deliverEvents() {
        for event in inbox.drain() { bus.deliver(event) }
        htif?.offerInput(memory, bus)
    }

    func ending() throws(HullError) -> EndOfRun? {
        guard let end = bus.end else { return nil }
        for port in bus.backEnds.consoles { port.backEnd.flush() }
        if end.reason == .reset && !endsAtReset {
            try reset()
            return nil
        }
        return end
    }
}
