import RISCV

/// Passes over a unit's IR. Each only shortens it.
extension IRBlock {
    mutating func optimise(mergesChecks: Bool, fault: TranslatorFault? = nil) {
        fusePairs()
        dropExtensions()
        dropDeadWrites(fault)
        compact()
        if mergesChecks { mergeChecks() }
    }

    /// The last write of a register and the next instruction that reads and overwrites it, as one:
    /// `x << n` then `+` is an address; `<< 32` then `>> 32` extends a word.
    private mutating func fusePairs() {
        guard count > 1 else { return }
        for index in 1..<count {
            let first = instructions[index - 1]
            let second = instructions[index]
            guard first.operation == .binary, second.operation == .binary,
                first.code == BinaryOperation.shiftLeft.rawValue, first.b == .immediate,
                first.flags == [], second.flags == [], second.to != .none,
                first.to.isX ? second.to == first.to : first.to.isTemporary, !first.a.isF
            else { continue }
            fuse(first, second, at: index)
        }
    }
    private mutating func fuse(_ first: IRInstruction, _ second: IRInstruction, at index: Int) {
        let isTemporary = first.to.isTemporary
        if isTemporary && isUsed(first.to, after: index, guest: second.guest) { return }
        var fused = second
        if second.code == BinaryOperation.add.rawValue, (1...3).contains(first.immediate),
            second.b != .immediate, !second.b.isF, !second.a.isF
        {
            let other = second.a == first.to ? second.b : second.a
            guard other != first.to, second.a == first.to || second.b == first.to else { return }
            fused.operation = .shiftAdd
            fused.a = first.a
            fused.b = other
            fused.immediate = first.immediate
        } else if second.code == BinaryOperation.shiftRight.rawValue, second.a == first.to,
            second.b == .immediate, first.immediate == 32, second.immediate <= 32
        {
            guard second.immediate == 32 else { return }
            fused.operation = .unary
            fused.code = UnaryOperation.zeroExtend32.rawValue
            fused.a = first.a
            fused.b = .none
            fused.immediate = 0
        } else {
            return
        }
        // Between the two nothing may leave the unit: the first one's write was architectural.
        instructions[index] = fused
        instructions[index - 1].flags.insert(.isDead)
    }
    private func isUsed(_ place: Place, after index: Int, guest: UInt16) -> Bool {
        var at = index &+ 1
        while at < count, instructions[at].guest == guest {
            let i = instructions[at]
            if i.a == place || i.b == place || i.c == place { return true }
            at &+= 1
        }
        return false
    }

    /// Backwards: a register that is written again before anything reads it or may leave.
    private mutating func dropDeadWrites(_ fault: TranslatorFault?) {
        var overwritten: UInt32 = 0
        var index = count &- 1
        while index >= 0 {
            let i = instructions[index]
            if i.mayLeave && !(fault == .optimiser && i.operation == .branch) {
                overwritten = 0
            } else if i.to.isX && !i.flags.contains(.isDead) {
                let bit = UInt32(1) &<< UInt32(i.to.index)
                if overwritten & bit != 0 {
                    instructions[index].flags.insert(.isDead)
                    index &-= 1
                    continue
                }
                overwritten |= bit
            }
            if !i.flags.contains(.isDead) {
                for place in [i.a, i.b, i.c] where place.isX {
                    overwritten &= ~(1 &<< UInt32(place.index))
                }
            }
            index &-= 1
        }
    }
}
