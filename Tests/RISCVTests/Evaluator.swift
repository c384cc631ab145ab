import Bits
import RISCV

/// A hart of nothing but registers and 4 KiB of bytes: clauses run on it apart from the real one.
struct Evaluator: Semantics {
    var x = [UInt64](repeating: 0, count: 32)
    var f = [UInt64](repeating: 0, count: 32)
    var pc: UInt64 = 0x1000
    var next: UInt64?
    var memory = [UInt8](repeating: 0, count: 4096)
    var systemCalls: [Instruction] = []

    mutating func x(_ register: Int) -> UInt64 { x[register] }
    mutating func setX(_ register: Int, _ value: UInt64) {
        if register != 0 { x[register] = value }
    }
    mutating func f(_ register: Int) -> UInt64 { f[register] }
    mutating func setF(_ register: Int, _ value: UInt64) { f[register] = value }
    mutating func constant(_ value: UInt64) -> UInt64 { value }
    mutating func pc(plus offset: Int64) -> UInt64 { pc &+ UInt64(bitPattern: offset) }

    mutating func unary(_ operation: UnaryOperation, _ a: UInt64) -> UInt64 { operation.apply(a) }
    mutating func binary(_ operation: BinaryOperation, _ a: UInt64, _ b: UInt64) -> UInt64 {
        operation.apply(a, b)
    }
    mutating func select(_ condition: UInt64, _ a: UInt64, _ b: UInt64) -> UInt64 {
        condition != 0 ? a : b
    }
    mutating func branch(if condition: UInt64, to offset: Int64) {
        if condition != 0 { jump(to: offset) }
    }
    mutating func jump(to offset: Int64) { next = pc(plus: offset) }
    mutating func jump(toAddress address: UInt64) { next = address }

    private func range(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> Range<Int> {
        guard address <= 4096 - width.bytes else { throw Trap(.loadAccessFault, value: address) }
        return Int(address)..<Int(address + width.bytes)
    }
    private func raw(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> UInt64 {
        let bytes = memory[try range(width, address)]
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    mutating func load(_ kind: LoadKind, at address: UInt64) throws(Trap) -> UInt64 {
        kind.extend(try raw(kind.width, address))
    }
    mutating func store(_ width: AccessWidth, at address: UInt64, _ value: UInt64) throws(Trap) {
        for (index, at) in try range(width, address).enumerated() {
            memory[at] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
        }
    }
    private func signed(_ width: AccessWidth, _ value: UInt64) -> UInt64 {
        value.signExtended(from: width.bits)
    }
    mutating func loadReserved(_ width: AccessWidth, at address: UInt64) throws(Trap) -> UInt64 {
        signed(width, try raw(width, address))
    }
    mutating func storeConditional(_ width: AccessWidth, at address: UInt64, _ value: UInt64)
        throws(Trap) -> UInt64
    {
        try store(width, at: address, value)
        return 0
    }
    mutating func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, at address: UInt64, _ value: UInt64
    ) throws(Trap) -> UInt64 {
        let old = try raw(width, address)
        try store(width, at: address, operation.apply(old, value, width))
        return signed(width, old)
    }
    mutating func compareAndSwap(
        _ width: AccessWidth, at address: UInt64, expected: UInt64, new: UInt64
    ) throws(Trap) -> UInt64 {
        let old = try raw(width, address)
        if old == expected & width.mask { try store(width, at: address, new) }
        return signed(width, old)
    }
    mutating func fenceStoreLoad() {}
    mutating func spin(_ instruction: Instruction) throws(Trap) {}
    mutating func requireFloat() throws(Trap) {}
    mutating func float(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: Int,
        _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) throws(Trap) -> UInt64 {
        let mode = rounding == 7 ? 0 : UInt8(truncatingIfNeeded: rounding)
        guard let rounding = FloatRounding(rawValue: mode) else { throw .illegal }
        return SoftFloat.perform(operation, format, rounding: rounding, a, b, c).bits
    }
    mutating func system(_ instruction: Instruction) throws(Trap) {
        systemCalls.append(instruction)
    }
}
