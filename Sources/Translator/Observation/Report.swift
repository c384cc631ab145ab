import CHost
import Hart
import RISCV

/// What the translator tells of a run.
extension Translator {
    package var report: [EngineCount] {
        let counts = statistics
        var lines: [EngineCount] = [
            EngineCount("translation units", counts.units),
            EngineCount("instructions in them", counts.guestInstructions),
            EngineCount("bytes of host code", counts.hostBytes),
            EngineCount("jumps chained", counts.chains),
            EngineCount("lookups in the translation cache", counts.lookups),
            EngineCount("entries into generated code", counts.entries),
            EngineCount("site misses of loads and stores", siteMisses),
            EngineCount("units translated again", counts.retranslations),
            EngineCount("units dropped by writes to their page", counts.invalidated),
            EngineCount("regions evicted", counts.evictions),
        ]
        if let gauge { lines += Self.times(gauge.pointee) + clauses(gauge.pointee) }
        return lines
    }

    private static func times(_ gauge: Gauge) -> [EngineCount] {
        let rest =
            gauge.runTicks &- gauge.translationTicks &- gauge.interpreterTicks &- gauge.callTicks
        return [
            ("seconds translating", gauge.translationTicks),
            ("seconds in generated code", rest),
            ("seconds in whole-instruction calls", gauge.callTicks),
            ("seconds in the interpreter", gauge.interpreterTicks),
        ].map { EngineCount($0.0, .decimal(Double($0.1) * gauge.secondsPerTick)) }
    }

    /// How often generated code was left, for each 1000 instructions of the guest, by clause: the
    /// most frequent first, down to one in a million instructions.
    private func clauses(_ gauge: Gauge) -> [EngineCount] {
        let retired = retiredByAll
        guard retired > 0 else { return [] }
        func perThousand(_ count: UInt64) -> Double { Double(count) * 1000 / Double(retired) }
        var total: UInt64 = 0
        var rows: [(name: String, count: UInt64)] = []
        for opcode in RISCV.Opcode.allCases {
            let index = Int(opcode.rawValue)
            let mnemonic = "\(opcode)".replacing("_", with: ".")
            rows.append(("interpreted: \(mnemonic)", gauge.interpreted[index]))
            rows.append(("called: \(mnemonic)", gauge.calls[index]))
            total &+= gauge.interpreted[index] &+ gauge.calls[index]
        }
        rows.append(("interpreted: no code", gauge.withoutCode))
        rows.append(("interpreted: end of a slice", gauge.sliceEnds))
        let shown = rows.filter { perThousand($0.count) >= 0.001 }.sorted { $0.count > $1.count }
        return [
            EngineCount("calls out of generated code per 1000", .decimal(perThousand(total)))
        ]
            + shown.map { EngineCount("  \($0.name)", .decimal(perThousand($0.count))) }
    }
}

extension Translator {
    package var statistics: TranslationStatistics { cache.pointee.statistics }

    /// The host's counter, where time is measured.
    @inline(__always)
    var ticks: UInt64 { gauge == nil ? 0 : hull_host_ticks() }

    private var retiredByAll: UInt64 {
        harts.reduce(0) { $0 &+ $1._withUnsafeGuaranteedRef { $0.retired } }
    }
    private var siteMisses: UInt64 {
        harts.reduce(0) {
            $0 &+ $1._withUnsafeGuaranteedRef { $0.state.pointee.scratch[StateLayout.siteMisses] }
        }
    }
}
