import Bits
import Effects
import Hart
import Journal

/// What differs between two harts of one number.
package struct StateDifferences: Sendable, Equatable {
    package let hart: Int
    package let list: [StateDifference]
}

/// Two machines that run the same turns, each turn in parts, so that they can be compared between.
///
/// The parts decide nothing: turns, clocks and events are those of a machine that runs alone.
package final class LockstepPair {
    package let first: LockstepSide
    package let second: LockstepSide
    /// The turn under way, and what is left of its budget.
    private var turn: (hart: Int, left: UInt64)?
    /// How many parts were run.
    private(set) var parts = 0
    /// Lines to type when the guest asks for one.
    private var input: ArraySlice<[UInt8]>

    package enum Step: Sendable, Equatable {
        case ran
        case ended(EndOfRun)
        /// The guests wait for something that will not come.
        case idle
        /// The machines went different ways outside of the harts.
        case parted(String)
    }

    /// Both machines must count time by instructions, and share nothing that either writes.
    package init(_ first: LockstepSide, _ second: LockstepSide, input: [[UInt8]] = []) {
        self.first = first
        self.second = second
        self.input = input[...]
    }

    package var retired: UInt64 { first.machine.bus.retired }

    /// One part of a turn.
    package func advance(atMost limit: UInt64) throws(HullError) -> Step {
        if let step = try openTurn() { return step }
        guard let (hart, left) = turn else { return .ran }
        return try run(hart, left, min(limit, left))
    }

    /// Goes on to the next turn, unless one is under way; what keeps it from that.
    private func openTurn() throws(HullError) -> Step? {
        while turn == nil {
            let chosen = (try first.machine.beginTurn(), try second.machine.beginTurn())
            guard chosen.0 == chosen.1 else {
                return .parted("The next turns differ: \(chosen.0) and \(chosen.1).")
            }
            switch chosen.0 {
            case .run(let hart, let budget): turn = (hart, budget)
            case .end(let end): return .ended(end)
            case .reset: continue
            case .wait:
                if let line = nextLine() {
                    for side in [first, second] {
                        side.machine.inbox.post(.input(device: BoardDevices.uartConsole, line))
                    }
                } else if first.machine.expectsTime {
                    first.machine.waitForEvent()
                    second.machine.waitForEvent()
                } else {
                    return .idle
                }
            }
        }
        return nil
    }

    /// The hart whose turn it is, or comes next.
    func runningHart() throws(HullError) -> Int? {
        _ = try openTurn()
        return turn?.hart
    }

    private func nextLine() -> [UInt8]? {
        first.console.showsPrompt ? input.popFirst() : nil
    }

    private func run(_ hart: Int, _ left: UInt64, _ budget: UInt64) throws(HullError) -> Step {
        parts += 1
        let exits = (
            first.machine.runPart(hart: hart, budget: budget),
            second.machine.runPart(hart: hart, budget: budget)
        )
        turn = exits.0 == .budget && budget < left ? (hart, left - budget) : nil
        guard exits.0 == exits.1 else {
            return .parted("Hart \(hart) left the run loop as \(exits.0) and as \(exits.1).")
        }
        guard first.machine.hasEnded == second.machine.hasEnded else {
            return .parted("One machine ended its run, the other did not.")
        }
        guard first.machine.hasEnded else { return .ran }
        turn = nil
        let ends = (try first.machine.endedTurn(), try second.machine.endedTurn())
        guard ends.0 == ends.1 else { return .parted("The ends differ: \(ends.0), \(ends.1).") }
        if case .end(let end) = ends.0 { return .ended(end) }
        return .ran
    }

    /// Quickly: whether harts and output are alike.
    package var agrees: Bool {
        guard first.console.count == second.console.count,
            first.console.hash == second.console.hash,
            first.machine.isWaiting == second.machine.isWaiting
        else { return false }
        for (mine, theirs) in zip(first.machine.harts, second.machine.harts)
        where !mine.agrees(with: theirs) { return false }
        return true
    }
    /// Slowly: all of memory.
    package var memoryAgrees: Bool {
        first.machine.memory.firstDifference(from: second.machine.memory) == nil
    }
}
