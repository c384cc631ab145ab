import Bits

// The integer operations on words that are known: what the hart does, what an optimiser folds.

extension UnaryOperation {
    @inlinable @inline(__always)
    package func apply(_ a: UInt64) -> UInt64 {
        switch self {
        case .signExtend8: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: a)))
        case .signExtend16: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: a)))
        case .signExtend32: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: a)))
        case .zeroExtend8: a & 0xff
        case .zeroExtend16: a & 0xffff
        case .zeroExtend32: a & 0xffff_ffff
        case .countLeadingZeros: UInt64(a.leadingZeroBitCount)
        case .countTrailingZeros: UInt64(a.trailingZeroBitCount)
        case .countOnes: UInt64(a.nonzeroBitCount)
        case .reverseBytes: a.byteSwapped
        case .orCombineBytes: Self.orCombine(a)
        case .unboxSingle: a &>> 32 == 0xffff_ffff ? a & 0xffff_ffff : 0x7fc0_0000
        case .unboxHalf: a &>> 16 == 0xffff_ffff_ffff ? a & 0xffff : 0x7e00
        case .boxSingle: a | 0xffff_ffff_0000_0000
        case .boxHalf: a | 0xffff_ffff_ffff_0000
        }
    }

    /// Each byte becomes 0xff where it has any bit set.
    @inlinable static func orCombine(_ a: UInt64) -> UInt64 {
        let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
        let any = (((a & low) &+ low) | a) & ~low
        return (any &>> 7) &* 0xff
    }
}

extension BinaryOperation {
    @inlinable @inline(__always)
    package func apply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        switch self {
        case .add: a &+ b
        case .subtract: a &- b
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .shiftLeft: a &<< b
        case .shiftRight: a &>> b
        case .shiftRightSigned: UInt64(bitPattern: Int64(bitPattern: a) &>> Int64(bitPattern: b))
        case .rotateLeft: a &<< b | a &>> (0 &- b)
        case .rotateRight: a &>> b | a &<< (0 &- b)
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .less: Int64(bitPattern: a) < Int64(bitPattern: b) ? 1 : 0
        case .lessUnsigned: a < b ? 1 : 0
        case .greaterOrEqual: Int64(bitPattern: a) >= Int64(bitPattern: b) ? 1 : 0
        case .greaterOrEqualUnsigned: a >= b ? 1 : 0
        case .minimum: Int64(bitPattern: a) < Int64(bitPattern: b) ? a : b
        case .maximum: Int64(bitPattern: a) > Int64(bitPattern: b) ? a : b
        case .minimumUnsigned: a < b ? a : b
        case .maximumUnsigned: a > b ? a : b
        case .multiply: a &* b
        case .multiplyHigh:
            UInt64(
                bitPattern: Int64(bitPattern: a).multipliedFullWidth(by: Int64(bitPattern: b)).high)
        case .multiplyHighUnsigned: a.multipliedFullWidth(by: b).high
        case .multiplyHighSignedUnsigned:
            a.multipliedFullWidth(by: b).high
                &- (UInt64(bitPattern: Int64(bitPattern: a) &>> 63) & b)
        case .divide, .divideUnsigned, .remainder, .remainderUnsigned: divide(a, b)
        case .carrylessMultiply, .carrylessMultiplyHigh, .carrylessMultiplyReversed:
            Self.carryless(self, a, b)
        }
    }

    @inlinable @inline(__always)
    func divide(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let isRemainder = self == .remainder || self == .remainderUnsigned
        if b == 0 { return isRemainder ? a : ~0 }
        if self == .divideUnsigned { return a / b }
        if self == .remainderUnsigned { return a % b }
        let divisor = Int64(bitPattern: b)
        if divisor == -1 { return isRemainder ? 0 : 0 &- a }
        let dividend = Int64(bitPattern: a)
        return UInt64(bitPattern: isRemainder ? dividend % divisor : dividend / divisor)
    }

    @usableFromInline
    static func carryless(_ operation: BinaryOperation, _ a: UInt64, _ b: UInt64) -> UInt64 {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in UInt64(0)..<64 where (b &>> index) & 1 != 0 {
            low ^= a &<< index
            if index > 0 { high ^= a &>> (64 &- index) }
        }
        return switch operation {
        case .carrylessMultiplyHigh: high
        case .carrylessMultiplyReversed: high &<< 1 | low &>> 63
        default: low
        }
    }
}

extension LoadKind {
    /// The loaded bytes as the register sees them.
    @inlinable @inline(__always)
    package func extend(_ raw: UInt64) -> UInt64 {
        switch self {
        case .signed8: UnaryOperation.signExtend8.apply(raw)
        case .signed16: UnaryOperation.signExtend16.apply(raw)
        case .signed32: UnaryOperation.signExtend32.apply(raw)
        default: raw & width.mask
        }
    }
}

extension AtomicOperation {
    /// What an atomic of `width` stores: operands and comparison are of that width.
    @inlinable package func apply(_ old: UInt64, _ value: UInt64, _ width: AccessWidth) -> UInt64 {
        let isWord = width == .word
        let signedOld = isWord ? UnaryOperation.signExtend32.apply(old) : old
        let signedValue = isWord ? UnaryOperation.signExtend32.apply(value) : value
        return switch self {
        case .swap: value
        case .add: old &+ value
        case .xor: old ^ value
        case .and: old & value
        case .or: old | value
        case .minimum: BinaryOperation.minimum.apply(signedOld, signedValue)
        case .maximum: BinaryOperation.maximum.apply(signedOld, signedValue)
        case .minimumUnsigned:
            BinaryOperation.minimumUnsigned.apply(old & width.mask, value & width.mask)
        case .maximumUnsigned:
            BinaryOperation.maximumUnsigned.apply(old & width.mask, value & width.mask)
        }
    }
}
