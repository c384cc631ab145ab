import Bits
import RISCV

extension Lifter {
    mutating func unary(_ operation: UnaryOperation, _ a: IRValue) -> IRValue {
        if a.isConstant { return IRValue(constant: operation.apply(a.constant)) }
        switch operation {
        case .unboxSingle where a.isPlain && a.place.isF:
            return IRValue(a.place, box: .insideSingle)
        case .unboxHalf where a.isPlain && a.place.isF:
            return IRValue(a.place, box: .insideHalf)
        case .boxSingle where a.isPlain: return IRValue(a.place, box: .boxedSingle)
        case .boxHalf where a.isPlain: return IRValue(a.place, box: .boxedHalf)
        case .signExtend32: if let word = narrowed(a) { return word }
        default: break
        }
        let from = place(a)
        let to = temporary()
        add(.unary) {
            $0.code = operation.rawValue
            $0.to = to
            $0.a = from
        }
        return IRValue(to)
    }

    /// A binary operation whose sign-extended low word is wanted works on words at once.
    private mutating func narrowed(_ a: IRValue) -> IRValue? {
        if !a.isPlain {
            guard a.box == .none else { return nil }
            let to = temporary()
            write(a, to: to)
            block.instructions[block.count &- 1].flags.insert(.isWord)
            return IRValue(to)
        }
        guard let index = definition(a.place), block.instructions[index].operation == .binary,
            !block.instructions[index].flags.contains(.isWord)
        else { return nil }
        switch BinaryOperation(rawValue: block.instructions[index].code) {
        case .add, .subtract, .multiply, .and, .or, .xor: break
        case .shiftLeft:
            // The count's low six bits count: only one below 32 means the same on words.
            guard wordCount(index) else { return nil }
        case .shiftRight:
            guard wordCount(index), widened(index, .zeroExtend32) else { return nil }
        case .divideUnsigned, .remainderUnsigned:
            guard widened(index, .zeroExtend32), widenedSecond(index, .zeroExtend32) else {
                return nil
            }
        case .divide, .remainder:
            guard widened(index, .signExtend32), widenedSecond(index, .signExtend32) else {
                return nil
            }
        default: return nil
        }
        let at = strip(index)
        block.instructions[at].flags.insert(.isWord)
        return a
    }

    /// Whether the shift count is known to be below 32.
    private func wordCount(_ index: Int) -> Bool {
        let shift = block.instructions[index]
        if shift.b == .immediate { return shift.immediate >= 0 && shift.immediate < 32 }
        guard let mask = definition(shift.b) else { return false }
        let and = block.instructions[mask]
        return and.operation == .binary && and.code == BinaryOperation.and.rawValue
            && and.b == .immediate && and.immediate == 31
    }
    private func widened(_ index: Int, _ extension: UnaryOperation) -> Bool {
        isExtension(block.instructions[index].a, `extension`)
    }
    private func widenedSecond(_ index: Int, _ extension: UnaryOperation) -> Bool {
        let b = block.instructions[index].b
        // A constant operand's own extension was folded.
        return b == .immediate || isExtension(b, `extension`)
    }
    private func isExtension(_ place: Place, _ operation: UnaryOperation) -> Bool {
        guard let index = definition(place) else { return false }
        return block.instructions[index].operation == .unary
            && block.instructions[index].code == operation.rawValue
    }

    /// Takes out what prepared the operands of a word operation; returns where that is then.
    private mutating func strip(_ index: Int) -> Int {
        var index = index
        index = stripExtension(index, of: block.instructions[index].a, isFirst: true)
        return stripExtension(index, of: block.instructions[index].b, isFirst: false)
    }
    private mutating func stripExtension(_ index: Int, of place: Place, isFirst: Bool) -> Int {
        guard let made = definition(place), made < index else { return index }
        let maker = block.instructions[made]
        let isExtension =
            maker.operation == .unary
            && (maker.code == UnaryOperation.zeroExtend32.rawValue
                || maker.code == UnaryOperation.signExtend32.rawValue)
        let isMask =
            !isFirst && maker.operation == .binary && maker.b == .immediate
            && maker.immediate == 31 && maker.code == BinaryOperation.and.rawValue
        guard isExtension || isMask, uses(of: place) == 1 else { return index }
        if isFirst {
            block.instructions[index].a = maker.a
        } else {
            block.instructions[index].b = maker.a
        }
        block.remove(at: made)
        return index &- 1
    }
    private func uses(of place: Place) -> Int {
        var count = 0
        for index in start..<block.count {
            let instruction = block.instructions[index]
            if instruction.a == place { count &+= 1 }
            if instruction.b == place { count &+= 1 }
            if instruction.c == place { count &+= 1 }
        }
        return count
    }

