// M: products and quotients, division by zero and overflow among them.
#include "conformance.h"
    BEGIN
    binary  mul, model_mul
    binary  mulh, model_mulh
    binary  mulhsu, model_mulhsu
    binary  mulhu, model_mulhu
    binary  mulw, model_mulw
    binary  div, model_div
    binary  divu, model_divu
    binary  rem, model_rem
    binary  remu, model_remu
    binary  divw, model_divw
    binary  divuw, model_divuw
    binary  remw, model_remw
    binary  remuw, model_remuw
    // A few literals, so that model and instruction cannot be wrong alike.
    next_case
    li      a1, 0x123456789abcdef1
    li      a2, 0xfedcba9876543211
    mulhu   a0, a1, a2
    expect  a0, 0x121fa00ad77d7423
    mulh    a0, a1, a2
    expect  a0, 0xffeb49923cc09532
    mulhsu  a0, a1, a2
    expect  a0, 0x121fa00ad77d7423
    mulhsu  a0, a2, a1
    expect  a0, 0xffeb49923cc09532
    next_case
    li      a1, -7
    li      a2, 2
    div     a0, a1, a2
    expect  a0, -3
    rem     a0, a1, a2
    expect  a0, -1
    divu    a0, a1, a2
    expect  a0, 0x7ffffffffffffffc
    END
