import RISCV

/// Moves and integer arithmetic.
extension Emitter {
    mutating func emitMove(_ i: IRInstruction) {
        if i.to == .none { return }
        if i.to.isF || i.a.isF { return emitFloatMove(i) }
        if i.a == .immediate {
            if !i.to.isTemporary, case .memory(let memory) = operand(i.to),
                Self.fits(i.immediate)
            {
                return asm.store(memory, imm: Int32(truncatingIfNeeded: i.immediate), .quad)
            }
            let to = target(i.to)
            asm.mov(to, imm: UInt64(bitPattern: i.immediate))
            return finish(i.to, to)
        }
        move(i.a, to: i.to)
    }
    private mutating func move(_ a: Place, to place: Place) {
        if !place.isTemporary, case .memory(let memory) = operand(place) {
            let from = inRegister(a)
            asm.store(memory, from)
            return done(a, from)
        }
        let to = target(place)
        load(to, a)
        finish(place, to)
    }
    /// The value of an x-register or temporary into a register.
    mutating func load(_ to: HostRegister, _ place: Place) {
        if place == .x(0) { return asm.mov(to, imm: 0) }
        if place.isF, let vector = map.host(f: place.index) { return asm.movq(to, vector) }
        switch operand(place) {
        case .register(let from): asm.mov(to, from)
        case .memory(let memory): asm.load(to, memory)
        }
    }

    mutating func emitUnary(_ i: IRInstruction) {
        guard i.to != .none, let operation = UnaryOperation(rawValue: i.code) else { return }
        if i.to.isF || i.a.isF { return emitFloatUnary(i, operation) }
        let to = target(i.to)
        let from = operand(i.a)
        switch operation {
        case .signExtend8: asm.signExtend(to, from, from: .byte)
        case .signExtend16: asm.signExtend(to, from, from: .word)
        case .signExtend32: asm.signExtend(to, from, from: .long)
        case .zeroExtend8: asm.zeroExtend(to, from, from: .byte)
        case .zeroExtend16: asm.zeroExtend(to, from, from: .word)
        case .zeroExtend32: asm.zeroExtend(to, from, from: .long)
        case .countLeadingZeros: asm.lzcnt(to, from, .quad)
        case .countTrailingZeros: asm.tzcnt(to, from, .quad)
        case .countOnes: asm.popcnt(to, from, .quad)
        case .reverseBytes:
            load(to, i.a)
            asm.bswap(to, .quad)
        case .orCombineBytes: orCombine(to, i.a)
        case .unboxSingle, .unboxHalf, .boxSingle, .boxHalf: box(to, i.a, operation)
        }
        finish(i.to, to)
    }

    /// `0x80` of each byte that is not zero, spread over the byte: `(h << 1) - (h >> 7)`.
    private mutating func orCombine(_ to: HostRegister, _ a: Place) {
        let value = scratch()
        let low = scratch()
        load(value, a)
        asm.mov(low, imm: 0x7f7f_7f7f_7f7f_7f7f)
        // ((a & low) + low | a) & ~low
        let sum = to == value || to == low ? scratch() : to
        asm.mov(sum, value)
        asm.alu(.and, sum, .register(low), .quad)
        asm.alu(.add, sum, .register(low), .quad)
        asm.alu(.or, sum, .register(value), .quad)
        asm.andn(sum, low, .register(sum), .quad)
        asm.mov(value, sum)
        asm.shift(.shr, .register(value), by: 7, .quad)
        asm.alu(.add, sum, .register(sum), .quad)
        asm.alu(.sub, sum, .register(value), .quad)
        asm.mov(to, sum)
        if sum != to { free(sum) }
        free(value)
        free(low)
    }

