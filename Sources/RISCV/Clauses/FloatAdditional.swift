import Bits

/// Zfa: additional floating-point instructions.
extension Semantics {
    @inlinable @inline(__always)
    package mutating func fli_s(_ i: Instruction) throws(Trap) {
        try floatConstant(i, .single)
    }
    @inlinable @inline(__always)
    package mutating func fminm_s(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimumNaN, .single)
    }
    @inlinable @inline(__always)
    package mutating func fmaxm_s(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximumNaN, .single)
    }
    @inlinable @inline(__always)
    package mutating func fround_s(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .round, .single)
    }
    @inlinable @inline(__always)
    package mutating func froundnx_s(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .roundExact, .single)
    }
    @inlinable @inline(__always)
    package mutating func fltq_s(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessQuiet, .single)
    }
    @inlinable @inline(__always)
    package mutating func fleq_s(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqualQuiet, .single)
    }
    @inlinable @inline(__always)
    package mutating func fli_d(_ i: Instruction) throws(Trap) {
        try floatConstant(i, .double)
    }
    @inlinable @inline(__always)
    package mutating func fminm_d(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimumNaN, .double)
    }
    @inlinable @inline(__always)
    package mutating func fmaxm_d(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximumNaN, .double)
    }
    @inlinable @inline(__always)
    package mutating func fround_d(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .round, .double)
    }
    @inlinable @inline(__always)
    package mutating func froundnx_d(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .roundExact, .double)
    }
    @inlinable @inline(__always)
    package mutating func fltq_d(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessQuiet, .double)
    }
    @inlinable @inline(__always)
    package mutating func fleq_d(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqualQuiet, .double)
    }
    @inlinable @inline(__always)
    package mutating func fli_h(_ i: Instruction) throws(Trap) {
        try floatConstant(i, .half)
    }
    @inlinable @inline(__always)
    package mutating func fminm_h(_ i: Instruction) throws(Trap) {
        try floatPick(i, .minimumNaN, .half)
    }
    @inlinable @inline(__always)
    package mutating func fmaxm_h(_ i: Instruction) throws(Trap) {
        try floatPick(i, .maximumNaN, .half)
    }
    @inlinable @inline(__always)
    package mutating func fround_h(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .round, .half)
    }
    @inlinable @inline(__always)
    package mutating func froundnx_h(_ i: Instruction) throws(Trap) {
        try floatUnary(i, .roundExact, .half)
    }
    @inlinable @inline(__always)
    package mutating func fltq_h(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessQuiet, .half)
    }
    @inlinable @inline(__always)
    package mutating func fleq_h(_ i: Instruction) throws(Trap) {
        try floatCompare(i, .lessOrEqualQuiet, .half)
    }
    @inlinable @inline(__always)
    package mutating func fcvtmod_w_d(_ i: Instruction) throws(Trap) {
        try floatExamine(i, .toInt32Modular, .double)
    }
}
