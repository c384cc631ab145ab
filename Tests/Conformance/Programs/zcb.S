// Zcb: the compressed forms compute what their base instructions do, and Zcmop does nothing.
#include "conformance.h"
    .option arch, +zcb, +zba, +zbb, +zcmop, +zimop

.macro compressed_unary op, model
    table_start
    each_value \model
    table_end
7:  ld      a1, 0(s1)
    ld      a3, 8(s1)
    mv      a0, a1
    \op     a0
    bne     a0, a3, 9f
    mv      s0, a1
    \op     s0
    bne     s0, a3, 9f
    addi    s1, s1, 16
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

    BEGIN
    compressed_unary c.zext.b, model_zext_b
    compressed_unary c.sext.b, model_sext_b
    compressed_unary c.zext.h, model_zext_h
    compressed_unary c.sext.h, model_sext_h
    compressed_unary c.zext.w, model_zext_w
    compressed_unary c.not, model_not
    table_start
    each_pair model_mul
    table_end
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    ld      a3, 16(s1)
    mv      a0, a1
    c.mul   a0, a2
    bne     a0, a3, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
    next_case
    la      a1, cell
    c.lbu   a0, 0(a1)
    expect  a0, 0xef
    c.lbu   a0, 3(a1)
    expect  a0, 0x89
    c.lhu   a0, 0(a1)
    expect  a0, 0xcdef
    c.lhu   a0, 2(a1)
    expect  a0, 0x89ab
    c.lh    a0, 0(a1)
    expect  a0, -0x3211
    c.lh    a0, 2(a1)
    expect  a0, -0x7655
    next_case
    li      a2, 0x1122334455667788
    c.sb    a2, 3(a1)
    c.sh    a2, 0(a1)
    ld      a0, 0(a1)
    expect  a0, 0x0123456788ab7788
    c.sb    a2, 0(a1)
    c.sb    a2, 1(a1)
    c.sb    a2, 2(a1)
    c.sh    a2, 2(a1)
    ld      a0, 0(a1)
    expect  a0, 0x0123456777888888
    // May-be-operations write zero (Zimop) or nothing (Zcmop).
    next_case
    li      a0, 5
    li      a1, 6
    .irp n, 0, 1, 7, 15, 31
    mop.r.\n a0, a1
    expect  a0, 0
    li      a0, 5
    .endr
    .irp n, 0, 3, 7
    mop.rr.\n a0, a1, a0
    expect  a0, 0
    li      a0, 5
    .endr
    expect  a1, 6
    next_case
    .irp r, 1, 5, 7, 9, 11, 13, 15
    li      x\r, 40 + \r
    .endr
    .irp r, 1, 3, 5, 7, 9, 11, 13, 15
    c.mop.\r
    .endr
    .irp r, 1, 5, 7, 9, 11, 13, 15
    expect  x\r, 40 + \r
    .endr
    .data
    .balign 8
cell:   .dword 0x0123456789abcdef
    END
