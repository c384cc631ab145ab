import Bits

/// Writes encodings as assembly.
package struct Disassembler: Sendable {
    /// How to write what can be written in several ways.
    package struct Style: Sendable {
        /// `ret` and `mv`, and compressed instructions as those they stand for; else each row's own
        /// mnemonic.
        package var usesAliases: Bool
        /// Targets as offsets from the instruction, as an assembler takes them.
        package var usesOffsets: Bool
        package init(usesAliases: Bool = true, usesOffsets: Bool = false) {
            self.usesAliases = usesAliases
            self.usesOffsets = usesOffsets
        }
    }

    package let decoder: Decoder
    package var style: Style
    /// The full-size row of each opcode.
    private let baseRows: [Row?]

    package init(isa: ISA = .everything, style: Style = Style()) {
        decoder = Decoder(isa: isa)
        self.style = style
        var rows = [Row?](repeating: nil, count: Opcode.allCases.count)
        for row in allRows where !row.isCompressed { rows[Int(row.opcode.rawValue)] = row }
        baseRows = rows
    }

    /// One instruction; `symbols` names addresses (`main+0x4`), which follow targets in angle brackets.
    package func text(
        _ bits: UInt32, at pc: UInt64 = 0, symbols: (UInt64) -> String? = { _ in nil }
    ) -> String {
        guard let row = decoder.row(bits) else { return unknown(bits) }
        let i = row.instruction(bits)
        var line = Line(instruction: i, pc: pc, style: style)
        if style.usesAliases, let alias = alias(i, row) {
            line.append(alias.mnemonic)
            line.append(alias.operands, symbols)
            return line.text
        }
        let isBase = style.usesAliases && !Self.isHint(i, row)
        let shown = isBase ? baseRows[Int(i.opcode.rawValue)] ?? row : row
        line.append(shown.mnemonic)
        line.appendSuffix(shown.form)
        line.append(shown.form.operands, symbols)
        return line.text
    }

    private func alias(_ i: Instruction, _ row: Row) -> Alias? {
        if Self.isHint(i, row) { return nil }
        // c.mv is an `add` to x0, which no one writes so.
        if row.form == .compressedMove { return Alias(.add, "mv", [.rd, .rs2]) }
        return Alias.all.first { $0.fits(i) }
    }

    /// A compressed instruction that changes nothing but is no c.nop: as a base instruction it could
    /// not be told from the real thing.
    private static func isHint(_ i: Instruction, _ row: Row) -> Bool {
        switch row.form {
        case .compressedImmediate: i.immediate == 0 && i.opcode == .addi
        case .compressedNop: true
        case .compressedLoadImmediate, .compressedUpper, .compressedMove, .compressedAdd: i.rd == 0
        case .compressedShiftLeft: i.rd == 0 || i.immediate == 0
        case .compressedShift: i.immediate == 0
        default: false
        }
    }

    private func unknown(_ bits: UInt32) -> String {
        var line = Line(instruction: Instruction(.illegal), pc: 0, style: style)
        let isCompressed = bits & 3 != 3
        line.append(isCompressed ? ".insn 2, " : ".insn 4, ")
        line.append(hexadecimal: UInt64(isCompressed ? bits & 0xffff : bits))
        return line.text
    }
}

/// The text of one instruction, as it grows.
struct Line {
    let instruction: Instruction
    let pc: UInt64
    let style: Disassembler.Style
    private(set) var text = ""

    init(instruction: Instruction, pc: UInt64, style: Disassembler.Style) {
        self.instruction = instruction
        self.pc = pc
        self.style = style
    }

    mutating func append(_ word: StaticString) { text += word.description }
    mutating func append(hexadecimal value: UInt64) {
        text += "0x"
        text += String(value, radix: 16)
    }
    mutating func append(decimal value: Int64) { text += String(value) }

