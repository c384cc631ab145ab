import Bits

/// M: multiplication and division.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func mul(_ i: Instruction) throws(Trap) {
        register(i, .multiply)
    }
    @inlinable @inline(__always)
    package mutating func mulh(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHigh)
    }
    @inlinable @inline(__always)
    package mutating func mulhsu(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHighSignedUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func mulhu(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHighUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func div(_ i: Instruction) throws(Trap) {
        register(i, .divide)
    }
    @inlinable @inline(__always)
    package mutating func divu(_ i: Instruction) throws(Trap) {
        register(i, .divideUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func rem(_ i: Instruction) throws(Trap) {
        register(i, .remainder)
    }
    @inlinable @inline(__always)
    package mutating func remu(_ i: Instruction) throws(Trap) {
        register(i, .remainderUnsigned)
    }
    @inlinable @inline(__always)
    package mutating func mulw(_ i: Instruction) throws(Trap) {
        registerWord(i, .multiply)
    }
    @inlinable @inline(__always)
    package mutating func divw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.divide, word(x(i.rs1)), word(x(i.rs2)))))
    }
    @inlinable @inline(__always)
    package mutating func divuw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.divideUnsigned, unsignedWord(x(i.rs1)), unsignedWord(x(i.rs2)))))
    }
    @inlinable @inline(__always)
    package mutating func remw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.remainder, word(x(i.rs1)), word(x(i.rs2)))))
    }
    @inlinable @inline(__always)
    package mutating func remuw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.remainderUnsigned, unsignedWord(x(i.rs1)), unsignedWord(x(i.rs2)))))
    }
}
