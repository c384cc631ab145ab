import Bits
import Hart
import HostIO
import Journal
import Loader
import Machine
import RISCV
import Translator

/// Shows the translation units of a function, and what calling it twice does.
package struct UnitDump {
    private let file: String
    private let assembly: Assembly
    private let plan: LoadPlan
    private let translator: Translator
    private let entry: UInt64
    /// Host code through the host's disassembler; else as bytes.
    package var disassemblesHost = true

    /// The longest function that anybody wants to read, and the most instructions of a call.
    private static let unitLimit = 500
    private static let callLimit: UInt64 = 1_000_000_000

    /// `function` is a symbol or an address; nil is the program's entry.
    package init(
        _ configuration: Configuration, file: String, function: String?
    ) throws(HullError) {
        var configuration = configuration
        configuration.image = file
        configuration.engine = .translator
        self.file = file
        plan = try LoadPlan(
            try HostFile.read(file), LoadOptions(name: file), decompress: Decompression.decompress)
        assembly = try Assembly(
            configuration, try Boot(configuration), inbox: EventInbox(), consoles: [:])
        guard let translator = assembly.machine.engines[0] as? Translator else {
            throw HullError(.host, Assembly.noTranslator)
        }
        self.translator = translator
        guard let function else {
            entry = plan.entry.rawValue
            return
        }
        guard let address = Self.address(of: function, in: plan) else {
            throw HullError(
                .usage,
                "\(function) is neither an address such as 0x80000000 nor a symbol of \(file).")
        }
        entry = address
    }

    private static func address(of text: String, in plan: LoadPlan) -> UInt64? {
        if let address = plan.symbols.address(of: text) { return address }
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        return UInt64(digits, radix: 16)
    }

    /// All units that direct jumps reach from the entry without leaving the function.
    package func text() throws(HullError) -> String {
        let units = reachable()
        guard !units.isEmpty else {
            throw HullError(.usage, "There is no code at \(hex(entry)) in \(file).")
        }
        let printer = UnitText(
            units, Disassembler(isa: assembly.machine.board.isa),
            disassemblesHost: disassemblesHost, symbol: symbol)
        return units.indices.map { printer.text(of: $0) }.joined(separator: "\n")
    }

    private func reachable() -> [UnitDescription] {
        var units: [UnitDescription] = []
        var waiting = [entry]
        var seen: Set<UInt64> = [entry]
        while let next = waiting.popLast(), units.count < Self.unitLimit {
            guard let unit = describe(next) else { continue }
            units.append(unit)
            var targets = unit.exits.compactMap(\.target)
            if unit.isFollowed { targets.append(unit.end) }
            for target in targets where isInside(target) && seen.insert(target).inserted {
                waiting.append(target)
            }
        }
        return units.sorted { $0.pc < $1.pc }
    }

    /// Where the function's code lies before anybody has mapped it.
    private func describe(_ pc: UInt64) -> UnitDescription? {
        let segment = plan.segments.first {
            pc &- ($0.address.rawValue &+ $0.virtualOffset) < $0.count
        }
        guard let segment else { return nil }
        let page = (pc &- segment.virtualOffset) & ~0xfff
        return translator.describe(assembly.machine.harts[0], pc, page: page)
    }

    private func isInside(_ address: UInt64) -> Bool {
        plan.symbols.name(at: address)?.name == plan.symbols.name(at: entry)?.name
            && (plan.symbols.name(at: entry) != nil || (address ^ entry) & ~0xfff == 0)
    }
    private func symbol(_ address: UInt64) -> String? {
        plan.symbols.name(at: address).map { name, offset in
            offset == 0 ? name : "\(name)+\(hex(offset))"
        }
    }
    private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

extension UnitDump {
    /// Calls the function twice in one machine, and says what either call took.
    package func call(_ arguments: [UInt64]) throws(HullError) -> String {
        var text = ""
        for name in ["first", "second"] {
            let before = translator.statistics
            let hart = assembly.machine.harts[0]
            let retired = hart.retired
            let result = try callOnce(hart, arguments)
            let after = translator.statistics
            let shown = arguments.map { "\(Int64(bitPattern: $0))" }.joined(separator: ", ")
            text +=
                "\(name) call: \(symbol(entry) ?? hex(entry))(\(shown)) = "
                + "\(Int64(bitPattern: result)) in \(hart.retired - retired) instructions; "
                + "units translated: \(after.units - before.units), "
                + "jumps chained: \(after.chains - before.chains), "
                + "generated code entered: \(after.entries - before.entries), "
                + "instructions interpreted: \(after.interpreted - before.interpreted)\n"
        }
        return text
    }

    /// The function returns to an address where no memory is: the trap there is the end of the call.
    private static let returnAddress: UInt64 = 0

    private func callOnce(_ hart: Hart, _ arguments: [UInt64]) throws(HullError) -> UInt64 {
        var end: (cause: UInt64, pc: UInt64)?
        hart.onTrap = { [unowned hart] cause, _, pc in
            if end == nil { end = (cause, pc) }
            hart.requestExit()
        }
        defer { hart.onTrap = nil }
        let ram = assembly.machine.board.ram.range
        hart.pc = entry
        hart[x: 1] = Self.returnAddress
        hart[x: 2] = (ram.start.rawValue &+ ram.count) & ~15
        for (index, argument) in arguments.prefix(8).enumerated() { hart[x: 10 + index] = argument }
        let limit = hart.retired &+ Self.callLimit
        while end == nil && hart.retired < limit {
            _ = assembly.machine.engines[0].run(hart, budget: 1_000_000)
        }
        guard let end else {
            throw HullError(
                .usage, "\(hex(entry)) has not returned after \(Self.callLimit) instructions.")
        }
        guard end.pc == Self.returnAddress else {
            throw HullError(
                .usage,
                "The call did not return: \(Trap.sentence(end.cause)) at "
                    + "\(symbol(end.pc) ?? hex(end.pc)).")
        }
        return hart[x: 10]
    }
}

extension Trap {
    fileprivate static func sentence(_ cause: UInt64) -> String {
        cause >> 63 != 0 ? "an interrupt" : RunStatistics.exceptionName(Int(cause & 63))
    }
}
