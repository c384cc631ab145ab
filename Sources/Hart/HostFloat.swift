import CHost
import RISCV

/// Floating point on the host's own units, where they give RISC-V's bits and flags.
///
/// A session lends MXCSR to the guest (`begin` to `end`): it holds the rounding mode of `frm` and
/// gathers flags, which nobody reads before the guest asks for `fflags` or the hart leaves its run
/// loop. What the host cannot do exactly is nil here, and `SoftFloat`'s work.
package enum HostFloat {
    /// Whether the host has FMA, SSE4.1 and F16C; without them nothing here may be called.
    package static let isAvailable = hull_float_is_complete()

    /// Starts a session; returns what `end` gives back to the host.
    @inline(__always) package static func begin(_ rounding: FloatRounding) -> UInt32 {
        hull_float_begin(UInt32(rounding.rawValue))
    }
    /// Ends a session; returns the flags gathered.
    @inline(__always) package static func end(_ saved: UInt32) -> FloatFlags {
        FloatFlags(rawValue: UInt8(truncatingIfNeeded: hull_float_end(saved)))
    }
    /// Host code within a session: what it computes with numbers of its own (a set that grows does)
    /// neither rounds as the guest likes nor raises the guest's flags.
    @inline(__always) package static func suspended<Result, Failure>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let saved = hull_float_suspend()
        defer { hull_mxcsr_write(saved) }
        return try body()
    }
    /// The flags gathered so far in this session, which are then clear.
    @inline(__always) package static func takeFlags() -> FloatFlags {
        FloatFlags(rawValue: UInt8(truncatingIfNeeded: hull_float_take_flags()))
    }
    /// The session's rounding mode from here on: not RMM.
    @inline(__always) package static func setRounding(_ rounding: FloatRounding) {
        _ = hull_float_set_rounding(UInt32(rounding.rawValue))
    }

    /// One operation outside a session, or with another rounding mode than the session's.
    package static func perform(
        _ operation: FloatOperation, _ format: FloatFormat, rounding: FloatRounding,
        _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) -> FloatResult? {
        guard isAvailable, rounding != .nearestAway else { return nil }
        let saved = begin(rounding)
        let bits = performInSession(operation, format, a, b, c)
        let flags = end(saved)
        return bits.map { FloatResult($0, flags) }
    }

    /// One operation within a session, at its rounding mode. Flags stay in MXCSR.
    @inline(__always)
    package static func performInSession(
        _ operation: FloatOperation, _ format: FloatFormat, _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) -> UInt64? {
        switch format {
        case .double: double(operation, a, b, c)
        case .single:
            single(
                operation, a, UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: c))
        case .half: half(operation, UInt32(truncatingIfNeeded: a))
        }
    }

    @inline(__always)
    private static func double(
        _ operation: FloatOperation, _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) -> UInt64? {
        switch operation {
        case .add: return hull_f64_add(a, b)
        case .subtract: return hull_f64_subtract(a, b)
        case .multiply: return hull_f64_multiply(a, b)
        case .divide: return hull_f64_divide(a, b)
        case .squareRoot: return hull_f64_square_root(a)
        case .multiplyAdd: return hull_f64_multiply_add(a, b, c)
        case .multiplySubtract: return hull_f64_multiply_subtract(a, b, c)
        case .negatedMultiplySubtract: return hull_f64_negated_multiply_subtract(a, b, c)
        case .negatedMultiplyAdd: return hull_f64_negated_multiply_add(a, b, c)
        case .equal: return hull_f64_equal(a, b) ? 1 : 0
        case .less: return hull_f64_less(a, b) ? 1 : 0
        case .lessOrEqual: return hull_f64_less_or_equal(a, b) ? 1 : 0
        case .lessQuiet: return hull_f64_less_quiet(a, b) ? 1 : 0
        case .lessOrEqualQuiet: return hull_f64_less_or_equal_quiet(a, b) ? 1 : 0
        case .round: return hull_f64_round_current(a)
        case .roundExact: return hull_f64_round_exact_current(a)
        case .toSingle: return UInt64(hull_f64_to_f32(a))
        case .toInt32, .toUInt32, .toInt64, .toUInt64:
            return integerInSession(operation, .double, a, truncates: false)
        case .fromInt32: return hull_f64_from_int32(Int32(truncatingIfNeeded: a))
        case .fromUInt32: return hull_f64_from_int64(Int64(a & 0xffff_ffff))
        case .fromInt64: return hull_f64_from_int64(Int64(bitPattern: a))
        case .fromUInt64: return hull_f64_from_uint64(a)
        default: return nil
        }
    }

    @inline(__always)
    private static func single(
        _ operation: FloatOperation, _ register: UInt64, _ a: UInt32, _ b: UInt32, _ c: UInt32
    ) -> UInt64? {
        switch operation {
        case .add: return UInt64(hull_f32_add(a, b))
        case .subtract: return UInt64(hull_f32_subtract(a, b))
        case .multiply: return UInt64(hull_f32_multiply(a, b))
        case .divide: return UInt64(hull_f32_divide(a, b))
        case .squareRoot: return UInt64(hull_f32_square_root(a))
        case .multiplyAdd: return UInt64(hull_f32_multiply_add(a, b, c))
        case .multiplySubtract: return UInt64(hull_f32_multiply_subtract(a, b, c))
        case .negatedMultiplySubtract:
            return UInt64(hull_f32_negated_multiply_subtract(a, b, c))
        case .negatedMultiplyAdd: return UInt64(hull_f32_negated_multiply_add(a, b, c))
        case .equal: return hull_f32_equal(a, b) ? 1 : 0
        case .less: return hull_f32_less(a, b) ? 1 : 0
        case .lessOrEqual: return hull_f32_less_or_equal(a, b) ? 1 : 0
        case .lessQuiet: return hull_f32_less_quiet(a, b) ? 1 : 0
        case .lessOrEqualQuiet: return hull_f32_less_or_equal_quiet(a, b) ? 1 : 0
        case .round: return UInt64(hull_f32_round_current(a))
        case .roundExact: return UInt64(hull_f32_round_exact_current(a))
        case .toDouble: return hull_f32_to_f64(a)
        case .toHalf: return UInt64(hull_f32_to_f16(a))
        case .toInt32, .toUInt32, .toInt64, .toUInt64:
            return integerInSession(operation, .single, register, truncates: false)
        case .fromInt32: return UInt64(hull_f32_from_int32(Int32(bitPattern: a)))
        case .fromUInt32: return UInt64(hull_f32_from_int64(Int64(a)))
        case .fromInt64: return UInt64(hull_f32_from_int64(Int64(bitPattern: register)))
        case .fromUInt64: return UInt64(hull_f32_from_uint64(register))
        default: return nil
        }
    }

    @inline(__always)
    private static func half(_ operation: FloatOperation, _ a: UInt32) -> UInt64? {
        switch operation {
        case .toSingle: UInt64(hull_f16_to_f32(a))
        case .toDouble: hull_f32_to_f64(hull_f16_to_f32(a))
        default: nil
        }
    }

    /// To an integer where no rounding can leave its range, at the session's rounding mode or, whatever
    /// that is, towards zero: what C's casts compile to.
    @inline(__always)
    package static func integerInSession(
        _ operation: FloatOperation, _ format: FloatFormat, _ a: UInt64, truncates: Bool
    ) -> UInt64? {
        switch format {
        case .double: doubleToInteger(operation, a, truncates)
        case .single: singleToInteger(operation, UInt32(truncatingIfNeeded: a), truncates)
        case .half: nil
        }
    }

    @inline(__always)
    private static func doubleToInteger(
        _ operation: FloatOperation, _ a: UInt64, _ truncates: Bool
    ) -> UInt64? {
        let magnitude = a & (UInt64.max &>> 1)
        var wide: Int64 { truncates ? hull_f64_truncate_int64(a) : hull_f64_to_int64(a) }
        switch operation {
        // The limits: 2^31 − 1, 2^32 − 1 and 2^63, below which doubles are integers.
        case .toInt32:
            guard magnitude <= 0x41df_ffff_ffc0_0000 else { return nil }
            let narrow = truncates ? hull_f64_truncate_int32(a) : hull_f64_to_int32(a)
            return UInt64(bitPattern: Int64(narrow))
        case .toUInt32:
            return a <= 0x41ef_ffff_ffe0_0000 ? signExtended(wide) : nil
        case .toInt64:
            return magnitude < 0x43e0_0000_0000_0000 ? UInt64(bitPattern: wide) : nil
        case .toUInt64:
            return a < 0x43e0_0000_0000_0000 ? UInt64(bitPattern: wide) : nil
        default: return nil
        }
    }

    @inline(__always)
    private static func singleToInteger(
        _ operation: FloatOperation, _ a: UInt32, _ truncates: Bool
    ) -> UInt64? {
        let magnitude = a & (UInt32.max &>> 1)
        var wide: Int64 { truncates ? hull_f32_truncate_int64(a) : hull_f32_to_int64(a) }
        switch operation {
        // The limits: 2^31, 2^32 and 2^63, below which singles are integers.
        case .toInt32:
            guard magnitude < 0x4f00_0000 else { return nil }
            let narrow = truncates ? hull_f32_truncate_int32(a) : hull_f32_to_int32(a)
            return UInt64(bitPattern: Int64(narrow))
        case .toUInt32: return a < 0x4f80_0000 ? signExtended(wide) : nil
        case .toInt64: return magnitude < 0x5f00_0000 ? UInt64(bitPattern: wide) : nil
        case .toUInt64: return a < 0x5f00_0000 ? UInt64(bitPattern: wide) : nil
        default: return nil
        }
    }

    /// The low 32 bits, as an x-register holds them.
    @inline(__always) private static func signExtended(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
    }
}
