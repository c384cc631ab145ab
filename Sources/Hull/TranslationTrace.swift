import Bits
import RISCV
import Translator

/// Writes each decision of the translator as a line.
struct TranslationTrace {
    let symbol: (UInt64) -> String?

    func line(_ event: TranslationEvent) -> String {
        switch event {
        case .translated(let unit): "translated \(text(unit))\n"
        case .retranslated(let unit, let reason):
            "translated again \(text(unit)): \(reason.rawValue)\n"
        case .chained(let jump, let target): "chained \(hex(jump)) to \(place(target))\n"
        case .invalidated(let page, let units, let reason):
            "dropped page \(hex(page)), \(units) unit\(units == 1 ? "" : "s"): \(reason.rawValue)\n"
        case .evicted(let region, let pages):
            "evicted region \(region), \(pages) page\(pages == 1 ? "" : "s"): the cache is full\n"
        case .forgotten: "dropped everything: breakpoints or watchpoints changed\n"
        }
    }

    private func text(_ unit: TranslatedUnit) -> String {
        "\(unit.privilege.letter) \(place(unit.pc)), \(unit.guestCount) instruction"
            + "\(unit.guestCount == 1 ? "" : "s"), \(unit.hostBytes) bytes at \(hex(unit.code))"
    }
    private func place(_ address: UInt64) -> String {
        symbol(address).map { "\(hex(address)) <\($0)>" } ?? hex(address)
    }
    private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

extension Configuration {
    /// Lets the translator tell of its decisions where somebody listens.
    func observe(
        _ translator: Translator, _ output: TraceOutput?, _ profile: PerfMap?, _ boot: Boot
    ) {
        let trace =
            self.trace.contains(.translation) ? TranslationTrace(symbol: boot.symbol) : nil
        guard trace != nil || profile != nil else { return }
        let tables = boot.symbols
        if let profile {
            let shared = translator.sharedCode
            profile.add(shared.code, shared.hostBytes, "hull: between units")
        }
        translator.observe { event in
            if let trace { output?.write(trace.line(event)) }
            guard let profile else { return }
            switch event {
            case .translated(let unit), .retranslated(let unit, _):
                profile.add(unit, tables)
            default: break
            }
        }
    }
}
