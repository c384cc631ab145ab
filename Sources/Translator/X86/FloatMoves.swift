import Hart
import RISCV

/// Moves between f-registers, integers and memory, and operations on the bits of f-registers.
extension Emitter {
    /// All 64 bits of an f-register.
    mutating func setVector(_ place: Place, from register: HostRegister) {
        setBoxed(place, false)
        if let vector = map.host(f: place.index) { return asm.movq(vector, register) }
        asm.store(home(place), register)
    }

    mutating func emitFloatMove(_ i: IRInstruction) {
        if i.to.isF && i.a.isF {
            let boxed = isBoxed(i.a)
            copy(i.to, i.a)
            return setBoxed(i.to, boxed)
        }
        if i.to.isF {
            let from = inRegister(i.a, immediate: i.immediate)
            setVector(i.to, from: from)
            if i.a == .immediate {
                setBoxed(i.to, UInt64(bitPattern: i.immediate) &>> 32 == 0xffff_ffff)
                free(from)
            } else {
                done(i.a, from)
            }
            return
        }
        let to = target(i.to)
        load(to, i.a)
        finish(i.to, to)
    }
    private mutating func copy(_ to: Place, _ from: Place) {
        switch (map.host(f: to.index), map.host(f: from.index)) {
        case (let d?, let s?): asm.movaps(d, s)
        case (let d?, nil): asm.loadVector(d, home(from), .quad)
        case (nil, let s?): asm.storeVector(home(to), s, .quad)
        case (nil, nil):
            asm.loadVector(.xmm0, home(from), .quad)
            asm.storeVector(home(to), .xmm0, .quad)
        }
    }

    // Unlike `float`, these never leave the unit: passes over the IR rely on that.

    mutating func emitFloatUnary(_ i: IRInstruction, _ operation: UnaryOperation) {
        switch operation {
        case .boxSingle where !i.a.isF, .boxHalf where !i.a.isF: return emitBox(i, operation)
        case .unboxSingle where i.a.isF:
            if emitSingleSign(i) { return }
            if isBoxed(i.a) { return emitLow(i, signed: false) }
        case .signExtend32 where i.a.isF && !i.to.isF: return emitLow(i, signed: true)
        default: break
        }
        let value = scratch()
        load(value, i.a)
        apply(operation, value)
        if i.to.isF {
            setVector(i.to, from: value)
            return free(value)
        }
        free(value)
        let to = target(i.to)
        asm.mov(to, value)
        finish(i.to, to)
    }
    /// The low half of an f-register.
    private mutating func emitLow(_ i: IRInstruction, signed: Bool) {
        let to = target(i.to)
        if let vector = map.host(f: i.a.index) {
            asm.movd(to, vector)
            if signed { asm.signExtend(to, .register(to), from: .long) }
        } else if signed {
            asm.loadSigned(to, home(i.a), .long)
        } else {
            asm.load(to, home(i.a), .long)
        }
        finish(i.to, to)
    }
    private mutating func apply(_ operation: UnaryOperation, _ value: HostRegister) {
        switch operation {
        case .signExtend8: asm.signExtend(value, .register(value), from: .byte)
        case .signExtend16: asm.signExtend(value, .register(value), from: .word)
        case .signExtend32: asm.signExtend(value, .register(value), from: .long)
        case .zeroExtend8: asm.zeroExtend(value, .register(value), from: .byte)
        case .zeroExtend16: asm.zeroExtend(value, .register(value), from: .word)
        case .zeroExtend32: asm.zeroExtend(value, .register(value), from: .long)
        case .countLeadingZeros: asm.lzcnt(value, .register(value))
        case .countTrailingZeros: asm.tzcnt(value, .register(value))
        case .countOnes: asm.popcnt(value, .register(value))
        case .reverseBytes: asm.bswap(value)
        case .boxHalf: asm.alu(.or, .register(value), imm: -0x10000)
        case .unboxHalf:
            asm.alu(.cmp, .register(value), imm: -0x10000)
            let other = scratch()
            asm.mov(other, imm: 0x7e00)
            asm.zeroExtend(value, .register(value), from: .word)
            asm.cmov(.b, value, .register(other))
            free(other)
        case .boxSingle:
            let ones = scratch()
            asm.mov(ones, imm: 0xffff_ffff_0000_0000)
            asm.alu(.or, value, .register(ones))
            free(ones)
        case .orCombineBytes: preconditionFailure("no clause combines bytes of f-registers")
        case .unboxSingle:
            let other = scratch()
            asm.mov(other, value)
            asm.shift(.shr, .register(other), by: 32)
            asm.alu(.cmp, .register(other), imm: -1, .long)
            asm.mov(other, imm: 0x7fc0_0000)
            asm.zeroExtend(value, .register(value), from: .long)
            asm.cmov(.ne, value, .register(other))
            free(other)
        }
    }

    /// An integer's low bits into a box.
    private mutating func emitBox(_ i: IRInstruction, _ operation: UnaryOperation) {
        let d = targetVector(i.to)
        let from: HostOperand =
            i.a == .immediate
            ? .register(inRegister(.immediate, immediate: i.immediate)) : operand(i.a)
        asm.ones(d)
        if operation == .boxSingle { asm.vpinsrd(d, d, from) } else { asm.vpinsrw(d, d, from) }
        if i.a == .immediate, case .register(let register) = from { free(register) }
        finishBoxed(i.to, d, isSingle: operation == .boxSingle)
    }
    private mutating func finishBoxed(_ place: Place, _ d: HostVector, isSingle: Bool) {
        finishVector(place, d, .double)
        if place.isF { setBoxed(place, isSingle) }
    }

