import Bits

/// What a clause may do. A clause gives an instruction's meaning once, as a method of this protocol
/// (`Clauses/`); the evaluators are the hart (it runs), the translator (it lifts) and `Footprint`
/// (what it reads and writes).
///
/// Rules of a clause: it branches in Swift only on the instruction's operands, never on a `Value`
/// (`select` and `branch` do that), and no architectural write comes before its last possible throw.
@usableFromInline
package protocol Semantics {
    /// A 64-bit word, known now (the hart) or later (the translator).
    associatedtype Value

    // MARK: Registers and the program counter
    mutating func x(_ register: Int) -> Value
    /// Writes an integer register; a write to `x0` is dropped.
    mutating func setX(_ register: Int, _ value: Value)
    /// All 64 bits of a floating-point register.
    mutating func f(_ register: Int) -> Value
    /// Writes all 64 bits of a floating-point register and makes `mstatus.FS` dirty.
    mutating func setF(_ register: Int, _ value: Value)
    mutating func constant(_ value: UInt64) -> Value
    /// The address of this instruction plus `offset`.
    mutating func pc(plus offset: Int64) -> Value

    // MARK: Arithmetic
    mutating func unary(_ operation: UnaryOperation, _ a: Value) -> Value
    mutating func binary(_ operation: BinaryOperation, _ a: Value, _ b: Value) -> Value
    /// `a` where `condition` is not zero, else `b`.
    mutating func select(_ condition: Value, _ a: Value, _ b: Value) -> Value

    // MARK: Control; each ends the instruction
    /// Goes to this instruction's address plus `offset` where `condition` is not zero.
    mutating func branch(if condition: Value, to offset: Int64)
    mutating func jump(to offset: Int64)
    mutating func jump(toAddress address: Value)

    // MARK: Memory
    mutating func load(_ kind: LoadKind, at address: Value) throws(Trap) -> Value
    mutating func store(_ width: AccessWidth, at address: Value, _ value: Value) throws(Trap)
    mutating func loadReserved(_ width: AccessWidth, at address: Value) throws(Trap) -> Value
    /// Returns 0 where the store happened, else 1.
    mutating func storeConditional(_ width: AccessWidth, at address: Value, _ value: Value)
        throws(Trap) -> Value
    /// Returns the old value, sign-extended.
    mutating func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, at address: Value, _ value: Value
    ) throws(Trap) -> Value
    /// Returns the old value, sign-extended; stores `new` where it equalled `expected`.
    mutating func compareAndSwap(
        _ width: AccessWidth, at address: Value, expected: Value, new: Value
    ) throws(Trap) -> Value

    /// Every store before it is seen by all harts before any load behind it is made.
    mutating func fenceStoreLoad()

    // MARK: Floating point
    /// Throws an illegal instruction where `mstatus.FS` is off.
    mutating func requireFloat() throws(Trap)
    /// One operation with rounding and flags; `rounding` is the instruction's field (7: dynamic).
    /// Operands and a floating result are raw bits of `format` (already unboxed); the caller boxes.
    mutating func float(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: Int,
        _ a: Value, _ b: Value, _ c: Value
    ) throws(Trap) -> Value

    /// `pause`: the hart spins until another has done something.
    mutating func spin(_ instruction: Instruction) throws(Trap)

    // MARK: Everything rarer: one call for the whole instruction
    /// CSR accesses, fences, returns from traps, cache blocks, `amocas.q`…: the evaluator knows them
    /// by opcode.
    mutating func system(_ instruction: Instruction) throws(Trap)
}

/// One operand in, one out, on 64-bit words.
@frozen @usableFromInline
package enum UnaryOperation: UInt8, Sendable {
    case signExtend8, signExtend16, signExtend32, zeroExtend8, zeroExtend16, zeroExtend32
    case countLeadingZeros, countTrailingZeros, countOnes, reverseBytes, orCombineBytes
    /// The single or half precision value in a NaN-boxed register, or the canonical NaN.
    case unboxSingle, unboxHalf, boxSingle, boxHalf
}

