import Hart
import RISCV

/// Comparisons, and conversions between formats and from and to integers.
extension Emitter {
    mutating func emitLess(_ i: IRInstruction, _ operation: FloatOperation, _ isDouble: Bool) {
        let to = target(i.to)
        let b = inVector(i.b, .xmm0)
        putLess(to, operation, isDouble: isDouble, vectorOperand(i.a), b)
        finish(i.to, to)
    }
    /// `b > a`, or `b >= a`: so that a NaN makes the condition false.
    mutating func putLess(
        _ to: HostRegister, _ operation: FloatOperation, isDouble: Bool, _ a: VectorOperand,
        _ b: HostVector
    ) {
        asm.alu(.xor, to, .register(to), .long)
        if operation == .less || operation == .lessOrEqual {
            asm.comi(isDouble: isDouble, b, a)
        } else {
            asm.ucomi(isDouble: isDouble, b, a)
        }
        let isStrict = operation == .less || operation == .lessQuiet
        asm.setcc(isStrict ? .a : .ae, to)
    }
    mutating func emitEqual(_ i: IRInstruction, _ isDouble: Bool) {
        let to = target(i.to)
        let a = inVector(i.a, .xmm0)
        putEqual(to, isDouble: isDouble, a, vectorOperand(i.b))
        finish(i.to, to)
    }
    mutating func putEqual(
        _ to: HostRegister, isDouble: Bool, _ a: HostVector, _ b: VectorOperand
    ) {
        asm.vcmpeq(isDouble: isDouble, .xmm0, a, b)
        asm.movd(to, .xmm0)
        asm.alu(.and, .register(to), imm: 1, .long)
    }

    /// Normal numbers, by their exponent; the interpreter looks at all others.
    mutating func emitClassify(_ i: IRInstruction, _ isDouble: Bool) {
        let size: OperandSize = isDouble ? .quad : .long
        let value = scratch()
        switch vectorOperand(i.a) {
        case .vector(let vector):
            if isDouble { asm.movq(value, vector) } else { asm.movd(value, vector) }
        case .memory(let memory): asm.load(value, memory, size)
        }
        let exponent = scratch()
        asm.lea(exponent, .at(value, value), size)
        asm.shift(.shr, .register(exponent), by: isDouble ? 53 : 24, size)
        asm.alu(.sub, .register(exponent), imm: 1, .long)
        asm.alu(.cmp, .register(exponent), imm: isDouble ? 0x7fe : 0xfe, .long)
        leaveToInterpreter(i, .ae)
        free(exponent)
        // Bit 6, or bit 1 for a negative one.
        asm.shift(.sar, .register(value), by: isDouble ? 63 : 31, size)
        asm.alu(.and, .register(value), imm: 2 - 64, .long)
        asm.alu(.add, .register(value), imm: 64, .long)
        free(value)
        let to = target(i.to)
        asm.mov(to, value)
        finish(i.to, to)
    }

    /// To signed integers. What does not fit raises "invalid" alone, and gives the least integer: cold
    /// code saturates.
    mutating func emitToInteger(
        _ i: IRInstruction, _ from: VectorOperand, isDouble: Bool, isWide: Bool
    ) {
        let size: OperandSize = isWide ? .quad : .long
        let to = target(i.to)
        let source = rounded(i, from, isDouble: isDouble, isWide: isWide)
        asm.convert(
            toInteger: to, size, isDouble: isDouble, truncates: i.immediate == 1, source)
        // Overflows for the least integer alone.
        asm.alu(.cmp, .register(to), imm: 1, size)
        coldFloat(
            .o,
            ColdFloat(
                work: .saturation, isDouble: isDouble, isWide: isWide, b: from, register: to))
        if !isWide { extendWord(to, i.to) }
        finish(i.to, to)
    }
    /// The operand; or what its rounding as the instruction says makes of it, whose conversion is exact.
    /// To 64 bits alone: a number that leaves these is an integer, so that it raises no "inexact".
    private mutating func rounded(
        _ i: IRInstruction, _ from: VectorOperand, isDouble: Bool, isWide: Bool
    ) -> VectorOperand {
        guard isWide, i.immediate != 7, i.immediate != 1 else { return from }
        let mode = Self.roundingControl(i.immediate)
        asm.logic(.xor, .xmm0, .xmm0, .vector(.xmm0))
        asm.round(isDouble: isDouble, mode: mode, .xmm0, .xmm0, from)
        return .vector(.xmm0)
    }

