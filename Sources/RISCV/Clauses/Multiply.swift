import Bits

/// M: multiplication and division.
extension Semantics {
    @inlinable package mutating func mul(_ i: Instruction) throws(Trap) {
        register(i, .multiply)
    }
    @inlinable package mutating func mulh(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHigh)
    }
    @inlinable package mutating func mulhsu(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHighSignedUnsigned)
    }
    @inlinable package mutating func mulhu(_ i: Instruction) throws(Trap) {
        register(i, .multiplyHighUnsigned)
    }
    @inlinable package mutating func div(_ i: Instruction) throws(Trap) {
        register(i, .divide)
    }
    @inlinable package mutating func divu(_ i: Instruction) throws(Trap) {
        register(i, .divideUnsigned)
    }
    @inlinable package mutating func rem(_ i: Instruction) throws(Trap) {
        register(i, .remainder)
    }
    @inlinable package mutating func remu(_ i: Instruction) throws(Trap) {
        register(i, .remainderUnsigned)
    }
    @inlinable package mutating func mulw(_ i: Instruction) throws(Trap) {
        registerWord(i, .multiply)
    }
    @inlinable package mutating func divw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.divide, word(x(i.rs1)), word(x(i.rs2)))))
    }
    @inlinable package mutating func divuw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.divideUnsigned, unsignedWord(x(i.rs1)), unsignedWord(x(i.rs2)))))
    }
    @inlinable package mutating func remw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.remainder, word(x(i.rs1)), word(x(i.rs2)))))
    }
    @inlinable package mutating func remuw(_ i: Instruction) throws(Trap) {
        setX(i.rd, word(binary(.remainderUnsigned, unsignedWord(x(i.rs1)), unsignedWord(x(i.rs2)))))
    }
}
