// Turns interrupts on by `xhole.put`, which does not trap, and waits a bounded number of turns for its
// timer: where the instruction acts on the status of whoever is below, no interrupt comes.
#include "guest.h"
    .section .text.start
    .globl _start
_start:
    la t0, handler
    csrw stvec, t0
    csrci sstatus, 2
    li t0, 0x20
    csrw sie, t0
    rdtime a0
    li a7, 0x54494d45
    li a6, 0
    ecall                           // the timer is due at once
    csrr s1, sstatus
    ori s1, s1, 2
    .insn r 0x0b, 1, 0, x0, x9, x0  // xhole.put x0, s1
    li s2, 10000000
1:  addi s2, s2, -1
    bnez s2, 1b
    TELL "hole: no interrupt came\n"
    FINISH
    .balign 4
handler:
    TELL "hole: the timer came\n"
    FINISH
