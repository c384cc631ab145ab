#ifndef HULL_HOST_FLOAT_H
#define HULL_HOST_FLOAT_H
// Floating point on the host's SSE and FMA units, bit for bit what RISC-V wants: Swift's (and C's own)
// operators assume the default environment, so that the compiler moves them past reads of the flags
// and folds them across changes of the rounding mode. Each operation here is one `asm volatile`
// instruction, which compilers keep in order among themselves.
//
// A *session* lends MXCSR to the guest: between begin and end it holds the guest's rounding mode and
// gathers its flags. x86 judges tininess after rounding, as RISC-V does; with the exceptions masked,
// UE is set for results that are both tiny and inexact. DE has no counterpart and is dropped.
// Rounding modes are RISC-V's 0 to 3; RMM does not exist here.
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HULL_FLOAT static inline __attribute__((always_inline))

enum { HULL_MXCSR_MASKED = 0x1f80, HULL_MXCSR_FLAGS = 0x3f, HULL_MXCSR_ROUNDING = 0x6000 };

/// Whether the host has SSE4.1, FMA and F16C, which `*_fma`, `*_round` and the half conversions need.
bool hull_float_is_complete(void);

HULL_FLOAT uint32_t hull_mxcsr_read(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value) : : "memory");
    return value;
}
HULL_FLOAT void hull_mxcsr_write(uint32_t value) {
    __asm__ volatile("ldmxcsr %0" : : "m"(value) : "memory");
}
/// RNE, RTZ, RDN, RUP are 0, 3, 1, 2 in MXCSR.
HULL_FLOAT uint32_t hull_mxcsr_rounding(uint32_t rounding) {
    return (0x9cu >> (2 * (rounding & 3)) & 3) << 13;
}
/// The flags of `fflags` from those of MXCSR.
HULL_FLOAT uint32_t hull_float_flags(uint32_t mxcsr) {
    return (mxcsr >> 5 & 1) | (mxcsr >> 3 & 2) | (mxcsr >> 1 & 4) | (mxcsr << 1 & 8)
        | (mxcsr << 4 & 16);
}

/// Lends MXCSR to the guest, flags clear; returns the host's own for `hull_float_end`.
HULL_FLOAT uint32_t hull_float_begin(uint32_t rounding) {
    uint32_t saved = hull_mxcsr_read();
    hull_mxcsr_write(HULL_MXCSR_MASKED | hull_mxcsr_rounding(rounding));
    return saved;
}
/// Gives MXCSR back; returns the flags gathered, as in `fflags`.
HULL_FLOAT uint32_t hull_float_end(uint32_t saved) {
    uint32_t flags = hull_float_flags(hull_mxcsr_read());
    hull_mxcsr_write(saved);
    return flags;
}
/// Within a session: gives MXCSR to host code for a while; returns the guest's for `hull_mxcsr_write`.
HULL_FLOAT uint32_t hull_float_suspend(void) {
    uint32_t saved = hull_mxcsr_read();
    hull_mxcsr_write(HULL_MXCSR_MASKED);
    return saved;
}
/// Within a session: the flags gathered, which are then clear.
HULL_FLOAT uint32_t hull_float_take_flags(void) {
    uint32_t mxcsr = hull_mxcsr_read();
    if (mxcsr & HULL_MXCSR_FLAGS) hull_mxcsr_write(mxcsr & ~HULL_MXCSR_FLAGS);
    return hull_float_flags(mxcsr);
}
/// Within a session: another rounding mode, flags kept; returns the MXCSR of before for
/// `hull_float_restore_rounding`.
HULL_FLOAT uint32_t hull_float_set_rounding(uint32_t rounding) {
    uint32_t mxcsr = hull_mxcsr_read();
    uint32_t wanted = (mxcsr & ~HULL_MXCSR_ROUNDING) | hull_mxcsr_rounding(rounding);
    if (wanted != mxcsr) hull_mxcsr_write(wanted);
    return mxcsr;
}
HULL_FLOAT void hull_float_restore_rounding(uint32_t before) {
    uint32_t mxcsr = hull_mxcsr_read();
    uint32_t wanted = (mxcsr & ~HULL_MXCSR_ROUNDING) | (before & HULL_MXCSR_ROUNDING);
    if (wanted != mxcsr) hull_mxcsr_write(wanted);
}
/// Within a session: sets flags of `fflags`.
HULL_FLOAT void hull_float_raise(uint32_t flags) {
    uint32_t bits = (flags & 1) << 5 | (flags & 2) << 3 | (flags & 4) << 1 | (flags & 8) >> 1
        | (flags & 16) >> 4;
    uint32_t mxcsr = hull_mxcsr_read();
    if (bits & ~mxcsr) hull_mxcsr_write(mxcsr | bits);
}