    mutating func binary(_ operation: BinaryOperation, _ a: IRValue, _ b: IRValue) -> IRValue {
        if a.isConstant && b.isConstant {
            return IRValue(constant: operation.apply(a.constant, b.constant))
        }
        if let simple = simplified(operation, a, b) { return simple }
        if a.isConstant {
            if operation.isCommutative { return binary(operation, b, a) }
            if let swapped = comparison(operation, of: a.constant, with: b) { return swapped }
        }
        if operation == .shiftRightSigned, a.isPlain, let word = shiftedWord(a, b) { return word }
        let first = a.isConstant ? materialised(a) : place(a)
        let second = operand(b)
        let to = temporary()
        add(.binary) {
            $0.code = operation.rawValue
            $0.to = to
            $0.a = first
            $0.b = second.place
            $0.immediate = second.immediate
        }
        return IRValue(to)
    }
    /// `c < b` as `b >= c + 1`, and `c >= b` as `b < c + 1`: constants belong to the right.
    private mutating func comparison(
        _ operation: BinaryOperation, of constant: UInt64, with b: IRValue
    ) -> IRValue? {
        let next = IRValue(constant: constant &+ 1)
        let largest = constant == UInt64.max &>> 1
        switch operation {
        case .less where !largest: return binary(.greaterOrEqual, b, next)
        case .greaterOrEqual where !largest: return binary(.less, b, next)
        case .lessUnsigned where constant != .max: return binary(.greaterOrEqualUnsigned, b, next)
        case .greaterOrEqualUnsigned where constant != .max: return binary(.lessUnsigned, b, next)
        default: return nil
        }
    }
    private mutating func materialised(_ value: IRValue) -> Place {
        let to = temporary()
        write(value, to: to)
        return to
    }

    private mutating func simplified(_ operation: BinaryOperation, _ a: IRValue, _ b: IRValue)
        -> IRValue?
    {
        if operation == .add, a.box == .none, b.isConstant, a.place.isX {
            return IRValue(a.place, offset: a.offset &+ Int64(bitPattern: b.constant))
        }
        if operation == .add, a.isConstant, b.isPlain, b.place.isX {
            return IRValue(b.place, offset: Int64(bitPattern: a.constant))
        }
        guard b.isConstant else { return nil }
        // `jalr`: whoever jumps clears the lowest bit.
        if operation == .and, b.constant == ~1, current.opcode == .jalr, a.box == .none {
            guard current.rd == 0 || a.place != .x(current.rd) else {
                let to = temporary()
                write(a, to: to)
                return IRValue(to)
            }
            return a
        }
        if b.constant == 0 {
            switch operation {
            case .add, .subtract, .or, .xor, .shiftLeft, .shiftRight, .shiftRightSigned: return a
            default: break
            }
        }
        return nil
    }

    /// `sext(a) >> b` on words.
    private mutating func shiftedWord(_ a: IRValue, _ b: IRValue) -> IRValue? {
        guard isExtension(a.place, .signExtend32) else { return nil }
        let second = operand(b)
        let to = temporary()
        let index = add(.binary) {
            $0.code = BinaryOperation.shiftRightSigned.rawValue
            $0.to = to
            $0.a = a.place
            $0.b = second.place
            $0.immediate = second.immediate
        }
        guard wordCount(index) else { return IRValue(to) }
        let at = strip(index)
        block.instructions[at].flags.insert(.isWord)
        return IRValue(to)
    }

    mutating func select(_ condition: IRValue, _ a: IRValue, _ b: IRValue) -> IRValue {
        if condition.isConstant { return condition.constant != 0 ? a : b }
        let test = place(condition)
        let first = a.isConstant ? materialised(a) : place(a)
        let second = b.isConstant ? materialised(b) : place(b)
        let to = temporary()
        add(.select) {
            $0.to = to
            $0.a = test
            $0.b = first
            $0.c = second
        }
        return IRValue(to)
    }
}

extension BinaryOperation {
    var isCommutative: Bool {
        switch self {
        case .add, .and, .or, .xor, .equal, .notEqual, .minimum, .maximum, .minimumUnsigned,
            .maximumUnsigned, .multiply, .multiplyHigh, .multiplyHighUnsigned, .carrylessMultiply,
            .carrylessMultiplyHigh, .carrylessMultiplyReversed:
            true
        default: false
        }
    }
    /// A comparison, whose result is 1 or 0.
    var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessUnsigned, .greaterOrEqual, .greaterOrEqualUnsigned: true
        default: false
        }
    }
}
