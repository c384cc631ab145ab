// Zfa.
#include "conformance.h"
#include "float.h"
    .option arch, +zfh, +zfa

    BEGIN
    fsflags zero
    fsrm    zero
    next_case
    fli.d   fa0, -1.0
    fmv.x.d a0, fa0
    expect  a0, 0xbff0000000000000
    fli.d   fa0, min
    fmv.x.d a0, fa0
    expect  a0, 0x0010000000000000
    fli.d   fa0, 1.52587890625e-05
    fmv.x.d a0, fa0
    expect  a0, 0x3ef0000000000000
    fli.d   fa0, 0.75
    fmv.x.d a0, fa0
    expect  a0, 0x3fe8000000000000
    fli.d   fa0, 65536.0
    fmv.x.d a0, fa0
    expect  a0, 0x40f0000000000000
    fli.d   fa0, inf
    fmv.x.d a0, fa0
    expect  a0, 0x7ff0000000000000
    fli.d   fa0, nan
    fmv.x.d a0, fa0
    expect  a0, D_NAN
    next_case
    fli.s   fa0, 1.25
    fmv.x.d a0, fa0
    expect  a0, S(0x3fa00000)
    fli.s   fa0, min
    fmv.x.d a0, fa0
    expect  a0, S(0x00800000)
    fli.s   fa0, nan
    fmv.x.d a0, fa0
    expect  a0, S(S_NAN)
    fli.h   fa0, 256.0
    fmv.x.d a0, fa0
    expect  a0, H(0x5c00)
    fli.h   fa0, min
    fmv.x.d a0, fa0
    expect  a0, H(0x0400)
    frflags a0
    expect  a0, 0

    // minimum and maximum, where a NaN wins.
    fff_f   fminm.d, 0x3ff0000000000000, 0x4000000000000000, 0x3ff0000000000000, 0
    fff_f   fminm.d, D_NAN, 0x4000000000000000, D_NAN, 0
    fff_f   fmaxm.d, 0x7ff0000000000001, 0, D_NAN, NV
    fff_f   fmaxm.d, 0x8000000000000000, 0, 0, 0
    fff_f   fminm.s, S(0), S(0x80000000), S(0x80000000), 0
    fff_f   fmaxm.s, S(0x3f800000), S(S_NAN), S(S_NAN), 0
    fff_f   fminm.h, H(0x3c00), H(0x4000), H(0x3c00), 0
    fff_f   fmaxm.h, H(H_NAN), H(0x4000), H(H_NAN), 0

    // To an integral value; only froundnx tells that it was not one.
    ff_f    fround.d, 0x4004000000000000, 0x4000000000000000, 0, , rne
    ff_f    froundnx.d, 0x4004000000000000, 0x4008000000000000, NX, , rup
    ff_f    fround.d, 0xbfe0000000000000, 0x8000000000000000, 0, , rne
    ff_f    froundnx.d, 0x4008000000000000, 0x4008000000000000, 0, , rne
    ff_f    fround.d, 0x7ff0000000000001, D_NAN, NV
    ff_f    fround.d, 0x7fefffffffffffff, 0x7fefffffffffffff, 0
    ff_f    fround.s, S(0x3fc00000), S(0x40000000), 0, , rne
    ff_f    froundnx.s, S(0x3fc00000), S(0x3f800000), NX, , rtz
    ff_f    fround.h, H(0x3800), H(0x3c00), 0, , rmm
    ff_f    froundnx.h, H(0x3800), H(0), NX, , rne

    // Modulo 2^32: the low bits of the integer, flags as of fcvt.w.d.
    ff_x    fcvtmod.w.d, 0xc004000000000000, -2, NX, , rtz
    ff_x    fcvtmod.w.d, 0x41f0000000580000, 5, NV, , rtz
    ff_x    fcvtmod.w.d, 0x41e0000000000000, -0x80000000, NV, , rtz
    ff_x    fcvtmod.w.d, 0x41efffffffe00000, -1, NV, , rtz
    ff_x    fcvtmod.w.d, 0x7ff0000000000000, 0, NV, , rtz
    ff_x    fcvtmod.w.d, D_NAN, 0, NV, , rtz

    // Comparisons that do not mind a quiet NaN.
    fff_x   fleq.d, D_NAN, 0, 0, 0
    fff_x   fleq.d, 0x7ff0000000000001, 0, 0, NV
    fff_x   fleq.d, 0x3ff0000000000000, 0x3ff0000000000000, 1, 0
    fff_x   fltq.d, 0x3ff0000000000000, 0x3ff0000000000000, 0, 0
    fff_x   fltq.s, S(0x3f800000), S(0x40000000), 1, 0
    fff_x   fleq.s, S(S_NAN), S(0x40000000), 0, 0
    fff_x   fltq.h, H(0x3c00), H(0x4000), 1, 0
    fff_x   fleq.h, H(0x7c01), H(0x4000), 0, NV
    END