    /// What a form adds to the mnemonic: the ordering of an atomic, the number of a
    /// may-be-operation.
    mutating func appendSuffix(_ form: Form) {
        switch form {
        case .atomic, .loadReserved:
            let suffixes: [StaticString] = ["", ".rl", ".aq", ".aqrl"]
            append(suffixes[Int(instruction.immediate & 3)])
        case .mayBe, .mayBeTwo: append(decimal: instruction.immediate)
        case .compressedMayBe: append(decimal: Int64(instruction.rd))
        default: break
        }
    }

    mutating func append(_ operands: [Operand], _ symbols: (UInt64) -> String?) {
        var isFirst = true
        for operand in operands where isWritten(operand) {
            append(isFirst ? " " : ", ")
            isFirst = false
            append(operand, symbols)
        }
    }

    /// The rounding mode of the register is the one that nobody writes, and an exact conversion has
    /// none.
    private func isWritten(_ operand: Operand) -> Bool {
        switch operand {
        case .rounding: !style.usesAliases || rounding != 7
        case .exactRounding: rounding != 0
        default: true
        }
    }

    private mutating func append(_ operand: Operand, _ symbols: (UInt64) -> String?) {
        let i = instruction
        switch operand {
        case .rd: appendRegister(i.rd, isFloat: files.writesF | files.readsF, 1)
        case .rs1: appendRegister(i.rs1, isFloat: files.readsF, 2)
        case .rs2: appendRegister(i.rs2, isFloat: files.readsF, 3)
        case .rs3: append(RegisterNames.f[i.rs3])
        case .immediate: append(decimal: i.immediate)
        case .upper: append(hexadecimal: UInt64(bitPattern: i.immediate) & 0xfffff)
        case .number: append(decimal: Int64(i.rs1))
        case .memory:
            append(decimal: i.immediate)
            appendAddress()
        case .address: appendAddress()
        case .target: appendTarget(symbols)
        case .csr:
            if let name = CSR.name(i.csr) {
                append(name)
            } else {
                append(hexadecimal: UInt64(i.csr))
            }
        case .predecessors: appendAccesses(i.immediate >> 4)
        case .successors: appendAccesses(i.immediate)
        case .rounding, .exactRounding: append(RegisterNames.roundings[rounding])
        case .towardsZero: append("rtz")
        case .constant: append(RegisterNames.constants[Int(i.immediate) & 31])
        }
    }

    /// What the clause reads and writes where each field names another register: rd is 1, rs1 is 2,
    /// rs2 is 3.
    private var files: Footprint {
        Footprint(Instruction(instruction.opcode, rd: 1, rs1: 2, rs2: 3))
    }
    private mutating func appendRegister(_ number: Int, isFloat mask: UInt32, _ probe: UInt32) {
        let names = mask >> probe & 1 != 0 ? RegisterNames.f : RegisterNames.x
        append(names[number & 31])
    }
    private mutating func appendAddress() {
        append("(")
        append(RegisterNames.x[instruction.rs1 & 31])
        append(")")
    }
    private var rounding: Int {
        Int(instruction.immediate >> (hasThreeSources ? 5 : 0)) & 7
    }
    private var hasThreeSources: Bool {
        switch instruction.opcode {
        case .fmadd_s, .fmsub_s, .fnmsub_s, .fnmadd_s, .fmadd_d, .fmsub_d, .fnmsub_d, .fnmadd_d,
            .fmadd_h, .fmsub_h, .fnmsub_h, .fnmadd_h:
            true
        default: false
        }
    }
    private mutating func appendTarget(_ symbols: (UInt64) -> String?) {
        if style.usesOffsets { return append(decimal: instruction.immediate) }
        let target = pc &+ UInt64(bitPattern: instruction.immediate)
        append(hexadecimal: target)
        if let symbol = symbols(target) {
            text += " <"
            text += symbol
            text += ">"
        }
    }
    private mutating func appendAccesses(_ set: Int64) {
        if set & 15 == 0 { append("0") }
        if set & 8 != 0 { append("i") }
        if set & 4 != 0 { append("o") }
        if set & 2 != 0 { append("r") }
        if set & 1 != 0 { append("w") }
    }
}
