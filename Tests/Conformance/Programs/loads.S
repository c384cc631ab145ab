// Loads and stores: every width at every offset, aligned or not, inside a page and over its end.
#include "conformance.h"
    .set P0, 0x8123456789abcdef
    .set P1, 0xfedcba9876543210
    .set P2, 0x0ff0a55a3cc39669
    .set S0, 0x1122334455667788

// The eight bytes at an offset of P0, P1, P2.
.macro window offset
    .if (\offset) == 0
    .set W, P0
    .elseif (\offset) < 8
    .set W, (P0 >> (8 * (\offset))) | (P1 << (64 - 8 * (\offset)))
    .elseif (\offset) == 8
    .set W, P1
    .else
    .set W, (P1 >> (8 * (\offset) - 64)) | (P2 << (128 - 8 * (\offset)))
    .endif
.endm
.macro model_lb
    model_sext_b W
.endm
.macro model_lbu
    model_zext_b W
.endm
.macro model_lh
    model_sext_h W
.endm
.macro model_lhu
    model_zext_h W
.endm
.macro model_lw
    sign32  W
.endm
.macro model_lwu
    model_zext_w W
.endm
.macro model_ld
    .set R, W
.endm

// \base points at P0; the immediate carries the offset, of either sign.
.macro loads op, model, base
    next_case
    la      a1, \base
    addi    a2, a1, 1024
    .irp o, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    window  \o
    \model
    .set V, R
    \op     a0, \o(a1)
    expect  a0, V
    \op     a0, \o - 1024(a2)
    expect  a0, V
    .endr
    mv      a0, a1
    window  0
    \model
    .set V, R
    \op     a0, 0(a0)
    expect  a0, V
    \op     x0, 0(a1)
    expect  x0, 0
.endm

// After a store of \bytes bytes of S0 at an offset: what the two words are.
.macro stores op, bytes, base
    next_case
    la      a1, \base
    li      a4, S0
    .irp o, 0, 1, 2, 3, 4, 5, 6, 7, 8
    .set MASK, -1 >> (64 - 8 * \bytes)
    .set N0, (P0 & ~(MASK << ((8 * \o) & 63))) | ((S0 & MASK) << ((8 * \o) & 63))
    .set N1, P1
    .if \o == 8
    .set N0, P0
    .set N1, (P1 & ~MASK) | (S0 & MASK)
    .elseif \o + \bytes > 8
    .set N1, (P1 & ~(MASK >> (64 - 8 * \o))) | ((S0 & MASK) >> (64 - 8 * \o))
    .endif
    li      t0, P0
    sd      t0, 0(a1)
    li      t0, P1
    sd      t0, 8(a1)
    \op     a4, \o(a1)
    ld      a0, 0(a1)
    expect  a0, N0
    ld      a0, 8(a1)
    expect  a0, N1
    li      t0, P0
    sd      t0, 0(a1)
    li      t0, P1
    sd      t0, 8(a1)
    addi    a2, a1, 2000
    \op     a4, \o - 2000(a2)
    ld      a0, 0(a1)
    expect  a0, N0
    ld      a0, 8(a1)
    expect  a0, N1
    .endr
    li      t0, P0
    sd      t0, 0(a1)
    li      t0, P1
    sd      t0, 8(a1)
.endm

.macro all base
    loads   lb, model_lb, \base
    loads   lbu, model_lbu, \base
    loads   lh, model_lh, \base
    loads   lhu, model_lhu, \base
    loads   lw, model_lw, \base
    loads   lwu, model_lwu, \base
    loads   ld, model_ld, \base
    stores  sb, 1, \base
    stores  sh, 2, \base
    stores  sw, 4, \base
    stores  sd, 8, \base
.endm

    BEGIN
    all     inside
    all     edge
    // A store is seen by the loads behind it, of any width.
    next_case
    la      a1, inside
    li      t0, -1
    sd      t0, 0(a1)
    sb      zero, 3(a1)
    lwu     a0, 0(a1)
    expect  a0, 0x00ffffff
    sh      zero, 0(a1)
    ld      a0, 0(a1)
    expect  a0, 0xffffffff00ff0000

    .data
    .balign 4096
inside: .dword P0, P1, P2
    .skip   4096 - 24 - 8
edge:   .dword P0, P1, P2
    END
