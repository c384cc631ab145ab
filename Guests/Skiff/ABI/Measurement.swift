import CSkiff

/// How long an operation takes, in nanoseconds and cycles.
package struct Measurement {
    private let name: StaticString
    private let frequency: UInt64
    private let hasCycles: Bool
    /// So many turns, however long they take; nil: as many as a measurement needs.
    private let turns: UInt64?
    private var count: UInt64 = 16
    private var ticks: UInt64 = 0
    private var cycles: UInt64 = 0

    package init(
        name: StaticString, frequency: UInt64, hasCycles: Bool, turns: UInt64? = nil
    ) {
        self.name = name
        self.turns = turns
        self.frequency = frequency
        self.hasCycles = hasCycles
    }

    /// Doubles the number of turns until they take a fiftieth of a second.
    package mutating func run(_ body: (_ count: UInt64) -> Void) {
        if let turns { count = max(turns, 1) }
        while true {
            let startCycles = hasCycles ? read_cycle() : 0
            let start = read_time()
            body(count)
            ticks = read_time() &- start
            cycles = hasCycles ? read_cycle() &- startCycles : 0
            if turns != nil || ticks >= frequency / 50 || count >= 1 << 40 { return }
            count *= 2
        }
    }

    package var line: [UInt8] {
        // Tenths of a nanosecond: the product stays below 64 bits for an hour of ticks.
        let nanoseconds = ticks &* (10_000_000_000 / max(frequency, 1)) / count
        var parts: [Text] = [
            .column(10, .literal(name)), .column(12, .tenths(nanoseconds)), " ns",
        ]
        if hasCycles {
            parts += [.column(12, .tenths(cycles &* 10 / count)), " cycles"]
        }
        return SkiffABI.line(parts + [.column(12, .decimal(count)), " turns\n"])
    }
}
