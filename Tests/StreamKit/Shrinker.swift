import Bits
import Hart

/// Makes a stream that shows a difference smaller, as long as it shows one.
package struct Shrinker {
    private let makers: (first: EngineMaker, second: EngineMaker)
    private var attempts = 0
    private static let attemptLimit = 3000
    private(set) var stream: Stream
    private(set) var difference: Difference

    package init(
        _ stream: Stream, _ difference: Difference,
        _ makers: (first: EngineMaker, second: EngineMaker)
    ) {
        self.stream = stream
        self.difference = difference
        self.makers = makers
    }

    /// The smallest stream that was found, and how it differs.
    package mutating func shrink() -> (Stream, Difference) {
        attempt { _ in }
        for _ in 0..<2 {
            shortenLastRun()
            removeSteps()
            startLater()
            removeCode()
            clearRegisters()
        }
        shortenLastRun()
        return (stream, difference)
    }

    /// Tries a change; keeps it where the rigs still differ, and forgets what comes after that.
    @discardableResult
    private mutating func attempt(_ change: (inout Stream) -> Void) -> Bool {
        attempts += 1
        guard attempts < Self.attemptLimit else { return false }
        var candidate = stream
        change(&candidate)
        guard let duel = try? Duel(candidate, makers),
            let found = duel.run(candidate, comparesMemoryOften: true)
        else { return false }
        candidate.steps.removeSubrange((found.step + 1)...)
        stream = candidate
        difference = found
        return true
    }

    private mutating func shortenLastRun() {
        guard let last = stream.steps.last?.budget else { return }
        var (good, bad): (UInt64, UInt64) = (0, last)
        while bad - good > 1 {
            let middle = (good + bad) / 2
            let place = stream.steps.count - 1
            if attempt({ $0.steps[place] = .run(middle) }), stream.steps.count == place + 1 {
                bad = middle
            } else {
                good = middle
            }
        }
    }

    private mutating func removeSteps() {
        var chunk = stream.steps.count / 2
        while chunk > 0 {
            var end = stream.steps.count - 1
            while end > 0 {
                let start = max(0, end - chunk)
                attempt { $0.steps.removeSubrange(start..<min(end, $0.steps.count)) }
                end = min(start, stream.steps.count - 1)
            }
            chunk /= 2
        }
    }

    /// Enters where the last run came by, as late as the difference still shows.
    private mutating func startLater() {
        guard let entry = stream.steps.lastIndex(where: \.isEntry),
            let path = try? StreamReport.path(stream, makers.first)
        else { return }
        let budget = stream.steps.last?.budget ?? 1
        for place in path.reversed().prefix(40) {
            let isDone = attempt { candidate in
                candidate.changeEntry(entry) {
                    $0.pc = place.pc
                    $0.privilege = place.privilege
                }
                candidate.steps.removeSubrange((entry + 1)...)
                candidate.steps.append(.run(budget))
            }
            if isDone { return shortenLastRun() }
        }
    }

    /// Replaces code by c.nop, a half of it first.
    private mutating func removeCode() {
        guard let start = stream.memory.keys.first(where: { Stream.code.contains($0) }),
            let count = stream.memory[start]?.count
        else { return }
        var chunk = count / 2 & ~1
        while chunk >= 2 {
            for at in stride(from: 0, to: count, by: chunk) {
                attempt { candidate in
                    for index in stride(from: at, to: min(at + chunk, count), by: 2) {
                        candidate.memory[start]?[index] = 1
                        candidate.memory[start]?[index + 1] = 0
                    }
                }
            }
            chunk = chunk / 4 & ~1
            if chunk < 32 { return }
        }
    }

    private mutating func clearRegisters() {
        for index in stream.steps.indices where stream.steps[index].isEntry {
            for register in 1..<32 {
                attempt { candidate in
                    candidate.changeEntry(index) { $0.x[register] = 0 }
                }
                attempt { candidate in
                    candidate.changeEntry(index) { $0.f[register] = 0 }
                }
            }
        }
    }
}

extension Stream {
    fileprivate mutating func changeEntry(_ index: Int, _ change: (inout Entry) -> Void) {
        guard steps.indices.contains(index), case .enter(var entry) = steps[index] else { return }
        change(&entry)
        steps[index] = .enter(entry)
    }
}
