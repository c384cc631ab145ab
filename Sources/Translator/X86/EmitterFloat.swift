import RISCV

/// Floating point.
extension Emitter {
    mutating func emitFloat(_ i: IRInstruction) { leave(i) }
    /// What follows of this instruction is never reached, but still has to find its operands.
    private mutating func leave(_ i: IRInstruction) {
        emitInterpret(guest: Int(i.guest))
        if i.to.isTemporary { finish(i.to, target(i.to)) }
    }
    mutating func emitColdFloat(_ stub: ColdStub) { emitInterpret(guest: stub.guest) }

    /// All 64 bits of an f-register.
    mutating func setVector(_ place: Place, from register: HostRegister) {
        if let vector = map.host(f: place.index) { return asm.movq(vector, register) }
        asm.store(.at(.rbp, StateLayout.f(place.index)), register)
    }
    mutating func emitFloatMove(_ i: IRInstruction) {
        let from = inRegister(i.a, immediate: i.immediate)
        if i.to.isF {
            setVector(i.to, from: from)
        } else {
            let to = target(i.to)
            asm.mov(to, from)
            finish(i.to, to)
        }
        if i.a == .immediate { free(from) } else { done(i.a, from) }
    }
    mutating func emitFloatUnary(_ i: IRInstruction, _ operation: UnaryOperation) {
        leave(i)
    }
    mutating func emitFloatLogic(_ i: IRInstruction, _ operation: BinaryOperation) {
        leave(i)
    }
    mutating func emitFloatLoad(_ i: IRInstruction, _ kind: LoadKind, _ memory: HostMemory) {
        let value = scratch()
        switch kind {
        case .double: asm.load(value, memory, .quad)
        case .unsigned32:
            asm.load(value, memory, .long)
            boxUp(value, 0xffff_ffff_0000_0000)
        default:
            asm.load(value, memory, .word)
            boxUp(value, 0xffff_ffff_ffff_0000)
        }
        setVector(i.to, from: value)
        free(value)
    }
    private mutating func boxUp(_ value: HostRegister, _ ones: UInt64) {
        let mask = scratch()
        asm.mov(mask, imm: ones)
        asm.alu(.or, value, .register(mask), .quad)
        free(mask)
    }
    mutating func emitFloatStore(_ i: IRInstruction, _ memory: HostMemory, _ size: OperandSize) {
        let from = inRegister(i.b)
        asm.store(memory, from, size)
        done(i.b, from)
    }
}
