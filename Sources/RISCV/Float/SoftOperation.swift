extension SoftFloat {
    /// One operation of the clauses (`Semantics.float`), by name. Floating operands and results are
    /// bits of their format, unboxed; `a` of the conversions from integers is an x-register.
    package static func perform(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: FloatRounding,
        _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) -> FloatResult {
        switch operation {
        case .add: add(a, b, format: format, rounding: rounding)
        case .subtract: subtract(a, b, format: format, rounding: rounding)
        case .multiply: multiply(a, b, format: format, rounding: rounding)
        case .divide: divide(a, b, format: format, rounding: rounding)
        case .squareRoot: squareRoot(a, format: format, rounding: rounding)
        case .multiplyAdd: fusedMultiplyAdd(a, b, c, format: format, rounding: rounding)
        case .multiplySubtract:
            fusedMultiplyAdd(a, b, c ^ format.signMask, format: format, rounding: rounding)
        case .negatedMultiplySubtract:
            fusedMultiplyAdd(a ^ format.signMask, b, c, format: format, rounding: rounding)
        case .negatedMultiplyAdd:
            fusedMultiplyAdd(
                a ^ format.signMask, b, c ^ format.signMask, format: format, rounding: rounding)
        case .minimum: minimumNumber(a, b, format: format)
        case .maximum: maximumNumber(a, b, format: format)
        case .minimumNaN: minimum(a, b, format: format)
        case .maximumNaN: maximum(a, b, format: format)
        case .equal: isEqual(a, b, format: format)
        case .less: isLess(a, b, format: format)
        case .lessOrEqual: isLessOrEqual(a, b, format: format)
        case .lessQuiet: isLess(a, b, format: format, isQuiet: true)
        case .lessOrEqualQuiet: isLessOrEqual(a, b, format: format, isQuiet: true)
        case .classify: FloatResult(classify(a, format: format))
        case .round: roundToIntegral(a, format: format, rounding: rounding, isExact: false)
        case .roundExact: roundToIntegral(a, format: format, rounding: rounding, isExact: true)
        case .toHalf: convert(a, from: format, to: .half, rounding: rounding)
        case .toSingle: convert(a, from: format, to: .single, rounding: rounding)
        case .toDouble: convert(a, from: format, to: .double, rounding: rounding)
        case .toInt32: toInteger(a, from: format, .int32, rounding: rounding)
        case .toUInt32: toInteger(a, from: format, .uint32, rounding: rounding)
        case .toInt64: toInteger(a, from: format, .int64, rounding: rounding)
        case .toUInt64: toInteger(a, from: format, .uint64, rounding: rounding)
        case .toInt32Modular: toIntegerModular(a)
        case .fromInt32: fromInteger(a, .int32, to: format, rounding: rounding)
        case .fromUInt32: fromInteger(a, .uint32, to: format, rounding: rounding)
        case .fromInt64: fromInteger(a, .int64, to: format, rounding: rounding)
        case .fromUInt64: fromInteger(a, .uint64, to: format, rounding: rounding)
        }
    }
}
