// Moves. A 32-bit result clears the upper half; 8- and 16-bit ones leave the rest of the register.
extension Assembler {
    /// Nothing at all where it would change nothing.
    @inline(__always)
    package mutating func mov(
        _ d: HostRegister, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        if size == .quad && d == s { return }
        let opcode = Opcode.sized(0x8b, size).byte(d, size).byte(s, size)
        encode(opcode, d.rawValue, s.rawValue)
    }

    /// The shortest form that leaves the flags alone.
    @inline(__always)
    package mutating func mov(_ d: HostRegister, imm: UInt64) {
        let number = UInt64(d.rawValue)
        if imm &>> 32 == 0 {
            let extended = number &>> 3
            let head = extended == 0 ? 0xb8 | number : 0x41 | (0xb8 | number & 7) &<< 8
            put(head | imm &<< (8 &+ extended &<< 3), count: 5 &+ extended)
        } else if UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: imm))) == imm {
            encode(Opcode(0xc7).wide(true), 0, d.rawValue)
            put32(UInt32(truncatingIfNeeded: imm))
        } else {
            put(0x48 | number &>> 3 | (0xb8 | number & 7) &<< 8, count: 2)
            put(imm, count: 8)
        }
    }

    /// Bytes and words are zero-extended.
    @inline(__always)
    package mutating func load(
        _ d: HostRegister, _ m: HostMemory, _ size: OperandSize = .quad
    ) {
        zeroExtend(d, .memory(m), from: size)
    }
    /// Sign-extended to 64 bits.
    @inline(__always)
    package mutating func loadSigned(_ d: HostRegister, _ m: HostMemory, _ size: OperandSize) {
        signExtend(d, .memory(m), from: size)
    }
    @inline(__always)
    package mutating func store(
        _ m: HostMemory, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode.sized(0x89, size).byte(s, size), s.rawValue, m)
    }
    @inline(__always)
    package mutating func store(_ m: HostMemory, imm: Int32, _ size: OperandSize) {
        encode(Opcode.sized(0xc7, size), 0, m)
        putImmediate(imm, size)
    }

    /// To 64 bits.
    @inline(__always)
    package mutating func signExtend(
        _ d: HostRegister, _ s: HostOperand, from size: OperandSize
    ) {
        let opcode =
            switch size {
            case .byte: Opcode(escaped: 0xbe)
            case .word: Opcode(escaped: 0xbf)
            case .long: Opcode(0x63)
            case .quad: Opcode(0x8b)
            }
        encode(opcode.wide(true), d.rawValue, s)
    }
    /// To 64 bits.
    @inline(__always)
    package mutating func zeroExtend(
        _ d: HostRegister, _ s: HostOperand, from size: OperandSize
    ) {
        let opcode =
            switch size {
            case .byte: Opcode(escaped: 0xb6).byte(s, .byte)
            case .word: Opcode(escaped: 0xb7)
            case .long: Opcode(0x8b)
            case .quad: Opcode(0x8b).wide(true)
            }
        encode(opcode, d.rawValue, s)
    }
    @inline(__always)
    package mutating func lea(_ d: HostRegister, _ m: HostMemory, _ size: OperandSize = .quad) {
        encode(Opcode(0x8d).sized(size), d.rawValue, m)
    }

    @inline(__always)
    mutating func putImmediate(_ imm: Int32, _ size: OperandSize) {
        switch size {
        case .byte: put8(UInt8(truncatingIfNeeded: imm))
        case .word: put16(UInt16(truncatingIfNeeded: imm))
        case .long, .quad: put32(UInt32(bitPattern: imm))
        }
    }
}

