import Hart
import RISCV

/// What the host's units have an instruction for. MXCSR is the guest's: it rounds as `frm` says and
/// gathers flags; x86 raises those that RISC-V raises. Its NaNs differ: cold code makes them canonical.
extension Emitter {
    mutating func emitFloat(_ i: IRInstruction) {
        guard let operation = FloatOperation(rawValue: i.code),
            let format = FloatFormat(rawValue: i.width), admitsRounding(i, operation, format),
            takesPlaces(i, operation)
        else { return leaveUnit(i) }
        if format == .half { return emitHalf(i, operation) }
        if format == .single && !operation.isFromInteger { checkBoxed(i, i.a, i.b, i.c) }
        let isDouble = format == .double
        switch operation {
        case .add: emitArithmetic(i, .add, format)
        case .subtract: emitArithmetic(i, .sub, format)
        case .multiply: emitArithmetic(i, .mul, format)
        case .divide: emitArithmetic(i, .div, format)
        case .squareRoot: emitSquareRoot(i, format)
        case .multiplyAdd: emitFused(i, .fmadd, format)
        case .multiplySubtract: emitFused(i, .fmsub, format)
        case .negatedMultiplySubtract: emitFused(i, .fnmadd, format)
        case .negatedMultiplyAdd: emitFused(i, .fnmsub, format)
        case .minimum, .minimumNaN: emitPick(i, operation, .min, format)
        case .maximum, .maximumNaN: emitPick(i, operation, .max, format)
        case .equal: emitEqual(i, isDouble)
        case .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet:
            emitLess(i, operation, isDouble)
        case .round, .roundExact: emitRound(i, operation, format)
        case .toInt32, .toInt64:
            emitToInteger(
                i, vectorOperand(i.a), isDouble: isDouble, isWide: operation == .toInt64)
        case .toUInt32, .toUInt64:
            emitToUnsigned(
                i, vectorOperand(i.a), isDouble: isDouble, isWide: operation == .toUInt64)
        case .fromInt32, .fromUInt32, .fromInt64, .fromUInt64:
            emitFromInteger(i, operation, format)
        case .toSingle, .toDouble, .toHalf: emitToFormat(i, operation, from: format)
        case .classify: emitClassify(i, isDouble)
        case .toInt32Modular: leaveUnit(i)
        }
    }

    /// Whether the operation at its rounding mode has code here; a mode that the instruction names has
    /// to be the one that MXCSR holds, or one that the host's instruction can name too.
    private mutating func admitsRounding(
        _ i: IRInstruction, _ operation: FloatOperation, _ format: FloatFormat
    ) -> Bool {
        let mode = i.immediate
        if mode == 7 { return true }
        guard operation.rounds(format) else { return mode <= 4 }
        switch operation {
        case .round, .roundExact: return mode <= 3
        case .toInt64, .toUInt64: return mode <= 3
        case .toInt32, .toUInt32:
            if mode == Int64(FloatRounding.towardZero.rawValue) { return true }
        default: break
        }
        guard mode <= 3 else { return false }
        asm.test(
            .memory(.at(.rbp, StateLayout.hostRoundings)), imm: 1 &<< Int32(mode), .byte)
        leaveToInterpreter(i, .e)
        return true
    }
    /// Whether operands are where the code looks for them; the lifter makes nothing else.
    private func takesPlaces(_ i: IRInstruction, _ operation: FloatOperation) -> Bool {
        if operation.isFromInteger { return !i.a.isF && i.a != .immediate && i.a != .none }
        return i.a.isF && i.b.isF && i.c.isF
    }

    /// After an operation whose result may be a NaN.
    mutating func canonicalise(_ vector: HostVector, _ format: FloatFormat) {
        let isDouble = format == .double
        asm.ucomi(isDouble: isDouble, vector, .vector(vector))
        coldFloat(
            .p,
            ColdFloat(work: .canonicalNaN, isDouble: isDouble, d: vector, register: spare()))
    }
    mutating func finishCanonical(_ place: Place, _ vector: HostVector, _ format: FloatFormat) {
        canonicalise(vector, format)
        finishVector(place, vector, format)
    }

    private mutating func emitArithmetic(
        _ i: IRInstruction, _ op: VectorOperation, _ format: FloatFormat
    ) {
        let d = targetVector(i.to)
        let a = inVector(i.a, .xmm0)
        asm.float(op, isDouble: format == .double, d, a, vectorOperand(i.b))
        finishCanonical(i.to, d, format)
    }
    private mutating func emitSquareRoot(_ i: IRInstruction, _ format: FloatFormat) {
        let d = targetVector(i.to)
        let a = inVector(i.a, .xmm0)
        asm.float(.sqrt, isDouble: format == .double, d, a, .vector(a))
        finishCanonical(i.to, d, format)
    }

