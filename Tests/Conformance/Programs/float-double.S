// D: each instruction, its rounding modes, special operands and flags.
#include "conformance.h"
#include "float.h"
#define ONE 0x3ff0000000000000
#define TWO 0x4000000000000000
#define THREE 0x4008000000000000
#define HALF 0x3fe0000000000000
#define INF 0x7ff0000000000000
#define MINUS 0x8000000000000000
#define SNAN 0x7ff0000000000001
#define MAX 0x7fefffffffffffff
#define TINY 0x0010000000000000
#define EPS 0x3ca0000000000000          // 2^-53
#define ONE_UP 0x3ff0000000000001

    BEGIN
    fsflags zero
    fsrm    zero
    // 1 + 2^-53 lies half way between two values.
    fff_f   fadd.d, ONE, TWO, THREE, 0
    fff_f   fadd.d, ONE, EPS, ONE, NX, , rne
    fff_f   fadd.d, ONE, EPS, ONE, NX, , rtz
    fff_f   fadd.d, ONE, EPS, ONE, NX, , rdn
    fff_f   fadd.d, ONE, EPS, ONE_UP, NX, , rup
    fff_f   fadd.d, ONE, EPS, ONE_UP, NX, , rmm
    fff_f   fadd.d, ONE_UP, EPS, 0x3ff0000000000002, NX, , rne
    fff_f   fadd.d, ONE, ONE | MINUS, 0, 0, , rne
    fff_f   fadd.d, ONE, ONE | MINUS, MINUS, 0, , rdn
    fff_f   fadd.d, MAX, MAX, INF, OF | NX, , rne
    fff_f   fadd.d, MAX, MAX, MAX, OF | NX, , rtz
    fff_f   fadd.d, MAX, MAX, INF, OF | NX, , rup
    fff_f   fadd.d, INF, INF | MINUS, D_NAN, NV
    fff_f   fadd.d, SNAN, ONE, D_NAN, NV
    fff_f   fadd.d, ONE, 0xfff8000000001234, D_NAN, 0
    fff_f   fsub.d, INF, INF, D_NAN, NV
    fff_f   fsub.d, THREE, ONE, TWO, 0
    fff_f   fsub.d, ONE, EPS, 0x3fefffffffffffff, 0
    fff_f   fmul.d, THREE, TWO, 0x4018000000000000, 0
    fff_f   fmul.d, INF, 0, D_NAN, NV
    fff_f   fmul.d, TINY, HALF, 0x0008000000000000, 0
    fff_f   fmul.d, 1, HALF, 0, UF | NX, , rne
    fff_f   fmul.d, 1, HALF, 1, UF | NX, , rup
    fff_f   fmul.d, 1, HALF, 1, UF | NX, , rmm
    // Rounds up to the smallest normal number: with unbounded exponent it would not have.
    fff_f   fmul.d, 0x001fffffffffffff, HALF, TINY, UF | NX, , rne
    fff_f   fdiv.d, ONE, THREE, 0x3fd5555555555555, NX, , rne
    fff_f   fdiv.d, ONE, THREE, 0x3fd5555555555556, NX, , rup
    fff_f   fdiv.d, ONE, 0, INF, DZ
    fff_f   fdiv.d, ONE, MINUS, INF | MINUS, DZ
    fff_f   fdiv.d, 0, 0, D_NAN, NV
    fff_f   fdiv.d, INF, INF, D_NAN, NV
    ff_f    fsqrt.d, 0x4010000000000000, TWO, 0
    ff_f    fsqrt.d, TWO, 0x3ff6a09e667f3bcd, NX, , rne
    ff_f    fsqrt.d, TWO, 0x3ff6a09e667f3bcc, NX, , rtz
    ff_f    fsqrt.d, ONE | MINUS, D_NAN, NV
    ff_f    fsqrt.d, MINUS, MINUS, 0
    // Fused: one rounding. (1 + 2^-52)^2 - 1 = 2^-51 + 2^-104.
    ffff_f  fmadd.d, ONE_UP, ONE_UP, ONE | MINUS, 0x3cc0000000000000, NX, , rtz
    ffff_f  fmadd.d, ONE_UP, ONE_UP, ONE | MINUS, 0x3cc0000000000001, NX, , rup
    ffff_f  fmadd.d, TWO, THREE, ONE, 0x401c000000000000, 0
    ffff_f  fmsub.d, TWO, THREE, ONE, 0x4014000000000000, 0
    ffff_f  fnmsub.d, TWO, THREE, ONE, 0xc014000000000000, 0
    ffff_f  fnmadd.d, TWO, THREE, ONE, 0xc01c000000000000, 0
    ffff_f  fmadd.d, INF, 0, D_NAN, D_NAN, NV
    ffff_f  fmadd.d, INF, ONE, INF | MINUS, D_NAN, NV
    ffff_f  fnmadd.d, ONE, 0, 0, MINUS, 0

    fff_f   fsgnj.d, ONE, MINUS, ONE | MINUS, 0
    fff_f   fsgnjn.d, ONE, MINUS, ONE, 0
    fff_f   fsgnjx.d, ONE | MINUS, MINUS, ONE, 0
    fff_f   fsgnj.d, SNAN, MINUS, SNAN | MINUS, 0
    fff_f   fmin.d, 0, MINUS, MINUS, 0
    fff_f   fmax.d, MINUS, 0, 0, 0
    fff_f   fmin.d, ONE, TWO, ONE, 0
    fff_f   fmax.d, ONE, TWO, TWO, 0
    fff_f   fmin.d, D_NAN, TWO, TWO, 0
    fff_f   fmax.d, SNAN, TWO, TWO, NV
    fff_f   fmin.d, D_NAN | MINUS, D_NAN | 1, D_NAN, 0

    fff_x   feq.d, 0, MINUS, 1, 0
    fff_x   feq.d, D_NAN, D_NAN, 0, 0
    fff_x   feq.d, SNAN, ONE, 0, NV
    fff_x   flt.d, ONE, TWO, 1, 0
    fff_x   flt.d, MINUS, 0, 0, 0
    fff_x   flt.d, D_NAN, ONE, 0, NV
    fff_x   fle.d, ONE, ONE, 1, 0
    fff_x   fle.d, INF | MINUS, INF, 1, 0
    fff_x   fle.d, ONE, D_NAN, 0, NV

    ff_x    fclass.d, INF | MINUS, 1 << 0, 0
    ff_x    fclass.d, ONE | MINUS, 1 << 1, 0
    ff_x    fclass.d, MINUS | 1, 1 << 2, 0
    ff_x    fclass.d, MINUS, 1 << 3, 0
    ff_x    fclass.d, 0, 1 << 4, 0
    ff_x    fclass.d, 1, 1 << 5, 0
    ff_x    fclass.d, ONE, 1 << 6, 0
    ff_x    fclass.d, INF, 1 << 7, 0
    ff_x    fclass.d, SNAN, 1 << 8, 0
    ff_x    fclass.d, D_NAN, 1 << 9, 0

    // 2.5 to integers in every mode; results too large saturate, NaN is the largest.
    ff_x    fcvt.w.d, 0x4004000000000000, 2, NX, , rne
    ff_x    fcvt.w.d, 0x4004000000000000, 2, NX, , rtz
    ff_x    fcvt.w.d, 0x4004000000000000, 2, NX, , rdn
    ff_x    fcvt.w.d, 0x4004000000000000, 3, NX, , rup
    ff_x    fcvt.w.d, 0x4004000000000000, 3, NX, , rmm
    ff_x    fcvt.w.d, 0xc004000000000000, -2, NX, , rne
    ff_x    fcvt.w.d, 0xc004000000000000, -3, NX, , rdn
    ff_x    fcvt.w.d, 0xc004000000000000, -3, NX, , rmm
    ff_x    fcvt.w.d, 0x41e0000000000000, 0x7fffffff, NV, , rtz
    ff_x    fcvt.w.d, 0xc1e0000000000000, -0x80000000, 0, , rtz
    ff_x    fcvt.w.d, 0xc1e0000000200000, -0x80000000, NV, , rtz
    ff_x    fcvt.w.d, D_NAN, 0x7fffffff, NV, , rtz
    ff_x    fcvt.w.d, INF | MINUS, -0x80000000, NV, , rtz
    ff_x    fcvt.wu.d, 0x41e0000000000000, -0x80000000, 0, , rtz
    ff_x    fcvt.wu.d, 0x41f0000000000000, -1, NV, , rtz
    ff_x    fcvt.wu.d, ONE | MINUS, 0, NV, , rtz
    ff_x    fcvt.wu.d, HALF | MINUS, 0, NX, , rtz
    ff_x    fcvt.l.d, 0x43e0000000000000, 0x7fffffffffffffff, NV, , rtz
    ff_x    fcvt.l.d, 0xc3e0000000000000, MIN64, 0, , rtz
    ff_x    fcvt.lu.d, 0x43e0000000000000, MIN64, 0, , rtz
    ff_x    fcvt.lu.d, INF, -1, NV, , rtz
    ff_x    fcvt.lu.d, ONE | MINUS, 0, NV, , rtz
    fx_f    fcvt.d.w, -1, ONE | MINUS, 0
    fx_f    fcvt.d.w, 0xffffffff00000002, TWO, 0
    fx_f    fcvt.d.wu, -1, 0x41efffffffe00000, 0
    fx_f    fcvt.d.l, -1, ONE | MINUS, 0
    fx_f    fcvt.d.l, 0x0020000000000001, 0x4340000000000000, NX, , rne
    fx_f    fcvt.d.l, 0x0020000000000001, 0x4340000000000001, NX, , rup
    fx_f    fcvt.d.lu, -1, 0x43f0000000000000, NX, , rne
    fx_f    fcvt.d.lu, -1, 0x43efffffffffffff, NX, , rtz
    // Between the formats.
    ff_f    fcvt.s.d, ONE, S(0x3f800000), 0
    ff_f    fcvt.s.d, 0x3ff0000010000000, S(0x3f800000), NX, , rne
    ff_f    fcvt.s.d, 0x3ff0000010000000, S(0x3f800001), NX, , rup
    ff_f    fcvt.s.d, MAX, S(0x7f800000), OF | NX, , rne
    ff_f    fcvt.s.d, SNAN, S(S_NAN), NV
    ff_f    fcvt.s.d, 0x36a0000000000000, S(1), 0
    ff_f    fcvt.s.d, 0x3690000000000000, S(0), UF | NX, , rne
    ff_f    fcvt.d.s, S(0x3f800000), ONE, 0
    ff_f    fcvt.d.s, S(1), 0x36a0000000000000, 0
    ff_f    fcvt.d.s, S(0x7f800001), D_NAN, NV
    // A register that is not a boxed single is the canonical NaN.
    ff_f    fcvt.d.s, 0x3f800000, D_NAN, 0

    // The dynamic rounding mode, and flags that accrue.
    next_case
    fsrmi   a0, 3
    li      t0, ONE
    fmv.d.x fa1, t0
    li      t0, EPS
    fmv.d.x fa2, t0
    fadd.d  fa0, fa1, fa2
    fmv.x.d a0, fa0
    expect  a0, ONE_UP
    fsrmi   a0, 0
    expect  a0, 3
    fdiv.d  fa0, fa1, ft0
    fmv.d.x ft0, zero
    fdiv.d  fa0, fa1, ft0
    fsub.d  fa0, fa0, fa0
    frflags a0
    andi    a0, a0, NV | DZ | NX
    expect  a0, NV | DZ | NX
    // Moves and memory leave bits and flags alone.
    next_case
    fsflags zero
    la      a1, cell
    li      t0, SNAN
    fmv.d.x fa0, t0
    fsd     fa0, 8(a1)
    fld     fa3, 8(a1)
    fmv.x.d a0, fa3
    expect  a0, SNAN
    fsd     fa0, 3(a1)
    fld     fa3, 3(a1)
    fmv.x.d a0, fa3
    expect  a0, SNAN
    frflags a0
    expect  a0, 0
    .data
    .balign 8
cell:   .skip 32
    END
