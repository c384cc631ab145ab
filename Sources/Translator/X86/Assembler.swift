/// Writes x86-64 machine code at a cursor.
///
/// A value of one pointer whose methods are inlined: constant operands fold into constant bytes. An
/// instruction is put together in a word and stored at once, so up to 8 bytes behind the cursor are
/// overwritten: code is emitted towards the end of a buffer that has `slack` bytes to spare, never into a
/// gap. `patch` changes its four bytes alone.
///
/// SAFETY: the owner gives a cursor into memory that it keeps mapped and writable, and checks that there
/// is room before each guest instruction.
package struct Assembler {
    /// The writable view of the next byte.
    package var cursor: UnsafeMutablePointer<UInt8>
    /// What to add to a writable address for the one at which the code runs.
    package let executableOffset: Int

    /// What must be left behind the last instruction.
    package static let slack = 16

    @inline(__always)
    package init(cursor: UnsafeMutablePointer<UInt8>, executableOffset: Int = 0) {
        self.cursor = cursor
        self.executableOffset = executableOffset
    }

    /// The address at which the next instruction will run.
    @inline(__always)
    package var here: UInt64 {
        UInt64(UInt(bitPattern: Int(bitPattern: cursor) &+ executableOffset))
    }
}

/// An opcode with its prefixes, in one word: what there is beside registers and memory.
struct Opcode {
    /// Bits 0–23: opcode bytes; 24–31: their count; 32–39: a mandatory prefix or 0; then the flags.
    var bits: UInt64

    static var word: UInt64 { 1 &<< 40 }
    static var wide: UInt64 { 1 &<< 41 }
    static var forcesREX: UInt64 { 1 &<< 42 }

    @inline(__always) init(bits: UInt64) { self.bits = bits }

    /// One byte, as most integer instructions.
    @inline(__always) init(_ byte: UInt8) { bits = UInt64(byte) | 1 &<< 24 }
    /// `0F byte`.
    @inline(__always) init(escaped byte: UInt8, prefix: UInt8 = 0) {
        bits = 0x0f | UInt64(byte) &<< 8 | 2 &<< 24 | UInt64(prefix) &<< 32
    }
    /// `0F 38 byte` or `0F 3A byte`.
    @inline(__always) init(escaped: UInt8, _ byte: UInt8, prefix: UInt8) {
        bits = 0x0f | UInt64(escaped) &<< 8
        bits |= UInt64(byte) &<< 16 | 3 &<< 24 | UInt64(prefix) &<< 32
    }

    @inline(__always) func sized(_ size: OperandSize) -> Opcode {
        switch size {
        case .quad: Opcode(bits: bits | Opcode.wide)
        case .word: Opcode(bits: bits | Opcode.word)
        case .byte, .long: self
        }
    }
    /// An opcode whose lowest bit says "not bytes".
    @inline(__always) static func sized(_ byte: UInt8, _ size: OperandSize) -> Opcode {
        Opcode(size == .byte ? byte & ~1 : byte | 1).sized(size)
    }
    @inline(__always) func wide(_ isWide: Bool) -> Opcode {
        isWide ? Opcode(bits: bits | Opcode.wide) : self
    }
    /// With a REX prefix that makes 4…7 the low bytes of rsp…rdi instead of ah…bh.
    @inline(__always) func byte(_ register: HostRegister, _ size: OperandSize) -> Opcode {
        size == .byte && register.rawValue >= 4
            ? Opcode(bits: bits | Opcode.forcesREX) : self
    }
    @inline(__always) func byte(_ operand: HostOperand, _ size: OperandSize) -> Opcode {
        if case .register(let register) = operand { return byte(register, size) }
        return self
    }

    /// Puts prefixes, REX and opcode bytes together.
    @inline(__always)
    func head(_ rexBits: UInt8) -> (bits: UInt64, bitCount: UInt64) {
        var result: UInt64 = 0
        var count: UInt64 = 0
        if bits & Opcode.word != 0 {
            result = 0x66
            count = 8
        }
        let prefix = bits &>> 32 & 0xff
        if prefix != 0 {
            result |= prefix &<< count
            count &+= 8
        }
        let rex = 0x40 | UInt64(rexBits) | (bits & Opcode.wide) &>> 38
        if rex != 0x40 || bits & Opcode.forcesREX != 0 {
            result |= rex &<< count
            count &+= 8
        }
        result |= (bits & 0xff_ffff) &<< count
        count &+= (bits &>> 24 & 0xff) &<< 3
        return (result, count)
    }
}