    /// To unsigned integers through 64 signed bits, where nothing can leave the range: a look at the
    /// number's high bits, unsigned so that negative ones are beyond.
    mutating func emitToUnsigned(
        _ i: IRInstruction, _ from: VectorOperand, isDouble: Bool, isWide: Bool
    ) {
        let truncates = i.immediate == 1
        let high = scratch()
        switch from {
        case .vector(let vector):
            if isDouble { asm.vpextrd1(high, vector) } else { asm.movd(high, vector) }
        case .memory(var memory):
            if isDouble { memory.displacement += 4 }
            asm.load(high, memory, .long)
        }
        // 2^63, and 2^32; rounding may reach 2^32 from the doubles just below it.
        let limit: UInt32 =
            switch (isDouble, isWide) {
            case (true, true): 0x43e0_0000
            case (true, false): truncates ? 0x41f0_0000 : 0x41ef_ffff
            case (false, true): 0x5f00_0000
            case (false, false): 0x4f80_0000
            }
        asm.alu(.cmp, .register(high), imm: Int32(bitPattern: limit), .long)
        free(high)
        leaveToInterpreter(i, .ae)
        let to = target(i.to)
        let source = rounded(i, from, isDouble: isDouble, isWide: isWide)
        asm.convert(toInteger: to, .quad, isDouble: isDouble, truncates: truncates, source)
        if !isWide { extendWord(to, i.to) }
        finish(i.to, to)
    }

    mutating func emitFromInteger(
        _ i: IRInstruction, _ operation: FloatOperation, _ format: FloatFormat
    ) {
        let d = targetVector(i.to)
        prepare(d, format)
        convertInteger(i, operation, isDouble: format == .double, d)
        finishVector(i.to, d, format)
    }
    /// Into the lowest element of a vector.
    mutating func convertInteger(
        _ i: IRInstruction, _ operation: FloatOperation, isDouble: Bool, _ d: HostVector
    ) {
        switch operation {
        case .fromInt32:
            asm.convert(fromInteger: operand(i.a), .long, isDouble: isDouble, d, d)
        case .fromInt64:
            asm.convert(fromInteger: operand(i.a), .quad, isDouble: isDouble, d, d)
        case .fromUInt32:
            let wide = scratch()
            asm.zeroExtend(wide, operand(i.a), from: .long)
            asm.convert(fromInteger: .register(wide), .quad, isDouble: isDouble, d, d)
            free(wide)
        default:
            let wide = scratch()
            load(wide, i.a)
            asm.test(wide, wide, .quad)
            var stub = ColdStub(kind: .float, label: Label())
            asm.jcc(.s, &stub.label)
            asm.convert(fromInteger: .register(wide), .quad, isDouble: isDouble, d, d)
            stub.back = asm.here
            stub.float = ColdFloat(
                work: .highInteger, isDouble: isDouble, d: d, register: wide, other: spare())
            push(stub)
            free(wide)
        }
    }
    /// Something that waits for no older instruction, and a single's box.
    private mutating func prepare(_ vector: HostVector, _ format: FloatFormat) {
        if format == .double {
            asm.logic(.xor, vector, vector, .vector(vector))
        } else {
            asm.ones(vector)
        }
    }

    mutating func emitToFormat(
        _ i: IRInstruction, _ operation: FloatOperation, from format: FloatFormat
    ) {
        switch (format, operation) {
        case (.double, .toSingle):
            let d = targetVector(i.to)
            let from = vectorOperand(i.a)
            let box: HostVector = from == .vector(d) ? .xmm0 : d
            asm.ones(box)
            asm.convert(toDouble: false, d, box, from)
            finishCanonical(i.to, d, .single)
        case (.single, .toDouble):
            let d = targetVector(i.to)
            let a = inVector(i.a, .xmm0)
            asm.convert(toDouble: true, d, a, .vector(a))
            finishCanonical(i.to, d, .double)
        case (.single, .toHalf): emitToHalf(i)
        default: leaveUnit(i)
        }
    }

    private mutating func emitToHalf(_ i: IRInstruction) {
        let a = inVector(i.a, .xmm0)
        asm.vinsertps(.xmm0, a, .vector(a), mode: 0x0e)
        asm.ucomi(isDouble: false, .xmm0, .vector(.xmm0))
        coldFloat(
            .p, ColdFloat(work: .canonicalNaN, isDouble: false, register: spare()))
        narrow(i.to)
    }
}
