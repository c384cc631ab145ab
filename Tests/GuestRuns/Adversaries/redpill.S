// Looks for whatever would tell a virtual hart from a bare one, time excepted: what CSRs hold and
// take, what traps and how, what becomes of A and D bits. It writes all it saw, and a digest.
//
// s9 is where the next record goes; s10 is where a fetch that failed goes on. A handler writes the
// cause, the value, the place, and the status, and goes on behind the instruction. `ecall` is a
// service: a7 = 1 records a0, a7 = 2 goes on at s10 in machine mode.
#include "guest.h"
    .macro RECORD
    sd a0, 0(s9)
    addi s9, s9, 8
    .endm
    .macro PUT
    li a7, 1
    ecall
    .endm
    .equ MPP, 0x1800
    .equ MPRV, 0x20000
    .equ SUM, 0x40000
    .equ MXR, 0x80000
    .equ DATA, 0x80400000           // virtual; the pages are at PAGES
    .equ PAGES, 0x80600000
    .equ COUNT, 16
    .equ ALIAS, 0x200000            // user mode has the program there

// What a CSR holds, and holds after ones and zeroes: in machine mode.
    .macro PROBE number
    li a0, \number
    RECORD
    csrr s1, \number
    mv a0, s1
    RECORD
    li t0, -1
    csrw \number, t0
    csrr a0, \number
    RECORD
    csrw \number, zero
    csrr a0, \number
    RECORD
    csrw \number, s1
    .endm
// The same by the service, for the modes below.
    .macro PROBE_BELOW number
    li a0, \number
    PUT
    csrr s1, \number
    mv a0, s1
    PUT
    li t0, -1
    csrw \number, t0
    csrr a0, \number
    PUT
    csrw \number, zero
    csrr a0, \number
    PUT
    csrw \number, s1
    .endm

    .section .text.start
    .globl _start
_start:
    la t0, machine_handler
    csrw mtvec, t0
    la t0, supervisor_handler
    csrw stvec, t0
    li s9, 0x80700000
    csrr a0, mstatus
    RECORD
    csrr a0, mhartid
    RECORD
    li s1, 0
    .irp number, 0x301,0x302,0x303,0x304,0x306,0x30a,0x30c,0x320,0x323,0x33f,0x340,0x341,0x342,0x343
    PROBE \number
    .endr
    .irp number, 0x344,0x30d,0x31a,0x350,0x351,0x3b0,0x3b1,0x3b7,0x3b8,0x3bf,0x3ef,0x757
    PROBE \number
    .endr
    .irp number, 0xb03,0xb1f,0xf11,0xf12,0xf13,0xf14,0xf15,0x7a0,0x7a1,0x7a2,0x7a3,0x7a5,0x7a8,0x7b0,0xb80,0xda0
    PROBE \number
    .endr
    .irp number, 0x100,0x104,0x106,0x10a,0x10c,0x140,0x141,0x142,0x143,0x144,0x14d,0x150,0x180,0x5a8,0x001
    PROBE \number
    .endr
    .irp number, 0x002,0x003,0x015,0x011,0x017,0xc03,0xc1f,0xc80,0x600,0x603,0x605,0x60a,0x643,0x644,0x645
    PROBE \number
    .endr
    .irp number, 0x64a,0x680,0x200,0x204,0x205,0x240,0x241,0x242,0x243,0x244,0x24d,0x280,0xe12,0x34a,0x34b,0x30f
    PROBE \number
    .endr
// What locks itself until reset is tried without its lock.
    .irp number, 0x3a0, 0x3a1, 0x3a2, 0x3ae
    csrr a0, \number
    RECORD
    li t0, 0x7f7f7f7f7f7f7f7f
    csrw \number, t0
    csrr a0, \number
    csrw \number, zero
    RECORD
    .endr
    csrr a0, 0x747
    RECORD
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
// Vectors, and the status, whose every bit is tried by itself.
    .irp number, 0x305, 0x105
    csrr s1, \number
    .irp value, -1, 0, 1, 2, 3, 0x1001, 0x1002
    li t0, \value
    csrw \number, t0
    csrr a0, \number
    csrw \number, s1
    RECORD
    .endr
    .endr
    .irp number, 0x300, 0x100, 0x304, 0x104, 0x302, 0x303, 0x30a, 0x10a, 0x180
    csrr s1, \number
    li s2, 1