    private mutating func box(_ to: HostRegister, _ a: Place, _ operation: UnaryOperation) {
        let isSingle = operation == .unboxSingle || operation == .boxSingle
        let width: UInt8 = isSingle ? 32 : 16
        let ones = isSingle ? UInt64(0xffff_ffff) << 32 : UInt64(0xffff_ffff_ffff) << 16
        let value = scratch()
        load(value, a)
        if operation == .boxSingle || operation == .boxHalf {
            let mask = scratch()
            asm.mov(mask, imm: ones)
            asm.alu(.or, value, .register(mask), .quad)
            free(mask)
        } else {
            // Boxed: inverted, nothing is left above the value.
            let rest = scratch()
            asm.mov(rest, value)
            asm.not(.register(rest), .quad)
            asm.shift(.shr, .register(rest), by: width, .quad)
            asm.mov(rest, imm: isSingle ? 0x7fc0_0000 : 0x7e00)
            asm.zeroExtend(value, .register(value), from: isSingle ? .long : .word)
            asm.cmov(.ne, value, .register(rest), .quad)
            free(rest)
        }
        asm.mov(to, value)
        free(value)
    }

    mutating func emitBinary(_ i: IRInstruction) {
        guard i.to != .none, let operation = BinaryOperation(rawValue: i.code) else { return }
        if i.to.isF || i.a.isF || i.b.isF { return emitFloatLogic(i, operation) }
        switch operation {
        case .add: emitAdd(i, negated: false)
        case .subtract:
            if i.b == .immediate, i.immediate != .min {
                emitAdd(i, negated: true)
            } else {
                emitPlain(i, .sub)
            }
        case .and: emitPlain(i, .and)
        case .or: emitPlain(i, .or)
        case .xor: emitPlain(i, .xor)
        case .shiftLeft, .shiftRight, .shiftRightSigned: emitShift(i, operation)
        case .rotateLeft, .rotateRight: emitRotate(i, operation)
        case .equal, .notEqual, .less, .lessUnsigned, .greaterOrEqual, .greaterOrEqualUnsigned:
            emitCompare(i, operation)
        case .minimum, .maximum, .minimumUnsigned, .maximumUnsigned: emitExtreme(i, operation)
        case .multiply: emitMultiply(i)
        case .multiplyHigh, .multiplyHighUnsigned, .multiplyHighSignedUnsigned:
            emitMultiplyHigh(i, operation)
        case .divide, .divideUnsigned, .remainder, .remainderUnsigned: emitDivide(i, operation)
        case .carrylessMultiply, .carrylessMultiplyHigh, .carrylessMultiplyReversed:
            emitCarryless(i, operation)
        }
    }

    private mutating func emitAdd(_ i: IRInstruction, negated: Bool) {
        let size: OperandSize = i.flags.contains(.isWord) ? .long : .quad
        let immediate = negated ? 0 &- i.immediate : i.immediate
        if i.b == .immediate && Self.fits(immediate) {
            let value = Int32(truncatingIfNeeded: immediate)
            if size == .quad, i.to == i.a, case .memory(let memory) = operand(i.to), i.to.isX {
                return asm.alu(.add, .memory(memory), imm: value, .quad)
            }
            let to = target(i.to)
            switch operand(i.a) {
            case .register(let a) where a == to: asm.alu(.add, .register(to), imm: value, size)
            case .register(let a): asm.lea(to, .at(a, value), size)
            case .memory(let memory):
                asm.load(to, memory, size)
                asm.alu(.add, .register(to), imm: value, size)
            }
            if size == .long { extendWord(to, i.to) }
            return finish(i.to, to)
        }
        if case .register(let a) = operand(i.a), i.b != .immediate,
            case .register(let b) = operand(i.b)
        {
            let to = target(i.to)
            if a == to {
                asm.alu(.add, to, .register(b), size)
            } else if b == to {
                asm.alu(.add, to, .register(a), size)
            } else {
                asm.lea(to, .at(a, b), size)
            }
            if size == .long { extendWord(to, i.to) }
            return finish(i.to, to)
        }
        var i = i
        i.immediate = immediate
        emitPlain(i, .add)
    }

