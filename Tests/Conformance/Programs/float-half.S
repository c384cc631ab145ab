// Zfh and Zfhmin.
#include "conformance.h"
#include "float.h"
    .option arch, +zfh
#define ONE 0x3c00
#define TWO 0x4000
#define THREE 0x4200
#define HALF 0x3800
#define INF 0x7c00
#define MINUS 0x8000
#define SNAN 0x7c01
#define MAX 0x7bff
#define TINY 0x0400
#define EPS 0x1000                      // 2^-11
#define ONE_UP 0x3c01

    BEGIN
    fsflags zero
    fsrm    zero
    fff_f   fadd.h, H(ONE), H(TWO), H(THREE), 0
    fff_f   fadd.h, H(ONE), H(EPS), H(ONE), NX, , rne
    fff_f   fadd.h, H(ONE), H(EPS), H(ONE_UP), NX, , rup
    fff_f   fadd.h, H(ONE), H(EPS), H(ONE_UP), NX, , rmm
    fff_f   fadd.h, H(MAX), H(MAX), H(INF), OF | NX, , rne
    fff_f   fadd.h, H(MAX), H(MAX), H(MAX), OF | NX, , rtz
    fff_f   fadd.h, ONE, H(ONE), H(H_NAN), 0
    fff_f   fadd.h, S(ONE), H(ONE), H(H_NAN), 0
    fff_f   fsub.h, H(INF), H(INF), H(H_NAN), NV
    fff_f   fmul.h, H(THREE), H(TWO), H(0x4600), 0
    fff_f   fmul.h, H(1), H(HALF), H(0), UF | NX, , rne
    fff_f   fmul.h, H(0x07ff), H(HALF), H(TINY), UF | NX, , rne
    fff_f   fdiv.h, H(ONE), H(THREE), H(0x3555), NX, , rne
    fff_f   fdiv.h, H(ONE), H(0), H(INF), DZ
    ff_f    fsqrt.h, H(TWO), H(0x3da8), NX, , rne
    ff_f    fsqrt.h, H(ONE | MINUS), H(H_NAN), NV
    ffff_f  fmadd.h, H(TWO), H(THREE), H(ONE), H(0x4700), 0
    ffff_f  fmsub.h, H(TWO), H(THREE), H(ONE), H(0x4500), 0
    ffff_f  fnmsub.h, H(TWO), H(THREE), H(ONE), H(0xc500), 0
    ffff_f  fnmadd.h, H(TWO), H(THREE), H(ONE), H(0xc700), 0
    fff_f   fsgnj.h, H(ONE), H(MINUS), H(ONE | MINUS), 0
    fff_f   fsgnjn.h, H(ONE), H(MINUS), H(ONE), 0
    fff_f   fsgnjx.h, H(ONE | MINUS), H(MINUS), H(ONE), 0
    fff_f   fmin.h, H(0), H(MINUS), H(MINUS), 0
    fff_f   fmax.h, H(SNAN), H(TWO), H(TWO), NV
    fff_x   feq.h, H(0), H(MINUS), 1, 0
    fff_x   flt.h, H(H_NAN), H(TWO), 0, NV
    fff_x   fle.h, H(ONE), H(ONE), 1, 0
    ff_x    fclass.h, H(MINUS | 1), 1 << 2, 0
    ff_x    fclass.h, H(SNAN), 1 << 8, 0
    ff_x    fclass.h, ONE, 1 << 9, 0
    ff_x    fcvt.w.h, H(0x4100), 2, NX, , rne
    ff_x    fcvt.w.h, H(INF), 0x7fffffff, NV, , rtz
    ff_x    fcvt.wu.h, H(ONE | MINUS), 0, NV, , rtz
    ff_x    fcvt.l.h, H(MAX), 65504, 0, , rtz
    ff_x    fcvt.lu.h, H(H_NAN), -1, NV, , rtz
    fx_f    fcvt.h.w, -1, H(ONE | MINUS), 0
    fx_f    fcvt.h.wu, 65519, H(MAX), NX, , rne
    fx_f    fcvt.h.wu, 65520, H(INF), OF | NX, , rne
    fx_f    fcvt.h.l, 2049, H(0x6800), NX, , rne
    fx_f    fcvt.h.lu, 2049, H(0x6801), NX, , rup
    ff_f    fcvt.s.h, H(1), S(0x33800000), 0
    ff_f    fcvt.s.h, H(SNAN), S(S_NAN), NV
    ff_f    fcvt.d.h, H(ONE), 0x3ff0000000000000, 0
    ff_f    fcvt.h.s, S(0x3f801000), H(ONE), NX, , rne
    ff_f    fcvt.h.s, S(0x33000000), H(0), UF | NX, , rne
    ff_f    fcvt.h.d, 0x40effc0000000000, H(MAX), 0
    ff_f    fcvt.h.d, 0x40f0000000000000, H(INF), OF | NX, , rne
    next_case
    li      t0, 0x123456788001
    fmv.h.x fa0, t0
    fmv.x.d a0, fa0
    expect  a0, 0xffffffffffff8001
    fmv.x.h a0, fa0
    expect  a0, -0x7fff
    la      a1, cell
    fsh     fa0, 2(a1)
    lhu     a0, 2(a1)
    expect  a0, 0x8001
    flh     fa1, 2(a1)
    fmv.x.d a0, fa1
    expect  a0, 0xffffffffffff8001
    .data
    .balign 8
cell:   .skip 16
    END
