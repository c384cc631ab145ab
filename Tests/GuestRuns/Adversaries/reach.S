// Reaches outside its memory, from machine mode and from supervisor mode, and says how many of its
// attempts trapped. s11 counts traps, s10 is where a fetch that failed goes on, s8 counts attempts.
#include "guest.h"
    .section .text.start
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li s8, 0
    li s11, 0
    TELL "reach: begins\n"

// Loads, stores, atomics and jumps without paging.
    la s0, physical
1:  ld s1, 0(s0)
    li t0, 1
    beq s1, t0, 2f
    call touch
    addi s0, s0, 8
    j 1b

// Roots of page tables where the world has no memory: a fetch and a load of supervisor mode.
2:  la s0, roots
3:  ld s1, 0(s0)
    beqz s1, 4f
    csrw satp, s1
    sfence.vma
    call supervisor_fetch
    call supervisor_load
    addi s0, s0, 8
    j 3b

// A table of its own that maps what is not its own.
4:  la t0, table
    srli t0, t0, 12
    li t1, 8
    slli t1, t1, 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    la s10, 6f
    la t0, 5f
    call to_supervisor
5:  la s0, virtual
51: ld s1, 0(s0)
    li t0, 1
    beq s1, t0, 52f
    lb t0, 0(s1)
    sb s1, 0(s1)
    addi s8, s8, 2
    addi s0, s0, 8
    j 51b
52: addi s8, s8, 1
    ecall

// A table whose every entry leads back to itself, in the deepest mode there is: nobody can build its
// shadow as a whole.
6:  la t0, mirror
    srli t1, t0, 12
    slli t2, t1, 10
    ori t2, t2, 1
    li t3, 512
61: sd t2, 0(t0)
    addi t0, t0, 8
    addi t3, t3, -1
    bnez t3, 61b
    li s2, 8
62: slli t2, s2, 60
    la t1, mirror
    srli t1, t1, 12
    or t2, t2, t1
    csrw satp, t2
    sfence.vma
    call supervisor_fetch
    addi s2, s2, 1
    li t0, 11
    bne s2, t0, 62b

    csrw satp, zero
    bne s8, s11, 7f
    TELL "reach: all attempts trapped\n"
    j 8f
7:  TELL "reach: SOME ATTEMPTS DID NOT TRAP "
    sub a0, s8, s11
    TELL_NUMBER
8:  j 8b

// s1: a load, a store, two atomics and a jump there.
touch:
    mv s7, ra
    lb t0, 0(s1)
    sd s1, 0(s1)
    andi t1, s1, -8
    amoadd.d t0, s1, (t1)
    lr.d t0, (t1)
    la s10, 1f
    addi s8, s8, 5
    andi t1, s1, -4
    jr t1
1:  jr s7

supervisor_fetch:
    mv s7, ra
    addi s8, s8, 1
    la s10, 1f
    la t0, 5b
    call to_supervisor
1:  jr s7

// By way of MPRV.
supervisor_load:
    mv s7, ra
    addi s8, s8, 1
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x20800
    csrs mstatus, t0
    lb t1, 0(s1)
    li t0, 0x20000
    csrc mstatus, t0
    jr s7

to_supervisor:
    li t1, 0x1800
    csrc mstatus, t1
    li t1, 0x800
    csrs mstatus, t1
    csrw mepc, t0
    mret

    .balign 4
handler:
    addi s11, s11, 1
    csrr t5, mcause
    li t6, 1
    bleu t5, t6, 1f                 // a fetch
    li t6, 12
    beq t5, t6, 1f
    li t6, 9                        // a call
    beq t5, t6, 1f
    csrr t5, mepc
    addi t5, t5, 4
    csrw mepc, t5
    mret
1:  csrw mepc, s10
    li t5, 0x1800
    csrs mstatus, t5
    mret

    .section .rodata
    .balign 8
physical:
    .dword 0, 0x7ffffff8, 0x88000000, 0x90000000, 0xbffffff8, 0x100000000, 0x3ffffffff8
    .dword 0x8000000000, 0x20080000000, 0x80000080000000, 0x7ffffffffffffff8, -8
    .dword 1
roots:
    .dword 0x8000000000088000, 0x8000000000000000, 0x8000000000010000, 0x800000000007ffff
    .dword 0x80000fffffffffff, 0x8000000000100000, 0x9000000000088000, 0x9000080000080000
    .dword 0xa000000000088000, 0xa0000fffffffffff, 0x8000040000080000
    .dword 0
virtual:
    .dword 0x88000000, 0xbffffff8, 0xc0000000, 0x100000000, 0x140000000, 0x180000000, 0x1c0000000
    .dword 0x200000000, 0x20000000, 0x4000000000, 0x8000000080000000
    .dword 1
    .data
    .balign 4096
// Leaves of a gigabyte that are accessed and dirty (0xcf), and tables (1), in wild places.
table:
    .dword 0xcf, 0, 0x200000cf, 0x300000cf, 0x400000cf, 0x3ffffff00000cf
    .dword 0x22000001, 0x1, 0x3ffffffffffc01
    .fill 512-9, 8, 0
mirror:
    .fill 512, 8, 0
