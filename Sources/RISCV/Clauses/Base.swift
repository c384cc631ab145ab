import Bits

/// RV64I (unprivileged specification, chapters 2 and 4).
extension Semantics {
    @inlinable @inline(__always)
    package mutating func lui(_ i: Instruction) throws(Trap) {
        setX(i.rd, constant(UInt64(bitPattern: i.immediate &<< 12)))
    }
    @inlinable @inline(__always)
    package mutating func auipc(_ i: Instruction) throws(Trap) {
        setX(i.rd, pc(plus: i.immediate &<< 12))
    }
    @inlinable @inline(__always)
    package mutating func jal(_ i: Instruction) throws(Trap) {
        setX(i.rd, pc(plus: Int64(i.length)))
        jump(to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func jalr(_ i: Instruction) throws(Trap) {
        let target = binary(.and, address(i), constant(~1))
        setX(i.rd, pc(plus: Int64(i.length)))
        jump(toAddress: target)
    }
    @inlinable @inline(__always)
    package mutating func beq(_ i: Instruction) throws(Trap) {
        branch(if: binary(.equal, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func bne(_ i: Instruction) throws(Trap) {
        branch(if: binary(.notEqual, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func blt(_ i: Instruction) throws(Trap) {
        branch(if: binary(.less, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func bge(_ i: Instruction) throws(Trap) {
        branch(if: binary(.greaterOrEqual, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func bltu(_ i: Instruction) throws(Trap) {
        branch(if: binary(.lessUnsigned, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func bgeu(_ i: Instruction) throws(Trap) {
        branch(if: binary(.greaterOrEqualUnsigned, x(i.rs1), x(i.rs2)), to: i.immediate)
    }
    @inlinable @inline(__always)
    package mutating func lb(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.signed8, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func lh(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.signed16, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func lw(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.signed32, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func ld(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.double, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func lbu(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.unsigned8, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func lhu(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.unsigned16, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func lwu(_ i: Instruction) throws(Trap) {
        setX(i.rd, try load(.unsigned32, at: address(i)))
    }
    @inlinable @inline(__always)
    package mutating func sb(_ i: Instruction) throws(Trap) {
        try store(.byte, at: address(i), x(i.rs2))
    }
    @inlinable @inline(__always)
    package mutating func sh(_ i: Instruction) throws(Trap) {
        try store(.half, at: address(i), x(i.rs2))
    }
    @inlinable @inline(__always)
    package mutating func sw(_ i: Instruction) throws(Trap) {
        try store(.word, at: address(i), x(i.rs2))
    }
    @inlinable @inline(__always)
    package mutating func sd(_ i: Instruction) throws(Trap) {
        try store(.double, at: address(i), x(i.rs2))
    }
    @inlinable @inline(__always)
    package mutating func addi(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .add)
    }
    @inlinable @inline(__always)
    package mutating func slti(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .less)
    }
    @inlinable @inline(__always)
    package mutating func sltiu(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .lessUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func xori(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .xor)
    }
    @inlinable @inline(__always)
    package mutating func ori(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .or)
    }
    @inlinable @inline(__always)
    package mutating func andi(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .and)
    }
    @inlinable @inline(__always)
    package mutating func slli(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .shiftLeft)
    }
    @inlinable @inline(__always)
    package mutating func srli(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .shiftRight)
    }
    @inlinable @inline(__always)
    package mutating func srai(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .shiftRightSigned)
    }
    @inlinable @inline(__always)
    package mutating func add(_ i: Instruction) throws(Trap) {
        register(i, .add)
    }
    @inlinable @inline(__always)
    package mutating func sub(_ i: Instruction) throws(Trap) {
        register(i, .subtract)
    }
    @inlinable @inline(__always)
    package mutating func sll(_ i: Instruction) throws(Trap) {
        register(i, .shiftLeft)
    }
    @inlinable @inline(__always)
    package mutating func slt(_ i: Instruction) throws(Trap) {
        register(i, .less)
    }
    @inlinable @inline(__always)
    package mutating func sltu(_ i: Instruction) throws(Trap) {
        register(i, .lessUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func xor(_ i: Instruction) throws(Trap) {
        register(i, .xor)
    }
    @inlinable @inline(__always)
    package mutating func srl(_ i: Instruction) throws(Trap) {
        register(i, .shiftRight)
    }
    @inlinable @inline(__always)
    package mutating func sra(_ i: Instruction) throws(Trap) {
        register(i, .shiftRightSigned)
    }
    @inlinable @inline(__always)
    package mutating func or(_ i: Instruction) throws(Trap) {
        register(i, .or)
    }
    @inlinable @inline(__always)
    package mutating func and(_ i: Instruction) throws(Trap) {
        register(i, .and)
    }
    @inlinable @inline(__always)
    package mutating func addiw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(address(i)))
    }
    @inlinable @inline(__always)
    package mutating func slliw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.shiftLeft, x(i.rs1), immediate(i))))
    }
    @inlinable @inline(__always)
    package mutating func srliw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.shiftRight, unsignedWord(x(i.rs1)), immediate(i))))
    }
    @inlinable @inline(__always)
    package mutating func sraiw(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.shiftRightSigned, word(x(i.rs1)), immediate(i)))
    }
    @inlinable @inline(__always)
    package mutating func addw(_ i: Instruction) throws(Trap) {
        registerWord(i, .add)
    }
    @inlinable @inline(__always)
    package mutating func subw(_ i: Instruction) throws(Trap) {
        registerWord(i, .subtract)
    }
    /// The low five bits of `rs2`: the shift amount of a 32-bit shift.
    @inlinable @inline(__always)
    package mutating func wordShift(_ i: Instruction) -> Value {
        binary(.and, x(i.rs2), constant(31))
    }
    @inlinable @inline(__always)
    package mutating func sllw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.shiftLeft, x(i.rs1), wordShift(i))))
    }
    @inlinable @inline(__always)
    package mutating func srlw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.shiftRight, unsignedWord(x(i.rs1)), wordShift(i))))
    }
    @inlinable @inline(__always)
    package mutating func sraw(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.shiftRightSigned, word(x(i.rs1)), wordShift(i)))
    }
}
