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

    mutating func emitFloatUnary(_ i: IRInstruction, _ operation: UnaryOperation) {
        switch operation {
        case .boxSingle where !i.a.isF, .boxHalf where !i.a.isF: emitBox(i, operation)
        case .unboxSingle where i.a.isF: emitUnboxSingle(i)
        case .signExtend32 where !i.to.isF: emitSigned(i, .long)
        case .signExtend16 where !i.to.isF: emitSigned(i, .word)
        default: leaveUnit(i)
        }
    }
    private mutating func emitSigned(_ i: IRInstruction, _ size: OperandSize) {
        let to = target(i.to)
        if let vector = map.host(f: i.a.index) {
            asm.movd(to, vector)
            asm.signExtend(to, .register(to), from: size)
        } else {
            asm.loadSigned(to, home(i.a), size)
        }
        finish(i.to, to)
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

    /// Out of the box; a copy or change of sign that goes back into one is done in place.
    private mutating func emitUnboxSingle(_ i: IRInstruction) {
        checkBoxed(i, i.a, i.a, i.a)
        if emitSingleSign(i) { return }
        let to = target(i.to)
        if let vector = map.host(f: i.a.index) {
            asm.movd(to, vector)
        } else {
            asm.load(to, home(i.a), .long)
        }
        finish(i.to, to)
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
        if let change {
            emitSign(
                last.to, i.a, negates: change.code == BinaryOperation.xor.rawValue,
                isDouble: false)
        } else {
            copy(last.to, i.a)
        }
        setBoxed(last.to, true)
        index = next
        return true
    }

    /// Flips the sign, or clears it.
    private mutating func emitSign(
        _ to: Place, _ a: Place, negates: Bool, isDouble: Bool
    ) {
        let d = targetVector(to)
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
        if map.host(f: to.index) == nil { asm.storeVector(home(to), d, .quad) }
    }

    mutating func emitFloatLogic(_ i: IRInstruction, _ operation: BinaryOperation) {
        let isXor = operation == .xor
        if i.to.isF, i.a.isF, i.b == .immediate,
            isXor && i.immediate == .min || operation == .and && i.immediate == .max
        {
            emitSign(i.to, i.a, negates: isXor, isDouble: true)
            return setBoxed(i.to, false)
        }
        let op: ALU
        switch operation {
        case .and: op = .and
        case .or: op = .or
        case .xor: op = .xor
        case .add: op = .add
        case .subtract: op = .sub
        default: return leaveUnit(i)
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
