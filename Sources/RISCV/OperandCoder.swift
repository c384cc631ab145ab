import Bits

/// What a form tells of itself: the fields of its operands. One reader takes them out of an encoding,
/// the other puts them in, so the two cannot disagree.
protocol OperandCoder {
    /// A five-bit register field whose lowest bit is `low`.
    mutating func rd(at low: Int)
    mutating func rs1(at low: Int)
    mutating func rs2(at low: Int)
    /// A three-bit field that names x8–x15.
    mutating func rdShort(at low: Int)
    mutating func rs1Short(at low: Int)
    mutating func rs2Short(at low: Int)
    /// c.jr and c.jalr: one bit that says whether x1 is written.
    mutating func rdLink(at position: Int)
    /// An operand that the encoding implies.
    mutating func rd(is register: Int)
    mutating func rs1(is register: Int)
    mutating func immediate(is value: Int)
    /// The bits `high...low` of the immediate lie at `position` and upwards.
    mutating func immediate(_ high: Int, _ low: Int, at position: Int)
    /// The immediate is `width` bits wide and signed; said after its pieces.
    mutating func signed(width: Int)
}

/// Encoding → operands.
struct OperandDecoder: OperandCoder {
    let bits: UInt32
    var rd = 0
    var rs1 = 0
    var rs2 = 0
    var immediate = 0

    init(_ bits: UInt32) { self.bits = bits }

    private func field(_ low: Int, _ width: Int) -> Int {
        Int(bits.bits(low + width - 1, low))
    }
    mutating func rd(at low: Int) { rd = field(low, 5) }
    mutating func rs1(at low: Int) { rs1 = field(low, 5) }
    mutating func rs2(at low: Int) { rs2 = field(low, 5) }
    mutating func rdShort(at low: Int) { rd = 8 + field(low, 3) }
    mutating func rs1Short(at low: Int) { rs1 = 8 + field(low, 3) }
    mutating func rs2Short(at low: Int) { rs2 = 8 + field(low, 3) }
    mutating func rdLink(at position: Int) { rd = field(position, 1) }
    mutating func rd(is register: Int) { rd = register }
    mutating func rs1(is register: Int) { rs1 = register }
    mutating func immediate(is value: Int) { immediate = value }
    mutating func immediate(_ high: Int, _ low: Int, at position: Int) {
        immediate |= field(position, high - low + 1) << low
    }
    mutating func signed(width: Int) {
        let shift = Int.bitWidth - width
        immediate = (immediate << shift) >> shift
    }
}

/// Operands → the bits of an encoding that its row's mask leaves free.
struct OperandEncoder: OperandCoder {
    let instruction: Instruction
    var bits: UInt32 = 0

    init(_ instruction: Instruction) { self.instruction = instruction }

    private mutating func put(_ value: Int, _ low: Int, _ width: Int) {
        bits |= (UInt32(truncatingIfNeeded: value) & (1 << UInt32(width) - 1)) << UInt32(low)
    }
    mutating func rd(at low: Int) { put(instruction.rd, low, 5) }
    mutating func rs1(at low: Int) { put(instruction.rs1, low, 5) }
    mutating func rs2(at low: Int) { put(instruction.rs2, low, 5) }
    mutating func rdShort(at low: Int) { put(instruction.rd, low, 3) }
    mutating func rs1Short(at low: Int) { put(instruction.rs1, low, 3) }
    mutating func rs2Short(at low: Int) { put(instruction.rs2, low, 3) }
    mutating func rdLink(at position: Int) { put(instruction.rd, position, 1) }
    mutating func rd(is register: Int) {}
    mutating func rs1(is register: Int) {}
    mutating func immediate(is value: Int) {}
    mutating func immediate(_ high: Int, _ low: Int, at position: Int) {
        put(Int(instruction.immediate) >> low, position, high - low + 1)
    }
    mutating func signed(width: Int) {}
}

extension Instruction {
    /// Bits that decode to this instruction; nil where its operands fit no row.
    package var encoding: UInt32? {
        for row in allRows where row.opcode == opcode && row.isCompressed == isCompressed {
            let bits = row.encode(self)
            let taken = allRows.first {
                bits & $0.mask == $0.match && $0.isCompressed == isCompressed
            }
            if taken?.opcode == opcode && row.instruction(bits) == self { return bits }
        }
        return nil
    }
}

extension Row {
    /// The operands of `bits`, which match this row.
    package func instruction(_ bits: UInt32) -> Instruction {
        var operands = OperandDecoder(bits)
        form.visit(&operands, opcode)
        return Instruction(
            opcode, rd: operands.rd, rs1: operands.rs1, rs2: operands.rs2,
            immediate: operands.immediate, isCompressed: isCompressed)
    }

    /// The encoding of an instruction whose operands this row can hold.
    package func encode(_ instruction: Instruction) -> UInt32 {
        var operands = OperandEncoder(instruction)
        form.visit(&operands, opcode)
        return match | operands.bits & ~mask
    }
}
