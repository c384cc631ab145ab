import Bits

/// What the clauses of F, D, Zfh and Zfa are made of. Each needs `mstatus.FS` on, takes operands out
/// of their boxes and puts a floating-point result into its own.
extension Semantics {
    /// The value of `format` in an f-register: a NaN where it is not boxed properly.
    @inlinable @inline(__always)
    package mutating func operand(_ register: Int, _ format: FloatFormat) -> Value {
        switch format {
        case .double: f(register)
        case .single: unary(.unboxSingle, f(register))
        case .half: unary(.unboxHalf, f(register))
        }
    }
    @inlinable @inline(__always)
    package mutating func setF(_ register: Int, _ format: FloatFormat, _ value: Value) {
        switch format {
        case .double: setF(register, value)
        case .single: setF(register, unary(.boxSingle, value))
        case .half: setF(register, unary(.boxHalf, value))
        }
    }

    @inlinable @inline(__always)
    package mutating func floatLoad(_ i: Instruction, _ kind: LoadKind, _ format: FloatFormat)
        throws(Trap)
    {
        try requireFloat()
        setF(i.rd, format, try load(kind, at: address(i)))
    }
    /// Stores the low bits, boxed or not.
    @inlinable @inline(__always)
    package mutating func floatStore(_ i: Instruction, _ width: AccessWidth) throws(Trap) {
        try requireFloat()
        try store(width, at: address(i), f(i.rs2))
    }
    @inlinable @inline(__always)
    package mutating func floatConstant(_ i: Instruction, _ format: FloatFormat) throws(Trap) {
        try requireFloat()
        let field = UInt8(truncatingIfNeeded: i.immediate)
        setF(i.rd, format, constant(SoftFloat.immediate(field, format: format)))
    }

    @inlinable @inline(__always)
    package mutating func floatFused(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let result = try float(
            operation, format, rounding: i.fusedRounding, operand(i.rs1, format),
            operand(i.rs2, format), operand(i.rs3, format))
        setF(i.rd, format, result)
    }
    @inlinable @inline(__always)
    package mutating func floatBinary(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        let result = try float(
            operation, format, rounding: i.rounding, a, operand(i.rs2, format), a)
        setF(i.rd, format, result)
    }
    @inlinable @inline(__always)
    package mutating func floatUnary(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        setF(i.rd, format, try float(operation, format, rounding: i.rounding, a, a, a))
    }
    /// One of two operands, or a NaN: nothing is rounded.
    @inlinable @inline(__always)
    package mutating func floatPick(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        setF(i.rd, format, try float(operation, format, rounding: 0, a, operand(i.rs2, format), a))
    }
    /// An integer result that takes no rounding mode.
    @inlinable @inline(__always)
    package mutating func floatCompare(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        setX(i.rd, try float(operation, format, rounding: 0, a, operand(i.rs2, format), a))
    }
    /// As `floatCompare`, of one operand.
    @inlinable @inline(__always)
    package mutating func floatExamine(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        setX(i.rd, try float(operation, format, rounding: 0, a, a, a))
    }

    @inlinable @inline(__always)
    package mutating func floatToInteger(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        setX(i.rd, try float(operation, format, rounding: i.rounding, a, a, a))
    }
    @inlinable @inline(__always)
    package mutating func floatFromInteger(
        _ i: Instruction, _ operation: FloatOperation, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = x(i.rs1)
        setF(i.rd, format, try float(operation, format, rounding: i.rounding, a, a, a))
    }
    @inlinable @inline(__always)
    package mutating func floatConvert(
        _ i: Instruction, from source: FloatFormat, to format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let operation: FloatOperation =
            switch format {
            case .half: .toHalf
            case .single: .toSingle
            case .double: .toDouble
            }
        let a = operand(i.rs1, source)
        setF(i.rd, format, try float(operation, source, rounding: i.rounding, a, a, a))
    }

    /// The magnitude of rs1 with a sign made from that of rs2; `fmv`, `fneg` and `fabs` when they are
    /// the same register.
    @inlinable @inline(__always)
    package mutating func floatSign(
        _ i: Instruction, _ injection: SignInjection, _ format: FloatFormat
    ) throws(Trap) {
        try requireFloat()
        let a = operand(i.rs1, format)
        let sign = constant(format.signMask)
        let result: Value
        if i.rs1 == i.rs2 {
            switch injection {
            case .copy: result = a
            case .invert: result = binary(.xor, a, sign)
            case .multiply: result = binary(.and, a, constant(~format.signMask))
            }
        } else {
            let b = binary(.and, operand(i.rs2, format), sign)
            switch injection {
            case .copy:
                result = binary(.or, binary(.and, a, constant(~format.signMask)), b)
            case .invert:
                let magnitude = binary(.and, a, constant(~format.signMask))
                result = binary(.or, magnitude, binary(.xor, b, sign))
            case .multiply: result = binary(.xor, a, b)
            }
        }
        setF(i.rd, format, result)
    }
}

/// How `fsgnj`, `fsgnjn` and `fsgnjx` make a sign.
@frozen @usableFromInline
package enum SignInjection: Sendable { case copy, invert, multiply }
