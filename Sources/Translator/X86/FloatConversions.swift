import Hart
import RISCV

/// Comparisons, and conversions between formats and from and to integers.
extension Emitter {
    /// `b > a`, or `b >= a`: so that a NaN makes the condition false.
    mutating func emitLess(_ i: IRInstruction, _ operation: FloatOperation, _ isDouble: Bool) {
        let to = target(i.to)
        let b = inVector(i.b, .xmm0)
        asm.alu(.xor, to, .register(to), .long)
        if operation == .less || operation == .lessOrEqual {
            asm.comi(isDouble: isDouble, b, vectorOperand(i.a))
        } else {
            asm.ucomi(isDouble: isDouble, b, vectorOperand(i.a))
        }
        let isStrict = operation == .less || operation == .lessQuiet
        asm.setcc(isStrict ? .a : .ae, to)
        finish(i.to, to)
    }
    mutating func emitEqual(_ i: IRInstruction, _ isDouble: Bool) {
        let to = target(i.to)
        let a = inVector(i.a, .xmm0)
        asm.vcmpeq(isDouble: isDouble, .xmm0, a, vectorOperand(i.b))
        asm.movd(to, .xmm0)
        asm.alu(.and, .register(to), imm: 1, .long)
        finish(i.to, to)
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
    mutating func emitToInteger(_ i: IRInstruction, _ isDouble: Bool, isWide: Bool) {
        let size: OperandSize = isWide ? .quad : .long
        let to = target(i.to)
        let from = vectorOperand(i.a)
        let source = rounded(i, isDouble, isWide: isWide)
        asm.convert(
            toInteger: to, size, isDouble: isDouble, truncates: i.immediate == 1, source)
        // Overflows for the least integer alone.
        asm.alu(.cmp, .register(to), imm: 1, size)
        coldFloat(
            .o,
            ColdFloat(
                work: .saturation, isDouble: isDouble, isWide: isWide, b: from, register: to))
        if !isWide { asm.signExtend(to, .register(to), from: .long) }
        finish(i.to, to)
    }
    /// The operand; or what its rounding as the instruction says makes of it, whose conversion is exact.
    /// To 64 bits alone: a number that leaves these is an integer, so that it raises no "inexact".
    private mutating func rounded(
        _ i: IRInstruction, _ isDouble: Bool, isWide: Bool
    ) -> VectorOperand {
        guard isWide, i.immediate != 7, i.immediate != 1 else { return vectorOperand(i.a) }
        let a = inVector(i.a, .xmm0)
        let mode = Self.roundingControl(i.immediate)
        asm.round(isDouble: isDouble, mode: mode, .xmm0, a, .vector(a))
        return .vector(.xmm0)
    }

    /// To unsigned integers through 64 signed bits, where nothing can leave the range: a look at the
    /// number's high bits, unsigned so that negative ones are beyond.
    mutating func emitToUnsigned(_ i: IRInstruction, _ isDouble: Bool, isWide: Bool) {
        let truncates = i.immediate == 1
        let from = vectorOperand(i.a)
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
        let source = rounded(i, isDouble, isWide: isWide)
        asm.convert(toInteger: to, .quad, isDouble: isDouble, truncates: truncates, source)
        if !isWide { asm.signExtend(to, .register(to), from: .long) }
        finish(i.to, to)
    }

    mutating func emitFromInteger(
        _ i: IRInstruction, _ operation: FloatOperation, _ format: FloatFormat
    ) {
        let isDouble = format == .double
        let d = targetVector(i.to)
        switch operation {
        case .fromInt32:
            prepare(d, format)
            asm.convert(fromInteger: operand(i.a), .long, isDouble: isDouble, d, d)
        case .fromInt64:
            prepare(d, format)
            asm.convert(fromInteger: operand(i.a), .quad, isDouble: isDouble, d, d)
        case .fromUInt32:
            let wide = scratch()
            asm.zeroExtend(wide, operand(i.a), from: .long)
            prepare(d, format)
            asm.convert(fromInteger: .register(wide), .quad, isDouble: isDouble, d, d)
            free(wide)
        default:
            let wide = scratch()
            load(wide, i.a)
            prepare(d, format)
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
        finishVector(i.to, d, format)
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
        case (.half, .toSingle), (.half, .toDouble): emitFromHalf(i, operation)
        case (.single, .toHalf): emitToHalf(i)
        default: leaveUnit(i)
        }
    }

    private mutating func emitFromHalf(_ i: IRInstruction, _ operation: FloatOperation) {
        let value = scratch()
        if let vector = map.host(f: i.a.index) {
            asm.movq(value, vector)
        } else {
            asm.load(value, home(i.a))
        }
        // Boxed where all above its 16 bits is ones.
        asm.alu(.cmp, .register(value), imm: -0x10000, .quad)
        leaveToInterpreter(i, .b)
        asm.zeroExtend(value, .register(value), from: .word)
        asm.movd(.xmm0, value)
        free(value)
        asm.vcvtph2ps(.xmm0, .xmm0)
        let d = targetVector(i.to)
        if operation == .toDouble {
            asm.convert(toDouble: true, d, .xmm0, .vector(.xmm0))
            return finishCanonical(i.to, d, .double)
        }
        asm.ones(.xmm1)
        asm.vinsertps(d, .xmm1, .vector(.xmm0), mode: 0)
        finishCanonical(i.to, d, .single)
    }
    /// The instruction converts four elements; the others are zeros.
    private mutating func emitToHalf(_ i: IRInstruction) {
        let a = inVector(i.a, .xmm0)
        asm.ucomi(isDouble: false, a, .vector(a))
        leaveToInterpreter(i, .p)
        asm.vinsertps(.xmm0, a, .vector(a), mode: 0x0e)
        asm.vcvtps2ph(.xmm0, .xmm0, mode: 4)
        let value = scratch()
        asm.movd(value, .xmm0)
        if i.to.isF {
            asm.alu(.or, .register(value), imm: -0x10000, .quad)
            setVector(i.to, from: value)
            free(value)
        } else {
            free(value)
            let to = target(i.to)
            asm.mov(to, value, .long)
            finish(i.to, to)
        }
    }
}