#define HULL_FLOAT_TYPE(T, F, U, NAN_BITS)                                                         \
    HULL_FLOAT F hull_##T##_value(U bits) {                                                        \
        F value;                                                                                   \
        memcpy(&value, &bits, sizeof value);                                                       \
        return value;                                                                              \
    }                                                                                              \
    HULL_FLOAT U hull_##T##_bits(F value) {                                                        \
        U bits;                                                                                    \
        memcpy(&bits, &value, sizeof bits);                                                        \
        return bits;                                                                               \
    }                                                                                              \
    /* A result that is no number compares unequal to itself, which sets no flag: it is quiet. */  \
    HULL_FLOAT U hull_##T##_canonical(F value) {                                                   \
        return __builtin_expect(__builtin_isunordered(value, value), 0) ? (U)NAN_BITS              \
                                                                        : hull_##T##_bits(value);  \
    }

#define HULL_FLOAT_BINARY(T, F, U, NAME, INSTRUCTION)                                              \
    HULL_FLOAT U hull_##T##_##NAME(U a, U b) {                                                     \
        F x = hull_##T##_value(a), y = hull_##T##_value(b);                                        \
        __asm__ volatile(INSTRUCTION " %1, %0" : "+x"(x) : "x"(y));                                \
        return hull_##T##_canonical(x);                                                            \
    }

// `INSTRUCTION b, a` sets "above" where a > b, "above or equal" where a >= b, neither for NaNs.
#define HULL_FLOAT_COMPARE(T, F, U, NAME, INSTRUCTION, CONDITION)                                  \
    HULL_FLOAT bool hull_##T##_##NAME(U a, U b) {                                                  \
        F x = hull_##T##_value(a), y = hull_##T##_value(b);                                        \
        bool result;                                                                               \
        __asm__ volatile(INSTRUCTION " %1, %2" : "=@cc" CONDITION(result) : "x"(x), "x"(y));       \
        return result;                                                                             \
    }

// x × y + z and its three variants with signs flipped; in AT&T order `231 y, x, z` is z += x × y.
// The manuals leave open whether ∞ × 0 + a quiet NaN signals; RISC-V says that it does.
#define HULL_FLOAT_FUSED(T, F, U, NAME, INSTRUCTION, INFINITY_BITS, DIVIDE)                        \
    HULL_FLOAT U hull_##T##_##NAME(U a, U b, U c) {                                                \
        F x = hull_##T##_value(a), y = hull_##T##_value(b), z = hull_##T##_value(c);               \
        __asm__ volatile(INSTRUCTION " %2, %1, %0" : "+x"(z) : "x"(x), "x"(y));                    \
        if (__builtin_expect(__builtin_isunordered(z, z), 0)                                       \
            && (((U)(a << 1) == (U)INFINITY_BITS << 1 && (U)(b << 1) == 0)                         \
                || ((U)(b << 1) == (U)INFINITY_BITS << 1 && (U)(a << 1) == 0))) {                  \
            F zero = 0;                                                                            \
            __asm__ volatile(DIVIDE " %0, %0" : "+x"(zero));                                       \
        }                                                                                          \
        return hull_##T##_canonical(z);                                                            \
    }

// To an integer in the same format. Bit 2 of the mode means MXCSR's rounding, bit 3 withholds PE.
#define HULL_FLOAT_ROUND(T, F, U, NAME, INSTRUCTION, MODE)                                         \
    HULL_FLOAT U hull_##T##_##NAME(U a) {                                                          \
        F x = hull_##T##_value(a);                                                                 \
        __asm__ volatile(INSTRUCTION " $" #MODE ", %0, %0" : "+x"(x));                             \
        return hull_##T##_canonical(x);                                                            \
    }

#define HULL_FLOAT_TO_INTEGER(T, F, U, NAME, I, INSTRUCTION)                                       \
    HULL_FLOAT I hull_##T##_##NAME(U a) {                                                          \
        F x = hull_##T##_value(a);                                                                 \
        I result;                                                                                  \
        __asm__ volatile(INSTRUCTION " %1, %0" : "=r"(result) : "x"(x));                           \
        return result;                                                                             \
    }

#define HULL_FLOAT_FROM_INTEGER(T, F, U, NAME, I, INSTRUCTION)                                     \
    HULL_FLOAT U hull_##T##_##NAME(I a) {                                                          \
        F x = 0;                                                                                   \
        __asm__ volatile(INSTRUCTION " %1, %0" : "+x"(x) : "r"(a));                                \
        return hull_##T##_bits(x);                                                                 \
    }

