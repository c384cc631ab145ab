// C: each compressed instruction does what the instruction it stands for does.
#include "conformance.h"

// A compressed register-register operation over all pairs, in place.
.macro compressed op, model
    table_start
    each_pair \model
    table_end
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    ld      a3, 16(s1)
    mv      a0, a1
    \op     a0, a2
    bne     a0, a3, 9f
    mv      s0, a1
    mv      a5, a2
    \op     s0, a5
    bne     s0, a3, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm
.macro compressed_immediate op, model, values:vararg
    .irp value, \values
    next_case
    la      s1, 1f
    la      s2, 2f
    .pushsection .data
    .balign 8
1:  immediate_table \model, \value
2:  .popsection
7:  ld      a0, 0(s1)
    ld      a3, 8(s1)
    \op     a0, \value
    bne     a0, a3, 9f
    addi    s1, s1, 16
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
    .endr
.endm
// Taken or not, forwards and backwards.
.macro compressed_branch op, value, taken
    next_case
    li      a0, \value
    li      a1, 0
    \op     a0, 1f
    j       2f
1:  li      a1, 1
2:  expect  a1, \taken
    j       2f
1:  li      a1, 2
    j       3f
2:  li      a1, 0
    \op     a0, 1b
3:  expect  a1, \taken * 2
.endm

    BEGIN
    compressed c.add, model_add
    compressed c.sub, model_sub
    compressed c.xor, model_xor
    compressed c.or, model_or
    compressed c.and, model_and
    compressed c.addw, model_addw
    compressed c.subw, model_subw
    compressed_immediate c.addi, model_add, -32, -1, 1, 31
    compressed_immediate c.addiw, model_addw, -32, -1, 0, 1, 31
    compressed_immediate c.andi, model_and, -32, -1, 0, 1, 31
    compressed_immediate c.slli, model_sll, 1, 31, 32, 63
    compressed_immediate c.srli, model_srl, 1, 31, 32, 63
    compressed_immediate c.srai, model_sra, 1, 31, 32, 63

    next_case
    .irp value, -32, -1, 0, 1, 31
    c.li    a0, \value
    expect  a0, \value
    .endr
    c.lui   a0, 1
    expect  a0, 0x1000
    c.lui   a0, 0x1f
    expect  a0, 0x1f000
    c.lui   a0, 0xfffe0
    expect  a0, -0x20000
    li      a1, 0x1234567890
    c.mv    a0, a1
    expect  a0, 0x1234567890
    c.nop
    expect  a0, 0x1234567890

    // The stack pointer's own forms.
    next_case
    mv      a5, sp
    .irp value, -512, -16, 16, 496
    c.addi16sp sp, \value
    sub     a0, sp, a5
    mv      sp, a5
    expect  a0, \value
    .endr
    .irp value, 4, 8, 1020
    c.addi4spn a0, sp, \value
    sub     a0, a0, a5
    expect  a0, \value
    .endr

    // Loads and stores at the ends of their ranges.
    next_case
    la      a1, words
    li      a2, 0x8123456789abcdef
    c.sd    a2, 0(a1)
    c.sd    a2, 248(a1)
    c.ld    a0, 0(a1)
    expect  a0, 0x8123456789abcdef
    c.ld    a0, 248(a1)
    expect  a0, 0x8123456789abcdef
    c.lw    a0, 0(a1)
    expect  a0, -0x76543211
    c.sw    a2, 124(a1)
    c.lw    a0, 124(a1)
    expect  a0, -0x76543211
    ld      a0, 120(a1)
    expect  a0, 0x89abcdef00000000
    mv      a5, sp
    mv      sp, a1
    c.sdsp  a2, 504(sp)
    c.ldsp  a0, 504(sp)
    mv      sp, a5
    expect  a0, 0x8123456789abcdef
    mv      sp, a1
    c.swsp  a2, 252(sp)
    c.lwsp  a0, 252(sp)
    mv      sp, a5
    expect  a0, -0x76543211
    compressed_branch c.beqz, 0, 1
    compressed_branch c.beqz, 1, 0
    compressed_branch c.beqz, MIN64, 0
    compressed_branch c.bnez, 0, 0
    compressed_branch c.bnez, -1, 1
    compressed_branch c.bnez, 0x100000000, 1

    // Jumps: two bytes long, so the link is two behind.
    next_case
    c.j     1f
    fail
2:  c.j     3f
    fail
    .skip   1000, 0
1:  c.j     2b
    fail
3:  la      a1, 1f
    c.jalr  a1
2:  fail
1:  la      a2, 2b
    bne     ra, a2, 2b
    la      a1, 1f
    c.jr    a1
    fail
1:  // ra itself as the target of c.jalr.
    la      ra, 1f
    c.jalr  ra
2:  fail
1:  la      a2, 2b
    bne     ra, a2, 2b

    // Full-size instructions at odd halfwords, and hints.
    next_case
    li      a0, 1
    c.nop
    .option norvc
    addi    a0, a0, 1
    addi    a0, a0, 1
    .option rvc
    c.nop
    .option norvc
    jal     a1, 1f
1:  addi    a0, a0, 1
    .option rvc
    la      a2, 1b
    bne     a1, a2, 9f
    .hword  0x0005                      // c.addi x0, 1
    .hword  0x4005                      // c.li x0, 1
    .hword  0x6005                      // c.lui x0, 1
    .hword  0x802e                      // c.mv x0, a1
    .hword  0x9002 | (11 << 2)          // c.add x0, a1
    .hword  0x0006                      // c.slli x0, 1
    .hword  0x0501                      // c.addi a0, 0
    expect  a0, 4
    expect  x0, 0
    j       8f
9:  fail
8:
    .data
    .balign 16
words:  .skip 1024
    END
