import Bits
import RISCV

extension Tracer {
    /// As Spike's `commit_log_print_insn` (riscv/execute.cc) writes it:
    /// `core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000`.
    func commitLine(_ record: StepRecord, _ changes: StepChanges) -> String {
        var line = "core\(padded(record.hart, 4)): \(record.privilege.rawValue) "
        let width = record.instruction.isCompressed ? 4 : 8
        line += "\(hex(record.pc, width: 16)) (\(hex(UInt64(record.bits), width: width)))"
        // Spike sorts by the register's number, then by its kind.
        var registers: [(key: Int, text: String)] = []
        for (register, value) in changes.integers {
            registers.append((register << 4, "x\(leftAligned(register)) \(hex(value, width: 16))"))
        }
        for (register, value) in changes.floats {
            registers.append(
                (register << 4 | 1, "f\(leftAligned(register)) \(hex(value, width: 16))"))
        }
        for change in changes.csrs {
            let name = Self.csrName(change.number)
            registers.append(
                (
                    change.number << 4 | 4,
                    "c\(change.number)_\(name) \(hex(change.value, width: 16))"
                ))
        }
        for register in registers.sorted(by: { $0.key < $1.key }) { line += " " + register.text }
        for address in changes.loads { line += " mem \(hex(address, width: 16))" }
        for store in changes.stores {
            line += " mem \(hex(store.address, width: 16)) "
            line += hex(store.value, width: store.count * 2)
        }
        return line + "\n"
    }

    /// As Spike's `take_trap` (riscv/processor.cc) writes it.
    func exceptionLines(_ hart: Int, _ cause: UInt64, _ value: UInt64, _ pc: UInt64) -> String {
        let number = cause & 0xff
        let isInterrupt = cause >> 63 != 0
        let name = isInterrupt ? "interrupt #\(number)" : Self.spikeName(number)
        let core = "core \(padded(hart, 3)): "
        var text = "\(core)exception \(name), epc \(hex(pc, width: 16))\n"
        // Environment calls and interrupts have no value.
        if !isInterrupt && !(8...11).contains(number) {
            text += "\(core)          tval \(hex(value, width: 16))\n"
        }
        return text
    }

    private static func spikeName(_ cause: UInt64) -> String {
        switch cause {
        case 0: "trap_instruction_address_misaligned"
        case 1: "trap_instruction_access_fault"
        case 2: "trap_illegal_instruction"
        case 3: "trap_breakpoint"
        case 4: "trap_load_address_misaligned"
        case 5: "trap_load_access_fault"
        case 6: "trap_store_address_misaligned"
        case 7: "trap_store_access_fault"
        case 8: "trap_user_ecall"
        case 9: "trap_supervisor_ecall"
        case 11: "trap_machine_ecall"
        case 12: "trap_instruction_page_fault"
        case 13: "trap_load_page_fault"
        case 15: "trap_store_page_fault"
        default: "trap #\(cause)"
        }
    }

    /// `hart 0  S  0x80200000 <start>  00000297  auipc t0, 0  t0=0x80200000`.
    func instructionLine(_ record: StepRecord, _ changes: StepChanges) -> String {
        let encoding = String(
            hex(UInt64(record.bits), width: record.instruction.isCompressed ? 4 : 8).dropFirst(2))
        var assembly = ""
        for (index, part) in disassembler.text(record.bits, at: record.pc, symbols: sink.symbol)
            .split(separator: "\t").enumerated()
        {
            assembly += index == 0 ? part : " " + part
        }
        var notes: [String] = []
        for (register, value) in changes.integers {
            notes.append("\(Self.integerNames[register])=\(hex(value))")
        }
        for (register, value) in changes.floats { notes.append("f\(register)=\(hex(value))") }
        for change in changes.csrs {
            notes.append("\(Self.csrName(change.number))=\(hex(change.value))")
        }
        for address in changes.loads { notes.append("from \(hex(address))") }
        for store in changes.stores { notes.append("[\(hex(store.address))]=\(hex(store.value))") }
        let column = String(repeating: " ", count: max(1, 36 - assembly.count))
        let detail = notes.isEmpty ? "" : column + notes.joined(separator: " ")
        let gap = String(repeating: " ", count: 10 - encoding.count)
        let mode = record.privilege.name(isVirtual: record.isVirtual)
        return "hart \(record.hart)  \(mode)  \(place(record.pc))  \(encoding)"
            + "\(gap)\(assembly)\(detail)\n"
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
    private func leftAligned(_ number: Int) -> String { number < 10 ? "\(number) " : "\(number)" }

    static let integerNames = [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
        "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
        "t5", "t6",
    ]
}
