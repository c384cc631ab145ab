import Bits
import RISCV

/// Atomics. Where only one hart runs at a time, they are plain accesses; where several do, locked
/// ones, which on x86-64 order all accesses besides.
extension Emitter {
    /// The checked and aligned host address, in rcx.
    private mutating func emitAtomicAddress(_ i: IRInstruction, _ access: AccessCheck) {
        let bytes = Int(AccessWidth(rawValue: i.width)?.bytes ?? 8)
        claim(.rcx)
        // Before the check, which may mark the page dirty.
        asm.test(operand(i.a), imm: Int32(bytes - 1), .long)
        var stub = ColdStub(kind: .interpret, label: Label(), guest: Int(i.guest))
        asm.jcc(.ne, &stub.label)
        push(stub)
        emitCheck(i.a, offset: 0, span: bytes, access, .rcx, guest: Int(i.guest))
        // The whole address, to remember.
        if case .register(let base) = operand(i.a) { asm.alu(.add, .rcx, .register(base), .quad) }
    }
    mutating func emitFence() {
        guard sharesMemory && fault != .fence else { return }
        asm.orderStoresBeforeLoads()
    }
    private mutating func loadOld(_ to: HostRegister, _ size: OperandSize) {
        if size == .long {
            asm.loadSigned(to, .at(.rcx), .long)
        } else {
            asm.load(to, .at(.rcx), .quad)
        }
    }

    mutating func emitLoadReserved(_ i: IRInstruction) {
        let size = Self.size(i.width)
        emitAtomicAddress(i, .load)
        let value = scratch()
        loadOld(value, size)
        asm.store(.at(.rbp, StateLayout.reservedAddress), .rcx)
        asm.store(.at(.rbp, StateLayout.reservedValue), value)
        asm.store(.at(.rbp, StateLayout.reservedBytes), imm: Int32(i.width), .byte)
        finishAtomic(i, value)
    }
    private mutating func finishAtomic(_ i: IRInstruction, _ value: HostRegister) {
        free(.rcx)
        if i.to != .none {
            let to = target(i.to)
            asm.mov(to, value)
            finish(i.to, to)
        }
        free(value)
    }

    mutating func emitStoreConditional(_ i: IRInstruction) {
        let size = Self.size(i.width)
        emitAtomicAddress(i, .store)
        if sharesMemory { return emitLockedStoreConditional(i, size) }
        let result = scratch()
        let other = scratch()
        var failed = Label()
        asm.load(other, .at(.rbp, StateLayout.reservedAddress))
        asm.store(.at(.rbp, StateLayout.reservedAddress), imm: -1, .quad)
        asm.mov(result, imm: 1)
        asm.alu(.cmp, other, .register(.rcx), .quad)
        asm.jccShort(.ne, &failed)
        asm.alu(
            .cmp, .memory(.at(.rbp, StateLayout.reservedBytes)), imm: Int32(i.width), .byte)
        asm.jccShort(.ne, &failed)
        loadOld(other, size)
        asm.alu(.cmp, other, .memory(.at(.rbp, StateLayout.reservedValue)), .quad)
        asm.jccShort(.ne, &failed)
        load(other, i.b)
        asm.store(.at(.rcx), other, size)
        asm.mov(result, imm: 0)
        asm.bind(&failed)
        free(other)
        finishAtomic(i, result)
    }

    mutating func emitAtomic(_ i: IRInstruction) {
        let size = Self.size(i.width)
        guard let operation = AtomicOperation(rawValue: i.code) else { return }
        emitAtomicAddress(i, .store)
        if sharesMemory { return emitLockedAtomic(i, operation, size) }
        let old = scratch()
        let new = scratch()
        loadOld(old, size)
        load(new, i.b)
        combine(operation, new, old, size)
        asm.store(.at(.rcx), new, size)
        free(new)
        finishAtomic(i, old)
    }
    /// `new = operation(old, new)`.
    private mutating func combine(
        _ operation: AtomicOperation, _ new: HostRegister, _ old: HostRegister, _ size: OperandSize
    ) {
        switch operation {
        case .swap: break
        case .add: asm.alu(.add, new, .register(old), size)
        case .xor: asm.alu(.xor, new, .register(old), size)
        case .and: asm.alu(.and, new, .register(old), size)
        case .or: asm.alu(.or, new, .register(old), size)
        case .minimum, .maximum, .minimumUnsigned, .maximumUnsigned:
            asm.alu(.cmp, old, .register(new), size)
            let condition: Condition =
                switch operation {
                case .minimum: .l
                case .maximum: .g
                case .minimumUnsigned: .b
                default: .a
                }
            asm.cmov(condition, new, .register(old), .quad)
        }
    }

