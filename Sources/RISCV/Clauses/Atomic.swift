import Bits

/// A (Zaamo and Zalrsc), Zacas. Stores and swaps order all that comes before and behind them.
extension Semantics {
    /// A load-reserved with `rl` is ordered behind every access before it, stores too (rule 6 of the
    /// preserved program order).
    @inlinable @inline(__always)
    mutating func fenceBeforeRelease(_ i: Instruction) {
        if i.immediate & 1 != 0 { fenceStoreLoad() }
    }
    @inlinable @inline(__always)
    package mutating func lr_w(_ i: Instruction) throws(Trap) {
        fenceBeforeRelease(i)
        setX(i.rd, try loadReserved(.word, at: x(i.rs1)))
    }
    @inlinable @inline(__always)
    package mutating func sc_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try storeConditional(.word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoswap_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.swap, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoadd_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.add, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoxor_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.xor, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoand_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.and, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoor_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.or, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomin_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.minimum, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomax_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.maximum, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amominu_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.minimumUnsigned, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomaxu_w(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.maximumUnsigned, .word, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amocas_w(_ i: Instruction) throws(Trap) {
        setX(
            i.rd,
            try compareAndSwap(.word, at: x(i.rs1), expected: x(i.rd), new: x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func lr_d(_ i: Instruction) throws(Trap) {
        fenceBeforeRelease(i)
        setX(i.rd, try loadReserved(.double, at: x(i.rs1)))
    }
    @inlinable @inline(__always)
    package mutating func sc_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try storeConditional(.double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoswap_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.swap, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoadd_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.add, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoxor_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.xor, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoand_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.and, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amoor_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.or, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomin_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.minimum, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomax_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.maximum, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amominu_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.minimumUnsigned, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amomaxu_d(_ i: Instruction) throws(Trap) {
        setX(i.rd, try atomic(.maximumUnsigned, .double, at: x(i.rs1), x(i.rs2)))
    }
    @inlinable @inline(__always)
    package mutating func amocas_d(_ i: Instruction) throws(Trap) {
        setX(
            i.rd,
            try compareAndSwap(.double, at: x(i.rs1), expected: x(i.rd), new: x(i.rs2)))
    }
}
