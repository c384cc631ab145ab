import Bits
import GuestMemory
import Hart
import RISCV

/// What a trace tells of.
package struct TraceKinds: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let instructions = Self(rawValue: 1)
    package static let traps = Self(rawValue: 2)
    package static let mmio = Self(rawValue: 4)
    package static let csr = Self(rawValue: 8)
    package static let commits = Self(rawValue: 16)
    package static let exceptions = Self(rawValue: 32)

    /// Kinds for which the engine runs one instruction at a time.
    static let perInstruction: Self = [.instructions, .csr, .commits]
}

/// Where a trace goes, and what it calls addresses.
package struct TraceSink {
    package var kinds: TraceKinds
    package var symbol: (UInt64) -> String?
    package var write: (String) -> Void
    package init(
        _ kinds: TraceKinds, symbol: @escaping (UInt64) -> String?,
        write: @escaping (String) -> Void
    ) {
        self.kinds = kinds
        self.symbol = symbol
        self.write = write
    }
}

/// Watches a machine and writes what happens.
final class Tracer {
    let sink: TraceSink
    let disassembler: Disassembler

    init(_ sink: TraceSink, _ isa: ISA) {
        self.sink = sink
        disassembler = Disassembler(isa: isa)
    }

    /// Hooks into harts and bus; called once, before the first run.
    func attach(to machine: Machine) {
        for hart in machine.harts {
            hart.onTrap = { [unowned self, unowned hart] cause, value, pc in
                tookTrap(hart, cause, value, pc)
            }
        }
        guard sink.kinds.contains(.mmio) else { return }
        machine.bus.onAccess = { [unowned self, unowned machine] access in
            describe(access, at: machine.harts[access.hart].pc)
        }
    }

    var stepsEachInstruction: Bool {
        !sink.kinds.isDisjoint(with: TraceKinds.perInstruction)
    }

    /// What the engine's `run` does, one instruction at a time.
    func run(_ hart: Hart, budget: UInt64, _ engine: any Engine) -> Exit {
        for _ in 0..<budget {
            let exit = step(hart, engine)
            if exit != .budget { return exit }
        }
        return .budget
    }

    private func step(_ hart: Hart, _ engine: any Engine) -> Exit {
        let before = StepRecord(before: hart, disassembler.decoder)
        // Flags that are set already would hide that this instruction raises them.
        let accrued = before?.takeFloatFlags(hart) ?? 0
        let retired = hart.retired
        let exit = engine.run(hart, budget: 1)
        guard let before else { return exit }
        let raised = before.restoreFloatFlags(hart, accrued)
        if hart.retired != retired { describe(before, after: hart, raised) }
        return exit
    }

    private func describe(_ record: StepRecord, after hart: Hart, _ raised: UInt64) {
        let changes = StepChanges(record, after: hart, raisedFlags: raised)
        if sink.kinds.contains(.commits) { sink.write(commitLine(record, changes)) }
        if sink.kinds.contains(.instructions) { sink.write(instructionLine(record, changes)) }
        if sink.kinds.contains(.csr) {
            for change in changes.csrs {
                sink.write(
                    "hart \(record.hart)  \(place(record.pc))  \(Self.csrName(change.number)) = "
                        + "\(hex(change.value))\n")
            }
        }
    }

    private func tookTrap(_ hart: Hart, _ cause: UInt64, _ value: UInt64, _ pc: UInt64) {
        let number = Int(cause & 63)
        let isInterrupt = cause >> 63 != 0
        if sink.kinds.contains(.exceptions) {
            sink.write(exceptionLines(hart.id, cause, value, pc))
        }
        guard sink.kinds.contains(.traps) else { return }
        let name =
            isInterrupt
            ? "interrupt: " + RunStatistics.interruptName(number)
            : "trap: " + RunStatistics.exceptionName(number)
        let detail = isInterrupt ? "" : ", value \(hex(value))"
        let mode = hart.privilege.name(isVirtual: hart.csr.isVirtual)
        sink.write("hart \(hart.id)  \(place(pc))  \(mode)  \(name)\(detail)\n")
    }

    private func describe(_ access: DeviceAccess, at pc: UInt64) {
        let value = access.value.map { hex($0) } ?? "refused"
        let verb = access.isStore ? "store" : "load"
        let arrow = access.isStore ? "<-" : "->"
        sink.write(
            "hart \(access.hart)  \(verb) of \(access.width.rawValue) bytes at "
                + "\(hex(access.address.rawValue)) (\(access.place.name)) \(arrow) \(value)\n")
    }

    /// `0x80000004 <main+0x4>`.
    func place(_ address: UInt64) -> String {
        guard let name = sink.symbol(address) else { return hex(address) }
        return "\(hex(address)) <\(name)>"
    }

    static func csrName(_ number: Int) -> String {
        CSR.name(number).map { "\($0)" } ?? "csr \(hex(UInt64(number)))"
    }
}

extension Privilege {
    package var letter: String {
        switch self {
        case .user: "U"
        case .supervisor: "S"
        case .machine: "M"
        }
    }
    /// A guest's modes are VS and VU.
    package func name(isVirtual: Bool) -> String { isVirtual ? "V" + letter : letter }
}

func hex(_ value: UInt64, width: Int = 0) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
