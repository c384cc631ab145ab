// Shifts, and instructions on single bits.
extension Assembler {
    @inline(__always)
    package mutating func shift(
        _ op: Shift, _ d: HostOperand, by count: UInt8, _ size: OperandSize = .quad
    ) {
        if count == 1 {
            encode(Opcode.sized(0xd1, size).byte(d, size), op.rawValue, d)
        } else {
            encode(Opcode.sized(0xc1, size).byte(d, size), op.rawValue, d)
            put8(count)
        }
    }
    @inline(__always)
    package mutating func shiftCL(
        _ op: Shift, _ d: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode.sized(0xd3, size).byte(d, size), op.rawValue, d)
    }

    /// These leave the flags alone, and take the count modulo 32 or 64.
    @inline(__always)
    package mutating func shlx(
        _ d: HostRegister, _ s: HostOperand, _ count: HostRegister, _ size: OperandSize = .quad
    ) {
        let opcode = VEXOpcode(.x66, .x0F38, 0xf7, isWide: size == .quad)
        encode(opcode, d.rawValue, count.rawValue, s)
    }
    @inline(__always)
    package mutating func shrx(
        _ d: HostRegister, _ s: HostOperand, _ count: HostRegister, _ size: OperandSize = .quad
    ) {
        let opcode = VEXOpcode(.xF2, .x0F38, 0xf7, isWide: size == .quad)
        encode(opcode, d.rawValue, count.rawValue, s)
    }
    @inline(__always)
    package mutating func sarx(
        _ d: HostRegister, _ s: HostOperand, _ count: HostRegister, _ size: OperandSize = .quad
    ) {
        let opcode = VEXOpcode(.xF3, .x0F38, 0xf7, isWide: size == .quad)
        encode(opcode, d.rawValue, count.rawValue, s)
    }
    @inline(__always)
    package mutating func rorx(
        _ d: HostRegister, _ s: HostOperand, by count: UInt8, _ size: OperandSize = .quad
    ) {
        encode(VEXOpcode(.xF2, .x0F3A, 0xf0, isWide: size == .quad), d.rawValue, 0, s)
        put8(count)
    }
    /// `d = ~a & b`.
    @inline(__always)
    package mutating func andn(
        _ d: HostRegister, _ a: HostRegister, _ b: HostOperand, _ size: OperandSize = .quad
    ) {
        let opcode = VEXOpcode(.none, .x0F38, 0xf2, isWide: size == .quad)
        encode(opcode, d.rawValue, a.rawValue, b)
    }

    @inline(__always)
    package mutating func bt(_ d: HostRegister, imm: UInt8, _ size: OperandSize = .quad) {
        bit(4, d, imm, size)
    }
    @inline(__always)
    package mutating func bts(_ d: HostRegister, imm: UInt8, _ size: OperandSize = .quad) {
        bit(5, d, imm, size)
    }
    @inline(__always)
    package mutating func btr(_ d: HostRegister, imm: UInt8, _ size: OperandSize = .quad) {
        bit(6, d, imm, size)
    }
    @inline(__always)
    package mutating func btc(_ d: HostRegister, imm: UInt8, _ size: OperandSize = .quad) {
        bit(7, d, imm, size)
    }
    @inline(__always)
    package mutating func bt(
        _ d: HostRegister, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xa3).sized(size), s.rawValue, d.rawValue)
    }
    @inline(__always)
    package mutating func bts(
        _ d: HostRegister, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xab).sized(size), s.rawValue, d.rawValue)
    }
    @inline(__always)
    package mutating func btr(
        _ d: HostRegister, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xb3).sized(size), s.rawValue, d.rawValue)
    }
    @inline(__always)
    package mutating func btc(
        _ d: HostRegister, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xbb).sized(size), s.rawValue, d.rawValue)
    }
    @inline(__always)
    private mutating func bit(
        _ extension: UInt8, _ d: HostRegister, _ imm: UInt8, _ size: OperandSize
    ) {
        encode(Opcode(escaped: 0xba).sized(size), `extension`, d.rawValue)
        put8(imm)
    }

    /// On 32 or 64 bits.
    @inline(__always)
    package mutating func bswap(_ d: HostRegister, _ size: OperandSize = .quad) {
        let opcode = Opcode(escaped: 0xc8 | d.rawValue & 7).sized(size)
        let (bits, count) = opcode.head(d.rawValue &>> 3)
        put(bits, count: count &>> 3)
    }
    @inline(__always)
    package mutating func lzcnt(
        _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xbd, prefix: 0xf3).sized(size), d.rawValue, s)
    }
    @inline(__always)
    package mutating func tzcnt(
        _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xbc, prefix: 0xf3).sized(size), d.rawValue, s)
    }
    @inline(__always)
    package mutating func popcnt(
        _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xb8, prefix: 0xf3).sized(size), d.rawValue, s)
    }
}
