// Keeps the floating-point registers full of its own VALUE over many turns of the hart, and looks
// whether they still are.
#include "guest.h"
    .macro EACH_FLOAT do
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \do \n
    .endr
    .endm
    .macro FILL n
    addi t0, s0, \n
    fmv.d.x f\n, t0
    .endm
    .macro LOOK n
    fmv.x.d t0, f\n
    addi t1, s0, \n
    bne t0, t1, lost
    .endm
    .section .text.start
    .globl _start
_start:
    li t0, 0x6000
    csrs sstatus, t0
    TELL "float: begins\n"
    li s0, VALUE << 20
    EACH_FLOAT FILL
    li s2, VALUE & 0x1f             // flags, and round to nearest
    fscsr s2
    rdtime s1
    li t0, 5000000                  // half a second: many turns of 5 ms
    add s1, s1, t0
1:  EACH_FLOAT LOOK
    frcsr t0
    bne t0, s2, lost
    fadd.d f1, f0, f0               // of numbers so small that no flag changes
    addi t0, s0, 1
    fmv.d.x f1, t0
    rdtime t0
    bltu t0, s1, 1b
    TELL "float: kept\n"
    FINISH
lost:
    mv s4, t0
    TELL "float: LOST "
    mv a0, s4
    TELL_NUMBER
    FINISH
