import RISCV

/// Products and quotients.
extension Emitter {
    mutating func emitMultiply(_ i: IRInstruction) {
        let isWord = i.flags.contains(.isWord)
        let size: OperandSize = isWord ? .long : .quad
        let to: HostRegister
        if i.b == .immediate, Self.fits(i.immediate) {
            to = target(i.to)
            asm.imul(to, operand(i.a), imm: Int32(truncatingIfNeeded: i.immediate), size)
        } else {
            let b = inRegister(i.b, immediate: i.immediate)
            to = target(i.to)
            if to == b, i.b != .immediate {
                asm.imul(to, operand(i.a), size)
            } else {
                load(to, i.a)
                asm.imul(to, .register(b), size)
            }
            if i.b == .immediate { free(b) } else { done(i.b, b) }
        }
        if isWord { extendWord(to, i.to) }
        finish(i.to, to)
    }

    /// rax and rdx for x86's fixed operands: whatever temporaries live there go to their words.
    mutating func clearFixed() {
        for register in [HostRegister.rax, .rdx] where taken & Self.bit(register) != 0 {
            for index in 0..<64 where homes[index] == register.rawValue {
                spill(index, register)
            }
            free(register)
        }
        claim(.rax)
        claim(.rdx)
    }

    mutating func emitMultiplyHigh(_ i: IRInstruction, _ operation: BinaryOperation) {
        clearFixed()
        let b = inRegister(i.b, immediate: i.immediate)
        switch operation {
        case .multiplyHighUnsigned:
            load(.rax, i.a)
            asm.mul(.register(b), .quad)
        case .multiplyHigh:
            load(.rax, i.a)
            asm.imul1(.register(b), .quad)
        default:
            // Of a signed a and an unsigned b: the unsigned product's high word, less b where a < 0.
            load(.rax, i.a)
            asm.mul(.register(b), .quad)
            load(.rax, i.a)
            asm.shift(.sar, .register(.rax), by: 63, .quad)
            asm.alu(.and, .rax, .register(b), .quad)
            asm.alu(.sub, .rdx, .register(.rax), .quad)
        }
        if i.b == .immediate { free(b) } else { done(i.b, b) }
        free(.rax)
        free(.rdx)
        put(.rdx, in: i.to)
    }
    /// A result that lies in rax or rdx, which nothing holds any more.
    private mutating func put(_ register: HostRegister, in place: Place) {
        if place.isTemporary {
            claim(register)
            homes[place.index] = register.rawValue
            return
        }
        if place.isX, let host = map.host(x: place.index) { return asm.mov(host, register) }
        if place.isX && place.index != 0 {
            asm.store(.at(.rbp, StateLayout.x(place.index)), register)
        }
    }

    /// RISC-V's quotients never trap: x86's do, on zero and on overflow, which are tested for.
    mutating func emitDivide(_ i: IRInstruction, _ operation: BinaryOperation) {
        let isWord = i.flags.contains(.isWord)
        let size: OperandSize = isWord ? .long : .quad
        let isSigned = operation == .divide || operation == .remainder
        let isRemainder = operation == .remainder || operation == .remainderUnsigned
        clearFixed()
        claim(.rcx)
        if i.b == .immediate {
            asm.mov(.rcx, imm: UInt64(bitPattern: i.immediate))
        } else {
            load(.rcx, i.b)
        }
        load(.rax, i.a)
        var special = Label()
        var minusOne = Label()
        var ready = Label()
        asm.test(.rcx, .rcx, size)
        asm.jccShort(.e, &special)
        if isSigned {
            asm.alu(.cmp, .register(.rcx), imm: -1, size)
            asm.jccShort(.e, &minusOne)
            if isWord { asm.cdq() } else { asm.cqo() }
            asm.idiv(.register(.rcx), size)
        } else {
            asm.mov(.rdx, imm: 0)
            asm.div(.register(.rcx), size)
        }
        if isRemainder { asm.mov(.rax, .rdx) }
        asm.jmpShort(&ready)
        asm.bind(&special)
        // By zero: all ones, or the dividend.
        if !isRemainder { asm.mov(.rax, imm: ~0) }
        if isSigned {
            asm.jmpShort(&ready)
            asm.bind(&minusOne)
            if isRemainder { asm.mov(.rax, imm: 0) } else { asm.neg(.register(.rax), size) }
        }
        asm.bind(&ready)
        if isWord { asm.signExtend(.rax, .register(.rax), from: .long) }
        free(.rax)
        free(.rdx)
        free(.rcx)
        put(.rax, in: i.to)
    }

    mutating func emitCarryless(_ i: IRInstruction, _ operation: BinaryOperation) {
        let a = inRegister(i.a)
        asm.movq(.xmm0, a)
        done(i.a, a)
        let b = inRegister(i.b, immediate: i.immediate)
        asm.movq(.xmm1, b)
        if i.b == .immediate { free(b) } else { done(i.b, b) }
        asm.pclmulqdq(.xmm0, .vector(.xmm1), halves: 0)
        let low = scratch()
        let high = scratch()
        asm.movq(low, .xmm0)
        asm.psrldq(.xmm0, by: 8)
        asm.movq(high, .xmm0)
        switch operation {
        case .carrylessMultiply: asm.mov(high, low)
        case .carrylessMultiplyHigh: break
        default:
            // Bits 126…63 of the product.
            asm.alu(.add, high, .register(high), .quad)
            asm.shift(.shr, .register(low), by: 63, .quad)
            asm.alu(.or, high, .register(low), .quad)
        }
        free(low)
        free(high)
        let to = target(i.to)
        asm.mov(to, high)
        finish(i.to, to)
    }
}
