// Cases of floating-point instructions: operands and results as bits, with the flags they raise.
// Results of narrower formats are boxed: all upper bits are ones.

#define NX 1
#define UF 2
#define OF 4
#define DZ 8
#define NV 16

#define S(bits) (0xffffffff00000000 | (bits))
#define H(bits) (0xffffffffffff0000 | (bits))

#define S_NAN 0x7fc00000
#define D_NAN 0x7ff8000000000000
#define H_NAN 0x7e00

// fff fadd.d, a, b, result, flags[, rounding]: two operands, a floating result.
.macro flags_are flags
    frflags a1
    expect  a1, \flags
    fsflags zero
.endm
.macro ff_f op, a, result, flags, mode:vararg
    next_case
    li      t0, \a
    fmv.d.x fa1, t0
    \op     fa0, fa1 \mode
    fmv.x.d a0, fa0
    expect  a0, \result
    flags_are \flags
.endm
.macro fff_f op, a, b, result, flags, mode:vararg
    next_case
    li      t0, \a
    fmv.d.x fa1, t0
    li      t0, \b
    fmv.d.x fa2, t0
    \op     fa0, fa1, fa2 \mode
    fmv.x.d a0, fa0
    expect  a0, \result
    flags_are \flags
    // Onto its own source.
    \op     fa1, fa1, fa2 \mode
    fmv.x.d a0, fa1
    expect  a0, \result
    fsflags zero
.endm
.macro ffff_f op, a, b, c, result, flags, mode:vararg
    next_case
    li      t0, \a
    fmv.d.x fa1, t0
    li      t0, \b
    fmv.d.x fa2, t0
    li      t0, \c
    fmv.d.x fa3, t0
    \op     fa0, fa1, fa2, fa3 \mode
    fmv.x.d a0, fa0
    expect  a0, \result
    flags_are \flags
.endm
// An integer result.
.macro ff_x op, a, result, flags, mode:vararg
    next_case
    li      t0, \a
    fmv.d.x fa1, t0
    \op     a0, fa1 \mode
    expect  a0, \result
    flags_are \flags
.endm
.macro fff_x op, a, b, result, flags
    next_case
    li      t0, \a
    fmv.d.x fa1, t0
    li      t0, \b
    fmv.d.x fa2, t0
    \op     a0, fa1, fa2
    expect  a0, \result
    flags_are \flags
.endm
// From an integer.
.macro fx_f op, a, result, flags, mode:vararg
    next_case
    li      t0, \a
    \op     fa0, t0 \mode
    fmv.x.d a0, fa0
    expect  a0, \result
    flags_are \flags
.endm
