import Bits
import GuestMemory
import Hart

/// Runs streams one after another and reports the first that shows a difference.
package struct Hunt {
    private let maker = StreamMaker()
    private let makers: (first: EngineMaker, second: EngineMaker)
    package private(set) var retired: UInt64 = 0
    package private(set) var traps = 0
    package private(set) var streams = 0

    /// Against the interpreter, unless another first engine is named.
    package init(
        _ second: @escaping EngineMaker,
        against first: @escaping EngineMaker = { Interpreter(memory: $0) }
    ) {
        makers = (first, second)
    }

    /// The seed of the first stream below `count` that shows a difference; `shrinks`: what is printed.
    package mutating func run(
        seeds: some Sequence<UInt64>, shrinks: Bool = true,
        until isDone: (borrowing Hunt) -> Bool = { _ in false }
    ) throws(HullError) -> StreamReport? {
        for seed in seeds {
            if isDone(self) { return nil }
            let stream = maker.stream(seed: seed)
            let duel = try Duel(stream, makers)
            let found = duel.run(stream)
            retired += duel.retired
            traps += duel.first.trapCount
            streams += 1
            guard let found else { continue }
            guard shrinks else { return StreamReport(stream, found, makers) }
            var shrinker = Shrinker(stream, found, makers)
            let (small, difference) = shrinker.shrink()
            return StreamReport(small, difference, makers)
        }
        return nil
    }
}
