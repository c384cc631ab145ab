import Bits
import Effects
import Hart

/// What a machine does next, as it was decided at the start of a step.
package enum Turn: Sendable, Equatable {
    /// A hart runs for so many instructions, unless it leaves the run loop before.
    case run(hart: Int, budget: UInt64)
    /// No hart has anything to run.
    case wait
    /// The run ended.
    case end(EndOfRun)
    /// The board was reset.
    case reset
}

/// A step in pieces, so that somebody can look between any two instructions, and the guest meets the
/// same turns, clocks and events as it would without them.
extension Machine {
    /// Delivers events, says what time it is and chooses the hart in turn.
    package func beginTurn() throws(HullError) -> Turn {
        supervisor.visit(self)
        if bus.clock.mode != .host { waitForBackEnds() }
        if !inbox.isEmpty { deliverEvents() }
        if bus.end != nil { return try endedTurn() }
        if isPaused { return .wait }
        let budget = advanceTime()
        guard let hart = nextHart() else { return .wait }
        return .run(hart: hart.id, budget: budget)
    }

    /// What follows a turn, or a part of one.
    package func endedTurn() throws(HullError) -> Turn {
        if let end = try ending() { return .end(end) }
        return .reset
    }

    /// Runs a part of a turn. Any exit but `.budget` ends the turn.
    package func runPart(hart: Int, budget: UInt64) -> Exit { runTurn(harts[hart], budget) }

    package var hasEnded: Bool { bus.end != nil }
    /// Whether something will happen by itself while no hart runs.
    package var expectsTime: Bool { bus.nextDeadline(bus.now) != BoardTimers.never }
}
