// F: each instruction, its rounding modes, special operands, boxing and flags.
#include "conformance.h"
#include "float.h"
#define ONE 0x3f800000
#define TWO 0x40000000
#define THREE 0x40400000
#define HALF 0x3f000000
#define INF 0x7f800000
#define MINUS 0x80000000
#define SNAN 0x7f800001
#define MAX 0x7f7fffff
#define TINY 0x00800000
#define EPS 0x33800000                  // 2^-24
#define ONE_UP 0x3f800001

    BEGIN
    fsflags zero
    fsrm    zero
    fff_f   fadd.s, S(ONE), S(TWO), S(THREE), 0
    fff_f   fadd.s, S(ONE), S(EPS), S(ONE), NX, , rne
    fff_f   fadd.s, S(ONE), S(EPS), S(ONE), NX, , rtz
    fff_f   fadd.s, S(ONE), S(EPS), S(ONE), NX, , rdn
    fff_f   fadd.s, S(ONE), S(EPS), S(ONE_UP), NX, , rup
    fff_f   fadd.s, S(ONE), S(EPS), S(ONE_UP), NX, , rmm
    fff_f   fadd.s, S(MAX), S(MAX), S(INF), OF | NX, , rne
    fff_f   fadd.s, S(MAX), S(MAX), S(MAX), OF | NX, , rdn
    fff_f   fadd.s, S(SNAN), S(ONE), S(S_NAN), NV
    // An operand that is not boxed is a quiet NaN.
    fff_f   fadd.s, ONE, S(ONE), S(S_NAN), 0
    fff_f   fadd.s, S(ONE), 0xfffffffe00000000 | ONE, S(S_NAN), 0
    fff_f   fsub.s, S(INF), S(INF), S(S_NAN), NV
    fff_f   fsub.s, S(THREE), S(ONE), S(TWO), 0
    fff_f   fmul.s, S(THREE), S(TWO), S(0x40c00000), 0
    fff_f   fmul.s, S(INF), S(0), S(S_NAN), NV
    fff_f   fmul.s, S(1), S(HALF), S(0), UF | NX, , rne
    fff_f   fmul.s, S(1), S(HALF), S(1), UF | NX, , rup
    fff_f   fmul.s, S(0x00ffffff), S(HALF), S(TINY), UF | NX, , rne
    fff_f   fdiv.s, S(ONE), S(THREE), S(0x3eaaaaab), NX, , rne
    fff_f   fdiv.s, S(ONE), S(THREE), S(0x3eaaaaaa), NX, , rtz
    fff_f   fdiv.s, S(ONE | MINUS), S(0), S(INF | MINUS), DZ
    fff_f   fdiv.s, S(0), S(0), S(S_NAN), NV
    ff_f    fsqrt.s, S(0x40800000), S(TWO), 0
    ff_f    fsqrt.s, S(TWO), S(0x3fb504f3), NX, , rne
    ff_f    fsqrt.s, S(TWO), S(0x3fb504f4), NX, , rup
    ff_f    fsqrt.s, S(ONE | MINUS), S(S_NAN), NV
    ffff_f  fmadd.s, S(ONE_UP), S(ONE_UP), S(ONE | MINUS), S(0x34800000), NX, , rtz
    ffff_f  fmadd.s, S(ONE_UP), S(ONE_UP), S(ONE | MINUS), S(0x34800001), NX, , rup
    ffff_f  fmadd.s, S(TWO), S(THREE), S(ONE), S(0x40e00000), 0
    ffff_f  fmsub.s, S(TWO), S(THREE), S(ONE), S(0x40a00000), 0
    ffff_f  fnmsub.s, S(TWO), S(THREE), S(ONE), S(0xc0a00000), 0
    ffff_f  fnmadd.s, S(TWO), S(THREE), S(ONE), S(0xc0e00000), 0
    ffff_f  fmadd.s, S(INF), S(0), S(S_NAN), S(S_NAN), NV
    fff_f   fsgnj.s, S(ONE), S(MINUS), S(ONE | MINUS), 0
    fff_f   fsgnjn.s, S(ONE), S(MINUS), S(ONE), 0
    fff_f   fsgnjx.s, S(ONE | MINUS), S(MINUS), S(ONE), 0
    fff_f   fsgnj.s, ONE, S(MINUS), S(S_NAN | MINUS), 0
    fff_f   fmin.s, S(0), S(MINUS), S(MINUS), 0
    fff_f   fmax.s, S(0), S(MINUS), S(0), 0
    fff_f   fmin.s, S(SNAN), S(TWO), S(TWO), NV
    fff_f   fmax.s, S(S_NAN), S(S_NAN | 5), S(S_NAN), 0
    fff_x   feq.s, S(0), S(MINUS), 1, 0
    fff_x   feq.s, S(S_NAN), S(ONE), 0, 0
    fff_x   feq.s, S(SNAN), S(ONE), 0, NV
    fff_x   flt.s, S(ONE), S(TWO), 1, 0
    fff_x   flt.s, S(S_NAN), S(TWO), 0, NV
    fff_x   fle.s, S(ONE), S(ONE), 1, 0
    fff_x   fle.s, S(TWO), S(ONE), 0, 0
    ff_x    fclass.s, S(INF | MINUS), 1 << 0, 0
    ff_x    fclass.s, S(ONE | MINUS), 1 << 1, 0
    ff_x    fclass.s, S(MINUS | 1), 1 << 2, 0
    ff_x    fclass.s, S(MINUS), 1 << 3, 0
    ff_x    fclass.s, S(0), 1 << 4, 0
    ff_x    fclass.s, S(1), 1 << 5, 0
    ff_x    fclass.s, S(ONE), 1 << 6, 0
    ff_x    fclass.s, S(INF), 1 << 7, 0
    ff_x    fclass.s, S(SNAN), 1 << 8, 0
    ff_x    fclass.s, S(S_NAN), 1 << 9, 0
    ff_x    fclass.s, ONE, 1 << 9, 0
    ff_x    fcvt.w.s, S(0x40200000), 2, NX, , rne
    ff_x    fcvt.w.s, S(0x40200000), 3, NX, , rmm
    ff_x    fcvt.w.s, S(0x4f000000), 0x7fffffff, NV, , rtz
    ff_x    fcvt.w.s, S(0xcf000000), -0x80000000, 0, , rtz
    ff_x    fcvt.wu.s, S(0x4f000000), -0x80000000, 0, , rtz
    ff_x    fcvt.wu.s, S(S_NAN), -1, NV, , rtz
    ff_x    fcvt.wu.s, S(ONE | MINUS), 0, NV, , rtz
    ff_x    fcvt.l.s, S(0x5f000000), 0x7fffffffffffffff, NV, , rtz
    ff_x    fcvt.lu.s, S(0x5f000000), MIN64, 0, , rtz
    fx_f    fcvt.s.w, -1, S(ONE | MINUS), 0
    fx_f    fcvt.s.w, 0x1000001, S(0x4b800000), NX, , rne
    fx_f    fcvt.s.wu, -1, S(0x4f800000), NX, , rne
    fx_f    fcvt.s.wu, -1, S(0x4f7fffff), NX, , rtz
    fx_f    fcvt.s.l, MIN64, S(0xdf000000), 0
    fx_f    fcvt.s.lu, -1, S(0x5f800000), NX, , rne
    // Moves: the word is sign-extended out of the register and boxed into it.
    next_case
    li      t0, 0x1234567880000001
    fmv.w.x fa0, t0
    fmv.x.d a0, fa0
    expect  a0, 0xffffffff80000001
    fmv.x.w a0, fa0
    expect  a0, -0x7fffffff
    next_case
    la      a1, cell
    fsw     fa0, 4(a1)
    lwu     a0, 4(a1)
    expect  a0, 0x80000001
    flw     fa1, 4(a1)
    fmv.x.d a0, fa1
    expect  a0, 0xffffffff80000001
    // An unboxed register is stored as it is.
    li      t0, 0x1122334455667788
    fmv.d.x fa0, t0
    fsw     fa0, 0(a1)
    lwu     a0, 0(a1)
    expect  a0, 0x55667788
    frflags a0
    expect  a0, 0
    .data
    .balign 8
cell:   .skip 16
    END
