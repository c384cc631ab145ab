// RV64I: every integer computation against its model.
#include "conformance.h"
    BEGIN
    binary  add, model_add
    binary  sub, model_sub
    binary  sll, model_sll
    binary  slt, model_slt
    binary  sltu, model_sltu
    binary  xor, model_xor
    binary  srl, model_srl
    binary  sra, model_sra
    binary  or, model_or
    binary  and, model_and
    binary  addw, model_addw
    binary  subw, model_subw
    binary  sllw, model_sllw
    binary  srlw, model_srlw
    binary  sraw, model_sraw
    immediate addi, model_add, -2048, -1, 0, 1, 2047
    immediate slti, model_slt, -2048, -1, 0, 1, 2047
    immediate sltiu, model_sltu, -2048, -1, 0, 1, 2047
    immediate xori, model_xor, -2048, -1, 0, 1, 2047
    immediate ori, model_or, -2048, -1, 0, 1, 2047
    immediate andi, model_and, -2048, -1, 0, 1, 2047
    immediate addiw, model_addw, -2048, -1, 0, 1, 2047
    immediate slli, model_sll, 0, 1, 31, 32, 63
    immediate srli, model_srl, 0, 1, 31, 32, 63
    immediate srai, model_sra, 0, 1, 31, 32, 63
    immediate slliw, model_sllw, 0, 1, 15, 31
    immediate srliw, model_srlw, 0, 1, 15, 31
    immediate sraiw, model_sraw, 0, 1, 15, 31

    // lui and auipc sign-extend their upper immediate.
    next_case
    lui     a0, 0x80000
    expect  a0, -0x80000000
    lui     a0, 0x7ffff
    expect  a0, 0x7ffff000
    lui     a0, 0
    expect  a0, 0
    lui     x0, 0x12345
    expect  x0, 0
    next_case
1:  auipc   a0, 0
    auipc   a1, 0xfffff
    auipc   a2, 1
    sub     a1, a1, a0
    sub     a2, a2, a0
    expect  a1, 4 - 0x1000
    expect  a2, 8 + 0x1000
    la      a1, 1b
    sub     a0, a0, a1
    expect  a0, 0
    // Every register holds its own value.
    next_case
    li      x1, 101
    .irp r, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    li      x\r, 100 + \r
    .endr
    addi    x1, x1, -101
    .irp r, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    addi    x\r, x\r, -100 - \r
    or      x1, x1, x\r
    .endr
    expect  x1, 0
    END
