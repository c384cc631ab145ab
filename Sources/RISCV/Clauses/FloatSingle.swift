import Bits

/// F: single precision.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func flw(_ i: Instruction) throws(Trap) {
        try floatLoad(i, .unsigned32, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsw(_ i: Instruction) throws(Trap) {
        try floatStore(i, .word)
    }
    @inlinable @inline(__always)
    package mutating func fmadd_s(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplyAdd, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmsub_s(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplySubtract, .single)
    }
    @inlinable @inline(__always)
    package mutating func fnmsub_s(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplySubtract, .single)
    }
    @inlinable @inline(__always)
    package mutating func fnmadd_s(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplyAdd, .single)
    }
    @inlinable @inline(__always)
    package mutating func fadd_s(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .add, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsub_s(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .subtract, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmul_s(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .multiply, .single)
    }
    @inlinable @inline(__always)
    package mutating func fdiv_s(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .divide, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsqrt_s(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .squareRoot, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsgnj_s(_ i: Instruction) throws(Trap) {
        try floatSign(i, .copy, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjn_s(_ i: Instruction) throws(Trap) {
        try floatSign(i, .invert, .single)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjx_s(_ i: Instruction) throws(Trap) {
        try floatSign(i, .multiply, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmin_s(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimum, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmax_s(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximum, .single)
    }
    @inlinable @inline(__always)
    package mutating func feq_s(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .equal, .single)
    }
    @inlinable @inline(__always)
    package mutating func flt_s(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .less, .single)
    }
    @inlinable @inline(__always)
    package mutating func fle_s(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqual, .single)
    }
    @inlinable @inline(__always)
    package mutating func fclass_s(_ i: Instruction) throws(Trap) {
        try floatExamine(i, .classify, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_w_s(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt32, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_w(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt32, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_wu_s(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt32, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_wu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt32, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_l_s(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt64, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_l(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt64, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_lu_s(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt64, .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_lu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt64, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmv_x_w(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setX(i.rd, word(f(i.rs1)))
    }
    @inlinable @inline(__always)
    package mutating func fmv_w_x(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setF(i.rd, unary(.boxSingle, x(i.rs1)))
    }
}
