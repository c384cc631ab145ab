import Bits
import RISCV

extension Lifter: Semantics {
    typealias Value = IRValue

    mutating func x(_ register: Int) -> IRValue {
        if register == 0 { return IRValue(constant: 0) }
        if knownRegisters & (1 &<< UInt32(register)) != 0 {
            return IRValue(constant: known[register])
        }
        return IRValue(.x(register))
    }

    mutating func setX(_ register: Int, _ value: IRValue) {
        if register == 0 {
            // A load's effect stays; its result goes nowhere.
            if let index = definition(value.place), !value.isConstant {
                block.instructions[index].to = .none
            }
            return
        }
        let bit = UInt32(1) &<< UInt32(register)
        if value.isConstant {
            knownRegisters |= bit
            known[register] = value.constant
        } else {
            knownRegisters &= ~bit
            if value.isPlain && value.place == .x(register) { return }
        }
        write(value, to: .x(register))
    }

    mutating func f(_ register: Int) -> IRValue { IRValue(.f(register)) }

    mutating func setF(_ register: Int, _ value: IRValue) {
        markFloatDirty()
        if value.box == .boxedSingle || value.box == .boxedHalf,
            let index = definition(value.place), index == block.count &- 1,
            boxes(block.instructions[index], value.box)
        {
            block.instructions[index].to = .f(register)
            return
        }
        write(value, to: .f(register))
    }

    /// A floating-point operation or load boxes its own result when that goes to an f-register.
    private func boxes(_ instruction: IRInstruction, _ box: IRValue.Box) -> Bool {
        switch instruction.operation {
        case .float:
            let format = Self.resultFormat(instruction)
            return format == (box == .boxedSingle ? .single : .half)
        case .load:
            return instruction.code
                == (box == .boxedSingle ? LoadKind.unsigned32 : .unsigned16).rawValue
        default: return false
        }
    }
    private static func resultFormat(_ instruction: IRInstruction) -> FloatFormat {
        switch FloatOperation(rawValue: instruction.code) {
        case .toHalf: .half
        case .toSingle: .single
        case .toDouble: .double
        default: FloatFormat(rawValue: instruction.width) ?? .double
        }
    }

    func constant(_ value: UInt64) -> IRValue { IRValue(constant: value) }
    func pc(plus offset: Int64) -> IRValue {
        IRValue(constant: pc &+ UInt64(bitPattern: offset))
    }

    // MARK: Floating-point state

    mutating func requireFloat() throws(Trap) {
        guard floatCheck < 0 else { return }
        floatCheck = add(.checkFloat) { _ in }
    }
    /// From the check of this very instruction on, or by one of its own before it.
    mutating func markFloatDirty() {
        guard !isFloatDirty else { return }
        isFloatDirty = true
        if floatCheck >= start {
            block.instructions[floatCheck].flags.insert(.marksDirty)
            return
        }
        var check = IRInstruction(.checkFloat)
        check.flags = .marksDirty
        check.guest = UInt16(truncatingIfNeeded: block.guestCount)
        insert(check, at: start)
        floatCheck = start
    }
    private mutating func insert(_ instruction: IRInstruction, at index: Int) {
        block.append(instruction)
        var at = block.count &- 1
        while at > index {
            block.instructions[at] = block.instructions[at &- 1]
            at &-= 1
        }
        block.instructions[index] = instruction
    }

    mutating func float(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: Int, _ a: IRValue,
        _ b: IRValue, _ c: IRValue
    ) throws(Trap) -> IRValue {
        // Every operation may set flags, and `frm` may not be one that the host has.
        markFloatDirty()
        let first = floatOperand(a)
        let second = floatOperand(b)
        let third = floatOperand(c)
        let to = temporary()
        add(.float) {
            $0.code = operation.rawValue
            $0.width = format.rawValue
            $0.to = to
            $0.a = first
            $0.b = second
            $0.c = third
            $0.immediate = Int64(rounding)
        }
        return IRValue(to)
    }
    /// An f-register with its box, which the operation looks into, or a plain place.
    private mutating func floatOperand(_ value: IRValue) -> Place {
        switch value.box {
        case .insideSingle, .insideHalf: value.place
        default: place(value)
        }
    }

    // MARK: The whole instruction

    mutating func system(_ instruction: Instruction) throws(Trap) {
        if try liftFlags(instruction) { return }
        add(.system) { $0.target = instruction.word }
        hasEnded = true
    }

    /// Where harts run in turns, nobody gains by a wait.
    mutating func spin(_ instruction: Instruction) throws(Trap) {
        if sharesMemory { try system(instruction) }
    }

    /// Reads and writes of `fflags`, with which compilers frame quiet comparisons.
    private mutating func liftFlags(_ i: Instruction) throws(Trap) -> Bool {
        guard i.csr == CSR.fflags else { return false }
        switch i.opcode {
        case .csrrs where i.rs1 == 0, .csrrsi where i.rs1 == 0:
            try requireFloat()
            setX(i.rd, flags())
        case .csrrw, .csrrwi:
            try requireFloat()
            markFloatDirty()
            let source = i.opcode == .csrrwi ? IRValue(constant: UInt64(i.rs1)) : x(i.rs1)
            // The old flags must not overtake the operand.
            let old = i.rd == 0 ? nil : flags()
            let new = operand(source)
            add(.writeFlags) {
                $0.a = new.place
                $0.immediate = new.immediate
            }
            if let old { setX(i.rd, old) }
        default: return false
        }
        return true
    }
    private mutating func flags() -> IRValue {
        let to = temporary()
        add(.readFlags) { $0.to = to }
        return IRValue(to)
    }
}
