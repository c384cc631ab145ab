import Bits
import Effects
import Hart
import RISCV

/// Runs a pair of machines side by side and compares them, and on a difference goes back to find the
/// first instruction after which they differ.
///
/// There is nothing to go back to but the start, so going back is running again: the pairs are alike
/// and their turns do not depend on where they are looked at.
package struct LockstepCheck {
    /// Makes a fresh pair.
    private let make: () throws(HullError) -> LockstepPair
    /// How many instructions lie between two comparisons at most.
    package var every: UInt64 = 10_000
    /// Instructions after which the check ends.
    package var limit: UInt64 = .max
    /// Asked now and then; true ends the check.
    package var isLate: () -> Bool = { false }
    /// Told how far it is.
    package var progress: (LockstepPair) -> Void = { _ in }
    /// Told what is being done about a difference.
    package var note: (String) -> Void = { _ in }

    /// Memory is compared so often, in instructions.
    private static let memoryEvery: UInt64 = 100_000_000
    private static let progressEvery: UInt64 = 100_000_000

    package init(make: @escaping () throws(HullError) -> LockstepPair) { self.make = make }

    package enum Outcome: Sendable {
        /// Equal up to there; nil: the check ended before the guest did.
        case equal(instructions: UInt64, end: EndOfRun?)
        case different(LockstepReport)
    }

    package func run() throws(HullError) -> Outcome {
        let pair = try make()
        var goodPart = 0
        var memoryAt = Self.memoryEvery / 20
        var toldAt: UInt64 = 0
        guard pair.agrees, pair.memoryAgrees else {
            return .different(
                LockstepReport(
                    pair, sentence: "The machines differ before their first instruction."))
        }
        while true {
            let step = try pair.advance(atMost: every)
            let hasEnded = step != .ran
            let looksAtMemory = hasEnded || pair.retired >= memoryAt || pair.retired >= limit
            if case .parted = step { return try goBack(goodPart, pair.parts) }
            guard pair.agrees, !looksAtMemory || pair.memoryAgrees else {
                return try goBack(goodPart, pair.parts)
            }
            if looksAtMemory {
                goodPart = pair.parts
                memoryAt = pair.retired + Self.memoryEvery
            }
            if pair.retired >= toldAt {
                progress(pair)
                toldAt = pair.retired + Self.progressEvery
            }
            if case .ended(let end) = step {
                return .equal(instructions: pair.retired, end: end)
            }
            if hasEnded || pair.retired >= limit || pair.parts & 63 == 0 && isLate() {
                return .equal(instructions: pair.retired, end: nil)
            }
        }
    }

    /// Runs a fresh pair through `parts` parts, and one of `budget` instructions more.
    private func pair(after parts: Int, budget: UInt64 = 0) throws(HullError)
        -> (pair: LockstepPair, isEqual: Bool)
    {
        let pair = try make()
        var step = LockstepPair.Step.ran
        while pair.parts < parts && step == .ran { step = try pair.advance(atMost: every) }
        if budget > 0 { step = try pair.advance(atMost: budget) }
        if case .parted = step { return (pair, false) }
        return (pair, pair.agrees && pair.memoryAgrees)
    }

    /// First the part, then the instruction within it. A part is run again at once, not an instruction
    /// at a time: an engine that translates may do otherwise with a small budget.
    private func goBack(_ good: Int, _ bad: Int) throws(HullError) -> Outcome {
        note("They differ. Going back to find the first instruction after which they do …")
        var (good, bad) = (good, bad)
        while bad - good > 1 {
            let middle = (good + bad) / 2
            if try pair(after: middle).isEqual { good = middle } else { bad = middle }
            note("… between parts \(good) and \(bad) of \(every) instructions")
        }
        var (equal, different): (UInt64, UInt64) = (0, every)
        while different - equal > 1 {
            let middle = (equal + different) / 2
            if try pair(after: good, budget: middle).isEqual {
                equal = middle
            } else {
                different = middle
            }
        }
        let (found, isEqual) = try pair(after: good, budget: different)
        let steps = try path(after: good, count: different)
        return .different(
            LockstepReport(
                found,
                sentence: isEqual
                    ? "The difference did not come again: the machines do not repeat themselves."
                    : nil, steps: steps))
    }

    /// The last instructions that the first machine runs on its way there, one at a time.
    private func path(after parts: Int, count: UInt64) throws(HullError) -> [LockstepReport.Line] {
        let pair = try pair(after: parts).pair
        guard let hart = try pair.runningHart() else { return [] }
        var lines: [LockstepReport.Line] = []
        for _ in 0..<count {
            lines.append(LockstepReport.Line(next: pair.first.machine.harts[hart]))
            if lines.count > LockstepReport.lineCount { lines.removeFirst() }
            if pair.first.machine.runPart(hart: hart, budget: 1) != .budget { break }
        }
        return lines
    }
}