    /// `to = a op b` for the two-operand operations of x86.
    private mutating func emitPlain(_ i: IRInstruction, _ op: ALU) {
        let isWord = i.flags.contains(.isWord) || hasPendingWord(i)
        let size: OperandSize = isWord ? .long : .quad
        if !isWord, i.to == i.a, i.to.isX, i.to != .x(0), case .memory(let memory) = operand(i.to) {
            if i.b == .immediate && Self.fits(i.immediate) {
                return asm.alu(
                    op, .memory(memory), imm: Int32(truncatingIfNeeded: i.immediate), .quad)
            }
            let b = inRegister(i.b, immediate: i.immediate)
            asm.alu(op, memory, b, .quad)
            return done(i.b, b)
        }
        if op == .and, i.b == .immediate, i.immediate == 0xffff_ffff {
            let to = target(i.to)
            asm.zeroExtend(to, operand(i.a), from: .long)
            return finish(i.to, to)
        }
        let to = target(i.to)
        if i.b == .immediate && Self.fits(i.immediate) {
            loadSized(to, i.a, size)
            if op == .xor && i.immediate == -1 {
                asm.not(.register(to), size)
            } else {
                asm.alu(op, .register(to), imm: Int32(truncatingIfNeeded: i.immediate), size)
            }
        } else if i.b == .immediate {
            let b = inRegister(i.b, immediate: i.immediate)
            loadSized(to, i.a, size)
            asm.alu(op, to, .register(b), size)
            free(b)
        } else if case .register(let b) = operand(i.b), b == to, i.a != i.b {
            if op == .sub {
                let value = scratch()
                loadSized(value, i.a, size)
                asm.alu(.sub, value, .register(b), size)
                asm.mov(to, value)
                free(value)
            } else {
                asm.alu(op, to, operand(i.a), size)
            }
        } else {
            loadSized(to, i.a, size)
            asm.alu(op, to, operand(i.b), size)
        }
        if isWord { extendWord(to, i.to) }
        finish(i.to, to)
    }
    private mutating func loadSized(_ to: HostRegister, _ place: Place, _ size: OperandSize) {
        switch operand(place) {
        case .register(let from): if from != to { asm.mov(to, from, .quad) }
        case .memory(let memory): asm.load(to, memory, size)
        }
    }

    mutating func emitShiftAdd(_ i: IRInstruction) {
        let a: HostRegister
        if i.flags.contains(.zeroExtends) {
            a = scratch()
            asm.zeroExtend(a, operand(i.a), from: .long)
        } else {
            a = inRegister(i.a)
        }
        let b = inRegister(i.b)
        let to = target(i.to)
        asm.lea(to, .at(b, a, scale: UInt8(truncatingIfNeeded: i.immediate)), .quad)
        if i.flags.contains(.zeroExtends) { free(a) } else { done(i.a, a) }
        done(i.b, b)
        finish(i.to, to)
    }

    private mutating func emitShift(_ i: IRInstruction, _ operation: BinaryOperation) {
        let isWord = i.flags.contains(.isWord)
        let size: OperandSize = isWord ? .long : .quad
        let mask: Int64 = isWord ? 31 : 63
        if i.b == .immediate {
            let count = UInt8(truncatingIfNeeded: i.immediate & mask)
            let op: Shift =
                operation == .shiftLeft ? .shl : operation == .shiftRight ? .shr : .sar
            if !isWord, i.to == i.a, i.to.isX, case .memory(let memory) = operand(i.to) {
                return asm.shift(op, .memory(memory), by: count, .quad)
            }
            let to = target(i.to)
            if op == .shl, count == 1, case .register(let a) = operand(i.a), a != to {
                asm.lea(to, .at(a, a), size)
            } else {
                loadSized(to, i.a, size)
                asm.shift(op, .register(to), by: count, size)
            }
            if isWord { extendWord(to, i.to) }
            return finish(i.to, to)
        }
        let count = inRegister(i.b)
        let from = i.a == .x(0) ? HostOperand.register(inRegister(i.a)) : operand(i.a)
        let to = target(i.to)
        switch operation {
        case .shiftLeft: asm.shlx(to, from, count, size)
        case .shiftRight: asm.shrx(to, from, count, size)
        default: asm.sarx(to, from, count, size)
        }
        if i.a == .x(0), case .register(let zero) = from { free(zero) }
        done(i.b, count)
        if isWord { extendWord(to, i.to) }
        finish(i.to, to)
    }

