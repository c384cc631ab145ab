// Counters: minstret and mcycle are counted, written and stopped exactly; the others read zero.
#include "privileged.h"

    PRIVILEGED_BEGIN
    csrwi   mcountinhibit, 0
    // Between two reads lie the instructions between them.
    next_case
    csrr    a0, minstret
    csrr    a1, minstret
    sub     a1, a1, a0
    expect  a1, 1
    next_case
    csrr    a0, minstret
    .rept 10
    nop
    .endr
    csrr    a1, instret
    sub     a1, a1, a0
    expect  a1, 11
    // A loop, a branch not taken, an atomic and a fence count one each.
    next_case
    li      t0, 100
    csrr    a0, minstret
1:  addi    t0, t0, -1
    bnez    t0, 1b
    fence
    csrr    a1, minstret
    sub     a1, a1, a0
    expect  a1, 202
    // What was written is what the next instruction reads.
    next_case
    li      t0, 1000
    csrw    minstret, t0
    csrr    a0, minstret
    expect  a0, 1000
    csrr    a0, minstret
    expect  a0, 1004                    // the read before, and three of expect
    li      t0, -1
    csrw    minstret, t0
    csrr    a0, minstret
    expect  a0, -1
    csrr    a0, instret
    srli    a0, a0, 63
    expect  a0, 0
    // An instruction that traps is not counted; mret is.
    next_case
    la      t0, 1f
    csrw    mtvec, t0
    csrr    a0, minstret
    .option norvc
    ecall
    .balign 4
1:  csrr    a1, minstret
    .option rvc
    sub     a1, a1, a0
    expect  a1, 1
    next_case
    la      t0, 2f
    csrw    mtvec, t0
    csrr    a0, minstret
    .word   0xffffffff
    .balign 4
2:  csrr    a1, minstret
    sub     a1, a1, a0
    expect  a1, 1
    la      t0, 3f
    csrw    mepc, t0
    li      t0, MPP
    csrs    mstatus, t0
    csrr    a0, minstret
    mret
3:  csrr    a1, minstret
    sub     a1, a1, a0
    expect  a1, 2
    la      t0, trap_to_machine
    csrw    mtvec, t0
    // Stopped.
    next_case
    csrwi   mcountinhibit, 5
    csrr    a0, mcountinhibit
    expect  a0, 5
    csrr    a0, minstret
    csrr    a2, mcycle
    nop
    nop
    csrr    a1, minstret
    csrr    a3, mcycle
    sub     a1, a1, a0
    expect  a1, 0
    sub     a3, a3, a2
    expect  a3, 0
    li      t0, 500
    csrw    minstret, t0
    csrw    mcycle, t0
    csrr    a0, minstret
    expect  a0, 500
    csrwi   mcountinhibit, 0
    csrr    a0, minstret
    addi    a0, a0, -500
    li      t0, 2
    bgtu    a0, t0, 9f
    csrr    a0, cycle
    addi    a0, a0, -500
    bltz    a0, 9f
    // Cycles go forward.
    next_case
    csrr    a0, mcycle
    .rept 100
    nop
    .endr
    csrr    a1, mcycle
    bleu    a1, a0, 9f
    li      t0, 77
    csrw    mcycle, t0
    csrr    a0, cycle
    li      t0, 1000000
    bgtu    a0, t0, 9f
    // Time follows mtime.
    next_case
    li      t0, CLINT_MTIME
    ld      a0, 0(t0)
    csrr    a1, time
    ld      a2, 0(t0)
    bltu    a1, a0, 9f
    bltu    a2, a1, 9f
    // The counters of events are there and stay zero.
    next_case
    li      t0, -1
    csrw    mhpmcounter4, t0
    csrw    mhpmcounter31, t0
    csrr    a0, mhpmcounter4
    expect  a0, 0
    csrr    a0, mhpmcounter31
    expect  a0, 0
    csrr    a0, hpmcounter4
    expect  a0, 0
    csrw    mhpmevent4, t0
    csrr    a0, mhpmevent31
    expect  a0, 0
    j       done
9:  fail
done:
    PRIVILEGED_END
