import Bits
import Hart
import RISCV

/// What is counted over a run, for people.
package struct RunStatistics {
    private let machine: Machine
    private let seconds: Double

    package init(_ machine: Machine, seconds: Double) {
        self.machine = machine
        self.seconds = seconds
    }

    package var text: String {
        let retired = machine.bus.retired
        let rate = seconds > 0 ? Double(retired) / seconds / 1e6 : 0
        var lines = [
            line("instructions retired", retired), "  \(pad("seconds"))\(fixed(seconds))",
            "  \(pad("million instructions a second"))\(fixed(rate))",
        ]
        lines += traps
        lines += tables
        lines += accesses
        lines += engine
        return lines.joined(separator: "\n") + "\n"
    }

    private var traps: [String] {
        var lines: [String] = []
        for cause in 0..<64 {
            let count = machine.harts.reduce(0) { $0 &+ $1.statistics.traps[cause] }
            if count > 0 { lines.append(line("trap: " + Self.exceptionName(cause), count)) }
        }
        for cause in 0..<64 {
            let count = machine.harts.reduce(0) { $0 &+ $1.statistics.interrupts[cause] }
            if count > 0 { lines.append(line("interrupt: " + Self.interruptName(cause), count)) }
        }
        return lines
    }

    private var tables: [String] {
        func sum(_ value: (Hart.Statistics) -> UInt64) -> UInt64 {
            machine.harts.reduce(0) { $0 &+ value($1.statistics) }
        }
        return [
            line("TLB misses of loads", sum { $0.loadMisses }),
            line("TLB misses of stores", sum { $0.storeMisses }),
            line("TLB misses of fetches", sum { $0.fetchMisses }),
            line(
                "page-table entries read", machine.harts.reduce(0) { $0 &+ $1.walkReads }),
            line("TLB flushes", sum { $0.tlbFlushes }),
            line("pages decoded", sum { $0.pagesDecoded }),
            line("pages decoded again after a store", sum { $0.codeInvalidations }),
        ]
    }

    private var accesses: [String] {
        machine.board.windows.flatMap { window -> [String] in
            let loads = machine.bus.accesses.loads(window.place)
            let stores = machine.bus.accesses.stores(window.place)
            guard loads + stores > 0 else { return [] }
            return [
                line("loads from \(window.place.name)", loads),
                line("stores to \(window.place.name)", stores),
            ]
        }
    }

    private var engine: [String] {
        machine.engineReport.map { count in
            switch count.value {
            case .count(let value): line(count.name, value)
            case .decimal(let value): "  \(pad(count.name))\(thousandths(value))"
            }
        }
    }

    private func line(_ name: String, _ count: UInt64) -> String {
        "  \(pad(name))\(grouped(count))"
    }
    private func pad(_ name: String) -> String {
        name + String(repeating: " ", count: max(1, 40 - name.count))
    }
    /// Two decimals.
    private func fixed(_ value: Double) -> String {
        let hundredths = UInt64(min(value * 100, 1e18).rounded())
        let rest = String(hundredths % 100)
        return grouped(hundredths / 100) + "." + (rest.count < 2 ? "0" + rest : rest)
    }
    /// Three decimals.
    private func thousandths(_ value: Double) -> String {
        let parts = UInt64(min(max(value, 0) * 1000, 1e18).rounded())
        let rest = String(parts % 1000)
        return grouped(parts / 1000) + "." + String(repeating: "0", count: 3 - rest.count) + rest
    }
    /// Digits in threes.
    private func grouped(_ value: UInt64) -> String {
        var result = ""
        for (index, digit) in String(value).reversed().enumerated() {
            if index > 0, index % 3 == 0 { result.append(" ") }
            result.append(digit)
        }
        return String(result.reversed())
    }

    package static func exceptionName(_ cause: Int) -> String {
        switch cause {
        case 0: "instruction address misaligned"
        case 1: "instruction access fault"
        case 2: "illegal instruction"
        case 3: "breakpoint"
        case 4: "load address misaligned"
        case 5: "load access fault"
        case 6: "store address misaligned"
        case 7: "store access fault"
        case 8: "environment call from U-mode"
        case 9: "environment call from S-mode"
        case 10: "environment call from VS-mode"
        case 11: "environment call from M-mode"
        case 12: "instruction page fault"
        case 13: "load page fault"
        case 15: "store page fault"
        case 20: "instruction guest-page fault"
        case 21: "load guest-page fault"
        case 22: "virtual instruction"
        case 23: "store guest-page fault"
        default: "exception \(cause)"
        }
    }
    static func interruptName(_ cause: Int) -> String {
        switch cause {
        case 1: "supervisor software"
        case 2: "virtual supervisor software"
        case 3: "machine software"
        case 5: "supervisor timer"
        case 6: "virtual supervisor timer"
        case 7: "machine timer"
        case 9: "supervisor external"
        case 10: "virtual supervisor external"
        case 11: "machine external"
        case 13: "counter overflow"
        default: "interrupt \(cause)"
        }
    }
}

extension Machine {
    /// What its engines have counted, each for itself where harts have their own.
    package var engineReport: [EngineCount] {
        guard engines.count > 1 else { return engines[0].report }
        return engines.enumerated().flatMap { hart, engine in
            engine.report.map { EngineCount("hart \(hart): \($0.name)", $0.value) }
        }
    }
}