    /// `fmv.s`, `fneg.s`, `fabs.s`: unbox; change the sign; box.
    private mutating func emitSingleSign(_ i: IRInstruction) -> Bool {
        var next = index &+ 1
        var value = i.to
        var change: IRInstruction?
        guard value.isTemporary, next < count else { return false }
        let second = instructions[next]
        if second.guest == i.guest, second.operation == .binary, second.a == value,
            second.b == .immediate, second.to.isTemporary
        {
            let sign = BinaryOperation(rawValue: second.code)
            guard
                sign == .xor && second.immediate == 0x8000_0000
                    || sign == .and && second.immediate & 0xffff_ffff == 0x7fff_ffff
            else { return false }
            change = second
            value = second.to
            next &+= 1
        }
        guard next < count else { return false }
        let last = instructions[next]
        guard last.guest == i.guest, last.operation == .unary, last.a == value, last.to.isF,
            UnaryOperation(rawValue: last.code) == .boxSingle
        else { return false }
        let sign = change.map { BinaryOperation(rawValue: $0.code) == .xor ? Sign.flip : .clear }
        emitSingleSign(last.to, i.a, sign ?? .copy)
        index = next
        return true
    }
    private enum Sign { case copy, flip, clear }

    /// Of the canonical NaN where the operand is not boxed.
    private mutating func emitSingleSign(_ to: Place, _ a: Place, _ sign: Sign) {
        let d = targetVector(to)
        var stub: ColdStub?
        if !isBoxed(a) {
            var cold = ColdStub(kind: .float, label: Label())
            if let vector = map.host(f: a.index) {
                let high = scratch()
                asm.vpextrd1(high, vector)
                asm.alu(.cmp, .register(high), imm: -1, .long)
                free(high)
            } else {
                var memory = home(a)
                memory.displacement += 4
                asm.alu(.cmp, .memory(memory), imm: -1, .long)
            }
            asm.jcc(.ne, &cold.label)
            cold.float = ColdFloat(
                work: sign == .flip ? .negativeNaN : .canonicalNaN, d: d, register: spare())
            stub = cold
        }
        if sign == .copy {
            if let from = map.host(f: a.index) {
                asm.movaps(d, from)
            } else {
                asm.loadVector(d, home(a), .quad)
            }
        } else {
            changeSign(d, a, negates: sign == .flip, isDouble: false)
        }
        if var stub {
            stub.back = asm.here
            push(stub)
        }
        finishVector(to, d, .single)
    }

    /// Flips the sign, or clears it.
    private mutating func changeSign(
        _ d: HostVector, _ a: Place, negates: Bool, isDouble: Bool
    ) {
        if isDouble {
            asm.ones(.xmm1)
            asm.vpsllq(.xmm1, .xmm1, by: 63)
        } else {
            let sign = scratch()
            asm.mov(sign, imm: 0x8000_0000)
            asm.movd(.xmm1, sign)
            free(sign)
        }
        let from = inVector(a, .xmm0)
        asm.logic(negates ? .xor : .andn, d, .xmm1, .vector(from))
    }

    mutating func emitFloatLogic(_ i: IRInstruction, _ operation: BinaryOperation) {
        let isXor = operation == .xor
        if i.to.isF, i.a.isF, i.b == .immediate,
            isXor && i.immediate == .min || operation == .and && i.immediate == .max
        {
            let d = targetVector(i.to)
            changeSign(d, i.a, negates: isXor, isDouble: true)
            return finishVector(i.to, d, .double)
        }
        let op: ALU
        switch operation {
        case .and: op = .and
        case .or: op = .or
        case .xor: op = .xor
        case .add: op = .add
        case .subtract: op = .sub
        default: preconditionFailure("clauses change bits of f-registers by logic alone")
        }
        let value = scratch()
        load(value, i.a)
        if i.b == .immediate && Self.fits(i.immediate) {
            asm.alu(op, .register(value), imm: Int32(truncatingIfNeeded: i.immediate))
        } else {
            let b = inRegister(i.b, immediate: i.immediate)
            asm.alu(op, value, .register(b))
            if i.b == .immediate { free(b) } else { done(i.b, b) }
        }
        if i.to.isF {
            setVector(i.to, from: value)
            return free(value)
        }
        free(value)
        let to = target(i.to)
        asm.mov(to, value)
        finish(i.to, to)
    }

    mutating func emitFloatLoad(_ i: IRInstruction, _ kind: LoadKind, _ memory: HostMemory) {
        let d = targetVector(i.to)
        switch kind {
        case .double: asm.loadVector(d, memory, .quad)
        case .unsigned32:
            asm.ones(d)
            asm.vpinsrd(d, d, .memory(memory))
        default:
            asm.ones(d)
            asm.vpinsrw(d, d, .memory(memory))
        }
        finishBoxed(i.to, d, isSingle: kind == .unsigned32)
    }
    mutating func emitFloatStore(_ i: IRInstruction, _ memory: HostMemory, _ size: OperandSize) {
        if size == .word {
            let from = inRegister(i.b)
            asm.store(memory, from, size)
            return done(i.b, from)
        }
        let from = inVector(i.b, .xmm0)
        asm.storeVector(memory, from, size)
    }
}
