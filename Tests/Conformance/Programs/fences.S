// Fences, hints, cache blocks: what they must not disturb, and code that changes.
#include "conformance.h"
    .option arch, +zicbom, +zicboz, +zicbop, +zawrs, +zihintpause

    BEGIN
    next_case
    fence
    fence   r, w
    fence   iorw, iorw
    fence.tso
    pause
    .word   0x0000000f | (0 << 20)      // fence 0, 0: a hint
    // Hints of the base: results to x0.
    lui     x0, 1
    add     x0, a0, a1
    slti    x0, a0, 1
    expect  x0, 0

    next_case
    la      a1, block
    li      t0, 0x1111111111111111
    sd      t0, -8(a1)
    sd      t0, 0(a1)
    sd      t0, 56(a1)
    sd      t0, 64(a1)
#ifndef LINUX
    cbo.clean (a1)
    cbo.flush (a1)
#endif
    prefetch.r 0(a1)
    prefetch.w 32(a1)
    prefetch.i -64(a1)
    ld      a0, 0(a1)
    expect  a0, 0x1111111111111111
#ifndef LINUX
    // Memory is coherent with itself: nothing is lost by dropping a clean line.
    cbo.inval (a1)
    ld      a0, 56(a1)
    expect  a0, 0x1111111111111111
#endif
    // A prefetch of nothing is not a fault.
    prefetch.r 0(zero)
    prefetch.w 0(zero)
    prefetch.i 0(zero)

    // cbo.zero clears 64 aligned bytes, wherever in them the address points.
    next_case
    addi    a2, a1, 13
    cbo.zero (a2)
    .irp o, 0, 8, 16, 24, 32, 40, 48, 56
    ld      a0, \o(a1)
    expect  a0, 0
    .endr
    ld      a0, -8(a1)
    expect  a0, 0x1111111111111111
    ld      a0, 64(a1)
    expect  a0, 0x1111111111111111

    // Waiting without a reservation, or with one that goes, ends.
    next_case
    lr.d    a0, (a1)
    sc.d    a0, a0, (a1)
    wrs.nto
    wrs.sto
    expect  a0, 0

#ifndef LINUX
    // Stored instructions run after fence.i: a loop rewrites the immediate of an addi.
    next_case
    la      a1, patched
    li      a2, 20
    li      a4, 0
    li      a3, 0x00050513              // addi a0, a0, 0
1:  slli    t0, a2, 20
    or      t0, t0, a3
    sw      t0, 0(a1)
    fence.i
    li      a0, 0
    jal     t1, patched
    bne     a0, a2, 9f
    add     a4, a4, a0
    addi    a2, a2, -1
    bnez    a2, 1b
    expect  a4, 210
    j       8f
    .balign 4
patched:
    .word   0x00050513
    jr      t1
9:  fail
8:
    // One that lies over a page's end, changed half by half.
    next_case
    la      a1, edge
    li      a2, 100
1:  slli    t0, a2, 20
    or      t0, t0, a3
    sh      t0, 0(a1)
    srli    t0, t0, 16
    sh      t0, 2(a1)
    fence.i
    li      a0, 0
    jal     t1, edge
    bne     a0, a2, 9f
    addi    a2, a2, -1
    bnez    a2, 1b
    j       8f
9:  fail
    .balign 4096
    .skip   4094, 0
    .option rvc
edge:
    .hword  0, 0
    jr      t1
8:
#endif
    .data
    .balign 64
    .skip   64
block:  .skip 128
    END