/// Two operands in, one out, on 64-bit words. Shifts take the low six bits of the second.
@frozen @usableFromInline
package enum BinaryOperation: UInt8, Sendable {
    case add, subtract, and, or, xor, shiftLeft, shiftRight, shiftRightSigned
    case rotateLeft, rotateRight
    /// 1 or 0.
    case equal, notEqual, less, lessUnsigned, greaterOrEqual, greaterOrEqualUnsigned
    case minimum, maximum, minimumUnsigned, maximumUnsigned
    case multiply, multiplyHigh, multiplyHighUnsigned, multiplyHighSignedUnsigned
    /// RISC-V's division: by zero gives all ones (the dividend, for a remainder); no overflow trap.
    case divide, divideUnsigned, remainder, remainderUnsigned
    case carrylessMultiply, carrylessMultiplyHigh, carrylessMultiplyReversed
}

@frozen @usableFromInline
package enum LoadKind: UInt8, Sendable {
    case signed8, signed16, signed32, unsigned8, unsigned16, unsigned32, double

    @inlinable package var width: AccessWidth {
        switch self {
        case .signed8, .unsigned8: .byte
        case .signed16, .unsigned16: .half
        case .signed32, .unsigned32: .word
        case .double: .double
        }
    }
}

@frozen @usableFromInline
package enum AtomicOperation: UInt8, Sendable {
    case swap, add, xor, and, or, minimum, maximum, minimumUnsigned, maximumUnsigned
}

/// Operations on floating-point operands that may round or set flags.
@frozen @usableFromInline
package enum FloatOperation: UInt8, Sendable, CaseIterable {
    case add, subtract, multiply, divide, squareRoot
    /// a·b+c, a·b−c, −(a·b)+c, −(a·b)−c.
    case multiplyAdd, multiplySubtract, negatedMultiplySubtract, negatedMultiplyAdd
    case minimum, maximum, minimumNaN, maximumNaN
    /// Results are 1 or 0. `…Quiet` set NV for signalling NaNs only.
    case equal, less, lessOrEqual, lessQuiet, lessOrEqualQuiet
    case classify, round, roundExact
    /// To another format (the operand's format is the call's).
    case toHalf, toSingle, toDouble
    /// To an integer, sign-extended from 32 bits where narrower.
    case toInt32, toUInt32, toInt64, toUInt64, toInt32Modular
    /// From an integer to the call's format.
    case fromInt32, fromUInt32, fromInt64, fromUInt64
}

/// Short names, so that a clause reads as its line in the manual.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func add(_ a: Value, _ b: Value) -> Value { binary(.add, a, b) }
    /// The immediate as a value.
    @inlinable @inline(__always)
    package mutating func immediate(_ i: Instruction) -> Value {
        constant(UInt64(bitPattern: i.immediate))
    }
    /// Sign-extends the low 32 bits.
    @inlinable @inline(__always)
    package mutating func word(_ a: Value) -> Value { unary(.signExtend32, a) }
    @inlinable @inline(__always)
    package mutating func unsignedWord(_ a: Value) -> Value { unary(.zeroExtend32, a) }
    /// `rs1 + immediate`: the address of a load, a store or a jump.
    @inlinable @inline(__always)
    package mutating func address(_ i: Instruction) -> Value {
        binary(.add, x(i.rs1), immediate(i))
    }
    @inlinable @inline(__always)
    package mutating func register(
        _ i: Instruction, _ operation: BinaryOperation
    ) {
        setX(i.rd, binary(operation, x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func registerWord(
        _ i: Instruction, _ operation: BinaryOperation
    ) {
        setX(i.rd, word(binary(operation, x(i.rs1), x(i.rs2))))
    }
    @inlinable @inline(__always)
    package mutating func registerImmediate(
        _ i: Instruction, _ operation: BinaryOperation
    ) {
        setX(i.rd, binary(operation, x(i.rs1), immediate(i)))
    }
}