    /// `a·b + c` in the vector of the result. Where that holds a factor, cold code finds it in xmm0.
    private mutating func emitFused(_ i: IRInstruction, _ kind: FusedKind, _ format: FloatFormat) {
        let isDouble = format == .double
        let d = targetVector(i.to)
        var work = ColdFloat(work: .fusedNaN, isDouble: isDouble, d: d, register: spare())
        var a = i.a
        var b = i.b
        if vectorOperand(b) == .vector(d) { swap(&a, &b) }
        if vectorOperand(a) == .vector(d) {
            asm.movaps(.xmm0, d)
            work.a = .xmm0
            work.b = b == a ? .vector(.xmm0) : vectorOperand(b)
            switch (vectorOperand(b), vectorOperand(i.c)) {
            case (.vector(let b), let c):
                asm.fma(kind, form: .form213, isDouble: isDouble, d, b, c)
            case (let b, .vector(let c)):
                asm.fma(kind, form: .form132, isDouble: isDouble, d, c, b)
            case (_, let c):
                let b = inVector(b, .xmm1)
                asm.fma(kind, form: .form213, isDouble: isDouble, d, b, c)
            }
        } else {
            if case .memory = vectorOperand(a) { swap(&a, &b) }
            work.a = inVector(a, .xmm1)
            work.b = vectorOperand(b)
            switch vectorOperand(i.c) {
            case .vector(let vector): asm.movaps(d, vector)
            case .memory(let memory): asm.loadVector(d, memory, .quad)
            }
            asm.fma(kind, form: .form231, isDouble: isDouble, d, work.a, work.b)
        }
        asm.ucomi(isDouble: isDouble, d, .vector(d))
        coldFloat(.p, work)
        finishVector(i.to, d, format)
    }

    /// x86's minimum and maximum are RISC-V's where the operands differ and are numbers.
    private mutating func emitPick(
        _ i: IRInstruction, _ operation: FloatOperation, _ op: VectorOperation,
        _ format: FloatFormat
    ) {
        let d = targetVector(i.to)
        let a = inVector(i.a, .xmm1)
        pick(operation, op, isDouble: format == .double, d, a, vectorOperand(i.b))
        finishVector(i.to, d, format)
    }
    mutating func pick(
        _ operation: FloatOperation, _ op: VectorOperation, isDouble: Bool, _ d: HostVector,
        _ a: HostVector, _ b: VectorOperand
    ) {
        asm.ucomi(isDouble: isDouble, a, b)
        let work: ColdFloat.Work =
            switch operation {
            case .minimum: .minimum
            case .maximum: .maximum
            case .minimumNaN: .minimumNaN
            default: .maximumNaN
            }
        // The cold code makes the result itself: it comes back behind the instruction.
        var stub = ColdStub(kind: .float, label: Label())
        asm.jcc(.e, &stub.label)
        asm.float(op, isDouble: isDouble, d, a, b)
        stub.back = asm.here
        stub.float = ColdFloat(
            work: work, isDouble: isDouble, d: d, a: a, b: b, register: spare())
        push(stub)
    }

    private mutating func emitRound(
        _ i: IRInstruction, _ operation: FloatOperation, _ format: FloatFormat
    ) {
        let d = targetVector(i.to)
        let a = inVector(i.a, .xmm0)
        let mode = Self.roundingControl(i.immediate) | (operation == .round ? 8 : 0)
        asm.round(isDouble: format == .double, mode: mode, d, a, .vector(a))
        finishCanonical(i.to, d, format)
    }
    /// A mode as `round` names it: RNE, RTZ, RDN, RUP are 0, 3, 1, 2; 4 is MXCSR's own.
    static func roundingControl(_ mode: Int64) -> UInt8 {
        switch mode {
        case 0: 0
        case 1: 3
        case 2: 1
        case 3: 2
        default: 4
        }
    }
}

extension IRInstruction {
    /// A conversion that looks at its operand's low half alone.
    var convertsWord: Bool {
        operation == .float
            && (code == FloatOperation.fromInt32.rawValue
                || code == FloatOperation.fromUInt32.rawValue)
    }
}

extension FloatOperation {
    var isFromInteger: Bool {
        switch self {
        case .fromInt32, .fromUInt32, .fromInt64, .fromUInt64: true
        default: false
        }
    }
}
