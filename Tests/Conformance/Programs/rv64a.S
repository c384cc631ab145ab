// A: every AMO against its model; reservations.
#include "conformance.h"
    .set UPPER, 0x5a5a5a5a

.macro model_amoswap a, b
    .set R, \b
.endm
.macro model_amominw a, b
    sign32  \a
    .set T, R
    sign32  \b
    .set S, R
    model_min T, S
.endm
.macro model_amomaxw a, b
    sign32  \a
    .set T, R
    sign32  \b
    .set S, R
    model_max T, S
.endm
.macro model_amominuw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 0xffffffff
    model_minu T, S
.endm
.macro model_amomaxuw a, b
    .set T, (\a) & 0xffffffff
    .set S, (\b) & 0xffffffff
    model_maxu T, S
.endm

.macro amo_double op, model
    .irp order, , .aq, .rl, .aqrl
    amo_double_one \op\order, \model
    .endr
.endm
.macro amo_double_one op, model
    table_start
    each_pair \model
    table_end
    la      s3, cell
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    ld      a3, 16(s1)
    sd      a1, 0(s3)
    \op     a0, a2, (s3)
    bne     a0, a1, 9f
    ld      a0, 0(s3)
    bne     a0, a3, 9f
    // The operand's register may be the target; the address as well.
    sd      a1, 0(s3)
    mv      a0, a2
    \op     a0, a0, (s3)
    bne     a0, a1, 9f
    mv      a0, s3
    sd      a1, 0(s3)
    \op     a0, a2, (a0)
    bne     a0, a1, 9f
    sd      a1, 0(s3)
    \op     x0, a2, (s3)
    ld      a0, 0(s3)
    bne     a0, a3, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

// The loaded word is sign-extended; the word beside it stays.
.macro amo_word op, model
    table_start
    each_pair \model
    table_end
    la      s3, cell
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    lw      a3, 16(s1)
    li      t0, UPPER
    sw      a1, 0(s3)
    sw      t0, 4(s3)
    \op     a0, a2, (s3)
    sext.w  t1, a1
    bne     a0, t1, 9f
    lw      a0, 0(s3)
    bne     a0, a3, 9f
    lw      a0, 4(s3)
    bne     a0, t0, 9f
    sw      a1, 4(s3)
    sw      t0, 0(s3)
    addi    a0, s3, 4
    \op     a0, a2, (a0)
    bne     a0, t1, 9f
    lw      a0, 4(s3)
    bne     a0, a3, 9f
    lw      a0, 0(s3)
    bne     a0, t0, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

.macro reservations reserve, conditional, load
    next_case
    la      s3, cell
    li      a1, 0x8765432180000001
    sd      a1, 0(s3)
    // Reserve, store, and the reservation is gone.
    \reserve a0, (s3)
    \load   a2, 0(s3)
    bne     a0, a2, 9f
    li      a3, 77
    \conditional a0, a3, (s3)
    bnez    a0, 9f
    \load   a0, 0(s3)
    expect  a0, 77
    li      a3, 78
    \conditional a0, a3, (s3)
    beqz    a0, 9f
    \load   a0, 0(s3)
    expect  a0, 77
    // A reservation elsewhere does not help.
    addi    a1, s3, 256
    \reserve a0, (a1)
    \conditional a0, a3, (s3)
    beqz    a0, 9f
    \load   a0, 0(s3)
    expect  a0, 77
    // The newer reservation is the one that counts.
    \reserve a0, (a1)
    \reserve a0, (s3)
    \conditional a0, a3, (s3)
    bnez    a0, 9f
    \load   a0, 0(s3)
    expect  a0, 78
    // Orderings; rd equal to rs2; x0 as the result.
    \reserve\().aqrl a0, (s3)
    addi    a0, a0, 1
    \conditional\().rl a0, a0, (s3)
    bnez    a0, 9f
    \load   a0, 0(s3)
    expect  a0, 79
    \reserve\().aq a0, (s3)
    \conditional\().aqrl x0, zero, (s3)
    \load   a0, 0(s3)
    expect  a0, 0
    // A counter incremented a hundred times by the constrained loop.
    li      a2, 100
1:  \reserve a0, (s3)
    addi    a0, a0, 1
    \conditional a0, a0, (s3)
    bnez    a0, 1b
    addi    a2, a2, -1
    bnez    a2, 1b
    \load   a0, 0(s3)
    expect  a0, 100
    j       8f
9:  fail
8:
.endm

    BEGIN
    amo_double amoswap.d, model_amoswap
    amo_double amoadd.d, model_add
    amo_double amoxor.d, model_xor
    amo_double amoand.d, model_and
    amo_double amoor.d, model_or
    amo_double amomin.d, model_min
    amo_double amomax.d, model_max
    amo_double amominu.d, model_minu
    amo_double amomaxu.d, model_maxu
    amo_word amoswap.w, model_amoswap
    amo_word amoadd.w, model_add
    amo_word amoxor.w, model_xor
    amo_word amoand.w, model_and
    amo_word amoor.w, model_or
    amo_word amomin.w, model_amominw
    amo_word amomax.w, model_amomaxw
    amo_word amominu.w, model_amominuw
    amo_word amomaxu.w, model_amomaxuw
    amo_word amoadd.w.aqrl, model_add
    reservations lr.w, sc.w, lw
    reservations lr.d, sc.d, ld
    .data
    .balign 512
cell:   .skip 512
    END
