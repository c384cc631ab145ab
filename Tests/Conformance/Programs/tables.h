// One instruction against its model over many operands. The operands and results lie in a table,
// the instruction stands in a loop over it: with three registers, onto each of its sources, and
// with x0 as its target.

.macro each_pair model
    .irp p, 0, 1, 2, -1, 63, 0x80, 0x7fff, -0x8000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xa5c3f00f13570246
    .irp q, 0, 1, 3, -1, -2, 31, 32, 63, 0x80000000, 0xffffffff, -0x80000000, 0x7fffffffffffffff, 0x8000000000000000, 0x0123456789abcdef
    \model  (\p), (\q)
    .dword  (\p), (\q), R
    .endr
    .endr
.endm

.macro each_value model
    .irp p, 0, 1, 2, 3, -1, -2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x8000000100000000, 0x00ff00ff00ff00ff, 0x0100000000000080, 0x7fffffffffffffff, 0x8000000000000000, 0xa5c3f00f13570246, 0x0123456789abcdef
    \model  (\p)
    .dword  (\p), R
    .endr
.endm

.macro table_start
    next_case
    la      s1, 1f
    la      s2, 2f
    .pushsection .data
    .balign 8
1:
.endm
.macro table_end
2:
    .popsection
.endm

// binary add, model_add
.macro binary op, model
    table_start
    each_pair \model
    table_end
7:  ld      a1, 0(s1)
    ld      a2, 8(s1)
    ld      a3, 16(s1)
    \op     a0, a1, a2
    bne     a0, a3, 9f
    mv      a0, a1
    \op     a0, a0, a2
    bne     a0, a3, 9f
    mv      a0, a2
    \op     a0, a1, a0
    bne     a0, a3, 9f
    \op     x0, a1, a2
    bnez    x0, 9f
    addi    s1, s1, 24
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

.macro unary op, model
    table_start
    each_value \model
    table_end
7:  ld      a1, 0(s1)
    ld      a3, 8(s1)
    \op     a0, a1
    bne     a0, a3, 9f
    mv      a0, a1
    \op     a0, a0
    bne     a0, a3, 9f
    \op     x0, a1
    bnez    x0, 9f
    addi    s1, s1, 16
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm

// immediate addi, model_add, -2048, -1, 0, 5, 2047
.macro immediate op, model, values:vararg
    .irp value, \values
    immediate_one \op, \model, \value
    .endr
.endm
.macro immediate_one op, model, value
    next_case
    la      s1, 1f
    la      s2, 2f
    .pushsection .data
    .balign 8
1:  immediate_table \model, \value
2:  .popsection
7:  ld      a1, 0(s1)
    ld      a3, 8(s1)
    \op     a0, a1, \value
    bne     a0, a3, 9f
    mv      a0, a1
    \op     a0, a0, \value
    bne     a0, a3, 9f
    \op     x0, a1, \value
    bnez    x0, 9f
    addi    s1, s1, 16
    bne     s1, s2, 7b
    j       8f
9:  fail
8:
.endm
.macro immediate_table model, value
    .irp p, 0, 1, -1, 0x7ff, 0x800, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xa5c3f00f13570246
    \model  (\p), (\value)
    .dword  (\p), R
    .endr
.endm