    mutating func emitCompareAndSwap(_ i: IRInstruction) {
        let size = Self.size(i.width)
        emitAtomicAddress(i, .store)
        if sharesMemory { return emitLockedCompareAndSwap(i, size) }
        let old = scratch()
        let new = scratch()
        var different = Label()
        loadOld(old, size)
        load(new, i.b)
        asm.alu(.cmp, old, .register(new), size)
        asm.jccShort(.ne, &different)
        load(new, i.c)
        asm.store(.at(.rcx), new, size)
        asm.bind(&different)
        free(new)
        finishAtomic(i, old)
    }
}

/// The same with `lock`. rax holds what is expected (`cmpxchg`), rdx what is to be stored.
extension Emitter {
    private mutating func emitLockedAtomic(
        _ i: IRInstruction, _ operation: AtomicOperation, _ size: OperandSize
    ) {
        clearFixed()
        let memory = HostMemory.at(.rcx)
        if i.to == .none, let plain = operation.plain {
            load(.rdx, i.b)
            asm.aluLocked(plain, memory, .rdx, size)
            return finishLocked(i, .rdx)
        }
        switch operation {
        case .swap, .add:
            load(.rdx, i.b)
            if operation == .swap {
                asm.xchg(memory, .rdx, size)
            } else {
                asm.xadd(memory, .rdx, size, lock: true)
            }
            if size == .long { asm.signExtend(.rdx, .register(.rdx), from: .long) }
            finishLocked(i, .rdx)
        default:
            loadOld(.rax, size)
            var again = Label()
            asm.bind(&again)
            load(.rdx, i.b)
            combine(operation, .rdx, .rax, size)
            asm.cmpxchg(memory, .rdx, size, lock: true)
            asm.jccShort(.ne, &again)
            if size == .long { asm.signExtend(.rax, .register(.rax), from: .long) }
            finishLocked(i, .rax)
        }
    }

    private mutating func emitLockedStoreConditional(_ i: IRInstruction, _ size: OperandSize) {
        clearFixed()
        var failed = Label()
        asm.load(.rax, .at(.rbp, StateLayout.reservedAddress))
        asm.store(.at(.rbp, StateLayout.reservedAddress), imm: -1, .quad)
        asm.mov(.rdx, imm: 1)
        asm.alu(.cmp, .rax, .register(.rcx), .quad)
        asm.jccShort(.ne, &failed)
        asm.alu(
            .cmp, .memory(.at(.rbp, StateLayout.reservedBytes)), imm: Int32(i.width), .byte)
        asm.jccShort(.ne, &failed)
        asm.load(.rax, .at(.rbp, StateLayout.reservedValue))
        load(.rdx, i.b)
        asm.cmpxchg(.at(.rcx), .rdx, size, lock: true)
        asm.setcc(.ne, .rdx)
        asm.zeroExtend(.rdx, .register(.rdx), from: .byte)
        asm.bind(&failed)
        finishLocked(i, .rdx)
    }

    private mutating func emitLockedCompareAndSwap(_ i: IRInstruction, _ size: OperandSize) {
        clearFixed()
        load(.rax, i.b)
        load(.rdx, i.c)
        asm.cmpxchg(.at(.rcx), .rdx, size, lock: true)
        if size == .long { asm.signExtend(.rax, .register(.rax), from: .long) }
        finishLocked(i, .rax)
    }

    private mutating func finishLocked(_ i: IRInstruction, _ value: HostRegister) {
        free(value == .rax ? .rdx : .rax)
        finishAtomic(i, value)
    }
}

extension AtomicOperation {
    /// What the host does in one instruction where nobody wants the old value.
    fileprivate var plain: ALU? {
        switch self {
        case .add: .add
        case .and: .and
        case .or: .or
        case .xor: .xor
        default: nil
        }
    }
}
