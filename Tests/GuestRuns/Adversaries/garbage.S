// Executes random bytes for ever: fills the last pages of its memory from SEED, jumps into them, and
// at each trap to another place, in another mode. KIND 0: as they come; 1: four-byte instructions;
// 2: two-byte ones; 3: mostly those of SYSTEM, which a monitor carries out.
#include "guest.h"
    .equ BYTES, 0x8000
// Changes \to and \other: the next number (xorshift64).
    .macro RANDOM to, other
    la \other, seed
    ld \to, 0(\other)
    .irp shift, -13, 7, -17
    .if \shift < 0
    slli t6, \to, -(\shift)
    .else
    srli t6, \to, \shift
    .endif
    xor \to, \to, t6
    .endr
    sd \to, 0(\other)
    .endm
    .section .text.start
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    TELL "garbage: begins\n"
    li s0, END - BYTES
    li s1, END
1:  RANDOM s2, t5
    .if KIND == 1
    li t0, 0x300000003
    or s2, s2, t0
    .elseif KIND == 2
    li t0, 0x0002000200020002
    or s2, s2, t0
    li t0, 0xfffefffefffefffe
    and s2, s2, t0
    .elseif KIND == 3
    li t0, ~0x7f0000007f
    and s2, s2, t0
    li t0, 0x7300000073
    or s2, s2, t0
    .endif
    sd s2, 0(s0)
    addi s0, s0, 8
    bltu s0, s1, 1b
// A four-byte instruction of which memory has the first half: SYSTEM, and a load.
    li t0, 0x2073
    sh t0, -2(s1)

    .balign 4
handler:
    la t5, count
    ld s0, 0(t5)
    addi s0, s0, 1
    sd s0, 0(t5)
    li t0, 40
    bne s0, t0, 2f
    TELL "garbage: many traps\n"
2:  la t0, handler
    csrw mtvec, t0
    csrw satp, zero
// A watch of 0.1 ms for garbage that goes in a circle, or waits.
    li t0, 0x200bff8
    ld t0, 0(t0)
    addi t0, t0, 1000
    li t1, 0x2004000
    sd t0, 0(t1)
    li t0, 0x80
    csrw mie, t0
    RANDOM s2, t5
    andi t0, s2, 15
    srli s2, s2, 8
    li s1, END
    li t1, BYTES - 1
    and s2, s2, t1
    andi s2, s2, -2
    sub s3, s1, s2
    addi s3, s3, -2
    bnez t0, 3f
    addi s3, s1, -2                 // the very end of memory
3:  csrw mepc, s3
// The mode: user, supervisor (also for the reserved one) or machine; the unit for floating point on
// or off, MPRV and SUM by chance.
    RANDOM s2, t5
    li t0, 0x3e7880
    and s2, s2, t0
    ori s2, s2, 0x80
    csrw mstatus, s2
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    la x31, seed
    ld x\n, 0(x31)
    slli x31, x\n, 13
    xor x\n, x\n, x31
    srli x31, x\n, 7
    xor x\n, x\n, x31
    slli x31, x\n, 17
    xor x\n, x\n, x31
    la x31, seed
    sd x\n, 0(x31)
    .endr
// Half of them point into memory.
    .irp n, 8,10,12,14,16,18
    slli x\n, x\n, 40
    srli x\n, x\n, 40
    li x31, 0x80000000 + 0x100000
    or x\n, x\n, x31
    .endr
    mret
    .data
    .balign 8
seed:
    .dword SEED
count:
    .dword 0
