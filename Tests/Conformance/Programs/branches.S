// Branches and jumps: each condition over all operand pairs, both directions, far targets.
#include "conformance.h"
.macro model_beq a, b
    choose  ((\a) == (\b)), 1, 0
.endm
.macro model_bne a, b
    choose  ((\a) != (\b)), 1, 0
.endm
.macro model_bge a, b
    choose  ((\a) < (\b)), 0, 1
.endm
.macro model_bgeu a, b
    unsigned_less \a, \b
    .set R, 1 - R
.endm
.macro condition op, model
    table_start
    each_pair \model
    // Equal operands are rare among the pairs.
    .irp p, 0, 1, -1, 0x8000000000000000, 0x123456789abcdef0
    \model  (\p), (\p)
    .dword  (\p), (\p), R
    .endr
    table_end
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    ld      a3, 16(s1)
    // Forwards.
    li      a0, 1
    \op     a1, a2, 4f
    li      a0, 0
4:  bne     a0, a3, 9f
    // Backwards.
    li      a0, 0
    j       5f
4:  li      a0, 1
    j       6f
5:  \op     a1, a2, 4b
6:  bne     a0, a3, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

    BEGIN
    .option norvc
    condition beq, model_beq
    condition bne, model_bne
    condition blt, model_slt
    condition bge, model_bge
    condition bltu, model_sltu
    condition bgeu, model_bgeu

    // A branch reaches 4094 bytes forwards and 4096 backwards.
    next_case
    li      a0, 0
    beq     zero, zero, 2f
1:  addi    a0, a0, 2
    j       3f
    .skip   4092 - 8, 0
2:  addi    a0, a0, 1
    bge     zero, zero, 1b
    fail
3:  expect  a0, 3

    // jal links and jumps, also far away and backwards; x0 as its link stays zero.
    next_case
    jal     a1, 1f
2:  j       9f
1:  la      a2, 2b
    bne     a1, a2, 9f
    jal     t0, 1f
    .skip   0x8000, 0
9:  fail
1:  jal     x0, 1f
    fail
1:  bnez    x0, 9b

    // jalr: base and offset of either sign, the target's bit 0 cleared, rd equal to rs1.
    next_case
    la      a0, 1f + 16
    jalr    a1, -16(a0)
2:  fail
1:  la      a2, 2b
    bne     a1, a2, 2b
    la      a0, 1f
    addi    a0, a0, -2047
    jalr    a0, 2047(a0)
2:  fail
1:  la      a2, 2b
    bne     a0, a2, 2b
    la      a0, 1f
    jalr    x0, 1(a0)
    fail
1:  bnez    x0, 2b

    // Calls nest and return.
    next_case
    li      a0, 12
    call    fibonacci
    expect  a0, 144
    j       done
fibonacci:
    li      t0, 2
    bltu    a0, t0, 1f
    addi    sp, sp, -32
    sd      ra, 0(sp)
    sd      s4, 8(sp)
    sd      s5, 16(sp)
    mv      s4, a0
    addi    a0, a0, -1
    call    fibonacci
    mv      s5, a0
    addi    a0, s4, -2
    call    fibonacci
    add     a0, a0, s5
    ld      ra, 0(sp)
    ld      s4, 8(sp)
    ld      s5, 16(sp)
    addi    sp, sp, 32
1:  ret
done:
    END
