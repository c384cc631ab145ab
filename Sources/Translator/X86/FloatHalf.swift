import Hart
import RISCV

/// Half precision, computed in singles. A sum, product, quotient or root of halves that is rounded to 24
/// digits and then to 11 is the one rounded once, as 24 ≥ 2·11 + 2 (Figueroa, When is double rounding
/// innocuous?); an integer that a single cannot hold is beyond the largest half. Fused multiply-adds and
/// doubles have no such room: they are left to the interpreter.
extension Emitter {
    mutating func emitHalf(_ i: IRInstruction, _ operation: FloatOperation) {
        switch operation {
        case .add: emitHalfArithmetic(i, .add)
        case .subtract: emitHalfArithmetic(i, .sub)
        case .multiply: emitHalfArithmetic(i, .mul)
        case .divide: emitHalfArithmetic(i, .div)
        case .squareRoot:
            widen(i, i.a, .xmm0)
            asm.float(.sqrt, isDouble: false, .xmm0, .vector(.xmm0))
            finishHalf(i.to)
        case .minimum, .minimumNaN: emitHalfPick(i, operation, .min)
        case .maximum, .maximumNaN: emitHalfPick(i, operation, .max)
        case .round, .roundExact:
            widen(i, i.a, .xmm0)
            let mode = Self.roundingControl(i.immediate) | (operation == .round ? 8 : 0)
            asm.round(isDouble: false, mode: mode, .xmm0, .xmm0, .vector(.xmm0))
            finishHalf(i.to)
        case .equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet:
            emitHalfComparison(i, operation)
        case .toInt32, .toInt64:
            widen(i, i.a, .xmm1)
            emitToInteger(i, .vector(.xmm1), isDouble: false, isWide: operation == .toInt64)
        case .toUInt32, .toUInt64:
            widen(i, i.a, .xmm1)
            emitToUnsigned(i, .vector(.xmm1), isDouble: false, isWide: operation == .toUInt64)
        case .fromInt32, .fromUInt32, .fromInt64, .fromUInt64:
            asm.logic(.xor, .xmm0, .xmm0, .vector(.xmm0))
            convertInteger(i, operation, isDouble: false, .xmm0)
            narrow(i.to)
        case .toSingle:
            widen(i, i.a, .xmm0)
            let d = targetVector(i.to)
            asm.ones(.xmm1)
            asm.vinsertps(d, .xmm1, .vector(.xmm0), mode: 0)
            finishCanonical(i.to, d, .single)
        case .toDouble:
            widen(i, i.a, .xmm0)
            let d = targetVector(i.to)
            asm.convert(toDouble: true, d, .xmm0, .vector(.xmm0))
            finishCanonical(i.to, d, .double)
        default: leaveUnit(i)
        }
    }

    /// The half in an f-register as a single, other elements zero. A signaling NaN raises its flag here.
    private mutating func widen(_ i: IRInstruction, _ place: Place, _ vector: HostVector) {
        let value = scratch()
        if let from = map.host(f: place.index) {
            asm.movq(value, from)
        } else {
            asm.load(value, home(place))
        }
        // Boxed where all above its 16 bits is ones.
        asm.alu(.cmp, .register(value), imm: -0x10000, .quad)
        leaveToInterpreter(i, .b)
        asm.zeroExtend(value, .register(value), from: .word)
        asm.movd(vector, value)
        free(value)
        asm.vcvtph2ps(vector, vector)
    }
    private mutating func widenBoth(_ i: IRInstruction) {
        widen(i, i.a, .xmm0)
        if i.b == i.a { asm.movaps(.xmm1, .xmm0) } else { widen(i, i.b, .xmm1) }
    }

    /// The single in xmm0, a NaN made canonical, as a half.
    private mutating func finishHalf(_ place: Place) {
        canonicalise(.xmm0, .single)
        narrow(place)
    }
    /// The instruction converts four elements: the others are zeros, or a NaN's box.
    mutating func narrow(_ place: Place) {
        asm.vcvtps2ph(.xmm0, .xmm0, mode: 4)
        let value = scratch()
        asm.movd(value, .xmm0)
        if place.isF {
            asm.alu(.or, .register(value), imm: -0x10000, .quad)
            setVector(place, from: value)
            return free(value)
        }
        free(value)
        let to = target(place)
        asm.zeroExtend(to, .register(value), from: .word)
        finish(place, to)
    }

    private mutating func emitHalfArithmetic(_ i: IRInstruction, _ op: VectorOperation) {
        widenBoth(i)
        asm.float(op, isDouble: false, .xmm0, .vector(.xmm1))
        finishHalf(i.to)
    }
    private mutating func emitHalfPick(
        _ i: IRInstruction, _ operation: FloatOperation, _ op: VectorOperation
    ) {
        widenBoth(i)
        pick(operation, op, isDouble: false, .xmm0, .xmm0, .vector(.xmm1))
        narrow(i.to)
    }
    private mutating func emitHalfComparison(_ i: IRInstruction, _ operation: FloatOperation) {
        widenBoth(i)
        let to = target(i.to)
        if operation == .equal {
            putEqual(to, isDouble: false, .xmm0, .vector(.xmm1))
        } else {
            putLess(to, operation, isDouble: false, .vector(.xmm0), .xmm1)
        }
        finish(i.to, to)
    }
}