1:  csrw \number, s2
    csrr a0, \number
    RECORD
    csrw \number, s1
    slli s2, s2, 1
    bnez s2, 1b
    .endr
// Modes of translation.
    li s2, 15
1:  slli t0, s2, 60
    li t1, 0x80000
    or t0, t0, t1
    csrw satp, t0
    csrr a0, satp
    csrw satp, zero
    RECORD
    addi s2, s2, -1
    bgez s2, 1b
// Interrupts pending and enabled, by way of delegation.
    li t0, -1
    csrw mideleg, t0
    .irp bit, 0x2, 0x20, 0x200, 0x2000
    li t0, \bit
    csrs mip, t0
    csrr a0, mip
    RECORD
    csrr a0, sip
    RECORD
    csrw sip, zero
    csrr a0, sip
    RECORD
    li t0, \bit
    csrs sie, t0
    csrr a0, sie
    RECORD
    csrc sie, t0
    csrc mip, t0
    .endr
    call instructions

// Below, without paging and with; traps to machine mode, then delegated.
    .irp delegated, 0, 0xb1ff & ~0x100
    li t0, \delegated
    csrw medeleg, t0
    .irp mode, 0x800, 0
    .irp paging, 0, 1
    .irp counters, 0, -1
    .irp flags, 0, SUM, MXR|0x6000, 0x700000
    li t0, \counters
    csrw mcounteren, t0
    csrw scounteren, t0
    li a0, \mode
    li a1, \paging
    li a2, \flags
    la a3, below
    call go
    .endr
    .endr
    .endr
    .endr
    .endr

// Pages of all kinds, with hardware that keeps A and D bits and without, from all modes.
    .irp adue, 0, 1
    li t0, \adue
    slli t0, t0, 61
    csrw menvcfg, t0
    csrr a0, menvcfg
    RECORD
    .irp delegated, 0, 0xb1ff & ~0x100
    li t0, \delegated
    csrw medeleg, t0
    .irp mode, 0x800, 0
    .irp flags, 0, SUM, MXR, SUM|MXR
    li a0, \mode
    li a1, 1
    li a2, \flags
    la a3, pages
    call go
// Machine mode with that mode's eyes.
    call make_tables
    csrw satp, s3
    sfence.vma
    li t0, MPP|SUM|MXR
    csrc mstatus, t0
    li t0, MPRV|\mode|\flags
    csrs mstatus, t0
    la s10, 1f
    li s2, 0
2:  slli t1, s2, 12
    li t0, DATA
    add t1, t1, t0
    li t0, MPRV
    csrs mstatus, t0
    li a0, 0x77
    lw a0, 4(t1)
    csrs mstatus, t0
    sw s2, 8(t1)
    csrc mstatus, t0
    RECORD
    addi s2, s2, 1
    li t0, COUNT
    bne s2, t0, 2b
1:  csrw satp, zero
    li t0, MPRV|SUM|MXR
    csrc mstatus, t0
    call record_tables
    .endr
    .endr
    .endr
    .endr
    j finish

// Goes to a3 in mode a0, with paging if a1, with a2 in the status; returns when that is done.
go: addi sp, zero, 0
    mv s8, ra
    mv s4, a0
    mv s5, a1
    mv s6, a2
    mv s7, a3
// Where `sret` traps (TSR), supervisor mode's handler would have no way back.
    csrr t0, medeleg
    beqz t0, 1f
    li t0, 0x700000
    not t0, t0
    and s6, s6, t0
1:  call make_tables
    csrw satp, zero
    beqz s5, 1f
    csrw satp, s3
1:  sfence.vma
    li t0, MPP|SUM|MXR|0x706000
    csrc mstatus, t0
    or t0, s4, s6
    csrs mstatus, t0
    li s4, 0                        // how far code and data lie from where they are linked
    bnez s5, 2f
    j 3f
2:  csrr t0, mstatus
    li t1, MPP
    and t0, t0, t1
    bnez t0, 3f
    li s4, ALIAS
3:  add t0, s7, s4
    csrw mepc, t0
    la s11, 4f
    mret
4:  csrw satp, zero
    call record_tables
    jr s8

