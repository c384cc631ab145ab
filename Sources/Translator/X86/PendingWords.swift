import RISCV

/// Words whose sign extension waits: RISC-V extends the result of each word operation, but most are
/// read by further word operations only. A home in `pendingWords` holds the low half; whatever reads
/// all of it, and every way out of the unit, extends it first.
extension Emitter {
    /// Ends a word operation.
    mutating func extendWord(_ register: HostRegister, _ place: Place) {
        if place.isX {
            resultIsPending = true
        } else {
            asm.signExtend(register, .register(register), from: .long)
        }
    }
    func isPending(_ place: Place) -> Bool {
        place.isX && pendingWords & (1 &<< UInt32(place.index)) != 0
    }
    /// Logic on words of which one waits goes on with the low halves.
    func hasPendingWord(_ i: IRInstruction) -> Bool {
        i.flags.contains(.areWords) && (isPending(i.a) || isPending(i.b))
    }

    /// Extends what this instruction reads as a whole.
    mutating func completeOperands(_ i: IRInstruction) {
        resultIsPending = false
        guard pendingWords != 0, !i.convertsWord else { return }
        if isPending(i.a) && !readsLowHalf(i, isFirst: true) { complete(i.a) }
        if isPending(i.b) && !readsLowHalf(i, isFirst: false) { complete(i.b) }
        if isPending(i.c) { complete(i.c) }
    }
    /// Notes what this instruction made.
    mutating func notePending(_ i: IRInstruction) {
        guard i.to.isX else { return }
        let bit = UInt32(1) &<< UInt32(i.to.index)
        if resultIsPending { pendingWords |= bit } else { pendingWords &= ~bit }
    }

    private func readsLowHalf(_ i: IRInstruction, isFirst: Bool) -> Bool {
        switch i.operation {
        case .binary:
            if i.flags.contains(.isWord) { return true }
            guard i.flags.contains(.areWords) else { return false }
            // Comparisons of words, and logic that goes on with words.
            return true
        case .branch: return i.flags.contains(.areWords)
        case .store: return !isFirst && i.code <= 4
        case .shiftAdd: return isFirst && i.flags.contains(.zeroExtends)
        case .unary:
            switch UnaryOperation(rawValue: i.code) {
            case .signExtend8, .signExtend16, .signExtend32, .zeroExtend8, .zeroExtend16,
                .zeroExtend32:
                return !i.to.isF
            default: return false
            }
        default: return false
        }
    }

    private mutating func complete(_ place: Place) {
        extend(place.index)
        pendingWords &= ~(1 &<< UInt32(place.index))
    }
    private mutating func extend(_ register: Int) {
        if let host = map.host(x: register) {
            return asm.signExtend(host, .register(host), from: .long)
        }
        let memory = HostMemory.at(.rbp, StateLayout.x(register))
        let value = scratch()
        asm.signExtend(value, .memory(memory), from: .long)
        asm.store(memory, value)
        free(value)
    }

    /// Before a way back to the unit's own start.
    mutating func completeAll() {
        extendPending()
        pendingWords = 0
    }
    /// Before a way out: the homes are true, and where the standard map has them.
    mutating func restoreHomes() {
        extendPending()
        leaveLoopMap()
    }
    private mutating func extendPending() {
        guard pendingWords != 0 else { return }
        for register in 1..<32 where pendingWords & (1 &<< UInt32(register)) != 0 {
            extend(register)
        }
    }
}
