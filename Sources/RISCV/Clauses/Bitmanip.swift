import Bits

/// Zba: shifts and adds that make addresses.
extension Semantics {
    /// `rs2 + (a << shift)`.
    @inlinable @inline(__always)
    package mutating func shiftAdd(_ i: Instruction, _ a: Value, _ shift: UInt64) {
        setX(i.rd, add(binary(.shiftLeft, a, constant(shift)), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func add_uw(_ i: Instruction) throws(Trap) {
        setX(i.rd, add(unsignedWord(x(i.rs1)), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func sh1add(_ i: Instruction) throws(Trap) {
        shiftAdd(i, x(i.rs1), 1)
    }
    @inlinable @inline(__always)
    package mutating func sh2add(_ i: Instruction) throws(Trap) {
        shiftAdd(i, x(i.rs1), 2)
    }
    @inlinable @inline(__always)
    package mutating func sh3add(_ i: Instruction) throws(Trap) {
        shiftAdd(i, x(i.rs1), 3)
    }
    @inlinable @inline(__always)
    package mutating func sh1add_uw(_ i: Instruction) throws(Trap) {
        shiftAdd(i, unsignedWord(x(i.rs1)), 1)
    }
    @inlinable @inline(__always)
    package mutating func sh2add_uw(_ i: Instruction) throws(Trap) {
        shiftAdd(i, unsignedWord(x(i.rs1)), 2)
    }
    @inlinable @inline(__always)
    package mutating func sh3add_uw(_ i: Instruction) throws(Trap) {
        shiftAdd(i, unsignedWord(x(i.rs1)), 3)
    }
    @inlinable @inline(__always)
    package mutating func slli_uw(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.shiftLeft, unsignedWord(x(i.rs1)), immediate(i)))
    }
}

/// Zbb: logic with negation, counts, extremes, extensions, rotations and byte order.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func not(_ a: Value) -> Value { binary(.xor, a, constant(~0)) }
    @inlinable @inline(__always)
    package mutating func registerUnary(_ i: Instruction, _ operation: UnaryOperation) {
        setX(i.rd, unary(operation, x(i.rs1)))
    }
    /// The low word of `rs1` in both halves: a 64-bit rotation of it rotates the word.
    @inlinable @inline(__always)
    package mutating func doubledWord(_ i: Instruction) -> Value {
        let word = unsignedWord(x(i.rs1))
        return binary(.or, word, binary(.shiftLeft, word, constant(32)))
    }

    @inlinable @inline(__always)
    package mutating func andn(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.and, x(i.rs1), not(x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func orn(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.or, x(i.rs1), not(x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func xnor(_ i: Instruction) throws(Trap) {
        setX(i.rd, not(binary(.xor, x(i.rs1), x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func clz(_ i: Instruction) throws(Trap) {
        registerUnary(i, .countLeadingZeros)
    }
    @inlinable @inline(__always)
    package mutating func clzw(_ i: Instruction) throws(Trap) {
        let count = unary(.countLeadingZeros, unsignedWord(x(i.rs1)))
        setX(i.rd, binary(.subtract, count, constant(32)))
    }
    @inlinable @inline(__always)
    package mutating func ctz(_ i: Instruction) throws(Trap) {
        registerUnary(i, .countTrailingZeros)
    }
    @inlinable @inline(__always)
    package mutating func ctzw(_ i: Instruction) throws(Trap) {
        // A one above the word makes an all-zero word count 32.
        let guarded = binary(.or, x(i.rs1), constant(1 &<< 32))
        setX(i.rd, unary(.countTrailingZeros, guarded))
    }
    @inlinable @inline(__always)
    package mutating func cpop(_ i: Instruction) throws(Trap) {
        registerUnary(i, .countOnes)
    }
    @inlinable @inline(__always)
    package mutating func cpopw(_ i: Instruction) throws(Trap) {
        setX(i.rd, unary(.countOnes, unsignedWord(x(i.rs1))))
    }
    @inlinable @inline(__always)
    package mutating func max(_ i: Instruction) throws(Trap) {
        register(i, .maximum)
    }
    @inlinable @inline(__always)
    package mutating func maxu(_ i: Instruction) throws(Trap) {
        register(i, .maximumUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func min(_ i: Instruction) throws(Trap) {
        register(i, .minimum)
    }
    @inlinable @inline(__always)
    package mutating func minu(_ i: Instruction) throws(Trap) {
        register(i, .minimumUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func sext_b(_ i: Instruction) throws(Trap) {
        registerUnary(i, .signExtend8)
    }
    @inlinable @inline(__always)
    package mutating func sext_h(_ i: Instruction) throws(Trap) {
        registerUnary(i, .signExtend16)
    }
    @inlinable @inline(__always)
    package mutating func zext_h(_ i: Instruction) throws(Trap) {
        registerUnary(i, .zeroExtend16)
    }
    @inlinable @inline(__always)
    package mutating func rol(_ i: Instruction) throws(Trap) {
        register(i, .rotateLeft)
    }
    @inlinable @inline(__always)
    package mutating func ror(_ i: Instruction) throws(Trap) {
        register(i, .rotateRight)
    }
    @inlinable @inline(__always)
    package mutating func rori(_ i: Instruction) throws(Trap) {
        registerImmediate(i, .rotateRight)
    }
    @inlinable @inline(__always)
    package mutating func rolw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.rotateLeft, doubledWord(i), x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func rorw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.rotateRight, doubledWord(i), x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func roriw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.rotateRight, doubledWord(i), immediate(i))))
    }
    @inlinable @inline(__always)
    package mutating func orc_b(_ i: Instruction) throws(Trap) {
        registerUnary(i, .orCombineBytes)
    }
    @inlinable @inline(__always)
    package mutating func rev8(_ i: Instruction) throws(Trap) {
        registerUnary(i, .reverseBytes)
    }
}

/// Zbc: multiplication without carries.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func clmul(_ i: Instruction) throws(Trap) {
        register(i, .carrylessMultiply)
    }
    @inlinable @inline(__always)
    package mutating func clmulh(_ i: Instruction) throws(Trap) {
        register(i, .carrylessMultiplyHigh)
    }
    @inlinable @inline(__always)
    package mutating func clmulr(_ i: Instruction) throws(Trap) {
        register(i, .carrylessMultiplyReversed)
    }
}

/// Zbs: single bits.
extension Semantics {
    /// One bit, at the index that the low six bits of `index` name.
    @inlinable @inline(__always)
    package mutating func single(_ index: Value) -> Value {
        binary(.shiftLeft, constant(1), index)
    }

    @inlinable @inline(__always)
    package mutating func bclr(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.and, x(i.rs1), not(single(x(i.rs2)))))
    }
    @inlinable @inline(__always)
    package mutating func bclri(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.and, x(i.rs1), not(single(immediate(i)))))
    }
    @inlinable @inline(__always)
    package mutating func bext(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.and, binary(.shiftRight, x(i.rs1), x(i.rs2)), constant(1)))
    }
    @inlinable @inline(__always)
    package mutating func bexti(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.and, binary(.shiftRight, x(i.rs1), immediate(i)), constant(1)))
    }
    @inlinable @inline(__always)
    package mutating func binv(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.xor, x(i.rs1), single(x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func binvi(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.xor, x(i.rs1), single(immediate(i))))
    }
    @inlinable @inline(__always)
    package mutating func bset(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.or, x(i.rs1), single(x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func bseti(_ i: Instruction) throws(Trap) {
        setX(i.rd, binary(.or, x(i.rs1), single(immediate(i))))
    }
}

/// Zicond.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func czero_eqz(_ i: Instruction) throws(Trap) {
        setX(i.rd, select(x(i.rs2), x(i.rs1), constant(0)))
    }
    @inlinable @inline(__always)
    package mutating func czero_nez(_ i: Instruction) throws(Trap) {
        setX(i.rd, select(x(i.rs2), constant(0), x(i.rs1)))
    }
}