// Supervisor and user mode come here; pages leave in the same way.
below:
    .irp number, 0x300,0x344,0x3a0,0xf14,0x7a0,0x100,0x104,0x106,0x10a,0x140,0x141,0x142,0x143,0x144
    PROBE_BELOW \number
    .endr
    .irp number, 0x14d,0x5a8,0x001,0x002,0x003,0x015,0xc03,0x600,0x605,0x200,0x280,0xe12,0x10c,0x150
    PROBE_BELOW \number
    .endr
    csrr t0, cycle
    csrr t0, time
    csrr t0, instret
    jal t3, instructions_below
    li a7, 2
    ecall

pages:
    li s2, 0
1:  slli t1, s2, 12
    li t0, DATA
    add t1, t1, t0
    li a0, 0x77
    lw a0, 4(t1)
    PUT
    sw s2, 8(t1)
    amoadd.w a0, s2, (t1)
    PUT
    lr.d a0, (t1)
    PUT
    sc.d a0, s2, (t1)
    addi s2, s2, 1
    li t0, COUNT
    bne s2, t0, 1b
// Then jumps into each, after all data accesses. Each holds a way back, where it is code.
    li s2, 0
2:  slli t1, s2, 12
    li t0, DATA
    add t1, t1, t0
    la s10, 3f
    add s10, s10, zero
    addi t1, t1, 64
    jr t1
3:  addi s2, s2, 1
    li t0, COUNT
    bne s2, t0, 2b
    li a7, 2
    ecall

// Instructions that trap, or may. t3 is the way back; s10 is where failed fetches go on.
    .macro INSTRUCTIONS
    .2byte 0
    .4byte 0xffffffff
    .4byte 0x0000007f
    .2byte 0x9002                   // c.ebreak
    .2byte 0x8000
    ebreak
    .4byte 0x10200073 | 1 << 7      // sret with a register
    .insn r 0x73, 0, 0x11, x0, x0, x0
    .insn r 0x73, 0, 0x31, x0, x0, x0
    .insn r 0x73, 4, 0x36, x5, x8, x0
    .insn r 0x73, 0, 0x0b, x0, x0, x0       // sinval.vma
    .insn r 0x73, 0, 0x0c, x0, x0, x0
    .insn i 0x0f, 2, x0, x8, 4      // cbo.zero
    .insn i 0x0f, 2, x0, x8, 0
    .insn r 0x0b, 0, 0, x5, x0, x0
    .insn r 0x57, 7, 0, x5, x0, x0  // vsetvli
    fadd.d f1, f2, f3
    fmv.x.d t0, f1
    frcsr t0
    sfence.vma
    li t1, 0x80740001               // misaligned
    lh a0, 0(t1)
    ld a0, 2(t1)
    sw a0, 0(t1)
    amoadd.w a0, a0, (t1)
    lr.d a0, (t1)
    sc.d a0, a0, (t1)
    li t1, 0x400000000              // nobody's
    lw a0, 0(t1)
    sd a0, 0(t1)
    amoadd.d a0, a0, (t1)
    lr.d a0, (t1)
    li t1, 0x8000000080000000       // not canonical
    lw a0, 0(t1)
    sd a0, 0(t1)
    .endm
instructions:
    mv s8, ra
    INSTRUCTIONS
    .irp target, 0x400000000, 0x8000000080000000
    la s10, 1f
    li t1, \target
    jr t1
1:
    .endr
    ecall
    jr s8
instructions_below:
    INSTRUCTIONS
    .irp target, 0x400000000, 0x8000000080000000
    auipc s10, 0
    li t1, \target
    addi s10, s10, 40
    jr t1
    .rept 12
    addi zero, zero, 0
    .endr
    .endr
    mret
    li a7, 3
    ecall
    jr t3

// A root: the program for supervisor mode, an alias of it for user mode, and pages of all kinds.
make_tables:
    la t0, root
    la t1, middle
    srli t1, t1, 2
    ori t1, t1, 1
    sd t1, 16(t0)
    la t2, middle
    li t1, (0x80000000 >> 2) | 0xcf
    sd t1, 0(t2)
    li t1, (0x80000000 >> 2) | 0xdf
    sd t1, 8(t2)
    la t1, leaves
    srli t1, t1, 2
    ori t1, t1, 1
    sd t1, 16(t2)
    li t1, (0x80600000 >> 2) | 0xcf // records and scratch
    sd t1, 24(t2)
    la t0, kinds
    la t1, leaves
    li t2, COUNT
    li t3, PAGES
    li t6, 0x000d0067               // jr s10