// The encodings that all instructions are made of.
extension Assembler {
    /// Stores eight bytes, of which the first `count` count.
    @inline(__always)
    mutating func put(_ bits: UInt64, count: UInt64) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: bits, as: UInt64.self)
        cursor += Int(truncatingIfNeeded: count)
    }
    @inline(__always) mutating func put8(_ value: UInt8) {
        cursor.pointee = value
        cursor += 1
    }
    @inline(__always) mutating func put16(_ value: UInt16) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt16.self)
        cursor += 2
    }
    @inline(__always) mutating func put32(_ value: UInt32) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt32.self)
        cursor += 4
    }

    /// Opcode and ModRM with two registers, by number.
    @inline(__always)
    mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ rm: UInt8) {
        let (bits, count) = opcode.head((reg & 8) &>> 1 | rm &>> 3)
        let operands = 0xc0 | (reg & 7) &<< 3 | rm & 7
        put(bits | UInt64(operands) &<< count, count: count &>> 3 &+ 1)
    }

    /// Opcode, ModRM, SIB and displacement. One function, not inlined: it is long.
    @inline(never)
    mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ memory: HostMemory) {
        if memory.isGS { put8(0x65) }
        let (bits, count) = opcode.head((reg & 8) &>> 1 | memory.rexBits)
        put(bits, count: count &>> 3)
        putOperand(reg, memory)
    }

    @inline(__always)
    mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ operand: HostOperand) {
        switch operand {
        case .register(let register): encode(opcode, reg, register.rawValue)
        case .memory(let memory): encode(opcode, reg, memory)
        }
    }
    @inline(__always)
    mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ operand: VectorOperand) {
        switch operand {
        case .vector(let vector): encode(opcode, reg, vector.rawValue)
        case .memory(let memory): encode(opcode, reg, memory)
        }
    }

    /// ModRM, SIB and displacement. rbp and r13 as base have no form without displacement; rsp and r12
    /// need a SIB (Intel SDM volume 2, tables 2-2 and 2-3).
    @inline(__always)
    mutating func putOperand(_ reg: UInt8, _ memory: HostMemory) {
        let field = UInt64(reg & 7) &<< 3
        let displacement = UInt64(UInt32(bitPattern: memory.displacement))
        let index = UInt64((memory.index?.rawValue ?? 4) & 7)
        let sib = UInt64(memory.scale) &<< 6 | index &<< 3
        guard let base = memory.base else {
            put(field | 4 | (sib | 5) &<< 8 | displacement &<< 16, count: 6)
            return
        }
        let low = UInt64(base.rawValue & 7)
        var bits = field | low
        var count: UInt64 = 8
        if memory.index != nil || low == 4 {
            bits = field | 4 | (sib | low) &<< 8
            count = 16
        }
        if displacement == 0 && low != 5 {
            put(bits, count: count &>> 3)
        } else if Int32(Int8(truncatingIfNeeded: memory.displacement)) == memory.displacement {
            put(bits | 0x40 | (displacement & 0xff) &<< count, count: count &>> 3 &+ 1)
        } else {
            put(bits | 0x80 | displacement &<< count, count: count &>> 3 &+ 4)
        }
    }
}

extension HostMemory {
    /// X and B of REX, as REX has them.
    @inline(__always) var rexBits: UInt8 {
        ((index?.rawValue ?? 0) & 8) &>> 2 | (base?.rawValue ?? 0) &>> 3
    }
}

/// VEX: what a legacy prefix and escape bytes say, in one prefix with a third operand.
struct VEXOpcode {
    enum Prefix: UInt8 { case none, x66, xF3, xF2 }
    enum Map: UInt8 { case x0F = 1, x0F38, x0F3A }
    var prefix: Prefix
    var map: Map
    var byte: UInt8
    var isWide = false

    @inline(__always) init(_ prefix: Prefix, _ map: Map, _ byte: UInt8, isWide: Bool = false) {
        self.prefix = prefix
        self.map = map
        self.byte = byte
        self.isWide = isWide
    }

    /// The prefix and the opcode; two bytes of prefix where they can say it.
    @inline(__always)
    func head(_ reg: UInt8, _ third: UInt8, _ rexBits: UInt8) -> (bits: UInt64, bitCount: UInt64) {
        let notR = UInt64(~reg & 8) &<< 4
        let last = UInt64((~third & 15) &<< 3 | prefix.rawValue)
        if rexBits == 0 && map == .x0F && !isWide {
            return (0xc5 | (notR | last) &<< 8 | UInt64(byte) &<< 16, 24)
        }
        let middle = notR | UInt64(~rexBits & 3) &<< 5 | UInt64(map.rawValue)
        let wide: UInt64 = isWide ? 0x80 : 0
        return (
            0xc4 | middle &<< 8 | (wide | last) &<< 16 | UInt64(byte) &<< 24, 32
        )
    }
}

extension Assembler {
    @inline(__always)
    mutating func encode(_ opcode: VEXOpcode, _ reg: UInt8, _ third: UInt8, _ rm: UInt8) {
        let (bits, count) = opcode.head(reg, third, rm &>> 3)
        let operands = 0xc0 | (reg & 7) &<< 3 | rm & 7
        put(bits | UInt64(operands) &<< count, count: count &>> 3 &+ 1)
    }
    @inline(never)
    mutating func encode(_ opcode: VEXOpcode, _ reg: UInt8, _ third: UInt8, _ memory: HostMemory) {
        if memory.isGS { put8(0x65) }
        let (bits, count) = opcode.head(reg, third, memory.rexBits)
        put(bits, count: count &>> 3)
        putOperand(reg, memory)
    }
    @inline(__always)
    mutating func encode(
        _ opcode: VEXOpcode, _ reg: UInt8, _ third: UInt8, _ operand: HostOperand
    ) {
        switch operand {
        case .register(let register): encode(opcode, reg, third, register.rawValue)
        case .memory(let memory): encode(opcode, reg, third, memory)
        }
    }
    @inline(__always)
    mutating func encode(
        _ opcode: VEXOpcode, _ reg: UInt8, _ third: UInt8, _ operand: VectorOperand
    ) {
        switch operand {
        case .vector(let vector): encode(opcode, reg, third, vector.rawValue)
        case .memory(let memory): encode(opcode, reg, third, memory)
        }
    }
}