#define HULL_FLOAT_FORMAT(T, F, U, S, INFINITY_BITS, NAN_BITS)                                     \
    HULL_FLOAT_TYPE(T, F, U, NAN_BITS)                                                             \
    HULL_FLOAT_BINARY(T, F, U, add, "adds" S)                                                      \
    HULL_FLOAT_BINARY(T, F, U, subtract, "subs" S)                                                 \
    HULL_FLOAT_BINARY(T, F, U, multiply, "muls" S)                                                 \
    HULL_FLOAT_BINARY(T, F, U, divide, "divs" S)                                                   \
    HULL_FLOAT U hull_##T##_square_root(U a) {                                                     \
        F x = hull_##T##_value(a);                                                                 \
        __asm__ volatile("sqrts" S " %0, %0" : "+x"(x));                                           \
        return hull_##T##_canonical(x);                                                            \
    }                                                                                              \
    HULL_FLOAT_COMPARE(T, F, U, less, "comis" S, "a")                                              \
    HULL_FLOAT_COMPARE(T, F, U, less_or_equal, "comis" S, "ae")                                    \
    HULL_FLOAT_COMPARE(T, F, U, less_quiet, "ucomis" S, "a")                                       \
    HULL_FLOAT_COMPARE(T, F, U, less_or_equal_quiet, "ucomis" S, "ae")                             \
    HULL_FLOAT bool hull_##T##_equal(U a, U b) {                                                   \
        F x = hull_##T##_value(a), y = hull_##T##_value(b);                                        \
        bool zero, ordered;                                                                        \
        __asm__ volatile("ucomis" S " %2, %3" : "=@ccz"(zero), "=@ccnp"(ordered) : "x"(x), "x"(y));\
        return zero && ordered;                                                                    \
    }                                                                                              \
    HULL_FLOAT_FUSED(T, F, U, multiply_add, "vfmadd231s" S, INFINITY_BITS, "divs" S)               \
    HULL_FLOAT_FUSED(T, F, U, multiply_subtract, "vfmsub231s" S, INFINITY_BITS, "divs" S)          \
    HULL_FLOAT_FUSED(T, F, U, negated_multiply_subtract, "vfnmadd231s" S, INFINITY_BITS, "divs" S) \
    HULL_FLOAT_FUSED(T, F, U, negated_multiply_add, "vfnmsub231s" S, INFINITY_BITS, "divs" S)      \
    HULL_FLOAT_ROUND(T, F, U, round_current, "rounds" S, 12)                                       \
    HULL_FLOAT_ROUND(T, F, U, round_exact_current, "rounds" S, 4)                                  \
    HULL_FLOAT_TO_INTEGER(T, F, U, to_int32, int32_t, "cvts" S "2si")                              \
    HULL_FLOAT_TO_INTEGER(T, F, U, to_int64, int64_t, "cvts" S "2si")                              \
    HULL_FLOAT_TO_INTEGER(T, F, U, truncate_int32, int32_t, "cvtts" S "2si")                       \
    HULL_FLOAT_TO_INTEGER(T, F, U, truncate_int64, int64_t, "cvtts" S "2si")                       \
    HULL_FLOAT_FROM_INTEGER(T, F, U, from_int32, int32_t, "cvtsi2s" S "l")                         \
    HULL_FLOAT_FROM_INTEGER(T, F, U, from_int64, int64_t, "cvtsi2s" S "q")                         \
    HULL_FLOAT U hull_##T##_from_uint64(uint64_t a) {                                              \
        if ((int64_t)a >= 0) return hull_##T##_from_int64((int64_t)a);                             \
        /* Half of it with the lost bit kept sticky rounds alike; doubling is exact. */            \
        U half = hull_##T##_from_int64((int64_t)(a >> 1 | (a & 1)));                               \
        return hull_##T##_add(half, half);                                                         \
    }

HULL_FLOAT_FORMAT(f32, float, uint32_t, "s", 0x7f800000, 0x7fc00000)
HULL_FLOAT_FORMAT(f64, double, uint64_t, "d", 0x7ff0000000000000, 0x7ff8000000000000)

HULL_FLOAT uint64_t hull_f32_to_f64(uint32_t a) {
    float x = hull_f32_value(a);
    double result = 0;
    __asm__ volatile("cvtss2sd %1, %0" : "+x"(result) : "x"(x));
    return hull_f64_canonical(result);
}
HULL_FLOAT uint32_t hull_f64_to_f32(uint64_t a) {
    double x = hull_f64_value(a);
    float result = 0;
    __asm__ volatile("cvtsd2ss %1, %0" : "+x"(result) : "x"(x));
    return hull_f32_canonical(result);
}
HULL_FLOAT uint32_t hull_f16_to_f32(uint32_t a) {
    float result;
    __asm__ volatile("vmovd %1, %0\n\tvcvtph2ps %0, %0" : "=x"(result) : "r"(a));
    return hull_f32_canonical(result);
}
HULL_FLOAT uint32_t hull_f32_to_f16(uint32_t a) {
    uint32_t result;
    float x = hull_f32_value(a);
    __asm__ volatile("vcvtps2ph $4, %1, %1\n\tvmovd %1, %0" : "=r"(result), "+x"(x));
    result &= 0xffff;
    return (result & 0x7fff) > 0x7c00 ? 0x7e00 : result;
}
#endif
