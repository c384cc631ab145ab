import Bits
import RISCV

extension Lifter {
    /// Base and displacement of an address: a constant one has no base.
    private mutating func address(of value: IRValue) -> (base: Place, offset: Int64) {
        if value.isConstant { return (.immediate, Int64(bitPattern: value.constant)) }
        if value.box == .none { return (value.place, value.offset) }
        return (place(value), 0)
    }

    mutating func load(_ kind: LoadKind, at address: IRValue) throws(Trap) -> IRValue {
        let at = self.address(of: address)
        let to = temporary()
        add(.load) {
            $0.code = kind.rawValue
            $0.width = kind.width.rawValue
            $0.to = to
            $0.a = at.base
            $0.immediate = at.offset
        }
        return IRValue(to)
    }
    mutating func store(_ width: AccessWidth, at address: IRValue, _ value: IRValue) throws(Trap) {
        let at = self.address(of: address)
        // The immediate is the address's: a constant needs a place, but for zero, which is x0.
        let from = value.isConstant ? constantPlace(value.constant) : place(value)
        add(.store) {
            $0.code = width.rawValue
            $0.width = width.rawValue
            $0.a = at.base
            $0.b = from
            $0.immediate = at.offset
        }
    }
    private mutating func constantPlace(_ constant: UInt64) -> Place {
        if constant == 0 { return .x(0) }
        // The register that is known to hold it does.
        if current.rs2 != 0, knownRegisters.bit(current.rs2), known[current.rs2] == constant {
            return .x(current.rs2)
        }
        let to = temporary()
        write(IRValue(constant: constant), to: to)
        return to
    }
    /// A place for an operand of an atomic, whose addresses have no displacement.
    private mutating func atomicPlace(_ value: IRValue, _ register: Int) -> Place {
        if value.isConstant { return register == 0 ? .x(0) : .x(register) }
        return place(value)
    }

    mutating func loadReserved(_ width: AccessWidth, at address: IRValue) throws(Trap) -> IRValue {
        let at = atomicPlace(address, current.rs1)
        let to = temporary()
        add(.loadReserved) {
            $0.code = width.rawValue
            $0.width = width.rawValue
            $0.to = to
            $0.a = at
        }
        return IRValue(to)
    }
    mutating func storeConditional(_ width: AccessWidth, at address: IRValue, _ value: IRValue)
        throws(Trap) -> IRValue
    {
        let at = atomicPlace(address, current.rs1)
        let from = atomicPlace(value, current.rs2)
        let to = temporary()
        add(.storeConditional) {
            $0.code = width.rawValue
            $0.width = width.rawValue
            $0.to = to
            $0.a = at
            $0.b = from
        }
        return IRValue(to)
    }
    mutating func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, at address: IRValue, _ value: IRValue
    ) throws(Trap) -> IRValue {
        let at = atomicPlace(address, current.rs1)
        let from = atomicPlace(value, current.rs2)
        let to = temporary()
        add(.atomic) {
            $0.code = operation.rawValue
            $0.width = width.rawValue
            $0.to = to
            $0.a = at
            $0.b = from
        }
        return IRValue(to)
    }
    mutating func compareAndSwap(
        _ width: AccessWidth, at address: IRValue, expected: IRValue, new: IRValue
    ) throws(Trap) -> IRValue {
        let at = atomicPlace(address, current.rs1)
        let first = atomicPlace(expected, current.rd)
        let second = atomicPlace(new, current.rs2)
        let to = temporary()
        add(.compareAndSwap) {
            $0.width = width.rawValue
            $0.to = to
            $0.a = at
            $0.b = first
            $0.c = second
        }
        return IRValue(to)
    }

    mutating func fenceStoreLoad() { add(.fence) { _ in } }

    // MARK: Control

    mutating func branch(if condition: IRValue, to offset: Int64) {
        let target = pc &+ UInt64(bitPattern: offset)
        if condition.isConstant {
            if condition.constant != 0 { jump(to: offset) }
            return
        }
        if let index = definition(condition.place), index == block.count &- 1,
            block.instructions[index].operation == .binary,
            BinaryOperation(rawValue: block.instructions[index].code)?.isComparison == true
        {
            block.instructions[index].operation = .branch
            block.instructions[index].to = .none
            block.instructions[index].target = target
            return
        }
        let test = place(condition)
        add(.branch) {
            $0.code = BinaryOperation.notEqual.rawValue
            $0.a = test
            $0.b = .immediate
            $0.target = target
        }
    }
    mutating func jump(to offset: Int64) {
        let target = pc &+ UInt64(bitPattern: offset)
        add(.jump) { $0.target = target }
        hasEnded = true
    }
    mutating func jump(toAddress address: IRValue) {
        hasEnded = true
        if address.isConstant {
            let target = address.constant & ~1
            add(.jump) { $0.target = target }
            return
        }
        let base = address.box == .none ? address.place : place(address)
        add(.jumpRegister) {
            $0.a = base
            $0.immediate = address.offset
        }
    }
}