// Arithmetic.
extension Assembler {
    @inline(__always)
    package mutating func alu(
        _ op: ALU, _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        let opcode = Opcode.sized(op.rawValue &<< 3 | 3, size).byte(d, size).byte(s, size)
        encode(opcode, d.rawValue, s)
    }
    @inline(__always)
    package mutating func alu(
        _ op: ALU, _ m: HostMemory, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode.sized(op.rawValue &<< 3 | 1, size).byte(s, size), s.rawValue, m)
    }
    @inline(__always)
    package mutating func alu(
        _ op: ALU, _ d: HostOperand, imm: Int32, _ size: OperandSize = .quad
    ) {
        if size != .byte && Int32(Int8(truncatingIfNeeded: imm)) == imm {
            encode(Opcode(0x83).sized(size), op.rawValue, d)
            put8(UInt8(truncatingIfNeeded: imm))
            return
        }
        if d == .register(.rax) {
            let (bits, count) = Opcode.sized(op.rawValue &<< 3 | 5, size).head(0)
            put(bits, count: count &>> 3)
        } else {
            encode(Opcode.sized(0x81, size).byte(d, size), op.rawValue, d)
        }
        putImmediate(imm, size)
    }
    @inline(__always)
    package mutating func test(
        _ a: HostRegister, _ b: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode.sized(0x85, size).byte(a, size).byte(b, size), b.rawValue, a.rawValue)
    }
    @inline(__always)
    package mutating func test(_ a: HostOperand, imm: Int32, _ size: OperandSize = .quad) {
        if a == .register(.rax) {
            let (bits, count) = Opcode.sized(0xa9, size).head(0)
            put(bits, count: count &>> 3)
        } else {
            encode(Opcode.sized(0xf7, size).byte(a, size), 0, a)
        }
        putImmediate(imm, size)
    }

    @inline(__always)
    package mutating func not(_ d: HostOperand, _ size: OperandSize = .quad) {
        unary(2, d, size)
    }
    @inline(__always)
    package mutating func neg(_ d: HostOperand, _ size: OperandSize = .quad) {
        unary(3, d, size)
    }
    /// rdx:rax = rax · s, unsigned.
    @inline(__always)
    package mutating func mul(_ s: HostOperand, _ size: OperandSize = .quad) {
        unary(4, s, size)
    }
    /// rdx:rax = rax · s, signed.
    @inline(__always)
    package mutating func imul1(_ s: HostOperand, _ size: OperandSize = .quad) {
        unary(5, s, size)
    }
    /// rax, rdx = rdx:rax ÷ s, unsigned.
    @inline(__always)
    package mutating func div(_ s: HostOperand, _ size: OperandSize = .quad) {
        unary(6, s, size)
    }
    @inline(__always)
    package mutating func idiv(_ s: HostOperand, _ size: OperandSize = .quad) {
        unary(7, s, size)
    }
    @inline(__always)
    private mutating func unary(_ extension: UInt8, _ d: HostOperand, _ size: OperandSize) {
        encode(Opcode.sized(0xf7, size).byte(d, size), `extension`, d)
    }

    @inline(__always)
    package mutating func imul(
        _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0xaf).sized(size), d.rawValue, s)
    }
    @inline(__always)
    package mutating func imul(
        _ d: HostRegister, _ s: HostOperand, imm: Int32, _ size: OperandSize = .quad
    ) {
        if Int32(Int8(truncatingIfNeeded: imm)) == imm {
            encode(Opcode(0x6b).sized(size), d.rawValue, s)
            put8(UInt8(truncatingIfNeeded: imm))
        } else {
            encode(Opcode(0x69).sized(size), d.rawValue, s)
            putImmediate(imm, size)
        }
    }
    /// high:low = rdx · s, unsigned; flags stay.
    @inline(__always)
    package mutating func mulx(high: HostRegister, low: HostRegister, _ s: HostOperand) {
        encode(VEXOpcode(.xF2, .x0F38, 0xf6, isWide: true), high.rawValue, low.rawValue, s)
    }
    /// rdx:rax = rax sign-extended.
    @inline(__always) package mutating func cqo() { put(0x9948, count: 2) }
    /// edx:eax = eax sign-extended.
    @inline(__always) package mutating func cdq() { put8(0x99) }

    @inline(__always)
    package mutating func setcc(_ c: Condition, _ d: HostRegister) {
        encode(Opcode(escaped: 0x90 | c.rawValue).byte(d, .byte), 0, d.rawValue)
    }
    @inline(__always)
    package mutating func cmov(
        _ c: Condition, _ d: HostRegister, _ s: HostOperand, _ size: OperandSize = .quad
    ) {
        encode(Opcode(escaped: 0x40 | c.rawValue).sized(size), d.rawValue, s)
    }
}

// Accesses to memory that other threads see whole.
extension Assembler {
    /// Always locked.
    @inline(__always)
    package mutating func xchg(
        _ m: HostMemory, _ r: HostRegister, _ size: OperandSize = .quad
    ) {
        encode(Opcode.sized(0x87, size).byte(r, size), r.rawValue, m)
    }
    @inline(__always)
    package mutating func xadd(
        _ m: HostMemory, _ r: HostRegister, _ size: OperandSize = .quad, lock: Bool
    ) {
        if lock { put8(0xf0) }
        let opcode = Opcode(escaped: size == .byte ? 0xc0 : 0xc1).sized(size)
        encode(opcode.byte(r, size), r.rawValue, m)
    }
    /// `m = r` where m equals rax; else `rax = m`.
    @inline(__always)
    package mutating func cmpxchg(
        _ m: HostMemory, _ r: HostRegister, _ size: OperandSize = .quad, lock: Bool
    ) {
        if lock { put8(0xf0) }
        let opcode = Opcode(escaped: size == .byte ? 0xb0 : 0xb1).sized(size)
        encode(opcode.byte(r, size), r.rawValue, m)
    }
    /// Not with `cmp`.
    @inline(__always)
    package mutating func aluLocked(
        _ op: ALU, _ m: HostMemory, _ s: HostRegister, _ size: OperandSize = .quad
    ) {
        put8(0xf0)
        alu(op, m, s, size)
    }
    @inline(__always) package mutating func mfence() { put(0xf0_ae0f, count: 3) }
    /// A locked operation that changes nothing: half the time of mfence, which also waits for what
    /// ordinary memory does not need.
    @inline(__always) package mutating func orderStoresBeforeLoads() {
        put8(0xf0)
        alu(.or, .memory(.at(.rsp)), imm: 0, .byte)
    }
}