    private mutating func emitRotate(_ i: IRInstruction, _ operation: BinaryOperation) {
        if i.b == .immediate {
            let left = UInt8(truncatingIfNeeded: i.immediate & 63)
            let right = operation == .rotateRight ? left : (64 &- left) & 63
            let to = target(i.to)
            asm.rorx(to, operand(i.a), by: right, .quad)
            return finish(i.to, to)
        }
        // Rotations by a register know cl alone; a temporary never lives there.
        claim(.rcx)
        load(.rcx, i.b)
        let value = scratch()
        load(value, i.a)
        asm.shiftCL(operation == .rotateLeft ? .rol : .ror, .register(value), .quad)
        free(.rcx)
        let to = target(i.to)
        asm.mov(to, value)
        free(value)
        finish(i.to, to)
    }

    mutating func compare(_ i: IRInstruction) {
        let size: OperandSize = i.flags.contains(.areWords) ? .long : .quad
        if i.b == .immediate {
            if i.immediate == 0, case .register(let a) = operand(i.a) {
                return asm.test(a, a, size)
            }
            if Self.fits(i.immediate) {
                return asm.alu(
                    .cmp, operand(i.a), imm: Int32(truncatingIfNeeded: i.immediate), size)
            }
        }
        if i.b != .immediate, case .memory(let a) = operand(i.a),
            case .register(let b) = operand(i.b)
        {
            return asm.alu(.cmp, a, b, size)
        }
        let a = inRegister(i.a)
        if i.b == .immediate {
            let b = inRegister(i.b, immediate: i.immediate)
            asm.alu(.cmp, a, .register(b), size)
            free(b)
        } else {
            asm.alu(.cmp, a, operand(i.b), size)
        }
        done(i.a, a)
    }
    static func condition(_ operation: BinaryOperation) -> Condition {
        switch operation {
        case .equal: .e
        case .notEqual: .ne
        case .less, .minimum: .l
        case .lessUnsigned, .minimumUnsigned: .b
        case .greaterOrEqual: .ge
        case .maximum: .g
        case .maximumUnsigned: .a
        default: .ae
        }
    }
    private mutating func emitCompare(_ i: IRInstruction, _ operation: BinaryOperation) {
        compare(i)
        let to = target(i.to)
        // A move of zero leaves the flags alone.
        asm.mov(to, imm: 0)
        let isWrong = fault == .emitter && operation == .lessUnsigned
        asm.setcc(isWrong ? .be : Self.condition(operation), to)
        finish(i.to, to)
    }

    private mutating func emitExtreme(_ i: IRInstruction, _ operation: BinaryOperation) {
        let a = inRegister(i.a)
        let b = inRegister(i.b, immediate: i.immediate)
        let value = scratch()
        asm.mov(value, b)
        asm.alu(.cmp, a, .register(b), .quad)
        asm.cmov(Self.condition(operation), value, .register(a), .quad)
        done(i.a, a)
        if i.b == .immediate { free(b) } else { done(i.b, b) }
        let to = target(i.to)
        asm.mov(to, value)
        free(value)
        finish(i.to, to)
    }

    mutating func emitSelect(_ i: IRInstruction) {
        let value = scratch()
        load(value, i.c)
        if case .register(let test) = operand(i.a) {
            asm.test(test, test, .quad)
        } else {
            asm.alu(.cmp, operand(i.a), imm: 0, .quad)
        }
        asm.cmov(.ne, value, operand(i.b), .quad)
        let to = target(i.to)
        asm.mov(to, value)
        free(value)
        finish(i.to, to)
    }
}
