import Bits

/// Zfh: half precision; its loads, stores, moves and conversions of formats are Zfhmin.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func flh(_ i: Instruction) throws(Trap) {
        try floatLoad(i, .unsigned16, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsh(_ i: Instruction) throws(Trap) {
        try floatStore(i, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmadd_h(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplyAdd, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmsub_h(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplySubtract, .half)
    }
    @inlinable @inline(__always)
    package mutating func fnmsub_h(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplySubtract, .half)
    }
    @inlinable @inline(__always)
    package mutating func fnmadd_h(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplyAdd, .half)
    }
    @inlinable @inline(__always)
    package mutating func fadd_h(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .add, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsub_h(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .subtract, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmul_h(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .multiply, .half)
    }
    @inlinable @inline(__always)
    package mutating func fdiv_h(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .divide, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsqrt_h(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .squareRoot, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsgnj_h(_ i: Instruction) throws(Trap) {
        try floatSign(i, .copy, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjn_h(_ i: Instruction) throws(Trap) {
        try floatSign(i, .invert, .half)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjx_h(_ i: Instruction) throws(Trap) {
        try floatSign(i, .multiply, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmin_h(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimum, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmax_h(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximum, .half)
    }
    @inlinable @inline(__always)
    package mutating func feq_h(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .equal, .half)
    }
    @inlinable @inline(__always)
    package mutating func flt_h(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .less, .half)
    }
    @inlinable @inline(__always)
    package mutating func fle_h(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqual, .half)
    }
    @inlinable @inline(__always)
    package mutating func fclass_h(_ i: Instruction) throws(Trap) {
        try floatExamine(i, .classify, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_w_h(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt32, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_w(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt32, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_wu_h(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt32, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_wu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt32, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_l_h(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt64, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_l(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt64, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_lu_h(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt64, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_lu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt64, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmv_x_h(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setX(i.rd, unary(.signExtend16, f(i.rs1)))
    }
    @inlinable @inline(__always)
    package mutating func fmv_h_x(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setF(i.rd, unary(.boxHalf, x(i.rs1)))
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_h(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .half, to: .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_s(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .single, to: .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_h(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .half, to: .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_h_d(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .double, to: .half)
    }
}
