import CSkiff
import SkiffABI

private let one: UInt64 = 0x3ff0_0000_0000_0000
private let two: UInt64 = 0x4000_0000_0000_0000
private let three: UInt64 = 0x4008_0000_0000_0000
private let minus: UInt64 = 1 << 63
private let infinity: UInt64 = 0x7ff0_0000_0000_0000
private let canonicalNaN: UInt64 = 0x7ff8_0000_0000_0000
private let signallingNaN: UInt64 = 0x7ff0_0000_0000_0001

/// The bits of fflags.
private enum Flag {
    static let inexact: UInt64 = 1
    static let underflow: UInt64 = 2
    static let overflow: UInt64 = 4
    static let divideByZero: UInt64 = 8
    static let invalid: UInt64 = 16
}

extension Selftest {
    func float() {
        csr_clear_sstatus(Status.fs)
        illegal("floating point is off", probe_float_add)
        guard kernel.board.has("d") else { return skip("floating point") }
        csr_set_sstatus(1 << 13)
        defer { csr_clear_sstatus(Status.fs) }
        // A machine that only says it can must not stop the test.
        guard case .value(two) = attempt(fp_add_d, one, one) else {
            return check("floating point is on", false)
        }
        _ = fp_flags()
        arithmetic()
        conversions()
        equal("sstatus.FS is dirty", (csr_read_sstatus() >> 13) & 3, 3)
        check("sstatus.SD sums it up", csr_read_sstatus() >> 63 == 1)
    }

    /// The result and the flags together.
    private func exact(
        _ name: StaticString, _ operation: Operation, _ a: UInt64, _ b: UInt64, _ result: UInt64,
        _ flags: UInt64
    ) {
        _ = fp_flags()
        let got = operation(a, b)
        let gotFlags = fp_flags()
        if got != result || gotFlags != flags {
            kernel.console.write(
                "   ", .literal(name), ": got ", .hex(got), " flags ", .hex(gotFlags),
                ", expected ", .hex(result), " ", .hex(flags), "\n")
        }
        check(name, got == result && gotFlags == flags)
    }

    private func arithmetic() {
        exact("fadd.d", fp_add_d, one, one, two, 0)
        exact("fadd.d: inf - inf", fp_add_d, infinity, infinity | minus, canonicalNaN, Flag.invalid)
        exact("fadd.d: signalling NaN", fp_add_d, signallingNaN, one, canonicalNaN, Flag.invalid)
        exact("fdiv.d: 1/3", fp_div_d, one, three, 0x3fd5_5555_5555_5555, Flag.inexact)
        exact("fdiv.d: 1/3 up", fp_div_up, one, three, 0x3fd5_5555_5555_5556, Flag.inexact)
        exact(
            "fdiv.d: -1/3 down", fp_div_down, one | minus, three, 0xbfd5_5555_5555_5556,
            Flag.inexact)
        exact("fdiv.d: 1/-0", fp_div_d, one, minus, infinity | minus, Flag.divideByZero)
        exact("fdiv.d: 0/0", fp_div_d, 0, 0, canonicalNaN, Flag.invalid)
        exact("fsqrt.d: 2", fp_sqrt_d, two, 0, 0x3ff6_a09e_667f_3bcd, Flag.inexact)
        exact("fsqrt.d: -1", fp_sqrt_d, one | minus, 0, canonicalNaN, Flag.invalid)
        exact("fsqrt.d: -0", fp_sqrt_d, minus, 0, minus, 0)
        let most: UInt64 = 0x7fef_ffff_ffff_ffff
        exact("fmul.d overflows", fp_mul_d, most, two, infinity, Flag.overflow | Flag.inexact)
        exact("fmul.d underflows", fp_mul_d, 1, one - 1, 1, Flag.underflow | Flag.inexact)
        exact("fmul.d: exact subnormal", fp_mul_d, 2, one - (1 << 52), 1, 0)
        // (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104: only a fused operation sees it.
        exact("fmsub.d is fused", fp_fms_d, one + 1, one + 2, 0x3970_0000_0000_0000, 0)
        exact("fmin.d: -0 is below 0", fp_min_d, 0, minus, minus, 0)
        exact("fmin.d: NaN and 1", fp_min_d, canonicalNaN, one, one, 0)
        exact("fmin.d: signalling NaN", fp_min_d, signallingNaN, one, one, Flag.invalid)
        exact("fsgnjx.d", fp_sign_d, one | minus, minus, one, 0)
        exact("feq.d: NaN is quiet", fp_equal, canonicalNaN, one, 0, 0)
        exact("flt.d: NaN is invalid", fp_less, canonicalNaN, one, 0, Flag.invalid)
        exact("fclass.d: -inf", fp_class, infinity | minus, 0, 1, 0)
        exact("fclass.d: subnormal", fp_class, 1, 0, 1 << 5, 0)
        exact("fclass.d: signalling NaN", fp_class, signallingNaN, 0, 1 << 8, 0)
    }

    private func conversions() {
        let boxed: UInt64 = 0xffff_ffff_0000_0000
        exact("fadd.s", fp_add_s, boxed | 0x3f80_0000, boxed | 0x3f80_0000, boxed | 0x4000_0000, 0)
        exact("fadd.s: operand not boxed", fp_add_s, 0x3f80_0000, boxed, boxed | 0x7fc0_0000, 0)
        exact("fcvt.s.d", fp_narrow, 0x3fd5_5555_5555_5555, 0, boxed | 0x3eaa_aaab, Flag.inexact)
        exact("fcvt.w.d: too large", fp_to_w, 0x41e0_0000_0000_0000, 0, 0x7fff_ffff, Flag.invalid)
        exact("fcvt.w.d: NaN", fp_to_w, canonicalNaN, 0, 0x7fff_ffff, Flag.invalid)
        exact("fcvt.w.d: -1.5", fp_to_w, 0xbff8_0000_0000_0000, 0, ~0, Flag.inexact)
        exact("fcvt.lu.d: -1", fp_to_lu, one | minus, 0, 0, Flag.invalid)
        exact("fcvt.lu.d: -0.5", fp_to_lu, 0xbfe0_0000_0000_0000, 0, 0, Flag.inexact)
        exact("fcvt.l.d: 2.5 to even", fp_to_nearest, 0x4004_0000_0000_0000, 0, 2, Flag.inexact)
    }
}
