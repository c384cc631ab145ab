import Bits

/// D: double precision.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func fld(_ i: Instruction) throws(Trap) {
        try floatLoad(i, .double, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsd(_ i: Instruction) throws(Trap) {
        try floatStore(i, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmadd_d(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplyAdd, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmsub_d(_ i: Instruction) throws(Trap) {
        try floatFused(i, .multiplySubtract, .double)
    }
    @inlinable @inline(__always)
    package mutating func fnmsub_d(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplySubtract, .double)
    }
    @inlinable @inline(__always)
    package mutating func fnmadd_d(_ i: Instruction) throws(Trap) {
        try floatFused(i, .negatedMultiplyAdd, .double)
    }
    @inlinable @inline(__always)
    package mutating func fadd_d(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .add, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsub_d(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .subtract, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmul_d(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .multiply, .double)
    }
    @inlinable @inline(__always)
    package mutating func fdiv_d(_ i: Instruction) throws(Trap) {
        try floatBinary(i, .divide, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsqrt_d(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .squareRoot, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsgnj_d(_ i: Instruction) throws(Trap) {
        try floatSign(i, .copy, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjn_d(_ i: Instruction) throws(Trap) {
        try floatSign(i, .invert, .double)
    }
    @inlinable @inline(__always)
    package mutating func fsgnjx_d(_ i: Instruction) throws(Trap) {
        try floatSign(i, .multiply, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmin_d(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimum, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmax_d(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximum, .double)
    }
    @inlinable @inline(__always)
    package mutating func feq_d(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .equal, .double)
    }
    @inlinable @inline(__always)
    package mutating func flt_d(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .less, .double)
    }
    @inlinable @inline(__always)
    package mutating func fle_d(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqual, .double)
    }
    @inlinable @inline(__always)
    package mutating func fclass_d(_ i: Instruction) throws(Trap) {
        try floatExamine(i, .classify, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_w_d(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt32, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_w(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt32, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_wu_d(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt32, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_wu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt32, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_l_d(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toInt64, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_l(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromInt64, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_lu_d(_ i: Instruction) throws(Trap) {
        try floatToInteger(i, .toUInt64, .double)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_lu(_ i: Instruction) throws(Trap) {
        try floatFromInteger(i, .fromUInt64, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmv_x_d(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setX(i.rd, f(i.rs1))
    }
    @inlinable @inline(__always)
    package mutating func fmv_d_x(_ i: Instruction) throws(Trap) {
        try requireFloat()
        setF(i.rd, x(i.rs1))
    }
    @inlinable @inline(__always)
    package mutating func fcvt_s_d(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .double, to: .single)
    }
    @inlinable @inline(__always)
    package mutating func fcvt_d_s(_ i: Instruction) throws(Trap) {
        try floatConvert(i, from: .single, to: .double)
    }
}