1:  ld t4, 0(t0)
    srli t5, t3, 2
    or t4, t4, t5
    sd t4, 0(t1)
    sd zero, 0(t3)
    sd zero, 8(t3)
    sw t6, 64(t3)
    addi t0, t0, 8
    addi t1, t1, 8
    li t5, 4096
    add t3, t3, t5
    addi t2, t2, -1
    bnez t2, 1b
    fence.i
    la s3, root
    srli s3, s3, 12
    li t0, 8
    slli t0, t0, 60
    or s3, s3, t0
    ret
record_tables:
    la t1, leaves
    li t3, PAGES
    li t2, COUNT
1:  ld a0, 0(t1)
    RECORD
    ld a0, 0(t3)
    RECORD
    ld a0, 8(t3)
    RECORD
    li t5, 4096
    add t3, t3, t5
    addi t1, t1, 8
    addi t2, t2, -1
    bnez t2, 1b
    ret

    .macro HANDLER x, return, calls
    csrr t5, \x\()cause
    addi t6, t5, -\calls
    bnez t6, 1f
    addi t6, a7, -1
    bnez t6, 1f
    sd a0, 0(s9)                    // the service
    addi s9, s9, 8
    j 4f
1:  sd t5, 0(s9)
    csrr t6, \x\()tval
    sd t6, 8(s9)
    csrr t6, \x\()epc
    sd t6, 16(s9)
    csrr t6, \x\()status
    sd t6, 24(s9)
    addi s9, s9, 32
    li t6, 1
    bleu t5, t6, 2f
    li t6, 12
    bne t5, t6, 3f
2:  csrw \x\()epc, s10
    \return
3:  li t6, 2                        // a compressed one?
    bne t5, t6, 31f
    csrr t6, \x\()tval
    j 32f
31: li t6, 3
    bne t5, t6, 4f
    csrr t6, \x\()tval
    andi t6, t6, 2                  // the only compressed one lies before its neighbour
    bnez t6, 4f
    li t6, 0
32: andi t6, t6, 3
    addi t6, t6, -3
    beqz t6, 4f
    csrr t6, \x\()epc
    addi t6, t6, 2
    csrw \x\()epc, t6
    \return
4:  csrr t6, \x\()epc
    addi t6, t6, 4
    csrw \x\()epc, t6
    \return
    .endm
    .balign 4
machine_handler:
    csrr t5, mcause
    li t6, 8
    bltu t5, t6, 9f
    li t6, 11
    bgtu t5, t6, 9f
// Calls of all modes are one to the handler; a7 = 2 ends what runs below.
    addi t6, a7, -2
    bnez t6, 8f
    li a7, 0
    jr s11
8:  addi t6, a7, -1
    bnez t6, 9f
    sd a0, 0(s9)
    addi s9, s9, 8
    csrr t6, mepc
    addi t6, t6, 4
    csrw mepc, t6
    mret
9:  HANDLER m, mret, 11
    .balign 4
supervisor_handler:
    HANDLER s, sret, 99

finish:
    csrw satp, zero
    li s1, 0x80700000
    li s2, 0
    li s4, 0x100000001b3
    li s5, 0
1:  ld a0, 0(s1)
    xor s2, s2, a0
    mul s2, s2, s4
#ifdef LIST
    TELL_NUMBER
#endif
    addi s1, s1, 8
    addi s5, s5, 1
    bltu s1, s9, 1b
    TELL "redpill: records "
    mv a0, s5
    TELL_NUMBER
    TELL "redpill: digest "
    mv a0, s2
    TELL_NUMBER
    FINISH

    .section .rodata
    .balign 8
kinds:                              // V R W X U G A D are bits 0 to 7
    .dword 0x03, 0x07, 0x47, 0xcf, 0x49, 0xd7, 0x00, 0x05, 0x8000000000000047, 0x2000000000000047
    .dword 0x400000000000c7 - 0, 0x59, 0x0b, 0x1f, 0xc7 | 0x300, 0x01
    .data
    .balign 4096
root:
    .fill 512, 8, 0
middle:
    .fill 512, 8, 0
leaves:
    .fill 512, 8, 0
