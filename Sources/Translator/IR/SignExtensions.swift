import RISCV

extension IRBlock {
    /// Forwards: an extension of what is a sign-extended word already becomes a move.
    ///
    /// A bit for each x-register and for the first temporaries says "a sign-extended word".
    mutating func dropExtensions() {
        var words: UInt64 = 1
        var guest = -1
        for index in 0..<count where !instructions[index].flags.contains(.isDead) {
            let i = instructions[index]
            if Int(i.guest) != guest {
                guest = Int(i.guest)
                words &= 0xffff_ffff
            }
            if i.operation == .unary, i.code == UnaryOperation.signExtend32.rawValue,
                words & Self.bit(i.a) != 0
            {
                instructions[index].operation = .move
                if i.to == i.a { instructions[index].flags.insert(.isDead) }
            }
            if Self.comparesOrCombines(i), Self.isWord(i.a, i, words), Self.isWord(i.b, i, words) {
                instructions[index].flags.insert(.areWords)
            }
            let bit = Self.bit(i.to)
            guard bit != 0 else { continue }
            if Self.makesWord(i, words) { words |= bit } else { words &= ~bit }
            words |= 1
        }
    }

    private static func bit(_ place: Place) -> UInt64 {
        if place.isX { return 1 &<< UInt64(place.index) }
        if place.isTemporary && place.index < 32 { return 1 &<< UInt64(32 &+ place.index) }
        return 0
    }

    private static func comparesOrCombines(_ i: IRInstruction) -> Bool {
        if i.operation == .branch { return true }
        guard i.operation == .binary, let operation = BinaryOperation(rawValue: i.code) else {
            return false
        }
        return operation.isComparison || operation == .and || operation == .or || operation == .xor
    }
    private static func isWord(_ place: Place, _ i: IRInstruction, _ words: UInt64) -> Bool {
        place == .immediate
            ? Int64(Int32(truncatingIfNeeded: i.immediate)) == i.immediate
            : words & bit(place) != 0
    }

    private static func makesWord(_ i: IRInstruction, _ words: UInt64) -> Bool {
        func isWord(_ place: Place) -> Bool { Self.isWord(place, i, words) }
        switch i.operation {
        case .move: return isWord(i.a)
        case .unary:
            switch UnaryOperation(rawValue: i.code) {
            case .signExtend8, .signExtend16, .signExtend32, .zeroExtend8, .zeroExtend16,
                .countLeadingZeros, .countTrailingZeros, .countOnes:
                return true
            default: return false
            }
        case .binary:
            if i.flags.contains(.isWord) { return true }
            guard let operation = BinaryOperation(rawValue: i.code) else { return false }
            if operation.isComparison { return true }
            switch operation {
            case .and:
                // With a small mask nothing is left to extend.
                if i.b == .immediate, i.immediate >= 0, i.immediate <= 0x7fff_ffff { return true }
                return isWord(i.a) && isWord(i.b)
            case .or, .xor: return isWord(i.a) && isWord(i.b)
            case .minimum, .maximum, .minimumUnsigned, .maximumUnsigned, .shiftRightSigned:
                return isWord(i.a) && (operation == .shiftRightSigned || isWord(i.b))
            default: return false
            }
        case .load:
            switch LoadKind(rawValue: i.code) {
            case .unsigned32, .double: return false
            default: return true
            }
        case .loadReserved, .storeConditional, .atomic, .compareAndSwap:
            return i.width == 4 || i.operation == .storeConditional
        default: return false
        }
    }
}
