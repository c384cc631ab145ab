// Talks to devices of the board that its world was not given, writes nonsense to those that it has,
// and then turns interrupts off and never gives the hart back.
#include "guest.h"
    .section .text.start
    .globl _start
_start:
    la t0, handler
    csrw stvec, t0
    li s11, 0
    li s8, 0
    TELL "grab: begins\n"
    la s0, foreign
1:  ld s1, 0(s0)
    beqz s1, 2f
    lw t0, 0(s1)
    sw s1, 0(s1)
    lbu t0, 0(s1)
    ld t0, 0(s1)
    addi s8, s8, 4
    addi s0, s0, 8
    j 1b
2:  bne s8, s11, 3f
    TELL "grab: all attempts trapped\n"
    j 4f
3:  TELL "grab: SOME ATTEMPTS DID NOT TRAP "
    sub a0, s8, s11
    TELL_NUMBER

// Every register of its own devices gets ones, small numbers, and wild addresses. They may trap.
4:  la s0, own
5:  ld s1, 0(s0)
    beqz s1, 8f
    ld s2, 8(s0)
6:  la s3, values
7:  ld s4, 0(s3)
    sw s4, 0(s1)
    sd s4, 0(s1)
    sb s4, 0(s1)
    sh s4, 1(s1)
    lw t0, 0(s1)
    ld t0, 0(s1)
    amoadd.w t0, s4, (s1)
    addi s3, s3, 8
    li t0, 0x5a5a
    bne s4, t0, 7b
    addi s1, s1, 4
    bltu s1, s2, 6b
    addi s0, s0, 16
    j 5b

// A disk whose queue lies beyond its memory, then one whose descriptors do, and lead in a circle.
8:  la s2, ring
    li s4, 0x88000000
    call queue
    mv s4, s2
    call queue
    TELL "grab: spins\n"
    csrw sie, zero
    csrci sstatus, 2
    csrw stvec, zero
9:  j 9b

// The disk's queue at s4 (virtio 1.3, §4.2.2).
queue:
    li s1, 0x10001000
    sw zero, 0x70(s1)
    li t0, 3
    sw t0, 0x70(s1)
    sw zero, 0x24(s1)
    sw zero, 0x20(s1)
    li t0, 1
    sw t0, 0x24(s1)
    sw t0, 0x20(s1)
    li t0, 11
    sw t0, 0x70(s1)
    sw zero, 0x30(s1)
    li t0, 8
    sw t0, 0x38(s1)
    sw s4, 0x80(s1)
    sw zero, 0x84(s1)
    addi t0, s4, 256
    sw t0, 0x90(s1)
    sw zero, 0x94(s1)
    addi t0, s4, 512
    sw t0, 0xa0(s1)
    sw zero, 0xa4(s1)
    li t0, 1
    sw t0, 0x44(s1)
    li t0, 15
    sw t0, 0x70(s1)
    sw zero, 0x50(s1)
    ret

    .balign 4
handler:
    addi s11, s11, 1
    csrr t5, sepc
    addi t5, t5, 4
    csrw sepc, t5
    sret

    .section .rodata
    .balign 8
foreign:
    .dword 0x10003000, 0x10004000, 0x10008000, 0x10100000, 0x20000000, 0x24000000, 0x28000000
    .dword 0x3000000, 0x30000000, 0x40000000, 0x102000, 0x4000000, 0x1000, 0x7ffff000
    .dword 0
own:
    .dword 0x2000000, 0x2000010, 0x2004000, 0x2004010, 0x200bff0, 0x200c000
    .dword 0xc000000, 0xc000040, 0xc001000, 0xc001010, 0xc002000, 0xc002110, 0xc200000, 0xc200010
    .dword 0xc201000, 0xc201010, 0x101000, 0x101030, 0x10000001, 0x10000008
    .dword 0x10001000, 0x10001110, 0x10002000, 0x10002110, 0
values:
    .dword -1, 0, 1, 0x8000000000000000, 0x88000000, 0x7fffffffffffffff, 0x5a5a
    .data
    .balign 4096
ring:
    .dword 0x87fffff8, 0x0000000100000010    // a header across the end of memory, then 0
    .dword 0, 0
    .fill 28, 8, 0
    .hword 0, 8, 0, 0, 0, 0, 0, 0, 0, 0
    .balign 256
    .fill 64, 8, 0
